"""`Results`: a tidy table of scores, and all that is needed to know what they mean."""

from __future__ import annotations

import html
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.metrics import precision_recall_fscore_support

from eegkit.access import unequal_access
from eegkit.csv_file import write_csv
from eegkit.evaluation.audit.report import Audit
from eegkit.evaluation.metrics.scoring import FIXED_COLUMNS
from eegkit.evaluation.results import text
from eegkit.evaluation.results.file import read, write
from eegkit.evaluation.results.people import one_answer_each, over_people
from eegkit.evaluation.results.predictions import Predictions
from eegkit.evaluation.results.settings import RunSettings
from eegkit.evaluation.results.tables import per_subject, summarize, with_access
from eegkit.evaluation.statistics.paired import compare_paired
from eegkit.evaluation.statistics.permutation import PermutationChance, permutation_chance
from eegkit.labels import labels_are_subjects, one_class_each


class Results:
    """Scores of pipelines, one row per data set, pipeline, fold and subject.

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
        ``dataset``, ``pipeline``, ``fold``, ``error`` and ``traceback`` of every fold that failed.

    Attributes
    ----------
    table, settings
        As given.
    failures : pandas.DataFrame
        One row per fold that failed.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        settings: RunSettings,
        *,
        predictions: Mapping[tuple[str, str], Predictions] | None = None,
        failures: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.table = table.reset_index(drop=True)
        self.settings = settings
        self._predictions = dict(predictions or {})
        columns = ["dataset", "pipeline", "fold", "error", "traceback"]
        self.failures = pd.DataFrame(list(failures), columns=columns)
        absent = [
            name
            for name in (*FIXED_COLUMNS, *self.metrics, *map("chance_{}".format, self.metrics))
            if name not in self.table
        ]
        if absent:
            raise ValueError(f"The table of results lacks the columns {', '.join(absent)}.")

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics, in order."""
        return list(self.settings.scoring)

    @property
    def pipelines(self) -> list[str]:
        """Names of the pipelines, in order."""
        return list(self.table["pipeline"].unique())

    @property
    def datasets(self) -> list[str]:
        """Names of the data sets, in order."""
        return list(self.table["dataset"].unique())

    @property
    def subject_overlap(self) -> bool:
        """Whether a pipeline was tested on people it was trained on."""
        return self.settings.subject_overlap

    @property
    def split(self) -> str:
        """Which split it was, such as "group-5" or "fixed, by run"."""
        return self.settings.split

    @property
    def audits(self) -> dict[str, Audit]:
        """What the audit found about the split of every data set."""
        return {name: Audit.from_dict(values) for name, values in self.settings.audit.items()}

    @property
    def leaks(self) -> bool:
        """Whether something leaks through the split: such scores say little about new people."""
        return not all(audit.ok for audit in self.audits.values())

    @property
    def access_note(self) -> str:
        """One sentence where pipelines differ in what they may see of the people tested; or ""."""
        return unequal_access({name: self.settings.access_of(name) for name in self.pipelines})

    def predictions(self, pipeline: str | None = None, dataset: str | None = None) -> Predictions:
        """What a pipeline answered to every test trial.

        Parameters
        ----------
        pipeline, dataset : str, optional
            By default the first ones.

        Returns
        -------
        Predictions

        Raises
        ------
        ValueError
            There is no such pipeline or data set.
        """
        pipeline = self._check_name("pipeline", pipeline, self.pipelines)
        dataset = self._check_name("dataset", dataset, self.datasets)
        if (dataset, pipeline) not in self._predictions:
            raise ValueError(f"The results hold no predictions of {pipeline!r} on {dataset!r}.")
        return self._predictions[dataset, pipeline]

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
        datasets = self._selection("dataset", dataset, self.datasets)
        pipelines = self._selection("pipeline", pipeline, self.pipelines)

        def rows(table: pd.DataFrame) -> pd.DataFrame:
            return table[table["dataset"].isin(datasets) & table["pipeline"].isin(pipelines)]

        return Results(
            rows(self.table),
            self.settings.select(datasets, pipelines),
            predictions={
                (name, step): predictions
                for (name, step), predictions in self._predictions.items()
                if name in datasets and step in pipelines
            },
            failures=rows(self.failures).to_dict("records"),
        )

    def per_subject(self) -> pd.DataFrame:
        """One row per data set, pipeline and subject, the mean over this subject's folds.

        Returns
        -------
        pandas.DataFrame
            Columns ``dataset``, ``pipeline``, ``access``, ``subject``, ``n_folds``, ``n_test``
            (trials, all folds together), and every metric with its ``chance_<metric>``. A fold
            where a metric is NaN does not count.
        """
        return with_access(per_subject(self.table, self.metrics), self.settings.access)

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
        metric = self._check_name("metric", metric, self.metrics)
        dataset = self._check_name("dataset", dataset, self.datasets)
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
            the mean over subjects, see `bootstrap_interval`), ``chance`` (mean chance level),
            ``n_subjects`` (without those for whom the metric is NaN) and ``n_above_chance``, the
            subjects whose score is larger than their chance level: a plain comparison, no
            test of significance.

        Notes
        -----
        ``answers`` is ``"per trial"``, or, of accuracy, balanced accuracy and AUROC where the
        trials of each person are all of one class, ``"per person"``: `person_scores` says what
        score, interval and chance these are. ``sd`` is NaN there, and ``n_above_chance`` counts
        the people whose answer is right.
        """
        summary = summarize(per_subject(self.table, self.metrics), self.metrics)
        summary = with_access(summary, self.settings.access)
        return over_people(summary, self._predictions, self.settings)

    def costs(self) -> pd.DataFrame:
        """One row per data set and pipeline: what the fits took.

        Returns
        -------
        pandas.DataFrame
            Columns ``dataset``, ``pipeline``, ``n_folds``, ``fit_time_s`` and ``score_time_s``
            (medians over folds), ``total_s`` (of all folds) and ``peak_mb`` (the largest).
        """
        folds = self.table.drop_duplicates(["dataset", "pipeline", "fold"])
        groups = folds.groupby(["dataset", "pipeline"], sort=False)
        table = groups.agg(
            n_folds=("fold", "size"),
            fit_time_s=("fit_time_s", "median"),
            score_time_s=("score_time_s", "median"),
            peak_mb=("peak_mb", "max"),
        )
        table["total_s"] = groups["fit_time_s"].sum() + groups["score_time_s"].sum()
        return table.reset_index()

    def per_class(self, pipeline: str | None = None, dataset: str | None = None) -> pd.DataFrame:
        """Precision, recall and F1 of every class, over all test trials together.

        Parameters
        ----------
        pipeline, dataset : str, optional
            By default the first ones.

        Returns
        -------
        pandas.DataFrame
            Index: the classes; columns ``precision``, ``recall``, ``f1`` and ``n_trials``.
        """
        predictions = self.predictions(pipeline, dataset)
        columns = precision_recall_fscore_support(
            predictions.y, predictions.predicted, labels=predictions.classes, zero_division=0.0
        )
        scores = dict(zip(("precision", "recall", "f1", "n_trials"), columns, strict=True))
        return pd.DataFrame(scores, index=pd.Index(predictions.classes, name="class"))

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
        who have one answer each: see `person_predictions`.

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
        predictions = self.predictions(pipeline, dataset)
        identity = labels_are_subjects(predictions.y, predictions.subject)
        if one_class_each(predictions.y, predictions.subject):
            predictions, identity = one_answer_each(predictions), True
        return permutation_chance(
            predictions.y,
            predictions.predicted,
            None if identity else predictions.subject,
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
        return compare_paired(self.scores(metric, dataset), **options)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to one file, which `load` reads again; no pickle.

        The file is complete or not there at all: it is written beside and then renamed.
        """
        write(Path(path), self.table, self.settings, self._predictions, self.failures)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Results:
        """Read what `save` wrote.

        Raises
        ------
        CorruptFileError
            The file is damaged, or holds something else.
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
        table = self.summary().to_html(index=False, float_format="{:.3f}".format, border=0)
        sentence = html.escape(f"{text.sentence(self)}. {self.access_note}".strip())
        return f"<div><p><b>Results</b>: {sentence}</p>{table}</div>"

    def _selection(
        self, kind: str, names: str | Sequence[str] | None, present: Sequence[str]
    ) -> Sequence[str]:
        if names is None:
            # A pipeline that failed everywhere is in no table, but its failures are its own.
            return [*present, *self.failures[kind].unique()]
        selection = [names] if isinstance(names, str) else list(names)
        return [self._check_name(kind, name, present) for name in selection]

    @staticmethod
    def _check_name(kind: str, name: str | None, names: Sequence[str]) -> str:
        if name is None:
            return names[0]
        if name not in names:
            raise ValueError(f"{kind} is {name!r}; the results have {', '.join(map(repr, names))}.")
        return name
