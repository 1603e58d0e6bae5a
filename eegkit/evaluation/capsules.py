"""`replay`: evaluate again what a file of results tells of, and say whether it gave the same."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eegkit import registry
from eegkit.datasets import Dataset
from eegkit.datasets.loading import make_dataset
from eegkit.evaluation.results.capsule import check_replayable, unseeded
from eegkit.evaluation.results.code_reader import LIBRARIES, CodeReader
from eegkit.evaluation.results.digests import digests_of
from eegkit.evaluation.results.results import Results
from eegkit.evaluation.results.settings import source_of
from eegkit.evaluation.running.evaluate import evaluate
from eegkit.evaluation.splits.metadata import listed
from eegkit.roles import places
from eegkit.text import count
from eegkit.trials import Trials
from eegkit.trials_source import TrialsSource

EXACT, ROUNDING, DIFFERENT = VERDICTS = ("exact", "within rounding", "different")
# What CPUs and builds of libraries differ by: of scores, of probabilities, and of signals.
MAX_SCORE, MAX_PROBABILITY, MAX_SIGNAL = 1e-6, 1e-4, 1e-6
KEYS = ["dataset", "pipeline", "seed", "fold", "subject"]


@dataclass(frozen=True)
class Replay:
    """What came of evaluating again.

    Parameters
    ----------
    verdict : {"exact", "within rounding", "different"}
        Of all: that of the worst row, of the data and of the folds.
    data : dict of str to str
        The verdict of the trials, by data set; with other trials nothing was evaluated.
    same_folds : bool
        Whether the same trials stood on either side of every fold.
    table : pandas.DataFrame
        One row per data set, pipeline, seed, fold and subject: ``score_difference`` and
        ``answer_difference``, the largest of any metric and of any probability (of a pipeline
        without, 1 where an answer is another), and ``verdict``.
    people : dict of str to list of str
        Whose signals are others, by data set.
    versions : dict of str to (str, str)
        Software whose version was another then, and now.
    unseeded : list of str
        Pipelines in which a ``random_state`` is None.
    results : Results or None
        The new ones; None where the data are others.

    See Also
    --------
    replay : makes it, with an example.
    """

    verdict: str
    data: dict[str, str]
    same_folds: bool
    table: pd.DataFrame
    people: dict[str, list[str]]
    versions: dict[str, tuple[str, str]]
    unseeded: list[str]
    results: Results | None

    def describe(self) -> str:
        """The verdict in sentences: whether it is the same, and where it is not."""
        sentences = [f"{self.verdict.capitalize()}: {self._of_scores()}"]
        for name, people in self.people.items():
            sentences.append(f"The signals of {listed(people)} in {name} are others than then.")
        if not self.same_folds:
            sentences.append("The folds hold other trials than then.")
        if self.verdict == EXACT:
            return " ".join(sentences)
        if self.versions:
            pairs = [
                f"{name} {then} then, {now} now" for name, (then, now) in self.versions.items()
            ]
            sentences.append(f"Other versions: {'; '.join(pairs)}.")
        if self.unseeded:
            sentences.append(
                f"A random_state in {listed(self.unseeded)} is None: what draws random numbers "
                "there differs each time."
            )
        return " ".join(sentences)

    def _of_scores(self) -> str:
        if self.results is None:
            return "nothing was evaluated, for the trials are not those of then."
        n = len(self.table)
        rows = self.table[self.table["verdict"] == DIFFERENT]
        if self.verdict != DIFFERENT or not len(rows):
            return f"all {count(n, 'score')} of people and folds came again."
        first = rows.iloc[rows["score_difference"].fillna(np.inf).argmax()]
        score = first["score_difference"]
        by = "is there one time only" if pd.isna(score) else f"differs by {score:.3g}"
        return (
            f"{len(rows)} of {count(n, 'score')} of people and folds are others. The farthest "
            f"is that of {first['subject']} in fold {first['fold']} by {first['pipeline']}, seed "
            f"{first['seed']}, which {by}."
        )

    def __repr__(self) -> str:
        return f"<Replay: {self.describe()}>"


def replay(
    capsule: str | os.PathLike[str],
    *,
    path: str | os.PathLike[str] | None = None,
    custom_classes: Iterable[type] = (),
    n_jobs: int | None = None,
    store: str | os.PathLike[str] | None = None,
    verbose: bool | None = None,
) -> Replay:
    """Load the trials of a file of results again, evaluate again, and compare.

    The leaky twin, which is no result, is left out. The file may come from anybody: its pipelines
    are read, not run as code, and may hold estimators of scikit-learn, pyRiemann, eegkit and its
    plugins only.

    Parameters
    ----------
    capsule : path
        Written by `Results.capsule` (or `Results.save`).
    path : path, optional
        The folder of the recordings, in place of the one they were in then.
    custom_classes : iterable of classes, optional
        Classes of your own that the pipelines or data sets are of, and functions that score.
    n_jobs, store, verbose
        See `evaluate`.

    Returns
    -------
    Replay
        "exact" where every score and answer is the same in all digits; "within rounding" where
        scores differ by 1e-6 and probabilities by 1e-4 at most, as they may between CPUs.

    Raises
    ------
    ValueError
        The file cannot be replayed, or holds what is of no library that eegkit knows.
    CorruptFileError
        It is damaged, or holds something else.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from eegkit import evaluate, load_dataset, replay
    >>> from eegkit.evaluation import baselines
    >>> trials = load_dataset("simulated", n_subjects=4, n_trials=8)
    >>> pipelines = {"band_power+lr": baselines()["band_power+lr"]}
    >>> results = evaluate(pipelines, trials, cv="loso")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     results.capsule(Path(folder) / "capsule.safetensors")
    ...     replay(Path(folder) / "capsule.safetensors").verdict
    'exact'
    """
    then = Results.load(capsule)
    check_replayable(then)
    settings = then.settings
    by_name = {cls.__name__: cls for cls in custom_classes}
    reader = CodeReader(settings.imports, by_name)
    pipelines = {name: reader.read(settings.pipelines[name]) for name in then.pipelines}
    for pipeline in pipelines.values():
        _forget_places(pipeline)
    options = {n: reader.read(text) for n, text in settings.options.items() if n != "twin"}
    datasets = {name: _load(source_of(settings, name), path, by_name) for name in then.datasets}
    data, people = _compare_data(then, datasets)
    again = None
    if DIFFERENT not in data.values():
        again = evaluate(
            pipelines, datasets, n_jobs=n_jobs, store=store, verbose=verbose, **options
        )
    return _compare(then, again, data, people)


def _forget_places(pipeline: Any) -> None:
    """Have searches and trainings made again, rather than asked for in the files of before."""
    names = []
    for name, part in {"": pipeline, **pipeline.get_params()}.items():
        names += [f"{name}__{place}".removeprefix("__") for place in places(type(part))]
    pipeline.set_params(**dict.fromkeys(names))


def _load(source: TrialsSource | None, path: Any, custom_classes: Mapping[str, type]) -> Trials:
    assert source is not None
    options = {name: ast.literal_eval(text) for name, text in source.options.items()}
    if path is not None:
        options["path"] = str(Path(path))
    if source.dataset is not None:
        return make_dataset(source.dataset, **options).load().relabel(source.label)
    return _own_dataset(source, custom_classes)(**options).load().relabel(source.label)


def _own_dataset(source: TrialsSource, custom_classes: Mapping[str, type]) -> Any:
    """The class of a data set that was made by itself, not by a registered name."""
    module, _, name = source.target.partition(":")
    targets = {entry.target for entry in registry.entries("datasets")}
    cls: Any = custom_classes.get(name)
    if cls is None and (module.partition(".")[0] in LIBRARIES or source.target in targets):
        cls = getattr(import_module(module), name, None)
    if not (isinstance(cls, type) and issubclass(cls, Dataset)):
        raise ValueError(
            f"{name} of {module} is no data set that eegkit knows. If you trust the file, give "
            f"your own class of that name: custom_classes=[{name}]."
        )
    return cls


def _compare_data(
    then: Results, datasets: Mapping[str, Trials]
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The verdict of every data set, and whose signals are others."""
    verdicts, people = {}, {}
    for name, trials in datasets.items():
        expected, actual = then.settings.digests[name], digests_of(trials, [])
        before, now = expected["people"], actual["people"]
        far = [
            subject
            for subject in before.keys() | now.keys()
            if not np.isclose(
                before.get(subject, [0, np.nan])[1],
                now.get(subject, [0, np.nan])[1],
                rtol=MAX_SIGNAL,
                atol=0,
            )
        ]
        if actual["data"] == expected["data"]:
            verdicts[name] = EXACT
        else:
            is_same = actual["facts"] == expected["facts"] and not far
            verdicts[name] = ROUNDING if is_same else DIFFERENT
        if far:
            people[name] = sorted(far)
    return verdicts, people


