import warnings

import numpy as np
import pytest

from eegkit import Pipeline, SignalArray
from eegkit.classifiers import CNNBiGRU
from eegkit.transforms import STFT

TINY = CNNBiGRU.conformance_params() | {"max_epochs": 1}


@pytest.fixture
def trials():
    X = np.random.default_rng(0).normal(size=(8, 2, 256))
    return SignalArray(X, sfreq=128.0), np.array(["left", "right"] * 4)


def test_one_frame_is_no_sequence(trials):
    decoder = Pipeline([STFT(nperseg=256), CNNBiGRU(**TINY)])
    with pytest.warns(UserWarning, match="shorten window_s or hop_s") as caught:
        decoder.fit(*trials)
    (warning,) = caught
    assert "CNNBiGRU reads one frame after the other" in str(warning.message)
    assert "shape (2, 100, 1) have 1 frame; expected at least 4" in str(warning.message)
    assert warning.filename == __file__


@pytest.mark.parametrize(("n_frames", "warns"), [(3, True), (4, False)])
def test_fewer_than_four_frames(n_frames, warns):
    X = np.random.default_rng(0).normal(size=(8, 2, 10, n_frames))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        CNNBiGRU(**TINY).fit(X, [0, 1] * 4)
    assert ["have 3 frames" in str(w.message) for w in caught] == [True] * warns


def test_default_spectrograms_are_sequences(trials):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Pipeline([STFT(), CNNBiGRU(**TINY)]).fit(*trials)
