"""`Alignment`: the base of transforms that bring people to one another by their unlabelled trials.

Every trial has a summary, a centre and a spread about it: mean and variance of its samples, or its
covariance and nothing. The statistics of some trials are the centre of their centres and the mean
of their spreads and squared distances from it; so they are a summary, too, and can be pooled with
further ones, each with a weight in trials.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.metaestimators import available_if

from eegkit.access import first_trials, trials_of_subjects, with_access
from eegkit.base import warn
from eegkit.blocks import release
from eegkit.parameters import Count, Positive
from eegkit.signals import SignalArray
from eegkit.text import shortlist
from eegkit.transforms._base import Transformer

Floats = NDArray[np.float64]
# Centre, spread, and how many trials they count for.
Statistics = tuple[Floats, Floats, float]
# Fewer trials than these say little of a person.
LEAST_TRIALS = 5


class Alignment(Transformer):
    """A transform of each trial by the statistics of the person it is from.

    People are those that X knows (its ``groups``); their trials are in the order of its
    ``onsets``, or else in that in which they stand. Labels are never seen. Training trials are
    aligned by the same rule as those of new people.

    An alignment of your own is a subclass with four methods: `_summaries` of trials, `_centre`
    and `_squared_distances` where they are not Euclidean, `_maps`, which makes of statistics what
    trials are transformed by, and `_apply`, which does it.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    access : {"transductive", "calibration", "causal", "none"}, default "transductive"
        Whose statistics a trial is aligned by: of all trials of the person that are given at once;
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
    statistics_ : tuple of (ndarray, ndarray, float)
        Centre, spread and number of all trials seen in `fit`.
    subjects_ : dict
        The same of people whom `calibrate` was given, by subject; None is a person without a name.
    """

    access: Literal["none", "causal", "calibration", "transductive"] = "transductive"
    n_calibration: Count | None = None
    calibration_s: Positive = 60.0
    prior_trials: Positive = 10.0

    def _prepare(self, signals: SignalArray) -> None:
        self.output_shape_ = self.input_shape_
        self.statistics_ = self._statistics(signals, np.arange(len(signals)))
        self.subjects_: dict[Any, Statistics] = {}

    @available_if(lambda self: self.access != "none")
    def calibrate(self, X: Any, groups: ArrayLike | None = None) -> Alignment:
        """Learn the statistics of new people, by which their trials are aligned from then on.

        Parameters
        ----------
        X : array-like
            Unlabelled trials of one person or more, as `transform` takes them. All of them count.
        groups : array-like, shape (n_trials,), optional
            The subject of every trial; by default what X knows.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            X is malformed, or differs from what was seen in `fit`.
        """
        signals = self._check_input(X, reset=False)
        if groups is not None:
            facts = signals.metadata | {"groups": np.asarray(groups)}
            signals = SignalArray(signals.view(np.ndarray), **facts)
        statistics = {s: self._statistics(signals, r) for s, r in trials_of_subjects(signals)}
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
        """Whose statistics the trials of each subject are aligned by.

        Parameters
        ----------
        signals : SignalArray
            As for `transform`; people, onsets and number of trials are all that is read.

        Returns
        -------
        dict of str
            "calibrate", "trials" (those of X, as `access` has it) or "training", by subject.
        """
        return {s: self._source(s, rows, signals) for s, rows in trials_of_subjects(signals)}

    def __sklearn_tags__(self) -> Any:
        return with_access(super().__sklearn_tags__(), self.access)

    def as_module(self) -> Any:
        if self.access == "none":
            return super().as_module()
        raise ValueError(
            f"{type(self).__name__} aligns trials by the other trials of their person "
            f"(access={self.access!r}), so it has no form as a torch module, which is given trials "
            "alone."
        )

    def _source(self, subject: Any, rows: NDArray[np.intp], signals: SignalArray) -> str:
        if self.access == "none":
            return "training"
        if subject in self.subjects_:
            return "calibrate"
        if self.access == "causal":
            return "trials" if len(rows) > 1 else "training"
        least = LEAST_TRIALS
        if self.access == "calibration":
            rows = self._first(signals, rows)
            least = min(least, self.n_calibration or least)
        return "trials" if len(rows) >= least else "training"

    def _first(self, signals: SignalArray, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        return first_trials(signals, rows, self.n_calibration, self.calibration_s)

    def _transform_rows(
        self, signals: SignalArray
    ) -> Callable[[NDArray[Any], slice], NDArray[np.float32]]:
        statistics, codes = self._of_each_trial(signals)
        centres, spreads, _ = zip(*statistics, strict=True)
        maps = self._maps(np.stack(centres), np.stack(spreads))
        return lambda block, rows: self._apply(block, *(part[codes[rows]] for part in maps))

    def _transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """By the statistics of the training people."""
        centre, spread, _ = self.statistics_
        return self._apply(block, *self._maps(centre[None], spread[None]))

    def _of_each_trial(self, signals: SignalArray) -> tuple[list[Statistics], NDArray[np.intp]]:
        """Some statistics, and which of them each trial is aligned by."""
        statistics, codes = [self.statistics_], np.zeros(len(signals), dtype=np.intp)
        if self.access == "none":
            return statistics, codes
        self._tell_absent_facts(signals)
        strangers = []
        for subject, rows in trials_of_subjects(signals):
            source = self._source(subject, rows, signals)
            if self.access == "causal":
                codes[rows] = len(statistics) + _first_of_equal(signals, rows)
                statistics += self._running(subject, rows, signals)
                continue
            if source == "training":
                strangers.append(subject)
                continue
            codes[rows] = len(statistics)
            if source == "calibrate":
                statistics.append(self.subjects_[subject])
            else:
                is_some = self.access == "calibration"
                some = self._first(signals, rows) if is_some else rows
                statistics.append(self._statistics(signals, some))
        self._tell_strangers(strangers)
        return statistics, codes

    def _running(
        self, subject: Any, rows: NDArray[np.intp], signals: SignalArray
    ) -> list[Statistics]:
        """What is known of a person before each of the trials, the training people included."""
        centre, spread, _ = self.statistics_
        latest = centre, spread, float(self.prior_trials)
        if subject in self.subjects_:
            latest = self._join(latest, self.subjects_[subject])
        before = []
        for summary in zip(*self._summarize(signals, rows), strict=True):
            before.append(latest)
            latest = self._join(latest, (*summary, 1.0))
        return before

    def _join(self, first: Statistics, second: Statistics) -> Statistics:
        pairs: list[Any] = list(zip(first, second, strict=True))
        return self._pool(*map(np.stack, pairs))

    def _statistics(self, signals: SignalArray, rows: NDArray[np.intp]) -> Statistics:
        centres, spreads = self._summarize(signals, rows)
        return self._pool(centres, spreads, np.ones(len(rows)))

    def _summarize(self, signals: SignalArray, rows: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """The summaries of some of the trials, read block by block."""
        array = signals.view(np.ndarray)

        def work(part: slice) -> tuple[Floats, Floats]:
            summaries = self._summaries(array[rows[part]])
            release(array)
            return summaries

        blocks = self._map_blocks(work, len(rows), 8 * int(np.prod(array.shape[1:])))
        centres, spreads = zip(*blocks, strict=True)
        return np.concatenate(centres), np.concatenate(spreads)

    def _pool(self, centres: Floats, spreads: Floats, weights: Floats) -> Statistics:
        """The statistics of summaries, which are a summary themselves."""
        centre = self._centre(centres, weights)
        squares = spreads + self._squared_distances(centres, centre)
        return centre, np.average(squares, axis=0, weights=weights), float(weights.sum())

    @abstractmethod
    def _summaries(self, block: NDArray[Any]) -> tuple[Floats, Floats]:
        """Centre and spread of each of some trials."""

    def _centre(self, centres: Floats, weights: Floats) -> Floats:
        return np.average(centres, axis=0, weights=weights)

    def _squared_distances(self, centres: Floats, centre: Floats) -> Floats:
        return np.square(centres - centre)

    @abstractmethod
    def _maps(self, centres: Floats, spreads: Floats) -> tuple[NDArray[Any], ...]:
        """What trials are transformed by, for each of some statistics."""

    @abstractmethod
    def _apply(self, block: NDArray[Any], *maps: NDArray[Any]) -> NDArray[np.float32]:
        """Transform some trials, each by its own part of the maps; runs in several threads."""

    def _knowledge(self, signals: SignalArray) -> dict[str, Any]:
        return {name: getattr(signals, name) for name in ("sfreq", "ch_names", "freqs", "times")}

    def _tell_absent_facts(self, signals: SignalArray) -> None:
        name = type(self).__name__
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

    def _tell_strangers(self, subjects: Sequence[Any]) -> None:
        if not subjects:
            return
        within = " that belong to the calibration" if self.access == "calibration" else ""
        people = "this person" if subjects == [None] else shortlist(list(map(str, subjects)))
        warn(
            f"{type(self).__name__} is given too few trials of {people} to align them by, so the "
            "statistics of the training people are used. Call calibrate with unlabelled trials "
            f"first, or give {LEAST_TRIALS} trials or more at once{within}."
        )


def _first_of_equal(signals: SignalArray, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """The place of each trial among the rows, or of the first that began when it did."""
    if signals.onsets is None:
        return np.arange(len(rows))
    return np.searchsorted(signals.onsets[rows], signals.onsets[rows])
