"""How results came about: pipelines, data, split and software."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import joblib
import numpy as np

from eegkit import registry
from eegkit.access import access_of
from eegkit.evaluation.baselines import baselines
from eegkit.evaluation.results.code import CodeWriter
from eegkit.trials import Trials
from eegkit.trials_source import TrialsSource

LIBRARIES = ("numpy", "scikit-learn", "torch", "skorch", "mne")
# What settings hold for each pipeline or data set: a selection of those selects of these.
BY_PIPELINE = ("pipelines", "access", "seeds", "one_by_one")
BY_DATASET = ("n_folds", "data", "sources", "audit", "calibration", "draws", "digests")


@dataclass
class RunSettings:
    """How results came about, and what it takes to get them again.

    Everything is plain values, which JSON holds: `to_dict` gives what a file of results has
    under ``settings``, and `from_dict` reads it.

    Parameters
    ----------
    scoring : list of str
        Names of the metrics.
    cv : str
        The cross-validation: a name, or how it prints.
    split : str
        The same in words, as a report says it.
    splitter : str
        The splitter in full.
    n_folds : dict of str to int
        By data set.
    pipelines : dict of str to str
        Every pipeline as the Python code that makes it.
    access : dict of str to str
        By pipeline, what it may see of the people it is tested on; see `eegkit.access`. Files from
        before there was such a word say nothing, which reads as ``"none"``: `access_of`.
    baselines : list of str
        The pipelines that are those of `baselines`, unchanged.
    seeds : dict of str to dict
        By pipeline and name of the parameter, the ``random_state`` of each of its fits, None where
        it had none.
    imports : list of str
        What that code imports.
    options : dict of str to str
        The arguments of `evaluate` that are not its defaults, as Python code.
    not_code : list of str
        Names of the pipelines and options that print as no code: objects of a person's own script.
    data : dict of str to dict
        By data set: numbers of trials, people, channels and samples, rate, names, classes.
    sources : dict of str to dict
        By data set, how the trials were loaded (`TrialsSource`), where that is known.
    audit : dict of str to dict
        By data set, what `Audit.to_dict` gives.
    calibration : dict of str to dict
        By data set, the test trials that pipelines calibrate on, which are scored for none of
        them: how many, by ``pipelines`` and by ``people``. Empty where there are none.
    digests : dict of str to dict
        By data set, what its trials and folds are known again by; see `replay`.
    subject_overlap : bool
        Whether somebody was in training and in test.
    random_state : int, optional
        Drew which people form a fold.
    versions : dict of str to str
        Of Python, eegkit, its plugins, and what they stand on.
    experiment : dict, optional
        ``name`` and ``text`` of the YAML file that was run.
    runs : list of str
        The runs that were put together.
    draws : dict of str to list of (int, int)
        Of a learning curve, by data set: the fold and the draw behind every number of a fold.
    n_draws : int, optional
        Of a learning curve.
    one_by_one : dict of str to dict
        By pipeline and reason, the fits whose nets ``together="auto"`` was to train at once, and
        that were trained one after the other: lists of data set, seed and fold. See
        `Results.training_note`.

    See Also
    --------
    eegkit.evaluate : makes the results that have them, with an example.
    """

    scoring: list[str]
    cv: str
    split: str = ""
    splitter: str = ""
    n_folds: dict[str, int] = field(default_factory=dict)
    pipelines: dict[str, str] = field(default_factory=dict)
    access: dict[str, str] = field(default_factory=dict)
    baselines: list[str] = field(default_factory=list)
    seeds: dict[str, dict[str, list[int | None]]] = field(default_factory=dict)
    imports: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    not_code: list[str] = field(default_factory=list)
    data: dict[str, dict[str, Any]] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    audit: dict[str, dict[str, Any]] = field(default_factory=dict)
    digests: dict[str, dict[str, Any]] = field(default_factory=dict)
    calibration: dict[str, dict[str, Any]] = field(default_factory=dict)
    subject_overlap: bool = False
    random_state: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    experiment: dict[str, str] | None = None
    runs: list[str] = field(default_factory=list)
    draws: dict[str, list[list[int]]] = field(default_factory=dict)
    n_draws: int | None = None
    one_by_one: dict[str, dict[str, list[list[Any]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.split = self.split or self.cv

    def access_of(self, pipeline: str) -> str:
        """What a pipeline may see of the people it is tested on."""
        return self.access.get(pipeline, "none")

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RunSettings:
        """The settings that `to_dict` wrote; what an older file lacks has its default."""
        names = {f.name for f in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in names})

    def select(self, datasets: Collection[str], pipelines: Collection[str]) -> RunSettings:
        """The settings of some data sets and pipelines."""
        by_dataset: dict[str, Any] = {
            name: {key: value for key, value in getattr(self, name).items() if key in datasets}
            for name in BY_DATASET
        }
        by_pipeline: dict[str, Any] = {
            name: {key: value for key, value in getattr(self, name).items() if key in pipelines}
            for name in BY_PIPELINE
        }
        baseline_names = [name for name in self.baselines if name in pipelines]
        return dataclasses.replace(self, **by_dataset, **by_pipeline, baselines=baseline_names)


def describe_run(
    datasets: Mapping[str, Trials],
    pipelines: Mapping[str, Any],
    options: Mapping[str, Any],
    **settings: Any,
) -> RunSettings:
    """Settings of a run: those given, the pipelines, the data and the software.

    Parameters
    ----------
    datasets : dict of str to Trials
    pipelines : dict of str to estimator
    options : dict of str to object
        Arguments of `evaluate` that are not its defaults.
    **settings
        Fields of `RunSettings`.
    """
    writer = CodeWriter()
    return RunSettings(
        pipelines=writer.write_all(pipelines),
        access={name: access_of(pipeline) for name, pipeline in pipelines.items()},
        baselines=_unchanged_baselines(pipelines),
        options=writer.write_all(options),
        imports=list(writer.imports),
        not_code=writer.not_code,
        data={name: _about(trials) for name, trials in datasets.items()},
        sources={
            name: dataclasses.asdict(trials.source)
            for name, trials in datasets.items()
            if trials.source is not None
        },
        versions={"python": platform.python_version()} | _versions(),
        **settings,
    )


def source_of(settings: RunSettings, dataset: str) -> TrialsSource | None:
    """How the trials of a data set were loaded, where that is known."""
    values = settings.sources.get(dataset)
    return None if values is None else TrialsSource(**values)


def _unchanged_baselines(pipelines: Mapping[str, Any]) -> list[str]:
    classical = baselines()
    return [
        name
        for name, pipeline in pipelines.items()
        if name in classical and joblib.hash(pipeline) == joblib.hash(classical[name])
    ]


def _about(trials: Trials) -> dict[str, Any]:
    hard = trials.y if trials.y.ndim == 1 else trials.y.argmax(axis=1)
    labels, counts = np.unique(hard, return_counts=True)
    return {
        "n_trials": len(trials),
        "n_subjects": int(trials.metadata["subject"].nunique()),
        "n_channels": trials.X.shape[1],
        "n_times": trials.n_times,
        "sfreq": trials.sfreq,
        "ch_names": trials.ch_names,
        "preparation": None if trials.preparation is None else trials.preparation.to_dict(),
        "classes": {str(name): int(n) for name, n in zip(labels, counts, strict=True)},
    }


def _versions() -> dict[str, str]:
    versions = {}
    for name in (*registry.distributions(), *LIBRARIES):
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions
