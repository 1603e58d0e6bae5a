"""Continuous wavelet transform."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from eegkit.parameters import Count, NonNegative, ParameterError, Positive
from eegkit.signals import SignalArray
from eegkit.transforms import _fft
from eegkit.transforms._base import Transformer
from eegkit.transforms._spectral import (
    complex_as_channels,
    names_of,
    range_of,
    refuse_single_sample,
    scaled,
)

# Bins where a wavelet is below this part of its peak are left out.
NEGLIGIBLE = 1e-6
# Half the length of a wavelet in time, in standard deviations of its envelope.
MORLET_REACH, REACH = 5.0, 7.0


class CWT(Transformer):
    """Continuous wavelet transform of every trial and channel, at the instants wanted.

    The trials are multiplied with the wavelets in the frequency domain, on the bins where a
    wavelet lives alone. Bins that differ by the number of frames are then added up, which
    is what keeping some instants only does to a spectrum; a short inverse FFT gives exactly
    the samples that the full transform has there.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    sfreq : float, optional
        Sampling rate in Hz; by default that of X. An X that does not say its rate is
        read at 128 Hz, with a warning.
    wavelet : {"morlet", "mexican_hat", "morse"}, default "morlet"
        Complex Morlet [1]_, Mexican hat (Ricker, real), or generalised Morse [2]_.
    f_min, f_max : float or None, default 2 and 50
        Range of frequencies in Hz; None is one cycle a trial and the Nyquist frequency.
    n_freqs : int, default 40
        Frequencies, `f_min` and `f_max` included.
    spacing : {"geometric", "linear"}, default "geometric"
        How they are spaced.
    n_cycles : float, default 7
        Of the Morlet wavelet: its Gaussian has the standard deviation
        ``n_cycles / (2 pi f)`` in s.
    zero_mean : bool, default True
        Of the Morlet wavelet: subtract what makes its mean differ from zero.
    gamma, beta : float, default 3 and 20
        Of the Morse wavelet: symmetry, and the order that sets its length;
        ``sqrt(beta gamma) / pi`` is the number of oscillations.
    scaling : {"energy", "amplitude"}, default "energy"
        Wavelets of energy 2 as MNE's, or a sine of amplitude A has the magnitude A at its
        frequency.
    n_frames : int or None, default 100
        Frames, at the instants ``k * n_times / n_frames`` samples; None keeps all samples.
    output : {"log", "db", "power", "magnitude", "phase", "complex"}, default "log"
        Natural logarithm of the power, decibel (10 log10), power, its square root, phase in
        radians, or the complex coefficients as two channels: the real parts of all
        channels, then the imaginary parts.
    amin : float, default 1e-10
        Power below which no logarithm is taken.
    detrend : {"constant", None}, default "constant"
        Take the mean of every trial out first. Without it, an offset is a step at both ends of the
        trial, where zeros begin, and power at all frequencies near them.

    Attributes
    ----------
    sfreq_ : float
        The sampling rate in Hz.
    freqs_ : ndarray, shape (n_freqs,)
        Frequencies in Hz, at which the wavelets' spectra peak.
    times_ : ndarray, shape (n_frames,)
        Instants of the frames in s from the start of the trial.

    Raises
    ------
    ValueError
        On `fit`: the lowest frequency has less than one cycle in a trial, the range reaches
        beyond the Nyquist frequency, or a parameter makes no sense. On `transform`: X has
        another rate.

    Notes
    -----
    Beyond the trial there are zeros, so frames nearer to an edge than the length of a
    wavelet, a few cycles, see less power.

    References
    ----------
    .. [1] Tallon-Baudry, C., et al. (1997), Oscillatory gamma-band (30-70 Hz) activity
       induced by a visual search task in humans, Journal of Neuroscience 17(2), 722-734.
    .. [2] Lilly, J. M., & Olhede, S. C. (2012), Generalized Morse wavelets as a superfamily
       of analytic wavelets, IEEE Transactions on Signal Processing 60(11), 6036-6041.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.transforms import CWT
    >>> X = np.sin(2 * np.pi * 10 * np.arange(640) / 128)[None, None]
    >>> cwt = CWT(sfreq=128, f_min=5, f_max=20, n_freqs=31, spacing="linear", n_frames=64)
    >>> scalogram = cwt.fit_transform(X)
    >>> scalogram.shape
    (1, 1, 31, 64)
    >>> float(cwt.freqs_[scalogram[0, 0, :, 32].argmax()])
    10.0
    """

    sfreq: Positive | None = None
    wavelet: Literal["morlet", "mexican_hat", "morse"] = "morlet"
    f_min: NonNegative | None = 2.0
    f_max: NonNegative | None = 50.0
    n_freqs: Count = 40
    spacing: Literal["geometric", "linear"] = "geometric"
    n_cycles: Positive = 7.0
    zero_mean: bool = True
    gamma: Positive = 3.0
    beta: Positive = 20.0
    scaling: Literal["energy", "amplitude"] = "energy"
    n_frames: Count | None = 100
    output: Literal["log", "db", "power", "magnitude", "phase", "complex"] = "log"
    amin: Positive = 1e-10
    detrend: Literal["constant"] | None = "constant"

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"sfreq": 128.0, "f_min": None, "f_max": None, "n_freqs": 3, "n_frames": 4}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return {
            "wavelet": ["morlet", "mexican_hat", "morse"],
            "n_cycles": [3.0, 5.0, 7.0],
            "n_freqs": [20, 40],
            "f_max": [30.0, 40.0, 50.0],
            "spacing": ["geometric", "linear"],
        }

    def prepare(self, signals: SignalArray) -> None:
        self._check_rate(signals)
        n_times = signals.shape[-1]
        refuse_single_sample(n_times)
        self.freqs_ = self._frequencies(n_times)
        n_frames = n_times if self.n_frames is None else self.n_frames
        self.times_ = np.arange(n_frames) * (n_times / n_frames) / self.sfreq_
        reach = max(self._reach(f) for f in self.freqs_)
        self._n_fft, self._n_short = _lengths(n_times, n_frames, n_times + reach)
        self._kernels = [self._kernel(f) for f in self.freqs_]
        n_parts = 2 if self.output == "complex" else 1
        self.output_shape_ = (n_parts * signals.shape[1], self.n_freqs, n_frames)

    def _frequencies(self, n_times: int) -> NDArray[np.float64]:
        slowest = self.sfreq_ / n_times
        low, high = range_of(slowest if self.f_min is None else self.f_min, self.f_max, self.sfreq_)
        if low < slowest * (1 - 1e-9):
            raise ParameterError(
                f"f_min is {low:g} Hz, but a trial of {n_times} samples at {self.sfreq_:g} Hz is "
                f"too short for one cycle of it; expected at least {slowest:g} Hz.",
                "f_min",
            )
        space = np.linspace if self.spacing == "linear" else np.geomspace
        return np.asarray(space(low, high, self.n_freqs))

    def _width(self, freq: float) -> float:
        """Standard deviation of a wavelet's envelope in samples."""
        if self.wavelet == "morlet":
            cycles = self.n_cycles
        elif self.wavelet == "mexican_hat":
            cycles = math.sqrt(2)  # its spectrum, f^2 exp(-2 (pi sigma f)^2), peaks there
        else:
            cycles = math.sqrt(self.beta * self.gamma)
        return cycles / (2 * math.pi * freq) * self.sfreq_

    def _reach(self, freq: float) -> int:
        reach = MORLET_REACH if self.wavelet == "morlet" else REACH
        return math.ceil(reach * self._width(freq))

    def _kernel(self, freq: float) -> tuple[int, NDArray[np.float32]]:
        """The spectrum of the wavelet at one frequency, on some stretches of n_short bins.

        The first stretch that is not negligible, which begins at bin ``first * n_short``
        (negative ones too), and the weights, shape (n_stretches, 2 * n_short): each value
        twice, for the real and the imaginary part of the bin.
        """
        n, sfreq = self._n_fft, self.sfreq_
        hz = np.arange(-(n // 2), n - n // 2) * (sfreq / n)
        # A wavelet sampled in time: what lies beyond the Nyquist frequency comes back below it.
        aliases = [self._wavelet(freq, hz + alias) for alias in (-sfreq, 0.0, sfreq)]
        spectrum = np.sum(aliases, axis=0)
        if self.scaling == "energy":
            spectrum *= math.sqrt(2 * n / np.sum(spectrum**2))
        else:
            # An analytic wavelet sees the positive half of a real sine alone.
            gain = 1.0 if self.wavelet == "mexican_hat" else 2.0
            spectrum *= gain / self._wavelet(freq, np.array([freq]))
        magnitude = np.abs(spectrum)
        bins = np.flatnonzero(magnitude > NEGLIGIBLE * magnitude.max()) - n // 2
        first, last = int(bins[0]) // self._n_short, int(bins[-1]) // self._n_short
        weights = np.zeros((last + 1 - first) * self._n_short)
        weights[bins - first * self._n_short] = spectrum[bins + n // 2] * (self._n_short / n)
        pairs = np.repeat(weights, 2).astype(np.float32)
        return first, pairs.reshape(-1, 2 * self._n_short)

    def _wavelet(self, freq: float, hz: NDArray[np.float64]) -> NDArray[np.float64]:
        """The Fourier transform of the wavelet at one frequency, real; scaled later."""
        if self.wavelet == "morse":  # equation 1 of Lilly & Olhede, its peak moved to freq
            ratio = np.where(hz > 0, hz, freq) / freq
            order = self.beta * np.log(ratio) + self.beta / self.gamma * (1 - ratio**self.gamma)
            return np.where(hz > 0, np.exp(order), 0.0)
        width = 2 * math.pi * self._width(freq) / self.sfreq_
        centred = np.exp(-0.5 * (width * hz) ** 2)
        if self.wavelet == "mexican_hat":
            return (width * hz) ** 2 * centred
        spectrum = np.exp(-0.5 * (width * (hz - freq)) ** 2)
        return spectrum - math.exp(-0.5 * self.n_cycles**2) * centred * self.zero_mean

    def _coefficients(self, block: NDArray[np.float32]) -> NDArray[np.complex64]:
        """Shape (n_block, n_channels, n_freqs, n_frames)."""
        if self.detrend is not None:
            block = block - block.mean(axis=-1, keepdims=True, dtype=np.float64).astype(np.float32)
        short, shape = self._n_short, block.shape[:2]
        lowest = min(first for first, _ in self._kernels)
        stop = max(first + len(weights) for first, weights in self._kernels)
        spectrum = _fft.bins_of(block, self._n_fft, lowest * short, stop * short)
        # Real and imaginary parts side by side: real multiplications, and half as many.
        stretches = spectrum.view(np.float32).reshape(*shape, stop - lowest, 2 * short)
        # Bin k goes to bin k mod n_short: what sampling every (n_fft / n_short)-th does.
        spectra = np.empty((len(self._kernels), *shape, 2 * short), dtype=np.float32)
        for (first, weights), sums in zip(self._kernels, spectra, strict=True):
            start = first - lowest
            stretch = stretches[:, :, start : start + len(weights)]
            np.einsum("ncpk,pk->nck", stretch, weights, out=sums)
        coefficients = _fft.ifft(spectra.view(np.complex64))[..., : self.output_shape_[-1]]
        return np.moveaxis(coefficients, 0, 2)

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        coefficients = self._coefficients(block)
        if self.output == "complex":
            return complex_as_channels(coefficients)
        if self.output == "phase":
            return np.angle(coefficients)
        return scaled(_fft.squared_magnitude(coefficients), self.output, self.amin)

    def output_metadata(self, signals: SignalArray) -> dict[str, Any]:
        names = names_of(signals.ch_names, self.output)
        return {"ch_names": names, "freqs": self.freqs_, "times": self.times_}


def _lengths(n_times: int, n_frames: int, least: int) -> tuple[int, int]:
    """Lengths of the long and the short FFT.

    Frames are n_times / n_frames samples apart, so n_fft / n_short must be just that; of the
    next lengths from `least` on, the pair that an FFT likes best is taken.
    """
    common = math.gcd(n_times, n_frames)
    long, short = n_times // common, n_frames // common
    first = math.ceil(least / long)
    factors = range(first, first + max(2, first // 4) + 1)

    def cost(j: int) -> float:
        return _work(j * long) + 20 * _work(j * short)

    best = min(factors, key=cost)
    return best * long, best * short


def _work(n: int) -> float:
    """Roughly the time of an FFT: the length times the sum of its prime factors.

    Lengths that four does not divide cannot be worked on in vectors as well.
    """
    total, rest, prime = 0, n, 2
    while prime * prime <= rest:
        while rest % prime == 0:
            total, rest = total + prime, rest // prime
        prime += 1
    return n * (total + (rest if rest > 1 else 0)) * (1.5 if n % 4 else 1.0)
