import numpy as np
import pytest

from eegkit import Trials
from eegkit.recordings import Preparation
from eegkit.testing import example_trials
from eegkit.transforms import Crop, SlidingWindows


@pytest.fixture
def trials():
    return example_trials(n_times=256)


def test_crop(trials):
    made = Crop(tmin=0.5, tmax=1.0).fit_transform(trials)
    np.testing.assert_array_equal(made, trials.X[..., 64:128])
    assert made.sfreq == 128
    np.testing.assert_array_equal(Crop().fit_transform(trials), trials.X)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"tmax": 3}, "expected 0 <= tmin < tmax <= 2 s"),
        ({"tmin": -1}, "tmin is -1; expected a number of at least 0, or None"),
        ({"tmin": 1, "tmax": 1}, "expected 0 <= tmin < tmax <= 2 s"),
    ],
)
def test_crop_beyond_the_trial(trials, params, message):
    with pytest.raises(ValueError, match=message):
        Crop(**params).fit(trials)


def test_windows_know_where_they_come_from(trials):
    windows = SlidingWindows(window_s=1, step_s=0.25).transform(trials)
    assert len(windows) == 5 * len(trials)
    for i in (0, 7, 33):
        row = windows.metadata.iloc[i]
        start = round(row["window_onset_s"] * 128)
        expected = trials.X[row["parent"], :, start : start + 128]
        np.testing.assert_array_equal(windows.X[i], expected)
        assert windows.y[i] == trials.y[row["parent"]]
        assert row["subject"] == trials.metadata["subject"][row["parent"]]
    assert windows.X.sfreq == trials.sfreq
    np.testing.assert_array_equal(windows.X.groups, windows.groups)


def test_windows_of_windows_keep_their_parent(trials):
    twice = SlidingWindows(window_s=0.5).transform(SlidingWindows(window_s=1).transform(trials))
    once = SlidingWindows(window_s=0.5).transform(trials)
    np.testing.assert_array_equal(twice.X, once.X)
    assert twice.metadata[["parent", "window_onset_s"]].equals(
        once.metadata[["parent", "window_onset_s"]]
    )


def test_windows_side_by_side_leave_the_rest_out(trials):
    assert len(SlidingWindows(window_s=0.75).transform(trials)) == 2 * len(trials)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"window_s": 3}, "window_s is 3 s, 384 samples; expected 1 to 256"),
        ({"window_s": 0}, "window_s is 0 s"),
        ({"window_s": 1, "step_s": 0}, "less than a sample"),
    ],
)
def test_lengths_that_make_no_sense(trials, params, message):
    with pytest.raises(ValueError, match=message):
        SlidingWindows(**params).transform(trials)


def test_an_array_has_no_labels_to_repeat(trials):
    with pytest.raises(ValueError, match="got a SignalArray; it changes the number of trials"):
        SlidingWindows().transform(trials.X)


def test_windows_carry_the_preparation_they_would_have_as_trials(trials):
    assert SlidingWindows(window_s=1).transform(trials).preparation is None
    prepared = Trials(
        np.asarray(trials.X), trials.y, trials.metadata, trials.info, Preparation(l_freq=1.0)
    )
    windows = SlidingWindows(window_s=1, step_s=0.25).transform(prepared)
    assert windows.preparation == Preparation(l_freq=1.0, window_s=1.0, overlap=0.75, sfreq=128.0)
