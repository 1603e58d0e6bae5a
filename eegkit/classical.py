"""Steps of classical decoders that neither scikit-learn nor pyRiemann has."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from scipy.stats import loguniform
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

__all__ = ["LeastSquaresClassifier", "MatrixLogarithm"]


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

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """The range of the share; see `eegkit.base.Estimator.search_space`."""
        return {"share": loguniform(1e-4, 1e-1)}

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


class MatrixLogarithm(TransformerMixin, BaseEstimator):
    """The logarithms of covariances as features: the tangent space at the identity.

    Behind `RiemannianAlignment`, the identity is the mean of every person. pyRiemann's
    ``TangentSpace`` has its reference at the mean of the training trials instead.

    References
    ----------
    A. Barachant et al. (2012), Multiclass brain-computer interface classification by Riemannian
    geometry, IEEE Transactions on Biomedical Engineering 59(4), 920-928, equations 8 and 9.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.classical import MatrixLogarithm
    >>> MatrixLogarithm().fit_transform(np.exp([[[1.0, -np.inf], [-np.inf, 2.0]]])).round(3)
    array([[1., 0., 2.]])
    """

    def fit(self, X: NDArray[np.floating], y: Any = None) -> MatrixLogarithm:
        """Learn nothing but the number of channels.

        Parameters
        ----------
        X : ndarray, shape (n_trials, n_channels, n_channels)
        y : ignored

        Returns
        -------
        self
        """
        self.n_channels_ = _symmetric(X).shape[1]
        return self

    def transform(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        """Take the logarithms.

        Parameters
        ----------
        X : ndarray, shape (n_trials, n_channels, n_channels)
            Symmetric and positive definite.

        Returns
        -------
        ndarray, shape (n_trials, n_channels * (n_channels + 1) / 2)
            On and above the diagonal; above it times the root of 2, so that norms stay.

        Raises
        ------
        ValueError
            X holds something else, or matrices of another size than in `fit`.
        """
        check_is_fitted(self)
        matrices = _symmetric(X)
        if matrices.shape[1] != self.n_channels_:
            raise ValueError(
                f"X holds matrices of {matrices.shape[1]} channels, but MatrixLogarithm was fitted "
                f"on {self.n_channels_}."
            )
        values, vectors = np.linalg.eigh(matrices)
        if len(values) and values.min() <= 0:
            raise ValueError(
                f"{int((values.min(axis=1) <= 0).sum())} of {len(values)} matrices in X are not "
                "positive definite, so they have no logarithm. Give covariances some shrinkage, "
                "as Covariance(estimator=0.05) does, or align them first (RiemannianAlignment)."
            )
        logarithms = (vectors * np.log(values)[:, None]) @ vectors.swapaxes(1, 2)
        rows, columns = np.triu_indices(self.n_channels_)
        return logarithms[:, rows, columns] * np.where(rows == columns, 1, np.sqrt(2))


def _symmetric(X: Any) -> NDArray[np.float64]:
    """X, if it holds finite symmetric matrices."""
    matrices = np.asarray(X, dtype=np.float64)
    if matrices.ndim != 3 or matrices.shape[1] != matrices.shape[2]:
        raise ValueError(
            f"X has shape {matrices.shape}; MatrixLogarithm expects covariances, (n_trials, "
            "n_channels, n_channels): put Covariance() first."
        )
    if not np.isfinite(matrices).all():
        raise ValueError("X holds NaN or infinite values; drop those trials.")
    if not np.allclose(matrices, matrices.swapaxes(1, 2), rtol=1e-4, atol=1e-4 * np.ptp(matrices)):
        raise ValueError("X holds matrices that are not symmetric: put Covariance() first.")
    return matrices


class LeastSquaresClassifier(ClassifierMixin, BaseEstimator):
    """Ridge regression on the classes, with probabilities.

    Least squares ask of every training trial to be *one* for its class and no more. Where classes
    are told apart perfectly in training and something else about them changes afterwards, as
    between two recordings of the same people, that is better than what weighs features by how
    little they vary in training (discriminant analysis), or stops to learn once the classes are
    apart (logistic regression).

    Parameters
    ----------
    shrinkage : float, default 0.1
        The penalty, as a share of the mean squared distance of training trials from their mean;
        above 0.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
    coef_ : ndarray, shape (n_features, n_classes)
    intercept_ : ndarray, shape (n_classes,)
    temperature_ : float
        The scores over this are logits; what makes the training trials most likely, each left out
        in turn [1]_ [2]_.

    References
    ----------
    .. [1] G. H. Golub, M. Heath, G. Wahba (1979), Generalized cross-validation as a method for
       choosing a good ridge parameter, Technometrics 21(2), 215-223, equation 2.1.
    .. [2] C. Guo et al. (2017), On calibration of modern neural networks, ICML, section 4.2.

    Examples
    --------
    >>> from eegkit.classical import LeastSquaresClassifier
    >>> X = [[0.0], [0.2], [1.0], [1.2]]
    >>> LeastSquaresClassifier().fit(X, list("aabb")).predict([[0.3], [0.9]]).tolist()
    ['a', 'b']
    """

    def __init__(self, shrinkage: float = 0.1) -> None:
        self.shrinkage = shrinkage

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """The range of the penalty; see `eegkit.base.Estimator.search_space`."""
        return {"shrinkage": loguniform(1e-3, 1e1)}

    def fit(self, X: ArrayLike, y: ArrayLike) -> LeastSquaresClassifier:
        """Fit.

        Parameters
        ----------
        X : array-like, shape (n_trials, n_features)
        y : array-like, shape (n_trials,)

        Returns
        -------
        self

        Raises
        ------
        ValueError
            X or y is malformed, there is one class, or shrinkage is not above 0.
        """
        if not self.shrinkage > 0:
            raise ValueError(f"shrinkage is {self.shrinkage!r}; expected a number above 0.")
        features, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has one class, {self.classes_[0]!r}; expected two or more.")
        targets = np.eye(len(self.classes_))[codes]
        mean, share = features.mean(axis=0), targets.mean(axis=0)
        left, sizes, right = np.linalg.svd(features - mean, full_matrices=False)
        penalty = max(self.shrinkage * (sizes**2).sum() / len(features), np.finfo(float).tiny)
        projected = left.T @ (targets - share)
        self.coef_ = right.T @ ((sizes / (sizes**2 + penalty))[:, None] * projected)
        self.intercept_ = share - mean @ self.coef_
        kept = sizes**2 / (sizes**2 + penalty)
        fitted = share + left @ (kept[:, None] * projected)
        leverage = left**2 @ kept + 1 / len(features)
        without = targets - (targets - fitted) / np.maximum(1 - leverage, 1e-9)[:, None]
        self.temperature_ = _temperature(without, codes)
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """The score of every class, about 1 for that of the trial and 0 for others.

        Parameters
        ----------
        X : array-like, shape (n_trials, n_features)

        Returns
        -------
        ndarray, shape (n_trials, n_classes); of two classes (n_trials,), that of the second less
        that of the first
        """
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Probabilities.

        Parameters
        ----------
        X : array-like, shape (n_trials, n_features)

        Returns
        -------
        ndarray, shape (n_trials, n_classes)
        """
        return np.asarray(softmax(self._scores(X) / self.temperature_, axis=1))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class of the largest score.

        Parameters
        ----------
        X : array-like, shape (n_trials, n_features)

        Returns
        -------
        ndarray, shape (n_trials,)
        """
        best = self._scores(X).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def _scores(self, X: ArrayLike) -> NDArray[np.float64]:
        check_is_fitted(self)
        features = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(features @ self.coef_ + self.intercept_)


def _temperature(scores: NDArray[np.float64], codes: NDArray[np.intp]) -> float:
    """By which scores are divided to be the logits under which the classes are most likely."""
    rows = np.arange(len(codes))

    def loss(log_temperature: float) -> float:
        logits = scores / np.exp(log_temperature)
        return -float(log_softmax(logits, axis=1)[rows, codes].mean())

    # From logits of a few hundred, certain to double precision, to those that say nothing.
    return float(np.exp(minimize_scalar(loss, bounds=(-6, 3), method="bounded").x))
