"""Steps of classical decoders that neither scikit-learn nor pyRiemann has."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.utils.validation import check_is_fitted


class BalancedLDA(LinearDiscriminantAnalysis):
    """Linear discriminant analysis that takes every class to be as likely, however many its trials.

    Parameters are those of scikit-learn's ``LinearDiscriminantAnalysis``; `priors`, where they are
    given, are used instead.

    Examples
    --------
    >>> from eegkit.classical import BalancedLDA
    >>> BalancedLDA().fit([[0.0], [0.2], [0.4], [1.0], [1.2]], list("aaabb")).priors_
    array([0.5, 0.5])
    """

    priors: NDArray[np.floating] | None

    def fit(self, X: ArrayLike, y: ArrayLike) -> BalancedLDA:
        """Fit.

        Parameters
        ----------
        X : array-like, shape (n_trials, n_features)
        y : array-like, shape (n_trials,)

        Returns
        -------
        self
        """
        if self.priors is not None:
            return super().fit(X, y)
        n_classes = len(np.unique(np.asarray(y)))
        self.priors = np.full(n_classes, 1 / n_classes)
        try:
            return super().fit(X, y)
        finally:
            self.priors = None


class DiagonalLoading(TransformerMixin, BaseEstimator):
    """Covariances with a share of the usual power added to the diagonal.

    A trial that is flat, of an electrode cap that was unplugged say, has a covariance of zeros,
    which has no logarithm; so loaded it is one like any other. The usual power is the median over
    training trials of the mean variance of the channels, trials without any left out.

    Parameters
    ----------
    share : float, default 0.001
        Of the usual power; about what the noise of an amplifier has of EEG.

    Attributes
    ----------
    power_ : float
        The usual power.

    References
    ----------
    B. D. Carlson (1988), Covariance matrix estimation errors and diagonal loading in adaptive
    arrays, IEEE Transactions on Aerospace and Electronic Systems 24(4), 397-401.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.classical import DiagonalLoading
    >>> covariances = np.stack([np.eye(2), 3 * np.eye(2), np.zeros((2, 2))])
    >>> DiagonalLoading().fit_transform(covariances)[2]
    array([[0.002, 0.   ],
           [0.   , 0.002]])
    """

    def __init__(self, share: float = 1e-3) -> None:
        self.share = share

    def fit(self, X: NDArray[np.floating], y: Any = None) -> DiagonalLoading:
        """Learn the usual power.

        Parameters
        ----------
        X : ndarray, shape (n_trials, n_channels, n_channels)
            Covariances.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Every trial is flat.
        """
        power = np.trace(X, axis1=1, axis2=2) / X.shape[1]
        if not (power > 0).any():
            raise ValueError(
                f"All {len(X)} training trials are flat: no channel varies. Look at "
                "trials.describe(), and leave such recordings out."
            )
        self.power_ = float(np.median(power[power > 0]))
        return self

    def transform(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        """Add to the diagonal.

        Parameters
        ----------
        X : ndarray, shape (n_trials, n_channels, n_channels)

        Returns
        -------
        ndarray of the same shape
        """
        check_is_fitted(self)
        return X + self.share * self.power_ * np.eye(X.shape[1])
