"""`PersonwiseClassifier`: a step behind a classifier, which treats its answers person by person."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import KW_ONLY
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from eegkit.access import access_of, with_groups
from eegkit.base import Estimator
from eegkit.notice import warn
from eegkit.signals import SignalArray

# Below this a probability is rounding, and its logarithm would outweigh all others.
LEAST_PROBABILITY = 1e-7


class PersonwiseClassifier(MetaEstimatorMixin, ClassifierMixin, Estimator, kw_only=False):
    """A classifier whose answers to a person's trials are treated together.

    Training is that of the classifier inside; a subclass says in `decision_function` what becomes
    of its answers.

    Parameters
    ----------
    estimator : classifier
        It is cloned, not changed.

    Attributes
    ----------
    estimator_ : classifier
        Fitted.
    classes_ : ndarray, shape (n_classes,)
    """

    input_kind: ClassVar[str] = "any"

    estimator: Any
    _: KW_ONLY

    def fit(self, X: Any, y: ArrayLike, **params: Any) -> Self:
        """Fit the estimator.

        Parameters
        ----------
        X : array-like, Trials or mne.Epochs, shape (n_trials, ...)
        y : array-like, shape (n_trials,)
        **params
            Of the estimator's ``fit``.

        Returns
        -------
        self
        """
        self.check_parameters()
        signals = self._check_input(X, reset=True)
        self.estimator_ = clone(self.estimator).fit(signals, self._labels(y), **params)
        self.classes_ = self.estimator_.classes_
        return self

    @abstractmethod
    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Scores of the classes; of two classes the log-odds of the second.

        Parameters
        ----------
        X : SignalArray, shape (n_trials, ...)
            That knows people.

        Returns
        -------
        ndarray, shape (n_trials, n_classes); of two classes (n_trials,)
        """

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities.

        Parameters
        ----------
        X : SignalArray, shape (n_trials, ...)
            As for `decision_function`.

        Returns
        -------
        ndarray, shape (n_trials, n_classes)
        """
        scores = self.decision_function(X)
        if scores.ndim > 1:
            return np.asarray(softmax(scores, axis=1))
        second = expit(scores)
        return np.stack([1 - second, second], axis=1)

    def predict(self, X: Any) -> NDArray[Any]:
        """The class of each trial.

        Parameters
        ----------
        X : SignalArray, shape (n_trials, ...)
            As for `decision_function`.

        Returns
        -------
        ndarray, shape (n_trials,)
        """
        scores = self.decision_function(X)
        best = scores.argmax(axis=1) if scores.ndim > 1 else (scores > 0).astype(int)
        return np.asarray(self.classes_[best])

    @available_if(lambda self: adapts(getattr(self, "estimator_", self.estimator)))
    def calibrate(self, X: Any, *, groups: ArrayLike | None = None) -> Self:
        """Let the estimator, where it adapts to people, learn about new ones.

        Parameters
        ----------
        X : array-like, shape (n_trials, ...)
            Unlabelled trials.
        groups : array-like, shape (n_trials,), optional
            The subject of every trial; by default what X knows.

        Returns
        -------
        self
        """
        check_is_fitted(self)
        self.estimator_.calibrate(with_groups(self._check_input(X, reset=False), groups))
        return self

    def _labels(self, y: Any) -> Any:
        """Labels as the estimator is given them, checked once X is."""
        return y

    def _people_of(self, X: Any, groups: ArrayLike | None = None) -> SignalArray:
        """X, checked; trials of nobody are taken for one person's, and that is told."""
        check_is_fitted(self)
        signals = with_groups(self._check_input(X, reset=False), groups)
        if signals.groups is None:
            warn(
                f"X does not say whose its trials are; {type(self).__name__} takes them for one "
                "person's. Pass an X that knows people (trials.X), or one person's trials at a "
                "time."
            )
        return signals


def adapts(estimator: Any) -> bool:
    """Whether an estimator learns about new people by ``calibrate``."""
    return access_of(estimator) != "none" and hasattr(estimator, "calibrate")
