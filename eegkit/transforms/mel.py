"""Mel spectrogram."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from eegkit.parameters import Count, NonNegative, Positive
from eegkit.signals import SignalArray
from eegkit.transforms import _fft
from eegkit.transforms._spectral import FrameTransformer, range_of, scaled

# Slaney's scale: linear up to 1000 Hz, 15 mel, and 27 steps to a factor of 6.4 above.
SLANEY_HZ, SLANEY_MEL, SLANEY_STEP = 1000.0, 15.0, np.log(6.4) / 27


class MelSpectrogram(FrameTransformer):
    """Power spectrogram in triangular bands, evenly spaced on the mel scale.

    Below 1000 Hz Slaney's mel scale is linear, so for EEG this is a bank of overlapping
    triangles of (nearly) equal width: a smooth, small image.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    sfreq, nperseg, window_s, hop, hop_s, n_fft, window, detrend, framing, scaling, amin
        See `STFT`. ``scaling=None``, ``framing="librosa"`` and ``detrend=None`` give librosa's mel
        spectrogram.
    n_mels : int, default 32
        Bands.
    f_min, f_max : float or None, default None
        Lower end of the first and upper end of the last band in Hz; None is 0 Hz and the
        Nyquist frequency.
    mel_scale : {"slaney", "htk"}, default "slaney"
        The scale the bands are evenly spaced on.
    norm : {"slaney", None}, default "slaney"
        Bands of unit area (in Hz), or of unit height.
    output : {"log", "db", "power"}, default "log"
        Natural logarithm, decibel (10 log10) or power itself.
    ref : float or "max", default 1.0
        Power of 0 dB; "max" is the largest of each trial and channel.
    top_db : float, optional
        Decibels below the largest of each trial and channel at which values are cut off.

    Attributes
    ----------
    sfreq_ : float
        The sampling rate in Hz.
    nperseg_, hop_ : int
        Length of the window, and from one frame to the next, in samples.
    freqs_ : ndarray, shape (n_mels,)
        Centres of the bands in Hz.
    times_ : ndarray, shape (n_frames,)
        Centres of the frames in s from the start of the trial.
    filters_ : ndarray, shape (n_mels, n_bins)
        The weight of every bin in every band.

    Raises
    ------
    ValueError
        On `fit`: a band holds no bin; otherwise as `STFT`.

    References
    ----------
    M. Slaney (1998), Auditory Toolbox, version 2, Interval Research technical report
    1998-010. S. Young et al. (2006), The HTK Book, section 5.4:
    mel = 2595 log10(1 + f / 700).

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.transforms import MelSpectrogram
    >>> MelSpectrogram(sfreq=128, n_mels=20).fit_transform(np.zeros((2, 3, 640))).shape
    (2, 3, 20, 9)
    """

    n_mels: Count = 32
    f_min: NonNegative | None = None
    f_max: NonNegative | None = None
    mel_scale: Literal["slaney", "htk"] = "slaney"
    norm: Literal["slaney"] | None = "slaney"
    output: Literal["log", "db", "power"] = "log"
    ref: Positive | Literal["max"] = 1.0
    top_db: Positive | None = None

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"sfreq": 128.0, "nperseg": 2, "n_fft": 8, "hop": 1, "n_mels": 1}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Windows long enough for a frequency bin in each of the bands."""
        return {
            "window_s": [0.5, 1.0],
            "hop_s": [0.0625, 0.125, 0.25],
            "n_mels": [8, 16, 32],
            "f_max": [45.0, None],
        }

    def prepare(self, signals: SignalArray) -> None:
        freqs = self._prepare_frames(signals)
        low, high = range_of(self.f_min, self.f_max, self.sfreq_)
        edges = mel_edges(self.n_mels, low, high, self.mel_scale)
        filters = mel_filters(freqs, edges, self.norm)
        empty = np.flatnonzero(filters.max(axis=1) == 0)
        if len(empty):
            raise ValueError(
                f"{len(empty)} of {self.n_mels} bands hold no frequency bin, the first around "
                f"{edges[empty[0] + 1]:g} Hz: bins are {freqs[1]:g} Hz apart. Lower n_mels or "
                "lengthen the window."
            )
        self.filters_ = filters.astype(np.float32)
        bins = np.flatnonzero(filters.max(axis=0))
        self._bins = slice(int(bins[0]), int(bins[-1]) + 1)
        self.freqs_ = edges[1:-1]
        self.output_shape_ = (signals.shape[1], self.n_mels, len(self.times_))

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        power = self._power(block, self._bins)
        mel = _fft.weighted(power, self.filters_[:, self._bins]).swapaxes(-1, -2)
        if self.output != "db":
            return scaled(mel, self.output, self.amin)
        largest = mel.max(axis=(2, 3), keepdims=True)
        decibels = scaled(mel, "db", self.amin)
        ref = np.maximum(largest if self.ref == "max" else np.float32(self.ref), self.amin)
        decibels -= 10 * np.log10(ref).astype(np.float32)
        if self.top_db is not None:
            top = decibels.max(axis=(2, 3), keepdims=True)
            np.maximum(decibels, top - np.float32(self.top_db), out=decibels)
        return decibels

    def as_module(self) -> Any:
        if self.output == "db" and (self.ref != 1 or self.top_db is not None):
            return super().as_module()
        from torch import nn

        from eegkit.transforms._modules import mixed, output

        bands = mixed(self.filters_[:, self._bins])
        return nn.Sequential(self._power_module(self._bins), bands, output(self.output, self.amin))

    def output_metadata(self, signals: SignalArray) -> dict[str, Any]:
        return {"ch_names": signals.ch_names, "freqs": self.freqs_, "times": self.times_}


def hz_to_mel(hz: NDArray[np.float64], mel_scale: str) -> NDArray[np.float64]:
    """Frequencies in Hz on a mel scale."""
    if mel_scale == "htk":
        return 2595 * np.log10(1 + hz / 700)
    above = SLANEY_MEL + np.log(np.maximum(hz, SLANEY_HZ) / SLANEY_HZ) / SLANEY_STEP
    return np.where(hz < SLANEY_HZ, hz * SLANEY_MEL / SLANEY_HZ, above)


def mel_to_hz(mel: NDArray[np.float64], mel_scale: str) -> NDArray[np.float64]:
    """The inverse of `hz_to_mel`."""
    if mel_scale == "htk":
        return 700 * (10 ** (mel / 2595) - 1)
    above = SLANEY_HZ * np.exp(SLANEY_STEP * (np.maximum(mel, SLANEY_MEL) - SLANEY_MEL))
    return np.where(mel < SLANEY_MEL, mel * SLANEY_HZ / SLANEY_MEL, above)


def mel_edges(n_mels: int, low: float, high: float, mel_scale: str) -> NDArray[np.float64]:
    """Where the bands begin, peak and end in Hz, n_mels + 2 of them, evenly spaced in mel."""
    ends = hz_to_mel(np.array([low, high]), mel_scale)
    return mel_to_hz(np.linspace(ends[0], ends[1], n_mels + 2), mel_scale)


def mel_filters(
    freqs: NDArray[np.float64], edges: NDArray[np.float64], norm: str | None
) -> NDArray[np.float64]:
    """Triangles over the bins, shape (n_mels, n_bins)."""
    widths = np.diff(edges)[:, None]
    distance = edges[:, None] - freqs
    rising, falling = -distance[:-2] / widths[:-1], distance[2:] / widths[1:]
    filters = np.maximum(0, np.minimum(rising, falling))
    if norm == "slaney":
        filters *= 2 / (edges[2:] - edges[:-2])[:, None]
    return filters