def _compare(
    then: Results, again: Results | None, data: dict[str, str], people: dict[str, list[str]]
) -> Replay:
    old, same_folds, table = then.settings, True, pd.DataFrame(columns=[*KEYS, "verdict"])
    versions = {}
    if again is not None:
        new = again.settings
        same_folds = all(new.digests[n]["folds"] == old.digests[n]["folds"] for n in data)
        table = _differences(then, again)
        versions = {
            name: (str(version), new.versions.get(name, "none"))
            for name, version in old.versions.items()
            if new.versions.get(name) != version
        }
    verdicts = [*data.values(), *table["verdict"], EXACT if same_folds else DIFFERENT]
    return Replay(
        verdict=max(verdicts, key=VERDICTS.index),
        data=data,
        same_folds=same_folds,
        table=table,
        people=people,
        versions=versions,
        unseeded=unseeded(then),
        results=again,
    )


def _differences(then: Results, again: Results) -> pd.DataFrame:
    """How far every row of the table is from the same row of then."""
    metrics = then.metrics
    pairs = then.table.merge(again.table, "outer", KEYS, suffixes=("", "_again"), indicator=True)
    gaps = np.column_stack(
        [(pairs[f"{name}_again"] - pairs[name]).abs().to_numpy() for name in metrics]
    )
    # A score that is undefined both times is the same.
    undefined = [pairs[name].isna() & pairs[f"{name}_again"].isna() for name in metrics]
    gaps[np.column_stack(undefined) & (pairs["_merge"] == "both").to_numpy()[:, None]] = 0
    table = pairs[KEYS].assign(score_difference=gaps.max(axis=1))
    answers = [_answer_differences(then, again, *key) for key in then._predictions]
    if answers:
        table = table.merge(pd.concat(answers), "left", KEYS)
    else:
        table["answer_difference"] = 0.0
    score, answer = table["score_difference"], table["answer_difference"].fillna(0)
    is_near = (score <= MAX_SCORE) & (answer <= MAX_PROBABILITY)
    table["verdict"] = np.where(is_near, ROUNDING, DIFFERENT)
    table.loc[(score == 0) & (answer == 0), "verdict"] = EXACT
    return table


