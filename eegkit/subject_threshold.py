"""A threshold for each person, found without labels."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from eegkit.access import trials_of_subjects, with_access
from eegkit.labels import class_labels
from eegkit.notice import warn
from eegkit.parameters import ParameterError
from eegkit.personwise import LEAST_PROBABILITY, PersonwiseClassifier, adapts
from eegkit.signals import SignalArray
from eegkit.text import shortlist

__all__ = ["SubjectThreshold"]

# Trials on either side of a threshold, at least; fewer are outliers rather than a state.
LEAST_OF_A_STATE = 3
# Fewer trials than these say nothing of a person's threshold.
LEAST_TRIALS = 10


class SubjectThreshold(PersonwiseClassifier, kw_only=False):
    """A classifier of two classes, with a threshold for each person.

    The answers of a decoder that was trained on other people are often in the right order, and all
    too high or too low. Here a person's threshold is that which parts the log-odds of this
    person's trials best in two: of Otsu [1]_, the largest variance between both sides. It needs
    unlabelled trials of both states, and where a person shows one alone it parts that in two: do
    not use it there. A person with fewer than ten trials has the threshold of the training people.

    Parameters
    ----------
    estimator : classifier
        Of two classes, with ``decision_function``; without, with ``predict_proba``.

    Attributes
    ----------
    estimator_ : classifier
        Fitted.
    classes_ : ndarray, shape (2,)
    subjects_ : dict of float
        Thresholds of people whom `calibrate` was given, by subject.

    Raises
    ------
    ValueError
        On `fit`: there are not two classes, or the estimator gives neither scores nor
        probabilities.

    Notes
    -----
    Its access is "transductive": see `eegkit.access`. Training is that of `estimator`, whose
    threshold is 0. Probabilities are even at a person's threshold. There are none where the
    estimator has none: the margins of a support vector machine, say, are no log-odds.

    References
    ----------
    .. [1] N. Otsu (1979), A threshold selection method from gray-level histograms, IEEE
       Transactions on Systems, Man, and Cybernetics 9(1), 62-66, equation 18.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from eegkit import SignalArray
    >>> from eegkit.subject_threshold import SubjectThreshold
    >>> X, y = np.repeat([[0.0], [1.0]], 5, axis=0), np.repeat(["rest", "task"], 5)
    >>> decoder = SubjectThreshold(LogisticRegression(C=100)).fit(X, y)
    >>> decoder.predict(SignalArray(X + 7, groups=["S1"] * 10)).tolist() == y.tolist()
    True
    """

    def fit(self, X: Any, y: ArrayLike, **params: Any) -> Self:
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
        self.subjects_: dict[Any, float] = {}
        return super().fit(X, y, **params)

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """The log-odds of the second class, less the threshold of each person.

        Parameters
        ----------
        X : SignalArray, shape (n_trials, ...)
            That knows people; trials without are taken for one person's, with a warning.

        Returns
        -------
        ndarray, shape (n_trials,)
        """
        signals, few = self._people_of(X), []
        odds = self._odds(signals)
        sources = self.statistics_sources(signals)
        for subject, rows in trials_of_subjects(signals):
            source = sources[subject]
            if source == "calibrate":
                odds[rows] -= self.subjects_[subject]
            elif source == "trials":
                odds[rows] -= otsu_threshold(odds[rows])
            else:
                few.append("this person" if subject is None else str(subject))
        if few:
            warn(
                f"SubjectThreshold is given too few trials of {shortlist(few)} to find a threshold "
                f"by, so that of the training people is used. Give {LEAST_TRIALS} trials or more "
                "at once, or call calibrate with unlabelled trials first."
            )
        return odds

    @available_if(lambda self: _has_probabilities(getattr(self, "estimator_", self.estimator)))
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities of both classes, even at a person's threshold.

        Parameters
        ----------
        X : SignalArray, shape (n_trials, ...)
            As for `decision_function`.

        Returns
        -------
        ndarray, shape (n_trials, 2)
        """
        return super().predict_proba(X)

    def calibrate(self, X: Any, *, groups: ArrayLike | None = None) -> Self:
        """Learn the thresholds of new people; first the estimator does, if it adapts to people.

        Parameters
        ----------
        X : array-like, shape (n_trials, ...)
            Unlabelled trials of both states.
        groups : array-like, shape (n_trials,), optional
            The subject of every trial; by default what X knows.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            There are fewer than six trials of somebody.
        """
        signals = self._people_of(X, groups)
        if adapts(self.estimator_):
            self.estimator_.calibrate(signals)
        odds = self._odds(signals)
        thresholds = {s: otsu_threshold(odds[rows]) for s, rows in trials_of_subjects(signals)}
        self.subjects_ = self.subjects_ | thresholds
        return self

    def statistics_sources(self, signals: SignalArray) -> dict[Any, str]:
        """Whose threshold the trials of each subject are answered by.

        Parameters
        ----------
        signals : SignalArray
            People and number of trials are all that is read.

        Returns
        -------
        dict of str
            "calibrate", "trials" (those given) or "training", by subject.
        """
        sources = {}
        for subject, rows in trials_of_subjects(signals):
            source = "trials" if len(rows) >= LEAST_TRIALS else "training"
            sources[subject] = "calibrate" if subject in self.subjects_ else source
        return sources

    def check_parameters(self) -> None:
        super().check_parameters()
        if not any(
            hasattr(self.estimator, name) for name in ("decision_function", "predict_proba")
        ):
            raise ParameterError(
                f"SubjectThreshold parts the scores of a classifier in two; "
                f"{type(self.estimator).__name__} has neither decision_function nor predict_proba. "
                "Take a classifier that has.",
                "estimator",
            )

    def _odds(self, signals: SignalArray) -> NDArray[np.float64]:
        """Log-odds of the second class, or what the estimator has in their place."""
        if hasattr(self.estimator_, "decision_function"):
            return np.array(self.estimator_.decision_function(signals), dtype=np.float64)
        second = np.asarray(self.estimator_.predict_proba(signals), dtype=np.float64)[:, 1]
        return np.asarray(logit(np.clip(second, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)))

    def _labels(self, y: Any) -> NDArray[Any]:
        return _two_classes(y)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return with_access(tags, "transductive")


