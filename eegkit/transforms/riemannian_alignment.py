"""Riemannian alignment: every person's covariances about the identity."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from eegkit.parameters import Interval
from eegkit.signals import SignalArray
from eegkit.transforms._alignment import Alignment, Floats
from eegkit.transforms._symmetric import (
    geometric_mean,
    inverse_root,
    lifted,
    log_euclidean_mean,
    spectral_map,
    squared_distances,
)

ASYMMETRY = 1e-4


class RiemannianAlignment(Alignment):
    """Bring the geometric mean of every person's covariances to the identity [1]_.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    access, n_calibration, calibration_s, prior_trials
        See `eegkit.adaptation.Adaptation`.
    metric : {"riemann", "logeuclid"}, default "riemann"
        What the mean is of: the affine-invariant distance, or the log-Euclidean one, which needs
        no iteration and is a tenth of the work.
    stretch : bool, default False
        Bring the mean squared distance from that mean to 1, as well [2]_.
    eps : float, default 1e-6
        Eigenvalues of a trial's covariance below this share of its largest are raised to it, so
        that covariances of channels with an average reference, or with a flat one, have a mean.

    Attributes
    ----------
    statistics_ : tuple of (ndarray, ndarray, float)
        Geometric mean, mean squared distance from it, and number of the trials seen in `fit`.
    subjects_ : dict
        The same of people whom `calibrate` was given, by subject.

    Raises
    ------
    ValueError
        On `fit`: X holds no symmetric matrices.

    See Also
    --------
    Covariance : What it reads. 2-D X is signals of one channel, whose mean square is taken.
    EuclideanAlignment : The same of raw trials, by the arithmetic mean of covariances.

    Notes
    -----
    ``M`` is the mean of a person's covariances by the distance of `metric`, and ``C`` becomes
    ``M**(-1/2) C M**(-1/2)``, with ``stretch`` to the power of ``1 / sqrt(d)``, d the mean squared
    distance. These are pyRiemann's ``TLCenter`` and ``TLScale``. With access "causal" the mean
    moves along the geodesic from trial to trial, so it is the recursive estimate [3]_ of the mean,
    which the training people begin as `prior_trials` trials.

    pyRiemann's estimators read what it makes: ``TangentSpace(metric="riemann")``, ``MDM()``.

    References
    ----------
    .. [1] P. Zanini et al. (2018), Transfer learning: a Riemannian geometry framework with
       applications to brain-computer interfaces, IEEE Transactions on Biomedical Engineering
       65(5), 1107-1116.
    .. [2] P. L. C. Rodrigues, C. Jutten, M. Congedo (2019), Riemannian Procrustes analysis:
       transfer learning for brain-computer interfaces, IEEE Transactions on Biomedical
       Engineering 66(8), 2390-2401.
    .. [3] J. Ho et al. (2013), Recursive Karcher expectation estimators and geometric law of
       large numbers, AISTATS, 325-332.

    Examples
    --------
    >>> import eegkit
    >>> from sklearn.linear_model import LogisticRegression
    >>> from eegkit.transforms import Covariance, RiemannianAlignment
    >>> from pyriemann.tangentspace import TangentSpace
    >>> decoder = eegkit.Pipeline(
    ...     [Covariance(), RiemannianAlignment(), TangentSpace(), LogisticRegression()]
    ... )
    >>> trials = eegkit.datasets.Simulated(n_subjects=2, random_state=0).load()
    >>> decoder.fit(trials.X, trials.y).predict(trials.X).shape == trials.y.shape
    True
    """

    input_kind: ClassVar[str] = "covariance"

    metric: Literal["riemann", "logeuclid"] = "riemann"
    stretch: bool = False
    eps: Annotated[float, Interval(gt=0, lt=1)] = 1e-6

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return {"metric": ["riemann", "logeuclid"], "stretch": [False, True]}

    def prepare(self, signals: SignalArray) -> None:
        n_rows, n_columns = self.input_shape_
        if n_rows != n_columns:
            raise ValueError(
                f"X holds matrices of {n_rows} x {n_columns}; RiemannianAlignment expects square "
                "ones, the covariances of channels: put Covariance() first."
            )
        super().prepare(signals)

    def summaries(self, block: NDArray[Any]) -> tuple[Floats, Floats]:
        return self._positive(block), np.zeros(len(block))

    def centre(self, centres: Floats, weights: Floats) -> Floats:
        mean = geometric_mean if self.metric == "riemann" else log_euclidean_mean
        return mean(centres, weights)

    def squared_distances(self, centres: Floats, centre: Floats) -> Floats:
        return squared_distances(centres, centre) if self.stretch else np.zeros(len(centres))

    def maps(self, centres: Floats, spreads: Floats) -> tuple[NDArray[Any], ...]:
        # One trial alone has no distance from its mean, and nothing to be stretched by.
        has_spread = spreads > self.eps
        exponents = np.where(has_spread, 1 / np.sqrt(np.where(has_spread, spreads, 1.0)), 1.0)
        return inverse_root(centres), exponents

    def map_trials(self, block: NDArray[Any], *maps: NDArray[Any]) -> NDArray[np.float32]:
        whiteners, exponents = maps
        aligned = whiteners @ self._positive(block) @ whiteners
        if self.stretch:
            aligned = spectral_map(aligned, lambda values: values ** exponents[:, None])
        return aligned.astype(np.float32)

    def _positive(self, block: NDArray[Any]) -> Floats:
        matrices = block.astype(np.float64)
        transposed = matrices.swapaxes(1, 2)
        if np.abs(matrices - transposed).max() > ASYMMETRY * np.abs(matrices).max():
            raise ValueError(
                "X holds matrices that are not symmetric; RiemannianAlignment expects the "
                "covariances of channels: put Covariance() first."
            )
        return lifted((matrices + transposed) / 2, self.eps)

    def output_metadata(self, signals: SignalArray) -> dict[str, Any]:
        return {"ch_names": signals.ch_names}
