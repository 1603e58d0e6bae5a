"""`Alignment`: the base of transforms that bring people to one another by their unlabelled trials.

Every trial has a summary, a centre and a spread about it: mean and variance of its samples, or its
covariance and nothing. The statistics of some trials are the centre of their centres and the mean
of their spreads and squared distances from it; so they are a summary, too, and can be pooled with
further ones, each with a weight in trials.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegkit.adaptation import Adaptation, Person
from eegkit.blocks import release
from eegkit.signals import SignalArray
from eegkit.transforms._base import Transformer

Floats = NDArray[np.float64]
# Centre, spread, and how many trials they count for.
Statistics = tuple[Floats, Floats, float]


class Alignment(Adaptation, Transformer):
    """A transform of each trial by the statistics of the person it is from.

    People are those that X knows (its ``groups``); their trials are in the order of its
    ``onsets``, or else in that in which they stand. Labels are never seen. Training trials are
    aligned by the same rule as those of new people.

    An alignment of your own is a subclass with four methods: `summaries` of trials, `centre`
    and `squared_distances` where they are not Euclidean, `maps`, which makes of statistics what
    trials are transformed by, and `map_trials`, which does it.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    access, n_calibration, calibration_s, prior_trials
        See `eegkit.adaptation.Adaptation`.

    Attributes
    ----------
    statistics_ : tuple of (ndarray, ndarray, float)
        Centre, spread and number of all trials seen in `fit`.
    subjects_ : dict
        The same of people whom `calibrate` was given, by subject; None is a person without a name.

    See Also
    --------
    eegkit.transforms.EuclideanAlignment : one of them, with an example.
    """

    def prepare(self, signals: SignalArray) -> None:
        self.output_shape_ = self.input_shape_
        self._begin_with(self._statistics(signals, np.arange(len(signals))))

    def as_module(self) -> Any:
        if self.access == "none":
            return super().as_module()
        raise ValueError(
            f"{type(self).__name__} aligns trials by the other trials of their person "
            f"(access={self.access!r}), so it has no form as a torch module, which is given trials "
            "alone."
        )

    def _transform_rows(
        self, signals: SignalArray
    ) -> Callable[[NDArray[Any], slice], NDArray[np.float32]]:
        statistics, codes = self._of_each_trial(signals)
        centres, spreads, _ = zip(*statistics, strict=True)
        maps = self.maps(np.stack(centres), np.stack(spreads))
        return lambda block, rows: self.map_trials(block, *(part[codes[rows]] for part in maps))

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """By the statistics of the training people."""
        centre, spread, _ = self.statistics_
        return self.map_trials(block, *self.maps(centre[None], spread[None]))

    def _of_each_trial(self, signals: SignalArray) -> tuple[list[Statistics], NDArray[np.intp]]:
        """Some statistics, and which of them each trial is aligned by."""
        statistics, codes = [self.statistics_], np.zeros(len(signals), dtype=np.intp)
        if self.access == "none":
            return statistics, codes
        for person in self._people(signals):
            if self.access == "causal":
                codes[person.rows] = len(statistics) + person.moments
                statistics += self._running(person, signals)
            else:
                codes[person.rows] = len(statistics)
                statistics.append(self._statistics_of(person, signals))
        return statistics, codes

    def _running(self, person: Person, signals: SignalArray) -> list[Statistics]:
        """What is known of a person before each of the trials, the training people included."""
        centre, spread, _ = self.statistics_
        latest = centre, spread, float(self.prior_trials)
        if person.source == "calibrate":
            latest = self._join(latest, self.subjects_[person.subject])
        before = []
        for summary in zip(*self._summarize(signals, person.rows), strict=True):
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
            summaries = self.summaries(array[rows[part]])
            release(array)
            return summaries

        blocks = self._map_blocks(work, len(rows), 8 * int(np.prod(array.shape[1:])))
        centres, spreads = zip(*blocks, strict=True)
        return np.concatenate(centres), np.concatenate(spreads)

    def _pool(self, centres: Floats, spreads: Floats, weights: Floats) -> Statistics:
        """The statistics of summaries, which are a summary themselves."""
        centre = self.centre(centres, weights)
        squares = spreads + self.squared_distances(centres, centre)
        return centre, np.average(squares, axis=0, weights=weights), float(weights.sum())

    @abstractmethod
    def summaries(self, block: NDArray[Any]) -> tuple[Floats, Floats]:
        """Centre and spread of each of some trials.

        Parameters
        ----------
        block : ndarray, shape ``(n_block, *input_shape_)``

        Returns
        -------
        centres, spreads : ndarray, shape (n_block, ...)
        """

    def centre(self, centres: Floats, weights: Floats) -> Floats:
        """The centre of centres, shape (n, ...), each of a weight; by default their mean."""
        return np.average(centres, axis=0, weights=weights)

    def squared_distances(self, centres: Floats, centre: Floats) -> Floats:
        """How far centres lie from one, in the form of spreads; by default squared differences."""
        return np.square(centres - centre)

    @abstractmethod
    def maps(self, centres: Floats, spreads: Floats) -> tuple[NDArray[Any], ...]:
        """What trials are transformed by, for each of some statistics.

        Parameters
        ----------
        centres, spreads : ndarray, shape (n_statistics, ...)

        Returns
        -------
        tuple of ndarray, each of n_statistics entries
        """

    @abstractmethod
    def map_trials(self, block: NDArray[Any], *maps: NDArray[Any]) -> NDArray[np.float32]:
        """Transform some trials, each by its own part of the maps; runs in several threads.

        Parameters
        ----------
        block : ndarray, shape ``(n_block, *input_shape_)``
        *maps : ndarray, each of n_block entries
            The entries of `maps` that belong to the trials.

        Returns
        -------
        ndarray of float32, shape ``(n_block, *output_shape_)``
        """

    def output_metadata(self, signals: SignalArray) -> dict[str, Any]:
        return {name: getattr(signals, name) for name in ("sfreq", "ch_names", "freqs", "times")}
