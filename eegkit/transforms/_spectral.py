"""What spectrograms share: frames, ranges of frequencies, logarithms."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import scipy.fft
import scipy.signal
from numpy.typing import NDArray

from eegkit.parameters import Count, ParameterError, Positive
from eegkit.signals import SignalArray
from eegkit.transforms import _fft
from eegkit.transforms._base import Transformer

# Where no window is given: the longest one in s, and the fewest frames of a trial.
LONGEST_WINDOW_S = 2.0
FEWEST_FRAMES = 9


class FrameTransformer(Transformer):
    """The base of transforms that take the spectrum of one frame after the other."""

    sfreq: Positive | None = None
    nperseg: Count | None = None
    window_s: Positive | None = None
    hop: Count | None = None
    hop_s: Positive | None = None
    n_fft: Count | None = None
    window: Any = "hann"
    detrend: Literal["constant"] | None = "constant"
    framing: Literal["valid", "scipy", "librosa"] = "valid"
    scaling: Literal["density", "spectrum"] | None = "density"
    amin: Positive = 1e-10

    def _prepare_frames(self, signals: SignalArray) -> NDArray[np.float64]:
        """Settle rate, window and frames; give the frequencies of all bins in Hz."""
        self._check_rate(signals)
        n_times, sfreq = signals.shape[-1], self.sfreq_
        refuse_single_sample(n_times)
        length = self._samples(self.nperseg or self._usual_length(n_times), "window_s")
        hop = self._samples(self.hop or self._usual_hop(length, n_times), "hop_s")
        if length > n_times:
            raise ParameterError(
                f"The window of {length} samples ({length / sfreq:g} s) is longer than the "
                f"trials, {n_times} samples at {sfreq:g} Hz; shorten nperseg or window_s.",
                "nperseg" if self.window_s is None else "window_s",
            )
        self._n_fft = length if self.n_fft is None else self.n_fft
        if self._n_fft < length:
            raise ParameterError(
                f"n_fft is {self.n_fft}, shorter than the window of {length} samples.", "n_fft"
            )
        window = scipy.signal.get_window(self.window, length)
        self._taper, self._hop = window.astype(np.float32), hop
        self._padding, n_frames = _padding(self.framing, length, hop, n_times)
        centres = np.arange(n_frames) * hop + length / 2 - self._padding[0]
        self.times_ = centres / sfreq
        self._power_scale = power_scale(self.scaling, window, sfreq, self._n_fft)
        return scipy.fft.rfftfreq(self._n_fft, 1 / sfreq)

    @property
    def nperseg_(self) -> int:
        """Length of the window in samples."""
        return len(self._taper)

    @property
    def hop_(self) -> int:
        """Samples from one frame to the next."""
        return self._hop

    def _usual_length(self, n_times: int) -> int:
        """Two seconds, or half of a shorter trial, in samples."""
        return max(2, min(round(LONGEST_WINDOW_S * self.sfreq_), n_times // 2))

    def _usual_hop(self, length: int, n_times: int) -> int:
        """A quarter of the window, or less where the window is the usual one and frames few."""
        hop = length // 4
        if self.nperseg is None and self.window_s is None:
            hop = min(hop, (n_times - length) // (FEWEST_FRAMES - 1))
        return max(1, hop)

    def _samples(self, count: int, in_seconds: str) -> int:
        """A length in samples, or that of the parameter which gives it in s."""
        seconds = getattr(self, in_seconds)
        samples = count if seconds is None else round(seconds * self.sfreq_)
        if samples < 1:
            raise ParameterError(
                f"{in_seconds} is {seconds:g} s, {samples} samples at {self.sfreq_:g} Hz; expected "
                "at least 1.",
                in_seconds,
            )
        return int(samples)

    def _spectrum(self, block: NDArray[np.float32], scale: float = 1.0) -> NDArray[np.complex64]:
        """Spectra of all frames times a scale, (n_block, n_channels, n_frames, n_bins)."""
        frames = (self._padding, self._taper, self._hop, self._n_fft)
        return _fft.framed_rfft(block, *frames, self.detrend, scale)

    def _power(self, block: NDArray[np.float32], bins: slice) -> NDArray[np.float32]:
        """Scaled power of all frames, at some of the bins of `_spectrum`."""
        # One scale for nearly all bins costs nothing where the signals are tapered.
        scale = self._power_scale[bins]
        power = _fft.squared_magnitude(self._spectrum(block, float(np.sqrt(scale.max()))), bins)
        for i in np.flatnonzero(scale != scale.max()):
            power[..., i] *= scale[i] / scale.max()
        return power

    def _power_module(self, bins: slice) -> Any:
        """What `_power` computes, frequencies before frames, as a torch module."""
        from eegkit.transforms._modules import Spectrogram

        frames = (self._padding, self._taper, self._hop, self._n_fft)
        return Spectrogram(*frames, bins, self._power_scale, detrend=self.detrend)


def refuse_single_sample(n_times: int) -> None:
    """Refuse trials that have no spectrum."""
    if n_times == 1:
        raise ValueError("Trials of a single sample (n_features = 1) have no spectrum.")


def range_of(f_min: float | None, f_max: float | None, sfreq: float) -> tuple[float, float]:
    """A range of frequencies in Hz; None is 0 and Nyquist's."""
    nyquist = sfreq / 2
    low, high = 0.0 if f_min is None else float(f_min), nyquist if f_max is None else float(f_max)
    if not 0 <= low <= high:
        raise ParameterError(
            f"f_min is {low:g} Hz and f_max {high:g} Hz; expected 0 <= f_min <= f_max.",
            "f_min",
        )
    if high > nyquist:
        raise ParameterError(
            f"f_max is {high:g} Hz, above the Nyquist frequency {nyquist:g} Hz of signals at "
            f"{sfreq:g} Hz; lower f_max, or f_max=None for all there is.",
            "f_max",
        )
    return low, high


