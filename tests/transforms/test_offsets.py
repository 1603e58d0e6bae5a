"""An offset of DC-coupled recordings changes no spectrum, in numpy or as a torch module."""

import mne
import numpy as np
import pytest
import torch

from eegkit.transforms import CWT, STFT, BandPower, MelSpectrogram

# EEG of 10 microvolts on the offsets that electrodes have, exact in float32.
X = np.random.default_rng(0).normal(0, 10, (3, 2, 640)).round(1)
OFFSETS = [100.0, -5_000.0, 20_000.0, 150_000.0]
SPECTRA = [
    BandPower(bands={"slow": (0, 4), "alpha": (8, 13)}),
    BandPower(output="relative"),
    STFT(f_min=None),
    STFT(f_min=None, framing="librosa", output="complex"),
    STFT(f_min=None, framing="scipy"),
    MelSpectrogram(n_mels=20),
    MelSpectrogram(n_mels=20, framing="librosa"),
    CWT(),
    CWT(wavelet="mexican_hat", f_min=0.5),
    CWT(zero_mean=False, n_cycles=3),
]


def made(transform, offset):
    return np.asarray(transform.set_params(sfreq=128.0).fit_transform(X + offset), dtype=float)


@pytest.mark.parametrize("transform", SPECTRA, ids=repr)
def test_an_offset_changes_nothing(transform):
    expected = made(transform, 0.0)
    for offset in OFFSETS:
        # float32 holds 150 mV to within 0.008 microvolts.
        error = np.abs(made(transform, offset) - expected)
        assert np.median(error) < 0.01 * np.abs(expected).mean()
        assert error.max() < np.abs(expected).max()


@pytest.mark.parametrize("transform", [t for t in SPECTRA if "zero_mean" not in repr(t)], ids=repr)
def test_without_detrending_it_does(transform):
    transform = type(transform)(**transform.get_params() | {"detrend": None})
    expected, leaked = made(transform, 0.0), made(transform, 20_000.0)
    assert np.abs(leaked - expected).max() > 0.3 * np.abs(expected).max()


@pytest.mark.parametrize("offset", [0.0, 20_000.0])
def test_band_power_is_mnes(offset):
    power = BandPower(bands={"delta": (1, 4)}, output="power")
    options = {"n_fft": 128, "n_overlap": 64, "window": "hann", "verbose": "error"}
    density, freqs = mne.time_frequency.psd_array_welch(X + offset, 128, **options)
    # MNE's window ends where the next would begin no sooner: scipy's is periodic.
    expected = density[..., (freqs >= 1) & (freqs < 4)].sum(axis=-1)
    np.testing.assert_allclose(made(power, offset), expected, rtol=0.02)


@pytest.mark.parametrize(
    "transform",
    [STFT(f_min=None, framing="librosa"), STFT(), MelSpectrogram(n_mels=20, framing="scipy")],
    ids=repr,
)
def test_the_torch_module_does_the_same(transform):
    expected = made(transform, 20_000.0)
    module = transform.as_module()(torch.tensor(X + 20_000.0, dtype=torch.float32))
    np.testing.assert_allclose(module, expected, atol=0.05)
