"""`Results`: a tidy table of scores, and all that is needed to know what they mean."""

from __future__ import annotations

import html
import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from eegkit.evaluation.scoring import FIXED_COLUMNS
from eegkit.trials import Trials

FORMAT = "eegkit results 1"
RECORDED = ("eegkit", "numpy", "scikit-learn", "torch", "braindecode", "mne")
COUNTS = ("fold", "n_train", "n_test", "n_train_subjects")


class Results:
    """Scores of pipelines, one row per pipeline, fold and subject.

    Made by `evaluate`, or read from a file with `from_json`.

    Parameters
    ----------
    table : pandas.DataFrame
        The columns that `evaluate` describes.
    settings : dict
        How the scores came about: the cross-validation, the metrics, whether a person was
        on both sides of a split, the pipelines, the data, the versions of the software.

    Attributes
    ----------
    table, settings
        As given.
    metrics, pipelines : list of str
        Names, in order.
    """

    def __init__(self, table: pd.DataFrame, settings: Mapping[str, Any]) -> None:
        self.table = table.reset_index(drop=True)
        self.settings = dict(settings)
        absent = [
            name
            for name in (*FIXED_COLUMNS, *self.metrics, *map("chance_{}".format, self.metrics))
            if name not in self.table
        ]
        if absent:
            raise ValueError(f"The table of results lacks the columns {', '.join(absent)}.")

    @property
    def metrics(self) -> list[str]:
        return list(self.settings["scoring"])

    @property
    def pipelines(self) -> list[str]:
        return list(self.table["pipeline"].unique())

    @property
    def subject_overlap(self) -> bool:
        """Whether a pipeline was tested on people it was trained on."""
        return bool(self.settings["subject_overlap"])

    def per_subject(self) -> pd.DataFrame:
        """One row per pipeline and subject, the mean over this subject's folds.

        Returns
        -------
        pandas.DataFrame
            Columns ``pipeline``, ``subject``, ``n_folds``, ``n_test`` (trials, all folds
            together), and every metric with its ``chance_<metric>``. A fold where a metric
            is NaN does not count.
        """
        by = self.table.groupby(["pipeline", "subject"], sort=False)
        columns: dict[str, Any] = {"n_folds": by["fold"].nunique(), "n_test": by["n_test"].sum()}
        for metric in self.metrics:
            for name in (metric, f"chance_{metric}"):
                columns[name] = by[name].mean()
        frame = pd.DataFrame(columns).reset_index()
        order = {name: i for i, name in enumerate(self.pipelines)}
        keys = {"pipeline": lambda column: column.map(order), "subject": lambda column: column}
        return frame.sort_values(
            ["pipeline", "subject"], key=lambda column: keys[column.name](column), ignore_index=True
        )

    def summary(self) -> pd.DataFrame:
        """One row per pipeline and metric, over subjects.

        Returns
        -------
        pandas.DataFrame
            Columns ``pipeline``, ``metric``, ``mean`` and ``sd`` (the sample standard
            deviation) over subjects, ``chance`` (mean chance level), ``n_subjects``
            (without those for whom the metric is NaN) and ``n_above_chance``, the subjects whose
            score is larger than their chance level: a plain comparison, no test of significance.
        """
        people = self.per_subject()
        rows = []
        for pipeline in self.pipelines:
            own = people[people["pipeline"] == pipeline]
            for metric in self.metrics:
                scores, chance = own[metric], own[f"chance_{metric}"]
                rows.append(
                    {
                        "pipeline": pipeline,
                        "metric": metric,
                        "mean": scores.mean(),
                        "sd": scores.std(),
                        "chance": chance.mean(),
                        "n_subjects": int(scores.notna().sum()),
                        # Rounding errors of a mean over folds are no skill.
                        "n_above_chance": int((scores > chance + 1e-9).sum()),
                    }
                )
        return pd.DataFrame(rows)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the table, as comma-separated values.

        The file is complete or not there at all: it is written beside and then renamed.
        """
        _write(path, self.table.to_csv(index=False, lineterminator="\n"))

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write table and settings; `from_json` reads them again.

        The file is complete or not there at all: it is written beside and then renamed.
        """
        columns = {name: _plain(column) for name, column in self.table.items()}
        content = {"format": FORMAT, "settings": self.settings, "table": columns}
        _write(path, json.dumps(content, indent=1, allow_nan=False) + "\n")

    @classmethod
    def from_json(cls, path: str | os.PathLike[str]) -> Results:
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError
            The file holds something else.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{path} is no JSON file ({error}).") from error
        seen = content.get("format") if isinstance(content, dict) else None
        if seen != FORMAT:
            raise ValueError(f"{path} is no {FORMAT!r} (its format is {seen!r}).")
        table = pd.DataFrame(content["table"])
        for name in table:
            if name in COUNTS:
                table[name] = table[name].astype("int64")
            elif name not in FIXED_COLUMNS:
                table[name] = table[name].astype("float64")
        return cls(table, content["settings"])

    def describe(self) -> str:
        """One sentence: how much was evaluated, and whether people were kept apart."""
        n_people = self.table["subject"].nunique()
        kept = (
            "trained and tested on the same people" if self.subject_overlap else "people kept apart"
        )
        return (
            f"{_count(len(self.pipelines), 'pipeline')}, {_count(n_people, 'person', 'people')}, "
            f"{_count(self.settings['n_folds'], 'fold')} ({self.settings['cv']}), {kept}"
        )

    def __repr__(self) -> str:
        lines = [f"<Results: {self.describe()}"]
        for row in self.summary().itertuples():
            lines.append(
                f"  {row.pipeline}: {row.metric} {row.mean:.3f} ± {row.sd:.3f}, "
                f"chance {row.chance:.3f}, {row.n_above_chance} of {row.n_subjects} above"
            )
        return "\n".join(lines) + ">"

    def _repr_html_(self) -> str:
        table = self.summary().to_html(index=False, float_format="{:.3f}".format, border=0)
        return f"<div><p><b>Results</b>: {html.escape(self.describe())}</p>{table}</div>"


def describe_run(trials: Trials, pipelines: Mapping[str, Any], **settings: Any) -> dict[str, Any]:
    """Settings of a run: those given, the pipelines, the data and the software."""
    labels, counts = np.unique(trials.y, return_counts=True)
    return settings | {
        "pipelines": {name: _in_full(pipeline) for name, pipeline in pipelines.items()},
        "data": {
            "n_trials": len(trials),
            "n_subjects": int(trials.metadata["subject"].nunique()),
            "n_channels": trials.X.shape[1],
            "n_times": trials.n_times,
            "sfreq": trials.sfreq,
            "ch_names": trials.ch_names,
            "classes": {str(name): int(n) for name, n in zip(labels, counts, strict=True)},
        },
        "versions": {"python": platform.python_version()} | _versions(),
    }


def _in_full(pipeline: Any) -> str:
    if isinstance(pipeline, BaseEstimator):
        return pipeline.__repr__(N_CHAR_MAX=10_000)
    return repr(pipeline)


def _versions() -> dict[str, str]:
    found = {}
    for name in RECORDED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _plain(column: pd.Series) -> list[Any]:
    """A column as JSON holds it: None for NaN."""
    return [None if pd.isna(value) else value for value in column.tolist()]


def _count(n: int, one: str, many: str | None = None) -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"


def _write(path: str | os.PathLike[str], text: str) -> None:
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
