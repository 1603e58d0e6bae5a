"""Answers averaged over time, since states last longer than a trial."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from eegkit.access import trials_of_subjects, with_access
from eegkit.parameters import ParameterError, Positive
from eegkit.personwise import LEAST_PROBABILITY, PersonwiseClassifier
from eegkit.signals import SignalArray

__all__ = ["TemporalSmoothing"]


class TemporalSmoothing(PersonwiseClassifier, kw_only=False):
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

    access: Literal["causal", "transductive"] = "causal"
    time_constant_s: Positive = 10.0
    kernel: Literal["exponential", "boxcar"] = "exponential"
    interval_s: Positive | None = None

    def check_parameters(self) -> None:
        super().check_parameters()
        if not hasattr(self.estimator, "predict_proba"):
            raise ParameterError(
                f"TemporalSmoothing averages probabilities; {type(self.estimator).__name__} has no "
                "predict_proba. Take a classifier that has, or put it into CalibratedClassifierCV.",
                "estimator",
            )

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
        signals = self._people_of(X)
        onsets, probabilities = self._onsets(signals), self.estimator_.predict_proba(signals)
        logarithms = np.log(np.clip(probabilities, LEAST_PROBABILITY, 1))
        smoothed = np.empty(logarithms.shape)
        for _, rows in trials_of_subjects(signals):
            weights = self._weights(onsets[rows])
            smoothed[rows] = weights @ logarithms[rows] / weights.sum(axis=1, keepdims=True)
        return smoothed[:, 1] - smoothed[:, 0] if len(self.classes_) == 2 else smoothed

    def _onsets(self, signals: SignalArray) -> NDArray[np.float64]:
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

    def __sklearn_tags__(self) -> Any:
        return with_access(super().__sklearn_tags__(), self.access)
