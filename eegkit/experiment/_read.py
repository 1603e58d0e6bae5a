"""From the file of an experiment to objects; every mistake is told with its place."""

from __future__ import annotations

import dataclasses
import inspect
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eegkit.evaluation.running.seeds import MOST_SEEDS
from eegkit.experiment._document import Document, Item
from eegkit.experiment._experiment import Experiment
from eegkit.experiment._explaining import ExplainReader
from eegkit.experiment._pipelines import (
    join_steps,
    make_step,
    parse_pipeline,
    parse_subjects,
    says_what_it_takes,
    set_random_state,
    step_class,
    try_on_noise,
)
from eegkit.experiment._tuning import TuneReader
from eegkit.experiment._values import Result, ValueReader, check_step
from eegkit.text import suggest
from eegkit.unknown_parameters import explain_unknown

if TYPE_CHECKING:
    from eegkit.datasets import Dataset

KEYS = (
    "datasets", "pipelines", "baselines", "cv", "scoring", "n_seeds", "twin", "random_state",
    "label", "on_leak", "keep_decoders", "out", "tune", "explain",
)  # fmt: skip
MANDATORY = ("datasets", "pipelines")
ON_LEAK = ("refuse", "mark")


def read_experiment(path: str | os.PathLike[str], *, tune: bool = False) -> Experiment:
    """Read the YAML file of an experiment; no data are loaded.

    Parameters
    ----------
    path : path-like
        The file; ``docs/experiments.md`` tells what it may say.
    tune : bool, default False
        Whether all pipelines are tuned where the file has no section ``tune``.

    Returns
    -------
    Experiment
        What it says, checked.

    Raises
    ------
    ValueError
        Something in it is wrong; the message names the file, the line and the column, what was
        seen, and what was expected.
    FileNotFoundError
        There is no such file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from eegkit.experiment import read_experiment
    >>> text = '''
    ... datasets: [simulated]
    ... pipelines: [stft+cnn_bigru]
    ... cv: group-2
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "example.yaml"
    ...     _ = path.write_text(text)
    ...     list(read_experiment(path).pipelines)
    ['stft+cnn_bigru']
    """
    path = Path(path).expanduser()
    return _Reader(Document(path)).read(path.stem, tune=tune)


