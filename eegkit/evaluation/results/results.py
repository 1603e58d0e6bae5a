"""`Results`: a tidy table of scores, and all that is needed to know what they mean."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eegkit.csv_file import write_csv
from eegkit.evaluation.metrics.scoring import FIXED_COLUMNS
from eegkit.evaluation.results import text
from eegkit.evaluation.results.answers import chance_of_answers, per_class
from eegkit.evaluation.results.capsule import check_replayable, warn_unseeded
from eegkit.evaluation.results.facts import ResultFacts
from eegkit.evaluation.results.file import read, write
from eegkit.evaluation.results.inflation import Inflation, gaps_of, with_gaps
from eegkit.evaluation.results.people import over_people
from eegkit.evaluation.results.predictions import Predictions
from eegkit.evaluation.results.selection import check_name, select
from eegkit.evaluation.results.settings import RunSettings
from eegkit.evaluation.results.tables import (
    failures_table,
    per_subject,
    summarize,
    with_access,
    with_seed_column,
)
from eegkit.evaluation.statistics.paired import compare_paired
from eegkit.evaluation.statistics.permutation import PermutationChance
from eegkit.tables import Table


class Results(ResultFacts):
    """Scores of pipelines, one row per data set, pipeline, seed, fold and subject.

    Made by `evaluate`, or read from a file with `load`.

    Parameters
    ----------
    table : pandas.DataFrame
        The columns that `evaluate` describes.
    settings : RunSettings
        How the scores came about: the cross-validation, the metrics, what the audit of the split
        found, the pipelines, the data, the versions of the software.
    predictions : dict of (str, str) to Predictions, optional
        What was answered to every test trial, by data set and pipeline.
    failures : list of dict, optional
        ``dataset``, ``pipeline``, ``seed``, ``fold``, ``error`` and ``traceback`` of every fit
        that failed; ``split``, of a leaky twin, which of its splits it was.
    twin : pandas.DataFrame, optional
        Rows as those of the table, of leaky splits: ``split`` names which.
    searches : pandas.DataFrame, optional
        A row for every setting that a `TunedClassifier` tried, by ``dataset``, ``pipeline``,
        ``seed`` and ``fold``; see `tuning`.
    decoders : dict of (str, str, int, int) to estimator, optional
        By data set, pipeline, seed and fold. `save` leaves them out.

    Attributes
    ----------
    table, settings, twin, searches
        As given.
    failures : pandas.DataFrame
        One row per fit that failed.

    See Also
    --------
    eegkit.evaluate : makes them, with an example.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        settings: RunSettings,
        *,
        predictions: Mapping[tuple[str, str], Predictions] | None = None,
        failures: Sequence[Mapping[str, Any]] = (),
        twin: pd.DataFrame | None = None,
        searches: pd.DataFrame | None = None,
        decoders: Mapping[tuple[str, str, int, int], Any] | None = None,
    ) -> None:
        self.table = with_seed_column(table.reset_index(drop=True))
        self.settings = settings
        self._predictions = dict(predictions or {})
        self.twin = None if twin is None else twin.reset_index(drop=True)
        self.searches = None if searches is None else searches.reset_index(drop=True)
        self._decoders = dict(decoders or {})
        self.failures = failures_table(failures)
        absent = [
            name
            for name in (*FIXED_COLUMNS, *self.metrics, *map("chance_{}".format, self.metrics))
            if name not in self.table
        ]
        if absent:
            raise ValueError(f"The table of results lacks the columns {', '.join(absent)}.")

    def predictions(
        self, pipeline: str | None = None, dataset: str | None = None, *, seed: int | None = 0
    ) -> Predictions:
        """What a pipeline answered to every test trial.

        Parameters
        ----------
        pipeline, dataset : str, optional
            By default the first ones.
        seed : int or None, default 0
            The number of the seed. Scores are means over seeds, but an answer is that of one fit:
            the first, unless said otherwise. None gives the answers of all, one after another.

        Returns
        -------
        Predictions

        Raises
        ------
        ValueError
            There is no such pipeline, data set or seed.
        """
        pipeline = check_name("pipeline", pipeline, self.pipelines)
        dataset = check_name("dataset", dataset, self.datasets)
        if (dataset, pipeline) not in self._predictions:
            raise ValueError(f"The results hold no predictions of {pipeline!r} on {dataset!r}.")
        answers = self._predictions[dataset, pipeline]
        predictions = replace(answers, pipeline=pipeline, dataset=dataset)
        if seed is None:
            return predictions
        if seed not in predictions.seed:
            numbers = ", ".join(map(str, np.unique(predictions.seed)))
            raise ValueError(f"seed is {seed!r}; {pipeline!r} was fitted with seed {numbers}.")
        return predictions[predictions.seed == seed]

    def select(
        self,
        *,
        dataset: str | Sequence[str] | None = None,
        pipeline: str | Sequence[str] | None = None,
    ) -> Results:
        """The results of some data sets and pipelines.

        Parameters
        ----------
        dataset, pipeline : str or sequence of str, optional
            Names; by default all of them.

        Returns
        -------
        Results
            With the predictions and failures of those.

        Raises
        ------
        ValueError
            There is no such data set or pipeline.
        """
        return select(self, dataset, pipeline)

    def per_subject(self) -> pd.DataFrame:
        """One row per data set, pipeline and subject: the mean over this subject's folds and seeds.

        Returns
        -------
        pandas.DataFrame
            Columns ``dataset``, ``pipeline``, ``access``, ``subject``, ``n_folds``, ``n_test``
            (trials, all folds together), and every metric with its ``chance_<metric>``. A fold
            where a metric is NaN does not count.
        """
        people = per_subject(self.table, self.metrics)
        return Table(with_access(people, self.settings.access))

    def scores(self, metric: str | None = None, dataset: str | None = None) -> pd.DataFrame:
        """The scores of every person (rows) by every pipeline (columns).

        Parameters
        ----------
        metric, dataset : str, optional
            By default the first ones.

        Returns
        -------
        pandas.DataFrame
            With ``attrs["access"]``, what each pipeline may see of the people tested: tests and
            ranks of these scores warn where that differs.

        Raises
        ------
        ValueError
            There is no such metric or data set.
        """
        metric = check_name("metric", metric, self.metrics)
        dataset = check_name("dataset", dataset, self.datasets)
        people = self.per_subject()
        rows = people[people["dataset"] == dataset]
        table = rows.pivot_table(
            index="subject", columns="pipeline", values=metric, dropna=False, sort=False
        )
        table = table[[name for name in self.pipelines if name in table]]
        table.attrs["access"] = {name: self.settings.access_of(name) for name in table}
        return table

    def summary(self) -> pd.DataFrame:
        """One row per data set, pipeline and metric, over subjects.

        Returns
        -------
        pandas.DataFrame
            Columns ``dataset``, ``pipeline``, ``access`` (what the pipeline may see of the people
            tested, see `eegkit.access`), ``metric``, ``mean`` and ``sd`` (the sample standard
            deviation) over subjects, ``ci_low`` and ``ci_high`` (95 % bootstrap interval of
            the mean over subjects, see `bootstrap_interval`), ``sd_seeds`` (the sample standard
            deviation over seeds of that mean, NaN of a single seed), ``n_seeds``, ``chance`` (mean
            chance level),
            ``n_subjects`` (without those for whom the metric is NaN) and ``n_above_chance``, the
            subjects whose score is larger than their chance level: a plain comparison, no
            test of significance.

        Notes
        -----
        A person's score is the mean over seeds; the interval is over people, with the seeds as
        they were, and ``sd_seeds`` stands beside it.

        With a leaky twin there are two more columns for each of its splits: ``shuffled`` and
        ``gap_shuffled``, say, are the mean score there, and how much it is above the honest one;
        both are of trials, also where answers are per person. See `inflation`.

        ``answers`` is ``"per trial"``, or, of accuracy, balanced accuracy and AUROC where the
        trials of each person are all of one class, ``"per person"``: `person_scores` says what
        score, interval and chance these are. ``sd`` is NaN there, and ``n_above_chance`` counts
        the people whose answer is right.
        """
        summary = with_access(summarize(self.table, self.metrics), self.settings.access)
        summary = over_people(summary, self._predictions, self.settings)
        if self.twin is not None:
            summary = with_gaps(summary, gaps_of(self.table, self.twin, self.metrics))
        return Table(summary)

    def inflation(self, metric: str | None = None, dataset: str | None = None) -> Inflation:
        """What leaky splits add to the scores of ``evaluate(..., twin=True)``.

        Everybody is scored on their own test trials each time; the difference is what knowing the
        people adds to the score. It belongs in no table of results; it shows what such a table is
        worth when trials were shuffled.

        Parameters
        ----------
        metric, dataset : str, optional
            By default the first ones.

        Returns
        -------
        Inflation

        Raises
        ------
        ValueError
            The results have no twin.

        Examples
        --------
        >>> from sklearn.dummy import DummyClassifier
        >>> from eegkit import evaluate
        >>> from eegkit.testing import example_trials
        >>> results = evaluate(DummyClassifier(), example_trials(24), cv="loso", twin=True)
        >>> results.inflation().splits
        ['shuffled']
        """
        return Inflation(self, metric, dataset)

    def per_class(self, pipeline: str | None = None, dataset: str | None = None) -> pd.DataFrame:
        """Precision, recall and F1 of every class, over all test trials of the first seed.

        Parameters
        ----------
        pipeline, dataset : str, optional
            By default the first ones.

        Returns
        -------
        pandas.DataFrame
            Index: the classes; columns ``precision``, ``recall``, ``f1`` and ``n_trials``.
        """
        return per_class(self.predictions(pipeline, dataset))

    def permutation_chance(
        self,
        pipeline: str | None = None,
        dataset: str | None = None,
        *,
        metric: str = "balanced_accuracy",
        n_permutations: int = 1000,
        random_state: int | None = 0,
    ) -> PermutationChance:
        """How often labels permuted within people do as well; see `permutation_chance`.

        Where the trials of each person are all of one class, the labels of people are permuted,
        who have one answer each: see `person_predictions`. The answers are those of the first seed.

        Parameters
        ----------
        pipeline, dataset : str, optional
            By default the first ones.
        metric : {"balanced_accuracy", "accuracy"}, default "balanced_accuracy"
        n_permutations, random_state
            See `permutation_chance`.

        Returns
        -------
        PermutationChance
        """
        return chance_of_answers(
            self.predictions(pipeline, dataset),
            metric,
            n_permutations=n_permutations,
            random_state=random_state,
        )

    def compare(
        self, metric: str | None = None, dataset: str | None = None, **options: Any
    ) -> pd.DataFrame:
        """Paired tests between pipelines over people; see `compare_paired`.

        Parameters
        ----------
        metric, dataset : str, optional
            By default the first ones.
        **options
            Of `compare_paired`: ``test`` and ``correction``.

        Warns
        -----
        UserWarning
            The pipelines differ in what they may see of the people tested: `access_note`.
        """
        return Table(compare_paired(self.scores(metric, dataset), **options))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all but fitted decoders to one file, which `load` reads again; no pickle.

        The file is complete or not there at all: it is written beside and then renamed.
        """
        write(Path(path), self)

    def capsule(self, path: str | os.PathLike[str]) -> None:
        """Write results that `replay` can compute again, and say whether it got the same.

        It is a file as of `save`, refused where something is not known that it takes: the
        pipelines and the split as code, their seeds, where the trials came from, digests of the
        signals and of the folds, the versions of the software.

        Raises
        ------
        ValueError
            They cannot be replayed: a pipeline or split is written as no code, the trials came
            from nowhere that is known, or several runs were joined.

        Warns
        -----
        UserWarning
            A ``random_state`` is None: what draws random numbers there differs each time.
        """
        check_replayable(self)
        warn_unseeded(self)
        self.save(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Results:
        """Read what `save` wrote; of a folder, its ``results.safetensors``.

        Raises
        ------
        CorruptFileError
            The file is damaged, or holds something else.
        FileNotFoundError
            There is no such file.
        """
        return cls(**read(Path(path)))

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the table, as comma-separated values.

        The file is complete or not there at all: it is written beside and then renamed. A name
        that a spreadsheet would take for a formula, such as ``=A1``, has ``'`` before it.
        """
        write_csv(self.table, path)

    def describe(self) -> str:
        """One sentence: how much was evaluated, and whether people were kept apart."""
        return text.sentence(self)

    def __repr__(self) -> str:
        return text.lines(self)

    def _repr_html_(self) -> str:
        return text.as_html(self)
