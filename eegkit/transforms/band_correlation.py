"""Correlations of channels in frequency bands: which electrodes swing together."""

from __future__ import annotations

import itertools
from typing import Any, Literal

import numpy as np
import scipy.fft
import scipy.signal
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.stats import loguniform

from eegkit.parameters import ParameterError, Positive
from eegkit.signals import SignalArray
from eegkit.transforms._band_features import BandFeatures
from eegkit.transforms._spectral import refuse_single_sample
from eegkit.transforms.band_power import Bands

EDGES = (1, 4, 7, 10, 13, 16, 20, 25, 30, 37, 46)
TEN_BANDS = {
    f"{low}-{high}Hz": (float(low), float(high)) for low, high in itertools.pairwise(EDGES)
}
# Correlations of flat channels are 0, not undefined.
LEAST_POWER = 1e-30


class BandCorrelation(BandFeatures):
    """Correlations of all pairs of channels in frequency bands, by Welch's method.

    The real part of the coherency [1]_, summed over the bins of a band: the correlation of the
    two signals after a band-pass. The amplitudes of the channels are not in it, so that it stays
    what it was where gains, electrodes or the strength of a rhythm change. People are told apart
    by it better than by power [2]_.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    sfreq : float, optional
        Sampling rate in Hz; by default that of X. An X that does not say its rate is
        read at 128 Hz, with a warning.
    bands : mapping of str to (float, float), optional
        Lower (included) and upper (excluded) edge of each band in Hz; by default ten with the
        edges 1, 4, 7, 10, 13, 16, 20, 25, 30, 37 and 46.
    nperseg_s : float, default 1
        Length of Welch's windows in s (Hann, half overlapping, without their mean), or the
        trial's where that is shorter.
    output : {"logarithm", "correlation"}, default "logarithm"
        The matrix logarithm of the correlations with `loading` on the diagonal, on and above the
        diagonal, what is off it times the square root of 2 (distances are then those of the
        matrices); or the correlations above the diagonal as they are.
    loading : float, default 3
        Added to the diagonal before the logarithm, above 0. Recordings that independent
        components were taken out of have correlations without full rank; a logarithm with a small
        loading sees little else, and that belongs to a recording, not to a person.

    Attributes
    ----------
    bands_ : dict of str to (float, float)
        The bands.

    Raises
    ------
    ValueError
        On `fit`: a band is empty, holds no frequency bin or reaches beyond the Nyquist frequency,
        or there is a single channel and no logarithm.

    References
    ----------
    .. [1] P. L. Nunez et al. (1997), EEG coherency I, Electroencephalography and Clinical
       Neurophysiology 103(5), 499-515.
    .. [2] D. La Rocca et al. (2014), Human brain distinctiveness based on EEG spectral coherence
       connectivity, IEEE Transactions on Biomedical Engineering 61(9), 2406-2412.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.transforms import BandCorrelation
    >>> X = np.random.default_rng(0).normal(size=(3, 2, 256))
    >>> correlation = BandCorrelation(sfreq=128, output="correlation").fit(X)
    >>> correlation.transform(X).shape
    (3, 10)
    >>> correlation.get_feature_names_out()[0]
    '0~1_1-4Hz'
    """

    sfreq: Positive | None = None
    bands: Bands | None = None
    nperseg_s: Positive = 1.0
    output: Literal["logarithm", "correlation"] = "logarithm"
    loading: Positive = 3.0

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"sfreq": 128.0, "bands": {"all": (0.0, 64.0)}}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return {"nperseg_s": [0.5, 1.0, 2.0], "loading": loguniform(0.3, 10)}

    def prepare(self, signals: SignalArray) -> None:
        self._check_rate(signals)
        n_channels, n_times = signals.shape[1:]
        refuse_single_sample(n_times)
        self.bands_ = dict(TEN_BANDS if self.bands is None else self.bands)
        self._nperseg = min(n_times, round(self.nperseg_s * self.sfreq_))
        if self._nperseg < 2:
            raise ParameterError(
                f"nperseg_s is {self.nperseg_s:g} s, less than two samples.", "nperseg_s"
            )
        freqs = scipy.fft.rfftfreq(self._nperseg, 1 / self.sfreq_)
        self._bins = [self._bins_of(name, band, freqs) for name, band in self.bands_.items()]
        if self.output == "correlation" and n_channels == 1:
            raise ParameterError("A single channel has no correlation with others.", "output")
        first_diagonal = 0 if self.output == "logarithm" else 1
        self._rows, self._columns = np.triu_indices(n_channels, first_diagonal)
        self.output_shape_ = (len(self.bands_) * len(self._rows),)

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        hop = self._nperseg - self._nperseg // 2
        frames = sliding_window_view(block, self._nperseg, axis=-1)[:, :, ::hop]
        frames = frames - frames.mean(axis=-1, keepdims=True)
        taper = scipy.signal.get_window("hann", self._nperseg).astype(np.float32)
        spectrum = scipy.fft.rfft(frames * taper, axis=-1)
        features = [self._features(spectrum[..., bins]) for bins in self._bins]
        return np.concatenate(features, axis=1, dtype=np.float32)

    def _features(self, spectrum: NDArray[np.complex64]) -> NDArray[np.floating]:
        """Those of a band, of its bins in every frame, (n, n_channels, n_frames, n_bins)."""
        # The real part of a product with the conjugate: that of real and imaginary parts in a row.
        parts = np.concatenate([spectrum.real, spectrum.imag], axis=-1, dtype=np.float64)
        parts = parts.reshape(*spectrum.shape[:2], -1)
        parts /= np.sqrt(np.maximum((parts**2).sum(axis=2, keepdims=True), LEAST_POWER))
        matrices = parts @ parts.swapaxes(1, 2)
        if self.output == "logarithm":
            matrices = _logarithms(matrices + self.loading * np.eye(matrices.shape[1]))
            matrices *= np.where(np.eye(matrices.shape[1]) == 1, 1, np.sqrt(2))
        return matrices[:, self._rows, self._columns]

    def _feature_names(self) -> list[str]:
        channels = self.ch_names_ or range(self.input_shape_[0])
        pairs = list(zip(self._rows, self._columns, strict=True))
        return [f"{channels[i]}~{channels[j]}_{band}" for band in self.bands_ for i, j in pairs]


def _logarithms(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of symmetric positive definite matrices, shape (n, size, size)."""
    values, vectors = np.linalg.eigh(matrices)
    return (vectors * np.log(values)[:, None]) @ vectors.swapaxes(1, 2)
