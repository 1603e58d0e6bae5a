"""Euclidean alignment: every person's mean covariance becomes the identity."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from eegkit.parameters import Interval
from eegkit.transforms._alignment import Alignment, Floats
from eegkit.transforms._symmetric import inverse_root


class EuclideanAlignment(Alignment):
    """Whiten the raw trials of every person by the mean of the person's covariances [1]_.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    access, n_calibration, calibration_s, prior_trials
        See `eegkit.adaptation.Adaptation`.
    eps : float, default 1e-10
        Directions with at most this share of the power of the strongest are mapped to zero: that
        which an average reference takes out, a flat channel.

    Attributes
    ----------
    statistics_ : tuple of (ndarray, ndarray, float)
        Mean covariance, nothing, and number of the trials seen in `fit`.
    subjects_ : dict
        The same of people whom `calibrate` was given, by subject.

    See Also
    --------
    RiemannianAlignment : The same of covariances, by their geometric mean.

    Notes
    -----
    ``R`` is the mean of ``X X.T / n_times`` over a person's trials, and ``X`` becomes
    ``R**(-1/2) X``. Nothing is subtracted: trials are taken to have no offset (`BandPass` first).
    The result has no unit, and channels that are mixtures of all, near the ones they are named
    after.

    References
    ----------
    .. [1] H. He, D. Wu (2020), Transfer learning for brain-computer interfaces: a Euclidean space
       data alignment approach, IEEE Transactions on Biomedical Engineering 67(2), 399-410,
       equations 6 and 7.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.datasets import Simulated
    >>> from eegkit.transforms import EuclideanAlignment
    >>> X = Simulated(n_subjects=2, random_state=0).load().X
    >>> aligned = np.asarray(EuclideanAlignment().fit_transform(X)[X.groups == X.groups[0]])
    >>> covariance = np.mean(aligned @ aligned.swapaxes(1, 2), axis=0) / X.shape[2]
    >>> np.allclose(covariance, np.eye(X.shape[1]), atol=1e-4)
    True
    """

    eps: Annotated[float, Interval(ge=0, lt=1)] = 1e-10

    def summaries(self, block: NDArray[Any]) -> tuple[Floats, Floats]:
        samples = block.astype(np.float64)
        covariances = samples @ samples.swapaxes(1, 2) / samples.shape[2]
        return covariances, np.zeros(len(block))

    def squared_distances(self, centres: Floats, centre: Floats) -> Floats:
        return np.zeros(len(centres))

    def maps(self, centres: Floats, spreads: Floats) -> tuple[NDArray[Any], ...]:
        return (inverse_root(centres, self.eps).astype(np.float32),)

    def map_trials(self, block: NDArray[Any], *maps: NDArray[Any]) -> NDArray[np.float32]:
        (whiteners,) = maps
        return whiteners @ block.astype(np.float32, copy=False)
