"""Times of maps are those of the trial, whatever a decoder leaves out of it."""

import mne
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.preprocessing import FunctionTransformer

from eegkit import ParameterError, Pipeline, SignalArray, explain
from eegkit.classifiers import CNNBiGRU, NeuralClassifier
from eegkit.explanation import explain_people
from eegkit.explanation.beginnings import start_behind
from eegkit.plots import AttributionDisplay
from eegkit.testing import example_trials
from eegkit.transforms import STFT, Cached, Crop, Resample, SpectrogramImage, SpectrogramUnion

SFREQ = 128
SMALL = {"n_filters": (4,), "n_fused": 4, "hidden_size": 8, "n_heads": 2}


class Linear(NeuralClassifier):
    """A net that reads signals."""

    def build_module(self, input_shape, n_classes):
        from torch import nn

        return nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(input_shape)), n_classes))


@pytest.fixture(scope="module")
def trials():
    return example_trials(12, n_times=3 * SFREQ)


def fitted(trials, *steps):
    net = CNNBiGRU(**SMALL, max_epochs=1, random_state=0)
    if not any(isinstance(step, STFT | SpectrogramImage | SpectrogramUnion) for step in steps):
        net = Linear(max_epochs=1, random_state=0)
    return Pipeline([*map(clone, steps), net]).fit(trials.X, trials.y)


def without_beginning(X):
    return X[..., SFREQ:]


def ends(attributions):
    return attributions.times[[0, -1]].tolist()


STEP = 1 / SFREQ
CROPS = {
    "a crop": ([Crop(tmin=1.0, tmax=2.5)], (1.0, 2.5 - STEP)),
    "the end alone": ([Crop(tmax=2.0)], (0.0, 2.0 - STEP)),
    "two crops": ([Crop(tmin=0.5), Crop(tmin=0.5, tmax=1.5)], (1.0, 2.0 - STEP)),
    "in a pipeline": ([Pipeline([Crop(tmin=1.0)])], (1.0, 3.0 - STEP)),
    "kept": ([Cached(Crop(tmin=1.0), None)], (1.0, 3.0 - STEP)),
    "another rate": ([Resample(target_sfreq=64)], (0.0, 3.0 - 2 * STEP)),
    "a crop, another rate": ([Crop(tmin=1.0), Resample(target_sfreq=64)], (1.0, 3.0 - 2 * STEP)),
    "another rate, a crop": ([Resample(target_sfreq=64), Crop(tmin=1.0)], (1.0, 3.0 - 2 * STEP)),
    "a function": ([FunctionTransformer(np.negative), Crop(tmin=1.0)], (1.0, 3.0 - STEP)),
}


@pytest.mark.parametrize("name", CROPS)
def test_samples_have_the_times_of_the_trial(name, trials):
    steps, expected = CROPS[name]
    decoder = fitted(trials, *steps)
    attributions = explain(decoder, trials, method="saliency")
    np.testing.assert_allclose(ends(attributions), expected)
    assert attributions.mean("time")["time"].iloc[0] == expected[0]
    assert attributions[:2].to_frame()["time"].max() == pytest.approx(expected[1])
    windows = explain(
        decoder, trials, method="occlusion", space="input", by="window", window_s=0.25
    ).windows
    assert windows[0] == pytest.approx((expected[0], expected[0] + 0.25))
    assert {type(end) for window in windows for end in window} == {float}, "as tables write them"
    raw = explain(decoder, trials, method="occlusion", by="window", window_s=0.25)
    assert raw.windows[0] == (0, 0.25)
    assert raw.windows[-1] == (2.75, 3)


def test_the_picture_has_the_times_of_the_trial(trials):
    attributions = explain(fitted(trials, Crop(tmin=1.0, tmax=2.0)), trials, method="saliency")
    panel = AttributionDisplay.from_attributions(attributions).axes_[0, 0]
    assert panel.get_xlim() == (1.0, 2.0 - STEP)


