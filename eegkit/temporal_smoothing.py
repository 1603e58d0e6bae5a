"""Answers averaged over time, since states last longer than a trial."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from eegkit.access import access_of, trials_of_subjects, with_access
from eegkit.base import warn
from eegkit.parameters import Positive, check_for
from eegkit.signals import SignalArray

# Below this a probability is rounding, and its logarithm would outweigh all others.
LEAST_PROBABILITY = 1e-7


class TemporalSmoothing(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """A classifier whose answers to a person's trials are averaged over time.

    The logarithms of the probabilities are averaged, of two classes their log-odds, with weights
    that fall with the time between the onsets of two trials. What it takes to be true is that
    states last: use it where neighbouring trials are mostly of one state, and not where each trial
    has a cue of its own. Just after a change of state its answers are late. A pause long against
    `time_constant_s` forgets by itself.

    Parameters
    ----------
    estimator : classifier
        With ``predict_proba``.
    access : {"causal", "transductive"}, default "causal"
        Whether a trial's answer takes in those of the trials that began before it alone, or of
        later ones, too. See `eegkit.access`.
    time_constant_s : float, default 10
        After so many s the weight is ``1 / e`` of that of the trial itself.
    kernel : {"exponential", "boxcar"}, default "exponential"
        "boxcar" weighs all trials within `time_constant_s` alike, others not at all.
    interval_s : float, optional
        Where X does not know when its trials began, they are taken to have begun so many s apart,
        in the order in which they stand. By default such an X is refused.

    Attributes
    ----------
    estimator_ : classifier
        Fitted.
    classes_ : ndarray, shape (n_classes,)

    Raises
    ------
    ValueError
        On `fit`: a parameter is none of these, or the estimator has no ``predict_proba``. On
        `predict` and its like: X does not know when its trials began.

    See Also
    --------
    eegkit.subject_threshold.SubjectThreshold : Another step behind a classifier.

    Notes
    -----
    Training is that of `estimator`; nothing is averaged there. With exponential weights, "causal"
    and trials that follow each other it is exponential smoothing [1]_.

    References
    ----------
    .. [1] R. G. Brown (1959), Statistical forecasting for inventory control, McGraw-Hill,
       chapter 2.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from eegkit import SignalArray
    >>> from eegkit.temporal_smoothing import TemporalSmoothing
    >>> X, y = np.array([[0.0], [0.2], [1.0], [1.2]]), ["rest", "rest", "task", "task"]
    >>> decoder = TemporalSmoothing(LogisticRegression(C=100)).fit(X, y)
    >>> new = np.array([[0.0], [0.1], [0.65], [0.0]])  # the third alone would be task
    >>> onsets = [0.0, 5.0, 10.0, 15.0]
    >>> decoder.predict(SignalArray(new, groups=["S1"] * 4, onsets=onsets)).tolist()
    ['rest', 'rest', 'rest', 'rest']
    """

    def __init__(
        self,
        estimator: Any,
        *,
        access: Literal["causal", "transductive"] = "causal",
        time_constant_s: float = 10.0,
        kernel: Literal["exponential", "boxcar"] = "exponential",
        interval_s: float | None = None,
    ) -> None:
        self.estimator = estimator
        self.access = access
        self.time_constant_s = time_constant_s
        self.kernel = kernel
        self.interval_s = interval_s

    def fit(self, X: Any, y: ArrayLike, **params: Any) -> TemporalSmoothing:
        """Fit the estimator.

        Parameters
        ----------
        X : array-like, shape (n_trials, ...)
        y : array-like, shape (n_trials,)
        **params
            Of the estimator's ``fit``.

        Returns
        -------
        self
        """
        self._check_parameters()
        self.estimator_ = clone(self.estimator).fit(X, y, **params)
        self.classes_ = self.estimator_.classes_
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """The averaged logarithms of probabilities.

        Parameters
        ----------
        X : SignalArray, shape (n_trials, ...)
            That knows people and onsets; trials of nobody are taken for one person's, with a
            warning.

        Returns
        -------
        ndarray, shape (n_trials, n_classes); of two classes (n_trials,), the log-odds of the second
        """
        logarithms = self._smooth(X)
        return logarithms[:, 1] - logarithms[:, 0] if len(self.classes_) == 2 else logarithms

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities.

        Parameters
        ----------
        X : SignalArray, shape (n_trials, ...)

        Returns
        -------
        ndarray, shape (n_trials, n_classes)
        """
        return np.asarray(softmax(self._smooth(X), axis=1))

    def predict(self, X: Any) -> NDArray[Any]:
        """The class of each trial.

        Parameters
        ----------
        X : SignalArray, shape (n_trials, ...)

        Returns
        -------
        ndarray, shape (n_trials,)
        """
        best = self._smooth(X).argmax(axis=1)
        return np.asarray(self.classes_[best])

    @available_if(lambda self: _adapts(getattr(self, "estimator_", self.estimator)))
    def calibrate(self, X: Any, *, groups: ArrayLike | None = None) -> TemporalSmoothing:
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
        self.estimator_.calibrate(X, groups=groups)
        return self

    def _smooth(self, X: Any) -> NDArray[np.float64]:
        check_is_fitted(self)
        logarithms = np.log(np.clip(self.estimator_.predict_proba(X), LEAST_PROBABILITY, 1))
        signals = X if isinstance(X, SignalArray) else SignalArray(np.zeros((len(logarithms), 1)))
        onsets = self._onsets(signals)
        smoothed = np.empty(logarithms.shape)
        for _, rows in trials_of_subjects(signals):
            weights = self._weights(onsets[rows])
            smoothed[rows] = weights @ logarithms[rows] / weights.sum(axis=1, keepdims=True)
        return smoothed

    def _onsets(self, signals: SignalArray) -> NDArray[np.float64]:
        if signals.groups is None:
            warn(
                "X does not say whose its trials are; TemporalSmoothing takes them for one "
                "person's. Pass an X that knows people (trials.X), or one person's at a time."
            )
        if signals.onsets is not None:
            return signals.onsets
        if self.interval_s is None:
            raise ValueError(
                "X does not say when its trials began, so TemporalSmoothing cannot average over "
                "time. Pass an X that knows onsets (trials.X with the column onset in its "
                "metadata), or set interval_s, the time from one trial to the next."
            )
        return np.arange(len(signals), dtype=np.float64) * self.interval_s

    def _weights(self, onsets: NDArray[np.float64]) -> NDArray[np.floating]:
        """Of each trial (a column) in the answer to each (a row)."""
        elapsed = onsets[:, None] - onsets
        share = np.abs(elapsed) / self.time_constant_s
        weights = np.exp(-share) if self.kernel == "exponential" else (share <= 1).astype(float)
        if self.access == "transductive":
            return weights
        return np.where(elapsed > 0, weights, np.eye(len(onsets)))

    def _check_parameters(self) -> None:
        check_for(Literal["causal", "transductive"]).require("access", self.access)
        check_for(Literal["exponential", "boxcar"]).require("kernel", self.kernel)
        check_for(Positive).require("time_constant_s", self.time_constant_s)
        check_for(Positive | None).require("interval_s", self.interval_s)
        if not hasattr(self.estimator, "predict_proba"):
            raise ValueError(
                f"TemporalSmoothing averages probabilities; {type(self.estimator).__name__} has no "
                "predict_proba. Take a classifier that has, or put it into CalibratedClassifierCV."
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if hasattr(self.estimator, "__sklearn_tags__"):
            tags.input_tags = get_tags(self.estimator).input_tags
        return with_access(tags, self.access)


def _adapts(estimator: Any) -> bool:
    return access_of(estimator) != "none" and hasattr(estimator, "calibrate")
