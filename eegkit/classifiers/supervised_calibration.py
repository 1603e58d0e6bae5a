"""`SupervisedCalibration`: a decoder that learns from the first labelled trials of a new person."""

from __future__ import annotations

import copy
from dataclasses import KW_ONLY
from itertools import count
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from eegkit.access import trials_of_subjects, with_access, with_groups
from eegkit.base import Estimator
from eegkit.classifiers._base import NeuralClassifier
from eegkit.indexing import OF_TRIALS
from eegkit.labels import class_labels
from eegkit.notice import warn
from eegkit.parameters import Count, ParameterError, Positive
from eegkit.signals import SignalArray
from eegkit.text import shortlist


def _has(method: str) -> Any:
    return available_if(lambda self: hasattr(getattr(self, "estimator_", self.estimator), method))


class SupervisedCalibration(
    ClassifierMixin, MetaEstimatorMixin, Estimator, kw_only=False
):  # fmt: skip
    """A decoder of training people that a new person's first labelled trials make this person's.

    Its access is "labelled". `evaluate` gives `calibrate` the first labelled trials of everybody
    in a test fold, and scores them for no decoder.

    Parameters
    ----------
    estimator : estimator
        A decoder of trials, such as a `Pipeline`. It is cloned.
    n_calibration : int, default 10
        First trials of a person that are given with their labels.
    how : {"refit", "fine_tune"}, default "refit"
        Fit anew on the trials of the training people and the person's; or, of a net, alone or as
        the last step, go on training on the person's trials, from the weights it has, with the
        steps before it as they were fitted.
    weight : int, default 10
        Of "refit": as how many training trials each of the person's counts.
    max_epochs : int, default 5
        Of "fine_tune": passes over the person's trials.
    lr : float, default 1e-4
        Of "fine_tune": the learning rate.

    Attributes
    ----------
    estimator_ : estimator
        Fitted on the training people.
    subjects_ : dict
        The decoder of each person, by subject; None is a person without a name.
    classes_ : ndarray, shape (n_classes,)

    Notes
    -----
    With "refit" the training trials are kept, in memory and in what is pickled or saved: do not
    give such a file away if they must not be.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.classifiers import SupervisedCalibration
    >>> from eegkit.evaluation import baselines
    >>> from eegkit.testing import example_trials
    >>> trials = example_trials(n_trials=48)
    >>> new = trials.groups == "S3"
    >>> decoder = SupervisedCalibration(baselines()["band_power+lr"], n_calibration=6)
    >>> decoder = decoder.fit(trials.X[~new], trials.y[~new])
    >>> X, y = trials.X[new], trials.y[new]
    >>> decoder = decoder.calibrate(X[:6], y[:6])
    >>> list(decoder.subjects_), decoder.predict(X[6:]).shape
    (['S3'], (10,))
    """

    input_kind: ClassVar[str] = "any"

    estimator: Any
    _: KW_ONLY
    n_calibration: Count = 10
    how: Literal["refit", "fine_tune"] = "refit"
    weight: Count = 10
    max_epochs: Count = 5
    lr: Positive = 1e-4

    def __sklearn_tags__(self) -> Any:
        return with_access(super().__sklearn_tags__(), "labelled")

    def calibration_rows(self, signals: SignalArray) -> NDArray[np.bool_]:
        """The first `n_calibration` trials of everybody, which nobody is to score.

        Parameters
        ----------
        signals : SignalArray

        Returns
        -------
        ndarray of bool, shape (n_trials,)
        """
        rows = np.zeros(len(signals), dtype=bool)
        for _, trials in trials_of_subjects(signals):
            rows[trials[: self.n_calibration]] = True
        return rows

    def fit(self, X: Any, y: ArrayLike) -> SupervisedCalibration:
        """Fit the decoder on training people.

        Parameters
        ----------
        X : array-like or Trials
            Raw trials, as the decoder takes them.
        y : array-like, shape (n_trials,)

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            `how` is "fine_tune", but the decoder is no net and does not end in one.
        """
        self.check_parameters()
        if self.how == "fine_tune" and not isinstance(_last(self.estimator), NeuralClassifier):
            raise ParameterError(
                f"how is 'fine_tune', but a {type(_last(self.estimator)).__name__} does not go on "
                "from what it has learned; take how='refit'.",
                "how",
            )
        X = self._check_input(X, reset=True)
        self.estimator_ = clone(self.estimator).fit(X, y)
        self.classes_ = self.estimator_.classes_
        self.subjects_: dict[Any, Any] = {}
        is_kept = self.how == "refit"
        self._training: tuple[Any, Any] | None = (X, class_labels(y)) if is_kept else None
        return self

    def calibrate(
        self, X: Any, y: ArrayLike, *, groups: ArrayLike | None = None
    ) -> SupervisedCalibration:
        """Make decoders of new people by labelled trials of theirs.

        Parameters
        ----------
        X : array-like or Trials
            Trials of one person or more.
        y : array-like, shape (n_trials,)
            Their labels, of those seen in `fit`.
        groups : array-like, shape (n_trials,), optional
            The subject of every trial; by default what X knows, or else they are one person's.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            X and y differ in length, X differs from what was seen in `fit` in its channels, rate
            or shape, or a label was not seen there.
        """
        check_is_fitted(self, "estimator_")
        signals, y = with_groups(self._check_input(X, reset=False), groups), class_labels(y)
        if len(signals) != len(y):
            raise ValueError(f"X has {len(signals)} trials, but y {len(y)} labels; give one each.")
        strange = np.setdiff1d(y, self.classes_)
        if len(strange):
            raise ValueError(
                f"y holds {shortlist(strange)}, which no training trial had; expected of "
                f"{shortlist(self.classes_)}."
            )
        make = self._refitted if self.how == "refit" else self._fine_tuned
        decoders = {s: make(signals[rows], y[rows]) for s, rows in trials_of_subjects(signals)}
        self.subjects_ = self.subjects_ | decoders
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Labels, of each person by this person's decoder."""
        return self._ask("predict", X)

    @_has("predict_proba")
    def predict_proba(self, X: Any) -> NDArray[np.floating]:
        """Probabilities of the classes, of each person by this person's decoder."""
        return self._ask("predict_proba", X)

    @_has("decision_function")
    def decision_function(self, X: Any) -> NDArray[np.floating]:
        """Scores, of each person by this person's decoder."""
        return self._ask("decision_function", X)

    def _ask(self, method: str, X: Any) -> NDArray[Any]:
        check_is_fitted(self, "estimator_")
        signals = self._check_input(X, reset=False)
        parts, places, strangers = [], [], []
        for subject, rows in trials_of_subjects(signals):
            rows = np.sort(rows)
            decoder = self.subjects_.get(subject, self.estimator_)
            strangers += [] if subject in self.subjects_ else [subject]
            parts.append(np.asarray(getattr(decoder, method)(signals[rows])))
            places.append(rows)
        if strangers:
            people = "this person" if strangers == [None] else shortlist(list(map(str, strangers)))
            warn(
                f"The decoder was not calibrated for {people}, and answers as for any other; call "
                "calibrate with labelled trials first."
            )
        return np.concatenate(parts)[np.argsort(np.concatenate(places))]

    def _refitted(self, X: SignalArray, y: NDArray[Any]) -> Any:
        """The decoder fitted anew, with a person's trials among the others, each several times."""
        assert self._training is not None
        X_train, y_train = self._training
        if X_train.groups is not None and X.groups is None:
            X = with_groups(X, _new_name(X_train.groups, len(X)))
        repeated = _again(X, self.weight)
        facts = X_train.metadata
        for name in OF_TRIALS:
            facts[name] = _joined([getattr(X_train, name), getattr(repeated, name)])
        samples = np.concatenate([np.asarray(X_train), np.asarray(repeated)])
        labels = np.concatenate([y_train, np.tile(y, self.weight)])
        return clone(self.estimator).fit(SignalArray(samples, **facts), labels)

    def _fine_tuned(self, X: SignalArray, y: NDArray[Any]) -> Any:
        """A copy whose net was trained further."""
        decoder = copy.deepcopy(self.estimator_)
        features = decoder[:-1].transform(X) if len(getattr(decoder, "steps", ())) > 1 else X
        net = _last(decoder)
        options = {"max_epochs": self.max_epochs, "lr": self.lr, "warm_start": True}
        watch = {"early_stopping": False, "validation_split": None, "checkpoint_dir": None}
        net.set_params(**options, **watch).fit(features, y)
        return decoder


def _joined(values: list[Any]) -> NDArray[Any] | None:
    return None if any(part is None for part in values) else np.concatenate(values)


def _again(X: SignalArray, n_times: int) -> SignalArray:
    """A person's trials one time after the other, so that the first of them are no copies."""
    repeated = X[np.tile(np.arange(len(X)), n_times)]
    if X.onsets is None:
        return repeated
    step = np.ptp(X.onsets) + max(1.0, np.ptp(X.onsets) / len(X))
    onsets = repeated.onsets + step * np.repeat(np.arange(n_times), len(X))
    return SignalArray(repeated.view(np.ndarray), **(repeated.metadata | {"onsets": onsets}))


def _new_name(groups: NDArray[Any], n_trials: int) -> NDArray[Any]:
    """A name, for every trial, of somebody who has none, and that nobody has."""
    if groups.dtype.kind in "iuf":
        return np.full(n_trials, groups.max() + 1)
    names = set(map(str, groups))
    return np.full(n_trials, next(n for i in count() if (n := f"new person {i}") not in names))


def _last(estimator: Any) -> Any:
    while hasattr(estimator, "steps"):
        estimator = estimator.steps[-1][1]
    return estimator
