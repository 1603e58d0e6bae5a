"""Files whose channels overlap are told of, and what they hold is restored."""

import numpy as np
import pytest

from eegkit import Trials
from eegkit.datasets import from_ts, restore_channels, to_ts
from eegkit.datasets.overlap import channels_overlap

RNG = np.random.default_rng(0)


def cut_wrongly(recorded):
    """Trials of (n_trials, n_channels, n_times) as the published files have them."""
    n_trials, n_channels, n_times = recorded.shape
    rows = recorded.reshape(n_trials, -1)
    starts = range(0, n_channels**2, n_channels)
    cut = np.stack([rows[:, start : start + n_times] for start in starts], axis=1)
    return Trials.from_arrays(cut, ["left", "right"], sfreq=100, subject="A")


@pytest.mark.parametrize(
    ("n_channels", "n_times", "n_whole"), [(6, 896, 1), (7, 1152, 1), (28, 50, 16)]
)
def test_the_whole_channels_are_restored(n_channels, n_times, n_whole):
    recorded = RNG.normal(size=(2, n_channels, n_times)).astype(np.float32)
    names = [f"E{i}" for i in range(n_channels)]
    restored = restore_channels(cut_wrongly(recorded), names)
    np.testing.assert_array_equal(restored.X, recorded[:, :n_whole])
    assert list(restored.ch_names) == names[:n_whole]
    assert restored.y.tolist() == ["left", "right"]


def test_reading_such_a_file_warns(tmp_path):
    trials = cut_wrongly(RNG.normal(size=(2, 4, 60)).astype(np.float32))
    to_ts(trials, tmp_path / "Cut_TRAIN.ts")
    with pytest.warns(UserWarning, match=r"read 4 samples later.*restore_channels"):
        read = from_ts(tmp_path / "Cut_TRAIN.ts", sfreq=100, subject="A")
    assert restore_channels(read).metadata["split"].tolist() == ["train", "train"]


def test_other_trials_are_refused():
    whole = Trials.from_arrays(RNG.normal(size=(2, 3, 50)), [0, 1], sfreq=100, subject="A")
    with pytest.raises(ValueError, match=r"do not overlap.*3 samples later"):
        restore_channels(whole)
    with pytest.raises(ValueError, match="1 ch_names, expected 4"):
        restore_channels(cut_wrongly(RNG.normal(size=(2, 4, 60))), ["Cz"])


@pytest.mark.parametrize("shape", [(2, 1, 50), (2, 8, 5), (2, 4, 50)])
def test_one_channel_short_or_flat_trials_do_not_overlap(shape):
    assert not channels_overlap(np.zeros(shape))