def otsu_threshold(values: NDArray[np.float64]) -> float:
    """The middle between the two parts of some values that differ most, three values each or more.

    Parameters
    ----------
    values : ndarray, shape (n_values,)
        Six or more.

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.subject_threshold import otsu_threshold
    >>> otsu_threshold(np.array([0.0, 1.0, 2.0, 8.0, 9.0, 10.0]))
    5.0
    """
    ordered = np.sort(values)
    n_low = np.arange(LEAST_OF_A_STATE, len(ordered) - LEAST_OF_A_STATE + 1)
    if not len(n_low):
        raise ValueError(
            f"A threshold between two states takes {2 * LEAST_OF_A_STATE} trials or more; there "
            f"are {len(ordered)}."
        )
    sums, n_high = np.cumsum(ordered)[n_low - 1], len(ordered) - n_low
    gaps = (ordered.sum() - sums) / n_high - sums / n_low
    place = n_low[np.argmax(n_low * n_high * np.square(gaps))]
    return float(ordered[place - 1 : place + 1].mean())


def _has_probabilities(estimator: Any) -> bool:
    if not hasattr(estimator, "predict_proba"):
        raise AttributeError(
            f"{type(estimator).__name__} has no predict_proba, and its scores are no log-odds. "
            "Take a classifier that has, or put it into CalibratedClassifierCV."
        )
    return True


def _two_classes(y: Any) -> NDArray[Any]:
    """Labels, if they are of two classes."""
    if y is None:
        raise ValueError("SubjectThreshold requires y to be passed, but the target y is None.")
    labels = class_labels(y)
    if np.asarray(y).ndim > labels.ndim:
        column_or_1d(y, warn=True)
    check_classification_targets(labels)
    n_classes = len(np.unique(labels))
    if n_classes > 2:
        raise ValueError(
            "Only binary classification is supported. The type of the target is multiclass: "
            "SubjectThreshold expects labels of two classes, and parts each person's trials in two."
        )
    if n_classes < 2:
        raise ValueError("SubjectThreshold expects labels of two classes; y has 1 class.")
    return labels
