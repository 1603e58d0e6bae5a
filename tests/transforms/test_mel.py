import librosa
import numpy as np
import pytest

from eegkit import SignalArray
from eegkit.transforms import MelSpectrogram

SFREQ = 250.0


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(scale=10, size=(3, 2, 1000)).astype(np.float32)


def librosas(X, **params):
    return librosa.feature.melspectrogram(
        y=X.astype(np.float64), sr=SFREQ, n_fft=128, hop_length=32, n_mels=20, **params
    )


@pytest.mark.parametrize("htk", [False, True])
@pytest.mark.parametrize("norm", ["slaney", None])
def test_filters_and_power_are_librosas(X, htk, norm):
    ours = MelSpectrogram(
        sfreq=SFREQ,
        nperseg=128,
        hop=32,
        n_mels=20,
        framing="librosa",
        scaling=None,
        detrend=None,
        mel_scale="htk" if htk else "slaney",
        norm=norm,
        output="power",
    )
    made = np.asarray(ours.fit_transform(X))
    bank = librosa.filters.mel(sr=SFREQ, n_fft=128, n_mels=20, htk=htk, norm=norm, dtype=np.float64)
    np.testing.assert_allclose(ours.filters_, bank, rtol=1e-5, atol=1e-7)
    expected = librosas(X, htk=htk, norm=norm)
    assert np.abs(made - expected).max() < 1e-4 * expected.max()


def test_the_scales_above_1000_hz_are_librosas():
    ours = MelSpectrogram(sfreq=16000, nperseg=2048, n_mels=60).fit(np.zeros((1, 1, 4000)))
    centres = librosa.mel_frequencies(62, fmin=0, fmax=8000)[1:-1]
    np.testing.assert_allclose(ours.freqs_, centres, rtol=1e-6)


@pytest.mark.parametrize(("ref", "top_db"), [(1.0, None), (2.5, 30.0), ("max", 40.0)])
def test_decibels_are_librosas(X, ref, top_db):
    ours = MelSpectrogram(
        sfreq=SFREQ, nperseg=128, hop=32, n_mels=20, framing="librosa", scaling=None,
        detrend=None, output="db", ref=ref, top_db=top_db,
    )  # fmt: skip
    made = np.asarray(ours.fit_transform(X))
    for trial, channel in np.ndindex(3, 2):
        expected = librosa.power_to_db(
            librosas(X[trial, channel]), ref=np.max if ref == "max" else ref, top_db=top_db
        )
        np.testing.assert_allclose(made[trial, channel], expected, atol=1e-3)


def test_a_sine_lands_in_its_band():
    sine = SignalArray(np.sin(2 * np.pi * 20 * np.arange(1000) / SFREQ)[None, None], sfreq=SFREQ)
    ours = MelSpectrogram(n_mels=25)
    made = ours.fit_transform(sine)
    peaks = ours.freqs_[np.asarray(made)[0, 0].argmax(axis=0)]
    assert np.abs(peaks - 20).max() <= np.diff(ours.freqs_)[0] / 2
    np.testing.assert_array_equal(made.freqs, ours.freqs_)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_mels": 0}, "n_mels is 0"),
        ({"n_mels": 500}, r"bands hold no frequency bin.*Lower n_mels"),
        ({"f_max": 126}, "above the Nyquist frequency 125 Hz"),
        ({"mel_scale": "bark"}, "mel_scale is 'bark'"),
        ({"norm": "unit"}, "norm is 'unit'"),
        ({"output": "loud"}, "output is 'loud'"),
        ({"ref": -1}, "ref is -1"),
        ({"top_db": 0}, "top_db is 0"),
        ({"nperseg": 2000}, "longer than the trials"),
    ],
)
def test_parameters_that_make_no_sense(X, params, message):
    with pytest.raises(ValueError, match=message):
        MelSpectrogram(sfreq=SFREQ, **params).fit(X)
