"""Short-time Fourier transform."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.fft
import scipy.signal
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from eegkit.signals import SignalArray
from eegkit.transforms._base import Transformer

OUTPUTS = ("log", "db", "power")


class STFT(Transformer):
    """Short-time Fourier power spectrogram of every trial and channel.

    Frames lie wholly inside the trial; power is the one-sided spectral density in
    µV²/Hz, as ``scipy.signal.spectrogram`` without detrending gives it.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    sfreq : float, optional
        Sampling rate in Hz; by default that of X. An X that does not say its rate is
        read at 128 Hz, with a warning.
    nperseg : int, default 256
        Window length in samples.
    window_s : float, optional
        Window length in s, instead of `nperseg`.
    hop : int, optional
        Samples from one frame to the next; a quarter of the window by default.
    hop_s : float, optional
        The same in s, instead of `hop`.
    f_min, f_max : float or None, default 0.5 and 50
        Range of frequencies kept, in Hz, ends included; None is 0 Hz and the Nyquist
        frequency.
    output : {"log", "db", "power"}, default "log"
        Natural logarithm, decibel (10 log10) or power itself.
    amin : float, default 1e-10
        Power below which the logarithm is not taken, in µV²/Hz.
    window : str or tuple, default "hann"
        Any window that ``scipy.signal.get_window`` knows.

    Attributes
    ----------
    sfreq_ : float
        The sampling rate in Hz.
    freqs_ : ndarray, shape (n_freqs,)
        Frequencies of the bins in Hz.
    times_ : ndarray, shape (n_frames,)
        Centres of the frames in s from the start of the trial.

    Raises
    ------
    ValueError
        On `fit`: the window is longer than the trials, or the range of frequencies is
        empty or reaches beyond the Nyquist frequency. On `transform`: X has another rate.

    Notes
    -----
    The defaults (256 samples, 0.5 to 50 Hz at 128 Hz) resolve 0.5 Hz: the setting in which
    band power of emotional EEG is usually computed from DEAP and SEED recordings.

    References
    ----------
    J. B. Allen (1977), Short term spectral analysis, synthesis, and modification by
    discrete Fourier transform, IEEE Transactions on ASSP 25(3), 235-238.
    P. D. Welch (1967), The use of fast Fourier transform for the estimation of power
    spectra, IEEE Transactions on Audio and Electroacoustics 15(2), 70-73 (the density).

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.transforms import STFT
    >>> X = np.sin(2 * np.pi * 10 * np.arange(640) / 128)[None, None]
    >>> stft = STFT(sfreq=128)
    >>> spectrogram = stft.fit_transform(X)
    >>> spectrogram.shape
    (1, 1, 100, 7)
    >>> float(stft.freqs_[spectrogram[0, 0, :, 0].argmax()])
    10.0
    """

    sfreq: float | None = None
    nperseg: int = 256
    window_s: float | None = None
    hop: int | None = None
    hop_s: float | None = None
    f_min: float | None = 0.5
    f_max: float | None = 50.0
    output: str = "log"
    amin: float = 1e-10
    window: Any = "hann"

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"sfreq": 128.0, "nperseg": 2, "hop": 1, "f_min": None, "f_max": None}

    def _prepare(self, signals: SignalArray) -> None:
        if self.output not in OUTPUTS:
            raise ValueError(f"output is {self.output!r}; expected one of {', '.join(OUTPUTS)}.")
        self._check_rate(signals, reset=True)
        n_times = signals.shape[-1]
        length = _samples(self.nperseg, self.window_s, self.sfreq_, "window")
        hop = _samples(self.hop or max(1, length // 4), self.hop_s, self.sfreq_, "hop")
        if n_times == 1:
            raise ValueError("Trials of a single sample (n_features = 1) have no spectrum.")
        if length > n_times:
            raise ValueError(
                f"The window of {length} samples ({length / self.sfreq_:g} s) is longer than the "
                f"trials, {n_times} samples at {self.sfreq_:g} Hz; shorten nperseg or window_s."
            )
        window = scipy.signal.get_window(self.window, length)
        freqs = scipy.fft.rfftfreq(length, 1 / self.sfreq_)
        self._bins = self._kept(freqs)
        density = np.full(len(freqs), 2.0)
        density[0] = 1.0
        if length % 2 == 0:
            density[-1] = 1.0
        density /= self.sfreq_ * np.sum(window**2)
        self._density = density[self._bins, None].astype(np.float32)
        self._taper = window.astype(np.float32)
        self._hop = hop
        self.freqs_ = freqs[self._bins]
        n_frames = 1 + (n_times - length) // hop
        self.times_ = (np.arange(n_frames) * hop + length / 2) / self.sfreq_
        self.output_shape_ = (signals.shape[1], len(self.freqs_), n_frames)

    def _kept(self, freqs: NDArray[np.float64]) -> slice:
        nyquist = self.sfreq_ / 2
        f_min = 0.0 if self.f_min is None else float(self.f_min)
        f_max = nyquist if self.f_max is None else float(self.f_max)
        if not 0 <= f_min <= f_max:
            raise ValueError(
                f"f_min is {f_min:g} Hz and f_max {f_max:g} Hz; expected 0 <= f_min <= f_max."
            )
        if f_max > nyquist:
            raise ValueError(
                f"f_max is {f_max:g} Hz, above the Nyquist frequency {nyquist:g} Hz of signals "
                f"at {self.sfreq_:g} Hz; lower f_max, or f_max=None for all there is."
            )
        kept = np.flatnonzero((freqs >= f_min) & (freqs <= f_max))
        if not len(kept):
            raise ValueError(
                f"No frequency bin lies between {f_min:g} and {f_max:g} Hz: bins are "
                f"{freqs[1]:g} Hz apart; widen the range or lengthen the window."
            )
        return slice(int(kept[0]), int(kept[-1]) + 1)

    def _transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        frames = sliding_window_view(block, len(self._taper), axis=-1)[..., :: self._hop, :]
        spectrum = scipy.fft.rfft(frames * self._taper, overwrite_x=True)[..., self._bins]
        power = (spectrum.real**2 + spectrum.imag**2).swapaxes(-1, -2) * self._density
        if self.output == "power":
            return power
        np.maximum(power, self.amin, out=power)
        if self.output == "log":
            return np.log(power, out=power)
        return 10 * np.log10(power, out=power)

    def _knowledge(self, signals: SignalArray) -> dict[str, Any]:
        return {"ch_names": signals.ch_names, "freqs": self.freqs_, "times": self.times_}


def _samples(count: int, seconds: float | None, sfreq: float, what: str) -> int:
    """A length given in samples or in s, as samples."""
    samples = count if seconds is None else round(seconds * sfreq)
    if samples < 1:
        given = "" if seconds is None else f" ({seconds:g} s at {sfreq:g} Hz)"
        raise ValueError(f"The {what} is {samples} samples long{given}; expected at least 1.")
    return int(samples)
