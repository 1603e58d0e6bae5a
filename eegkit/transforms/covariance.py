"""Covariance of the channels of every trial."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from eegkit.parameters import Interval, ParameterError, Positive
from eegkit.signals import SignalArray
from eegkit.transforms._base import Transformer
from eegkit.transforms.band_power import Bands
from eegkit.transforms.filters import BandPass


class Covariance(Transformer):
    """Covariance of the channels of every trial, over its time.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    estimator : {"oas", "lwf", "scm"} or float, default "oas"
        The sample covariance, shrunk towards equal and independent channels by as much as short
        trials need: oracle approximating shrinkage [1]_, or Ledoit and Wolf's [2]_; or as it is.
        A number from 0 to 1 is the share of equal and independent channels in all trials.
    bands : mapping of str to (float, float), optional
        Lower and upper edge of frequency bands in Hz. The trials are filtered to each, and the
        result has a block for every band along the diagonal, zeros elsewhere.
    sfreq : float, optional
        Sampling rate in Hz, by default that of X; read with `bands` alone.

    Attributes
    ----------
    filters_ : list of BandPass
        One for each band.

    Raises
    ------
    ValueError
        On `fit`: a band is empty or reaches beyond the Nyquist frequency.

    See Also
    --------
    RiemannianAlignment : Aligns the covariances of people.

    References
    ----------
    .. [1] Y. Chen et al. (2010), Shrinkage algorithms for MMSE covariance estimation, IEEE
       Transactions on Signal Processing 58(10), 5016-5029, equation 23.
    .. [2] O. Ledoit, M. Wolf (2004), A well-conditioned estimator for large-dimensional covariance
       matrices, Journal of Multivariate Analysis 88(2), 365-411.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.transforms import Covariance
    >>> X = np.random.default_rng(0).normal(size=(5, 3, 256))
    >>> Covariance().fit_transform(X).shape
    (5, 3, 3)
    >>> bands = {"alpha": (8, 13), "beta": (13, 30)}
    >>> Covariance(bands=bands, sfreq=128).fit_transform(X).shape
    (5, 6, 6)
    """

    estimator: Literal["oas", "lwf", "scm"] | Annotated[float, Interval(ge=0, le=1)] = "oas"
    bands: Bands | None = None
    sfreq: Positive | None = None

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"sfreq": 128.0}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Shrunk covariances, which have logarithms; of all frequencies, or of three bands."""
        bands = {"theta": (4.0, 8.0), "alpha": (8.0, 13.0), "beta": (13.0, 30.0)}
        return {"estimator": ["oas", "lwf", 0.05, 0.2], "bands": [None, bands]}

    def prepare(self, signals: SignalArray) -> None:
        self.filters_ = []
        if self.bands is not None:
            self._check_rate(signals)
            filters = [self._filter(name, *edges) for name, edges in self.bands.items()]
            self.filters_ = [band_pass.fit(signals) for band_pass in filters]
        size = signals.shape[1] * max(1, len(self.filters_))
        self.output_shape_ = (size, size)

    def _filter(self, name: str, low: float, high: float) -> BandPass:
        if not low < high < self.sfreq_ / 2:
            raise ParameterError(
                f"The band {name!r} is {low:g} to {high:g} Hz; expected the lower edge first, and "
                f"both below {self.sfreq_ / 2:g} Hz, half the sampling rate.",
                "bands",
            )
        return BandPass(l_freq=low or None, h_freq=high, sfreq=self.sfreq_)

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        if not self.filters_:
            return self._covariances(block)
        covariances = np.zeros((len(block), *self.output_shape_), dtype=np.float32)
        for i, band_pass in enumerate(self.filters_):
            part = slice(i * block.shape[1], (i + 1) * block.shape[1])
            covariances[:, part, part] = self._covariances(band_pass.transform_block(block))
        return covariances

    def _covariances(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        samples = block.astype(np.float64)
        samples -= samples.mean(axis=2, keepdims=True)
        n_channels, n_times = samples.shape[1:]
        covariances = samples @ samples.swapaxes(1, 2) / n_times
        if self.estimator != "scm" and n_channels > 1:
            shrink = self._shares(samples, covariances)[:, None, None]
            power = np.trace(covariances, axis1=1, axis2=2)[:, None, None] / n_channels
            covariances = (1 - shrink) * covariances + shrink * power * np.eye(n_channels)
        return covariances.astype(np.float32)

    def _shares(
        self, samples: NDArray[np.float64], covariances: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        if isinstance(self.estimator, str):
            return SHRINKAGES[self.estimator](samples, covariances)
        return np.full(len(samples), float(self.estimator))

    def output_metadata(self, signals: SignalArray) -> dict[str, Any]:
        names = signals.ch_names
        if names is not None and self.bands is not None:
            names = tuple(f"{name}_{band}" for band in self.bands for name in names)
        return {"ch_names": names}


def _oracle_approximating(
    samples: NDArray[np.float64], covariances: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How much to shrink each covariance: Chen et al. (2010), equation 23, as scikit-learn has it.

    It has no ``2 / n_channels`` in the numerator, nor ``1 - 2 / n_channels`` in the denominator.
    """
    n_channels, n_times = samples.shape[1:]
    power = np.trace(covariances, axis1=1, axis2=2) / n_channels
    mean_square = np.square(covariances).mean(axis=(1, 2))
    surplus = (n_times + 1) * (mean_square - np.square(power) / n_channels)
    return _share(mean_square + np.square(power), surplus)


def _ledoit_wolf(
    samples: NDArray[np.float64], covariances: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How much to shrink each covariance: Ledoit and Wolf (2004), lemma 3.4."""
    n_channels, n_times = samples.shape[1:]
    power = np.trace(covariances, axis1=1, axis2=2) / n_channels
    squares = np.square(covariances).sum(axis=(1, 2))
    fourth = np.square(np.square(samples).sum(axis=1)).mean(axis=1)
    return _share((fourth - squares) / n_times, squares - n_channels * np.square(power))


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """A part of a whole, at most all; all where there is no whole."""
    has_whole = whole > 0
    return np.where(has_whole, np.clip(part / np.where(has_whole, whole, 1.0), 0, 1), 1.0)


SHRINKAGES = {"oas": _oracle_approximating, "lwf": _ledoit_wolf}