@pytest.mark.parametrize(
    "steps",
    [
        [STFT(window_s=0.25)],
        [STFT(window_s=0.25), SpectrogramImage(n_freqs=8, n_frames=8)],
        [SpectrogramUnion([STFT(window_s=0.25), STFT(window_s=0.25, output="db")], n_frames=9)],
    ],
)
def test_frames_have_them_too_and_are_checked(steps, trials):
    plain, cropped = fitted(trials, *steps), fitted(trials, Crop(tmin=1.0), *steps)
    last = explain(plain, trials, method="saliency").times[-1]
    attributions = explain(cropped, trials, method="saliency")
    assert attributions.times[0] > 1
    assert attributions.times[-1] == pytest.approx(last, abs=0.1)
    hidden = explain(cropped, trials, method="occlusion", space="input", by="window", window_s=0.5)
    assert hidden.windows[0] == pytest.approx((hidden.times[0], hidden.times[0] + 0.5), abs=0.1)
    for part in (attributions, hidden):
        rows = part.check(n_stages=1).table.set_index("check")
        assert rows.loc["again", "value"] > 0.99


def test_a_crop_inside_of_a_union_counts(trials):
    inside = Pipeline([Crop(tmin=1.0), STFT(window_s=0.25)])
    attributions = explain(
        fitted(trials, SpectrogramUnion([("a", inside)], n_frames=8)), trials, method="saliency"
    )
    assert attributions.times[0] > 1


def test_epochs_have_their_own_times(trials):
    decoder = fitted(trials, Crop(tmin=0.5))
    info = mne.create_info(list(trials.X.ch_names), SFREQ, "eeg")
    epochs = mne.EpochsArray(np.asarray(trials.X) * 1e-6, info, tmin=-0.25, verbose="error")
    assert ends(explain(decoder, epochs, method="saliency")) == [0.25, 2.75 - STEP]
    raw = explain(decoder, epochs, method="saliency", space="raw")
    np.testing.assert_allclose(raw.times, epochs.times)
    windows = explain(decoder, epochs, method="occlusion", by="window").windows
    assert windows[0][0] == -0.25
    moved = epochs.copy().shift_time(1.0, relative=True)
    assert explain(decoder, [epochs, moved], method="saliency").times is None


def test_behind_a_function_that_shortens_trials_nobody_knows_them(trials):
    decoder = fitted(trials, FunctionTransformer(without_beginning))
    attributions = explain(decoder, trials, method="saliency")
    assert attributions.times is None
    assert attributions.coordinates("time") == range(2 * SFREQ)
    hidden = explain(decoder, trials, method="occlusion", space="input", by="window", window_s=0.5)
    assert hidden.windows[1] == (64, 128), "samples of what the classifier reads"
    frames = fitted(trials, FunctionTransformer(without_beginning), STFT(window_s=0.25))
    assert explain(frames, trials, method="saliency").times is None
    # Every second sample is another rate, and begins where it did.
    halved = fitted(trials, FunctionTransformer(lambda X: X[..., ::2]))
    assert ends(explain(halved, trials, method="saliency")) == [0, 3 - 2 * STEP]
    before = SignalArray(np.zeros((2, 1, 10)), sfreq=10)
    assert start_behind(FunctionTransformer(), 2.0, before, before[..., 1:]) is None


def test_seconds_of_windows_need_a_rate(trials):
    X = np.asarray(trials.X)
    decoder = Linear(max_epochs=1, random_state=0).fit(X, trials.y)
    hidden = explain(decoder, X, method="occlusion", by="window")
    assert hidden.windows[0] == (0, 48)
    with pytest.raises(ParameterError, match="window_s is 1 s, but X does not know its times"):
        explain(decoder, X, method="occlusion", by="window", window_s=1.0)


def test_maps_of_people_have_them(trials):
    from eegkit import evaluate

    decoder = Pipeline([Crop(tmin=1.0), Linear(max_epochs=1, random_state=0)])
    results = evaluate(decoder, trials, cv="group-3", keep_decoders=True)
    people = explain_people(results, trials, method="saliency")
    assert people.times[0] == people.tmin == 1
