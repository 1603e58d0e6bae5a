"""Power in frequency bands: the classical features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
import scipy.fft
import scipy.signal
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from eegkit.amplitude import factor_to_microvolts
from eegkit.parameters import Length, NonNegative, ParameterError, Positive, Predicate
from eegkit.signals import SignalArray
from eegkit.transforms import _fft
from eegkit.transforms._band_features import BandFeatures
from eegkit.transforms._spectral import power_scale, refuse_single_sample

Band = Annotated[
    tuple[NonNegative, NonNegative],
    Predicate(lambda band: band[0] < band[1], "of which the first is the lower"),
]
Bands = Annotated[Mapping[str, Band], Length()]
BANDS = {
    "delta": (1.0, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (13.0, 30.0),
    "gamma": (30.0, 45.0),
}


class BandPower(BandFeatures):
    """Power of every channel in frequency bands, by Welch's method.

    With logistic regression behind it, a strong and quick baseline that every net should beat.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    sfreq : float, optional
        Sampling rate in Hz; by default that of X. An X that does not say its rate is
        read at 128 Hz, with a warning.
    bands : mapping of str to (float, float) or float, optional
        Lower (included) and upper (excluded) edge of each band in Hz; by default delta 1-4,
        theta 4-8, alpha 8-13, beta 13-30 and gamma 30-45. A number makes bands of this width
        in Hz, from 1 Hz to the last that begins by 45 Hz and ends by the Nyquist frequency;
        where `nperseg_s` or the trial is too short for it, of the width of a frequency bin.
    output : {"log_power", "power", "relative", "differential_entropy"}, default "log_power"
        Natural logarithm of the power in µV², the power, its part of the power in all
        bands, or ``log(2 pi e power) / 2``, the differential entropy of a Gaussian signal of
        that power.
    nperseg_s : float, default 1
        Length of Welch's windows in s (Hann, half overlapping), or the trial's where that is
        shorter.
    amin : float, default 1e-20
        Power below which no logarithm is taken, in µV²: below that of EEG in any unit.
    detrend : {"constant", None}, default "constant"
        Take the mean of every window out first, as ``scipy.signal.welch`` and MNE's
        ``psd_array_welch`` do, so that an offset is not counted as delta power.

    Attributes
    ----------
    bands_ : dict of str to (float, float)
        The bands.

    Raises
    ------
    ValueError
        On `fit`: a band is empty, holds no frequency bin or reaches beyond the Nyquist
        frequency.

    Notes
    -----
    Signals that look like volts, millivolts or nanovolts in `fit`, which an `AmplitudeWarning`
    says, are counted in that unit: power is in µV² all the same, and what is trained on it does
    not depend on the unit.

    References
    ----------
    P. D. Welch (1967), The use of fast Fourier transform for the estimation of power
    spectra, IEEE Transactions on Audio and Electroacoustics 15(2), 70-73.
    R.-N. Duan, J.-Y. Zhu, B.-L. Lu (2013), Differential entropy feature for EEG-based emotion
    classification, 6th IEEE/EMBS Conference on Neural Engineering, 81-84, equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.transforms import BandPower
    >>> X = np.random.default_rng(0).normal(size=(3, 2, 256))
    >>> power = BandPower(sfreq=128).fit(X)
    >>> power.transform(X).shape
    (3, 10)
    >>> power.get_feature_names_out()[:2].tolist()
    ['0_delta', '0_theta']
    """

    sfreq: Positive | None = None
    bands: Bands | Positive | None = None
    output: Literal["log_power", "power", "relative", "differential_entropy"] = "log_power"
    nperseg_s: Positive = 1.0
    amin: Positive = 1e-20
    detrend: Literal["constant"] | None = "constant"

    # What brings the signals that it was fitted on to microvolts.
    _factor = 1.0

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"sfreq": 128.0, "bands": {"all": (0.0, 64.0)}}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return {
            "bands": [None, 4.0, 2.0],
            "nperseg_s": [0.5, 1.0, 2.0],
            "output": ["log_power", "relative"],
        }

    def prepare(self, signals: SignalArray) -> None:
        self._check_rate(signals)
        n_times = signals.shape[-1]
        refuse_single_sample(n_times)
        self._nperseg = min(n_times, round(self.nperseg_s * self.sfreq_))
        if self._nperseg < 1:
            raise ParameterError(
                f"nperseg_s is {self.nperseg_s:g} s, less than a sample.", "nperseg_s"
            )
        freqs = scipy.fft.rfftfreq(self._nperseg, 1 / self.sfreq_)
        self.bands_ = self._named_bands(freqs)
        # Power is the density times the width of a bin, added up over the band.
        self._weights = np.zeros((len(freqs), len(self.bands_)), dtype=np.float32)
        for i, (name, band) in enumerate(self.bands_.items()):
            self._weights[self._bins_of(name, band, freqs), i] = self.sfreq_ / self._nperseg
        self._factor = factor_to_microvolts(signals.view(np.ndarray), signals.groups)
        self.output_shape_ = (signals.shape[1] * len(self.bands_),)

    def _named_bands(self, freqs: NDArray[np.float64]) -> dict[str, tuple[float, float]]:
        if self.bands is None:
            return dict(BANDS)
        if isinstance(self.bands, Mapping):
            return dict(self.bands)
        bands = bands_of_width(max(self.bands, freqs[1]), freqs[-1])
        if not bands:
            raise ParameterError(
                f"bands is {self.bands:g} Hz, and no such band lies between 1 Hz and the Nyquist "
                f"frequency, {freqs[-1]:g} Hz; make it narrower.",
                "bands",
            )
        return bands

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._factor != 1.0:
            block = block * np.float32(self._factor)
        power = self._density(block) @ self._weights  # (n_block, n_channels, n_bands)
        if self.output == "relative":
            power /= np.maximum(power.sum(axis=2, keepdims=True), np.float32(self.amin))
        elif self.output != "power":
            np.log(np.maximum(power, np.float32(self.amin)), out=power)
            if self.output == "differential_entropy":
                power = (power + np.float32(np.log(2 * np.pi * np.e))) / 2
        return power.reshape(len(block), -1)

    def _density(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """As ``scipy.signal.welch``, which takes five times as long."""
        window = scipy.signal.get_window("hann", self._nperseg)
        taper, hop = window.astype(np.float32), self._nperseg - self._nperseg // 2
        if self.detrend is not None:
            block = block - block.mean(axis=-1, keepdims=True)
        frames = sliding_window_view(block, self._nperseg, axis=-1)[..., ::hop, :]
        spectra = scipy.fft.rfft(frames * taper)
        if self.detrend is not None:
            leak = _fft.leak_of(taper.tobytes(), self._nperseg)
            spectra[..., : len(leak)] -= frames.mean(axis=-1, keepdims=True) * leak
        parts = spectra.view(np.float32)  # real and imaginary ones in turn
        squares = np.einsum("ncfb,ncfb->ncb", parts, parts)
        density = squares[..., ::2] + squares[..., 1::2]
        scale = power_scale("density", window, self.sfreq_, self._nperseg)
        return density * (scale / np.float32(frames.shape[2]))

    def _feature_names(self) -> list[str]:
        channels = self.ch_names_ or range(self.input_shape_[0])
        return [f"{channel}_{band}" for channel in channels for band in self.bands_]


def bands_of_width(width: float, nyquist: float) -> dict[str, tuple[float, float]]:
    """Bands side by side from 1 Hz to the last that begins by 45 Hz, by the name of their edges."""
    lows = 1 + width * np.arange(44 / width + 1)
    bands = [(float(low), float(low + width)) for low in lows if low <= 45]
    return {f"{low:g}-{high:g}Hz": (low, high) for low, high in bands if high <= nyquist}
