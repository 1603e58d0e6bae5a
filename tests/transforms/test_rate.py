"""What was fitted at one sampling rate refuses another, whether it needs the rate or not."""

import numpy as np
import pytest

from eegkit import SignalArray
from eegkit.transforms import (
    STFT,
    Cached,
    Montage,
    SpectrogramImage,
    Standardizer,
    WaveletDenoiser,
)


def signals(sfreq):
    X = np.random.default_rng(0).normal(scale=10, size=(4, 2, 256)).astype(np.float32)
    return SignalArray(X, sfreq=sfreq)


@pytest.mark.parametrize(
    "transform", [WaveletDenoiser(), Montage(), Standardizer(), Standardizer(mode="trial")]
)
def test_another_rate_is_refused(transform, tmp_path):
    for fitted in (transform.fit(signals(128)), Cached(transform, tmp_path).fit(signals(128))):
        with pytest.raises(ValueError, match=r"sampled at 512 Hz, but .* was fitted at 128 Hz"):
            fitted.transform(signals(512))
        assert fitted.transform(signals(128)).sfreq == 128
        assert fitted.transform(np.asarray(signals(128))).shape == (4, 2, 256)


def test_a_rate_that_fit_did_not_know_is_taken():
    assert Standardizer().fit(np.asarray(signals(128))).transform(signals(512)).sfreq == 512


def test_spectrograms_of_other_frequencies_or_times_are_refused():
    image = SpectrogramImage(n_freqs=8, n_frames=8)
    image.fit(STFT(nperseg=64, f_min=2, f_max=40).fit_transform(signals(128)))
    with pytest.raises(ValueError, match=r"freqs from 4 to 80 Hz, but .* with 2 to 40 Hz"):
        image.transform(STFT(nperseg=64, f_min=4, f_max=80).fit_transform(signals(256)))
