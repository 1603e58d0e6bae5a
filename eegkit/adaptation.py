"""`Adaptation`: what estimators have in common that adapt to people by their unlabelled trials."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.metaestimators import available_if

from eegkit.access import first_trials, trials_of_subjects, with_access, with_groups
from eegkit.base import Estimator
from eegkit.notice import warn
from eegkit.parameters import Count, Positive
from eegkit.signals import SignalArray
from eegkit.text import shortlist

__all__ = ["Adaptation"]

# Fewer trials than these say little of a person.
LEAST_TRIALS = 5


class Person(NamedTuple):
    """A person among trials, and what is known of this person.

    Parameters
    ----------
    subject : object
        None where X does not say whose its trials are.
    rows : ndarray of int
        The person's trials, in order.
    moments : ndarray of int
        For each of them, how many began before it.
    source : {"calibrate", "trials", "training"}
        Whose statistics are used: kept by `Adaptation.calibrate`, of the trials in X that `access`
        allows, or of the training people.
    basis : ndarray of int
        Of "trials", which: all, or the first.
    """

    subject: Any
    rows: NDArray[np.intp]
    moments: NDArray[np.intp]
    source: str
    basis: NDArray[np.intp]


class Adaptation(Estimator):
    """An estimator that treats each trial by statistics of the person it is from.

    People are those that X knows (its ``groups``); their trials are in the order of its
    ``onsets``, or else in that in which they stand. Labels of theirs are never seen.

    Parameters
    ----------
    access : {"transductive", "calibration", "causal", "none"}, default "transductive"
        Whose statistics a trial is treated by: of all trials of the person that are given at once;
        of the person's first trials; of those that began before this one, together with those
        of the training people; of the training people alone. See `eegkit.access`.
    n_calibration : int, optional
        Of "calibration": how many first trials.
    calibration_s : float, default 60
        Of "calibration", where `n_calibration` is None: the first trials are those that begin
        within so many s from the person's first one.
    prior_trials : float, default 10
        Of "causal": how many trials of the person the statistics of the training people count for.

    Attributes
    ----------
    statistics_ : tuple
        Of the training people.
    subjects_ : dict
        Of people whom `calibrate` was given, by subject; None is a person without a name.

    See Also
    --------
    eegkit.transforms.EuclideanAlignment : one of them, with an example.
    """

    access: Literal["none", "causal", "calibration", "transductive"] = "transductive"
    n_calibration: Count | None = None
    calibration_s: Positive = 60.0
    prior_trials: Positive = 10.0

    def _begin_with(self, statistics: Any) -> None:
        """Know the training people, and nobody else."""
        self.statistics_: Any = statistics
        self.subjects_: dict[Any, Any] = {}

    @available_if(lambda self: self.access != "none")
    def calibrate(self, X: Any, *, groups: ArrayLike | None = None) -> Adaptation:
        """Learn the statistics of new people, by which their trials are treated from then on.

        Parameters
        ----------
        X : array-like
            Unlabelled trials of one person or more, of the shape seen in `fit`. All of them count.
        groups : array-like, shape (n_trials,), optional
            The subject of every trial; by default what X knows.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            X is malformed, or differs from what was seen in `fit`; or there is one trial of
            somebody only.
        """
        signals = with_groups(self._signals(X), groups)
        people = list(trials_of_subjects(signals))
        self._check_enough({subject: len(rows) for subject, rows in people})
        statistics = {s: self._statistics(signals, rows) for s, rows in people}
        self.subjects_ = self.subjects_ | statistics
        return self

    def calibration_rows(self, signals: SignalArray) -> NDArray[np.bool_]:
        """Which trials are those that people are calibrated on, so that nobody scores them.

        Parameters
        ----------
        signals : SignalArray
            Raw trials, or whatever knows the people and the onsets.

        Returns
        -------
        ndarray of bool, shape (n_trials,)
        """
        is_first = np.zeros(len(signals), dtype=bool)
        if self.access == "calibration":
            for subject, rows in trials_of_subjects(signals):
                if subject not in getattr(self, "subjects_", {}):
                    is_first[self._first(signals, rows)] = True
        return is_first

    def statistics_sources(self, signals: SignalArray) -> dict[Any, str]:
        """Whose statistics the trials of each subject are treated by.

        Parameters
        ----------
        signals : SignalArray
            People, onsets and number of trials are all that is read.

        Returns
        -------
        dict of str
            "calibrate", "trials" (those of X, as `access` has it) or "training", by subject.
        """
        return {s: self._source(s, rows, signals)[0] for s, rows in trials_of_subjects(signals)}

    def __sklearn_tags__(self) -> Any:
        return with_access(super().__sklearn_tags__(), self.access)

    def _signals(self, X: Any) -> SignalArray:
        """X, checked."""
        return self._check_input(X, reset=False)

    @abstractmethod
    def _statistics(self, signals: SignalArray, rows: NDArray[np.intp]) -> Any:
        """The statistics of some of the trials."""

    def _statistics_of(self, person: Person, signals: SignalArray) -> Any:
        if person.source == "training":
            return self.statistics_
        if person.source == "calibrate":
            return self.subjects_[person.subject]
        return self._statistics(signals, person.basis)

    def _people(self, signals: SignalArray) -> Iterator[Person]:
        """Everybody in X; what X does not say, and who has too few trials, is told."""
        self._tell_absent_facts(signals)
        strangers, namesakes = [], []
        names = set(map(str, self.subjects_))
        for subject, rows in trials_of_subjects(signals):
            source, basis = self._source(subject, rows, signals)
            if source != "calibrate" and (None in self.subjects_ or str(subject) in names):
                namesakes.append(subject)
            if source == "training" and self.access in ("calibration", "transductive"):
                strangers.append(subject)
            yield Person(subject, rows, _moments(signals, rows), source, basis)
        self._tell_strangers(strangers)
        self._tell_namesakes(namesakes)

    def _source(
        self, subject: Any, rows: NDArray[np.intp], signals: SignalArray
    ) -> tuple[str, NDArray[np.intp]]:
        """Whose statistics to use, and those of which trials."""
        if self.access == "none":
            return "training", rows
        if subject in self.subjects_:
            return "calibrate", rows
        least = 2 if self.access == "causal" else LEAST_TRIALS
        if self.access == "calibration":
            rows = self._first(signals, rows)
            least = min(least, max(2, self.n_calibration or least))
        return ("trials" if len(rows) >= least else "training"), rows

    def _first(self, signals: SignalArray, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        return first_trials(signals, rows, self.n_calibration, self.calibration_s)

    def _tell_absent_facts(self, signals: SignalArray) -> None:
        name = type(self).__name__
        if self.access == "none":
            return
        if signals.groups is None:
            warn(
                f"X does not say whose its trials are; {name} takes them for one person's. Pass an "
                "X that knows people (trials.X), or one person's trials at a time."
            )
        if signals.onsets is None and self.access in ("causal", "calibration"):
            warn(
                f"X does not say when its trials began; {name} (access={self.access!r}) takes them "
                "to have come in the order in which they stand. Pass an X that knows onsets "
                "(trials.X with the column onset in its metadata)."
            )

    def _check_enough(self, n_trials: Mapping[Any, int]) -> None:
        """Refuse one trial of a person, which has no spread; and tell of few."""
        few = [_named(subject) for subject, n in n_trials.items() if n < LEAST_TRIALS]
        if not few or self.access == "causal":  # which adds the training people's
            return
        least = min(n_trials.values())
        text = (
            f"{type(self).__name__}.calibrate is given too few trials of {shortlist(few)}, "
            f"{least} for one, to say much of a person; give {LEAST_TRIALS} or more at once."
        )
        if least < 2:
            raise ValueError(text)
        warn(text)

    def _tell_namesakes(self, subjects: Sequence[Any]) -> None:
        """Of people whose statistics were learned under another name, or under none."""
        if not subjects or self.access == "none":
            return
        names = [shortlist(list(map(repr, people))) for people in (self.subjects_, subjects)]
        warn(
            f"{type(self).__name__} was calibrated for {names[0]}, but X is of {names[1]}, for "
            "whom that is not used. Give calibrate the names that X knows, by groups=, or trials "
            "that know them."
        )

    def _tell_strangers(self, subjects: Sequence[Any]) -> None:
        if not subjects:
            return
        within = " that belong to the calibration" if self.access == "calibration" else ""
        people = shortlist(list(map(_named, subjects)))
        warn(
            f"{type(self).__name__} is given too few trials of {people} to adapt to them, so the "
            "statistics of the training people are used. Call calibrate with unlabelled trials "
            f"first, or give {LEAST_TRIALS} trials or more at once{within}."
        )


def _named(subject: Any) -> str:
    return "this person" if subject is None else str(subject)


def _moments(signals: SignalArray, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each of a person's trials in order, how many began before it."""
    if signals.onsets is None:
        return np.arange(len(rows))
    return np.searchsorted(signals.onsets[rows], signals.onsets[rows])