def bins_between(freqs: NDArray[np.float64], low: float, high: float) -> slice:
    """The bins whose frequencies lie in a range, ends included."""
    bins = np.flatnonzero((freqs >= low) & (freqs <= high))
    if not len(bins):
        raise ValueError(
            f"No frequency bin lies between {low:g} and {high:g} Hz: bins are "
            f"{freqs[1]:g} Hz apart; widen the range or lengthen the window."
        )
    return slice(int(bins[0]), int(bins[-1]) + 1)


def complex_as_channels(spectra: NDArray[np.complex64]) -> NDArray[np.float32]:
    """The real parts of all channels, then the imaginary parts."""
    return np.concatenate([spectra.real, spectra.imag], axis=1)


def names_of(ch_names: tuple[str, ...] | None, output: str) -> tuple[str, ...] | None:
    """The channels of a spectrogram; two for each where it is complex."""
    if ch_names is None or output != "complex":
        return ch_names
    return (*(f"{name} real" for name in ch_names), *(f"{name} imaginary" for name in ch_names))


def scaled(power: NDArray[np.float32], output: str, amin: float) -> NDArray[np.float32]:
    """``"power"``, its root ``"magnitude"``, its ``"log"`` or ``"db"``, 10 log10, in place."""
    if output == "power":
        return power
    if output == "magnitude":
        return np.sqrt(power, out=power)
    if power.min(initial=np.inf) < amin:  # rare, and looking is cheaper
        np.maximum(power, np.float32(amin), out=power)
    _fft.log(power)
    if output == "db":
        power *= np.float32(10 / np.log(10))
    return power


def _padding(framing: str, length: int, hop: Count, n_times: int) -> tuple[tuple[int, int], int]:
    """Zeros before and after the trial, and the number of frames."""
    if framing == "valid":
        return (0, 0), 1 + (n_times - length) // hop
    if framing == "librosa":
        left = length // 2
        n_frames = 1 + (n_times + 2 * left - length) // hop
    else:
        # scipy's slice p is centred on sample p * hop; its first and last ones are those
        # in which the window, where it is not zero, still touches the trial.
        slices = scipy.signal.ShortTimeFFT(np.ones(length), hop, 1.0)
        first = slices.p_min
        left = slices.m_num_mid - first * hop
        n_frames = slices.p_max(n_times) - first
    right = max(0, (n_frames - 1) * hop + length - left - n_times)
    return (left, right), n_frames


def power_scale(
    scaling: str | None, window: NDArray[np.float64], sfreq: float, n_fft: Count
) -> NDArray[np.float32]:
    """What the squared magnitude of each bin is multiplied by."""
    n_bins = n_fft // 2 + 1
    if scaling is None:
        return np.ones(n_bins, dtype=np.float32)
    scale = np.full(n_bins, 2.0)  # one-sided: negative frequencies count with positive ones
    scale[0] = 1.0
    if n_fft % 2 == 0:
        scale[-1] = 1.0
    scale /= sfreq * np.sum(window**2) if scaling == "density" else np.sum(window) ** 2
    return scale.astype(np.float32)