def _answer_differences(then: Results, again: Results, dataset: str, pipeline: str) -> pd.DataFrame:
    """The largest difference of the answers to each person's trials of a fold."""
    frames = []
    for results in (then, again):
        part = results._predictions.get((dataset, pipeline))
        if part is None:
            return pd.DataFrame(columns=[*KEYS, "answer_difference"])
        names = ("seed", "fold", "subject", "trial", "predicted")
        frame = pd.DataFrame({name: getattr(part, name) for name in names})
        for i in range(0 if part.proba is None else len(part.classes)):
            frame[f"p{i}"] = part.proba[:, i]  # type: ignore[index]
        frames.append(frame)
    pairs = frames[0].merge(frames[1], "inner", ["seed", "fold", "subject", "trial"])
    shared = [n for n in frames[0] if n.startswith("p") and n != "predicted" and n in frames[1]]
    gaps = [(pairs[f"{n}_x"] - pairs[f"{n}_y"]).abs() for n in shared]
    gaps = gaps or [(pairs["predicted_x"] != pairs["predicted_y"]).astype(float)]
    pairs["answer_difference"] = np.column_stack(gaps).max(axis=1)
    keys = ["seed", "fold", "subject"]
    worst = pairs.groupby(keys)["answer_difference"].max().reset_index()
    return worst.assign(dataset=dataset, pipeline=pipeline)