class _Reader(ValueReader):
    """Reads one document."""

    random_state = 0

    def read(self, stem: str, *, tune: bool) -> Experiment:
        root = self.document.root
        assert root is not None
        items = self._sections(root)

        def read(name: str, how: Callable[[Item], Result], default: Any) -> Result:
            return how(items[name]) if name in items else default

        self.random_state = read("random_state", self._seed, 0)
        if tune and "tune" not in items:
            items["tune"] = root.empty()
        scoring = read("scoring", self._scoring, ["balanced_accuracy", "accuracy"])
        # What takes long to import comes last.
        experiment = Experiment(
            name=stem,
            text=self.document.text,
            cv=read("cv", self._cv, "group-5"),
            scoring=scoring,
            n_seeds=read("n_seeds", self._n_seeds, 1),
            twin=read("twin", self.flag, False),
            random_state=self.random_state,
            label=read("label", self.text, None),
            on_leak=read("on_leak", self._on_leak, ON_LEAK[0]),
            keep_decoders=read("keep_decoders", self.flag, False),
            out=read("out", self._out, Path("results") / stem),
            baselines=read("baselines", self.flag, False),
            datasets=self._datasets(items["datasets"]),
            pipelines=self._pipelines(items["pipelines"]),
        )
        if "cv" in items:
            self._check_split(items["cv"], experiment)
        pipelines = experiment.pipelines
        tuner = TuneReader(self, pipelines, scoring[0], self.random_state, self._steps)
        explainer = ExplainReader(self, pipelines, experiment.cv)
        return dataclasses.replace(
            experiment,
            tuned=read("tune", tuner.read, {}),
            explain=read("explain", explainer.read, None),
        )

    def _sections(self, root: Item) -> dict[str, Item]:
        """What the file says, by name."""
        self.expect(root.kind == "mapping", root, "lines of name: value")
        items = {}
        for name, value in root.pairs():
            if name.value not in KEYS:
                self.fail(name, f"{name.value!r} is not known{suggest(name.value, KEYS)}")
            items[name.value] = value
        absent = [name for name in MANDATORY if name not in items]
        if absent:
            self.fail(root, f"{' and '.join(absent)} are missing; expected {', '.join(MANDATORY)}.")
        return items

    # Single values

    def _seed(self, item: Item) -> int:
        is_seed = type(item.value) is int and 0 <= item.value < 2**32
        return self.expect(is_seed, item, "a whole number from 0 to 2**32 - 1", "random_state")

    def _n_seeds(self, item: Item) -> int:
        is_count = type(item.value) is int and 0 < item.value <= MOST_SEEDS
        expected = f"a whole number of at least 1 and at most {MOST_SEEDS}"
        return self.expect(is_count, item, expected, "n_seeds")

    def _on_leak(self, item: Item) -> str:
        return self.expect(item.value in ON_LEAK, item, " or ".join(ON_LEAK), "on_leak")

    def _out(self, item: Item) -> Path:
        folder = Path(self.text(item)).expanduser()
        if folder.exists() and not folder.is_dir():
            self.fail(item, f"out is {item.show()}, which is a file; expected a folder.")
        return folder

    def _cv(self, item: Item) -> str | dict[str, Any]:
        from eegkit.evaluation import make_splitter

        self.expect(
            item.kind == "mapping" or isinstance(item.value, str),
            item,
            "a name such as group-5, or a mapping of train and test to names",
            "cv",
        )
        cv: str | dict[str, Any] = item.value
        if item.kind == "mapping":
            cv = {name: list(v) if isinstance(v, tuple) else v for name, v in item.plain().items()}
        # The representation of a fixed split looks at all its names.
        splitter = self.call_at(item, make_splitter, cv)
        self.call_at(item, repr, splitter)
        return cv

    def _check_split(self, item: Item, experiment: Experiment) -> None:
        if experiment.cv == "cross-dataset" and len(experiment.datasets) > 1:
            self.fail(
                item,
                "each data set of a file is evaluated by itself, so that cross-dataset has no other"
                " to train on; put them into one Trials in Python, as the page Splits shows, or "
                "choose another split, such as group-5.",
            )

    def _scoring(self, item: Item) -> list[str]:
        from eegkit.evaluation.metrics.scoring import make_scorers

        items = item.value if item.kind == "list" else [item]
        self.expect(items, item, "at least one metric", "scoring")
        names = []
        for metric in items:
            names.append(self.text(metric))
            self.call_at(metric, make_scorers, names[-1])
        self.document.check_unique(items)
        return names

    # Data sets

    def _datasets(self, item: Item) -> dict[str, Dataset]:
        datasets = {}
        for name, options in self.entries(item, "datasets", "a data set, such as simulated"):
            expected = f"the options of {name.value}, such as {{subjects: [1, 2]}}"
            pairs = self.pairs(options, expected)
            source = next((value for key, value in pairs if key.value == "dataset"), name)
            pairs = [(key, value) for key, value in pairs if key.value != "dataset"]
            datasets[name.value] = self._dataset(source, pairs)
        return datasets

    def _dataset(self, source: Item, options: list[tuple[Item, Item]]) -> Dataset:
        from eegkit.datasets.loading import dataset_options, make_dataset

        name = self.text(source)
        fields = self.call_at(source, dataset_options, name)
        values: dict[str, Any] = {}
        for key, value in options:
            self.check_name(key, fields, f"the data set {name} has no option")
            plain = value.plain()
            if key.value == "subjects" and isinstance(plain, str):
                plain = tuple(self.call_at(value, parse_subjects, plain))
            values[key.value] = plain
        return self.call_at(source, partial(make_dataset, name, **values), pairs=options)

    # Pipelines

    def _pipelines(self, item: Item) -> dict[str, Any]:
        pipelines = {}
        for name, content in self.entries(item, "pipelines", "a pipeline, such as stft+cnn_bigru"):
            if content.kind == "list":
                pipeline = join_steps(self._steps(content, ends_with_classifier=True))
            elif content.kind == "mapping" or content.value is None:
                pipeline = self._short_form(name, content.pairs())
            else:
                pipeline = self._short_form(content, [])
            pipelines[name.value] = pipeline
        return pipelines

    def _short_form(self, text: Item, params: list[tuple[Item, Item]]) -> Any:
        """A pipeline by its text; `params` are mappings of parameters by step."""
        pipeline = self.call_at(text, parse_pipeline, self.text(text))
        set_random_state([pipeline], self.random_state)
        steps = pipeline.named_steps
        for step, mapping in params:
            if step.value not in steps:
                self.fail(
                    step,
                    f"{text.value} has no step {step.value!r}{suggest(step.value, steps)} A "
                    "pipeline with a name of your own has a list of steps below it.",
                )
            estimator = steps[step.value]
            estimator.set_params(**self._params(mapping, step.value, type(estimator)))
            self.call_at(step, partial(check_step, estimator), pairs=mapping.pairs())
            if not says_what_it_takes(estimator):
                self.call_at(mapping, partial(try_on_noise, pipeline))
        return pipeline

    def _steps(self, listing: Item, ends_with_classifier: bool) -> list[tuple[str, Any]]:
        pairs = [self._step_of(item) for item in listing.value]
        self.expect(pairs, listing, "transforms and at last a classifier")
        text = "+".join(name.value for name, _ in pairs)
        steps = []
        for i, (name, mapping) in enumerate(pairs):
            last = ends_with_classifier and i == len(pairs) - 1
            cls = self.call_at(name, step_class, name.value, last, text)
            steps.append((name.value, self._step(cls, name, mapping)))
        return steps

    def _step_of(self, item: Item) -> tuple[Item, Item]:
        """The name of a step and what stands behind it."""
        if isinstance(item.value, str):
            return item, item.empty()
        self.expect(item.pairs(), item, "a step, such as stft, or stft: {nperseg: 128}")
        (name, mapping), *others = item.pairs()
        for other, _ in others:
            self.fail(
                other,
                f"{other.value!r} stands beside the step {name.value!r}; begin a step with '- ', "
                "and put its parameters below it, indented.",
            )
        return name, mapping

    def _step(self, cls: type, name: Item, mapping: Item) -> Any:
        params = self._params(mapping, name.value, cls)
        if "random_state" in inspect.signature(cls).parameters:
            params = {"random_state": self.random_state} | params
        step = self.call_at(name, partial(make_step, cls, **params))
        self.call_at(name, partial(check_step, step), pairs=mapping.pairs())
        return step

    def _params(self, mapping: Item, step: str, cls: type) -> dict[str, Any]:
        params: dict[str, Any] = {}
        names = inspect.signature(cls).parameters
        for key, value in self.pairs(mapping, f"the parameters of {step}, such as {{name: value}}"):
            if key.value not in names:
                why = explain_unknown(cls, str(key.value), names)
                self.fail(key, f"{step} has no parameter {key.value!r}{why}")
            is_steps = key.value == "transformers" and value.kind == "list"
            params[key.value] = (
                self._steps(value, ends_with_classifier=False) if is_steps else value.plain()
            )
        return params
