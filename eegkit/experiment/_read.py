"""From the file of an experiment to objects; every mistake is told with its place."""

from __future__ import annotations

import dataclasses
import inspect
import os
from collections.abc import Callable, Collection, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from eegkit._compat import check_constraints
from eegkit.evaluation.running.seeds import MOST_SEEDS
from eegkit.experiment._document import Document, Item
from eegkit.experiment._experiment import Experiment
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
from eegkit.parameters import ParameterError, Parametrized
from eegkit.text import suggest

if TYPE_CHECKING:
    from eegkit.datasets import Dataset

KEYS = (
    "datasets", "pipelines", "baselines", "cv", "scoring", "n_seeds", "twin", "random_state",
    "label", "on_leak", "out",
)  # fmt: skip
MANDATORY = ("datasets", "pipelines")
ON_LEAK = ("refuse", "mark")
Result = TypeVar("Result")


def read_experiment(path: str | os.PathLike[str]) -> Experiment:
    """Read the YAML file of an experiment; no data are loaded.

    Parameters
    ----------
    path : path-like
        The file; ``docs/experiments.md`` tells what it may say.

    Returns
    -------
    Experiment

    Raises
    ------
    ValueError
        Something in it is wrong; the message names the file, the line and the column, what was
        seen, and what was expected.
    FileNotFoundError
        There is no such file.
    """
    path = Path(path).expanduser()
    return _Reader(Document(path)).read(path.stem)


class _Reader:
    """Reads one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.fail = document.fail
        self.random_state = 0

    def read(self, stem: str) -> Experiment:
        root = self.document.root
        assert root is not None
        self._expect(root.kind == "mapping", root, "lines of name: value")
        items = {}
        for name, value in root.pairs():
            if name.value not in KEYS:
                self.fail(name, f"{name.value!r} is not known{suggest(name.value, KEYS)}")
            items[name.value] = value
        absent = [name for name in MANDATORY if name not in items]
        if absent:
            self.fail(root, f"{' and '.join(absent)} are missing; expected {', '.join(MANDATORY)}.")

        def read(name: str, how: Callable[[Item], Result], default: Any) -> Result:
            return how(items[name]) if name in items else default

        self.random_state = read("random_state", self._seed, 0)
        # What takes long to import comes last.
        return Experiment(
            name=stem,
            text=self.document.text,
            cv=read("cv", self._cv, "group-5"),
            scoring=read("scoring", self._scoring, ["balanced_accuracy", "accuracy"]),
            n_seeds=read("n_seeds", self._n_seeds, 1),
            twin=read("twin", self._flag, False),
            random_state=self.random_state,
            label=read("label", self._text, None),
            on_leak=read("on_leak", self._on_leak, ON_LEAK[0]),
            out=read("out", self._out, Path("results") / stem),
            baselines=read("baselines", self._flag, False),
            datasets=self._datasets(items["datasets"]),
            pipelines=self._pipelines(items["pipelines"]),
        )

    # Single values

    def _expect(self, accepted: Any, item: Item, expected: str, name: str = "here") -> Any:
        """The value of an item, if it is accepted."""
        if not accepted:
            self.fail(item, f"{name} is {item.show()}; expected {expected}.")
        return item.value

    def _text(self, item: Item) -> str:
        return self._expect(isinstance(item.value, str) and item.value.strip(), item, "text")

    def _flag(self, item: Item) -> bool:
        return self._expect(isinstance(item.value, bool), item, "true or false")

    def _seed(self, item: Item) -> int:
        is_seed = type(item.value) is int and 0 <= item.value < 2**32
        return self._expect(is_seed, item, "a whole number from 0 to 2**32 - 1", "random_state")

    def _n_seeds(self, item: Item) -> int:
        is_count = type(item.value) is int and 0 < item.value <= MOST_SEEDS
        expected = f"a whole number of at least 1 and at most {MOST_SEEDS}"
        return self._expect(is_count, item, expected, "n_seeds")

    def _on_leak(self, item: Item) -> str:
        return self._expect(item.value in ON_LEAK, item, " or ".join(ON_LEAK), "on_leak")

    def _out(self, item: Item) -> Path:
        folder = Path(self._text(item)).expanduser()
        if folder.exists() and not folder.is_dir():
            self.fail(item, f"out is {item.show()}, which is a file; expected a folder.")
        return folder

    def _cv(self, item: Item) -> str | dict[str, Any]:
        from eegkit.evaluation import make_splitter

        self._expect(
            item.kind == "mapping" or isinstance(item.value, str),
            item,
            "a name such as group-5, or a mapping of train and test to names",
            "cv",
        )
        cv: str | dict[str, Any] = item.value
        if item.kind == "mapping":
            cv = {name: list(v) if isinstance(v, tuple) else v for name, v in item.plain().items()}
        # The representation of a fixed split looks at all its names.
        splitter = self._call_at(item, make_splitter, cv)
        self._call_at(item, repr, splitter)
        return cv

    def _scoring(self, item: Item) -> list[str]:
        from eegkit.evaluation.metrics.scoring import make_scorers

        items = item.value if item.kind == "list" else [item]
        self._expect(items, item, "at least one metric", "scoring")
        names = []
        for metric in items:
            names.append(self._text(metric))
            self._call_at(metric, make_scorers, names[-1])
        self.document.check_unique(items)
        return names

    # Data sets

    def _datasets(self, item: Item) -> dict[str, Dataset]:
        datasets = {}
        for name, options in self._entries(item, "datasets", "a data set, such as simulated"):
            expected = f"the options of {name.value}, such as {{subjects: [1, 2]}}"
            pairs = self._pairs(options, expected)
            source = next((value for key, value in pairs if key.value == "dataset"), name)
            pairs = [(key, value) for key, value in pairs if key.value != "dataset"]
            datasets[name.value] = self._dataset(source, pairs)
        return datasets

    def _dataset(self, source: Item, options: list[tuple[Item, Item]]) -> Dataset:
        from eegkit import registry
        from eegkit.datasets._base import make_dataset

        name = self._text(source)
        cls: Any = self._call_at(source, registry.get, "datasets", name)
        fields = [field.name for field in dataclasses.fields(cls) if field.init]
        values: dict[str, Any] = {}
        for key, value in options:
            self._check_name(key, fields, f"the data set {name} has no option")
            plain = value.plain()
            if key.value == "subjects" and isinstance(plain, str):
                plain = tuple(self._call_at(value, parse_subjects, plain))
            values[key.value] = plain
        return self._call_at(source, partial(make_dataset, name, **values), pairs=options)

    # Pipelines

    def _pipelines(self, item: Item) -> dict[str, Any]:
        pipelines = {}
        for name, content in self._entries(item, "pipelines", "a pipeline, such as stft+cnn_bigru"):
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
        pipeline = self._call_at(text, parse_pipeline, self._text(text))
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
            names = estimator.get_params(deep=False)
            estimator.set_params(**self._params(mapping, step.value, names))
            self._check(estimator, step, mapping.pairs())
            if not says_what_it_takes(estimator):
                self._call_at(mapping, partial(try_on_noise, pipeline))
        return pipeline

    def _steps(self, listing: Item, *, ends_with_classifier: bool) -> list[tuple[str, Any]]:
        pairs = [self._step_of(item) for item in listing.value]
        self._expect(pairs, listing, "transforms and at last a classifier")
        text = "+".join(name.value for name, _ in pairs)
        steps = []
        for i, (name, mapping) in enumerate(pairs):
            last = ends_with_classifier and i == len(pairs) - 1
            cls = self._call_at(name, step_class, name.value, last, text)
            steps.append((name.value, self._step(cls, name, mapping)))
        return steps

    def _step_of(self, item: Item) -> tuple[Item, Item]:
        """The name of a step and what stands behind it."""
        if isinstance(item.value, str):
            return item, item.empty()
        self._expect(item.pairs(), item, "a step, such as stft, or stft: {nperseg: 128}")
        (name, mapping), *others = item.pairs()
        for other, _ in others:
            self.fail(
                other,
                f"{other.value!r} stands beside the step {name.value!r}; begin a step with '- ', "
                "and put its parameters below it, indented.",
            )
        return name, mapping

    def _step(self, cls: type, name: Item, mapping: Item) -> Any:
        names = inspect.signature(cls).parameters
        params = {"random_state": self.random_state} if "random_state" in names else {}
        params |= self._params(mapping, name.value, names)
        step = self._call_at(name, partial(make_step, cls, **params))
        self._check(step, name, mapping.pairs())
        return step

    def _params(self, mapping: Item, step: str, names: Collection[str]) -> dict[str, Any]:
        params = {}
        for key, value in self._pairs(
            mapping, f"the parameters of {step}, such as {{name: value}}"
        ):
            self._check_name(key, names, f"{step} has no parameter")
            is_steps = key.value == "transformers" and value.kind == "list"
            params[key.value] = (
                self._steps(value, ends_with_classifier=False) if is_steps else value.plain()
            )
        return params

    def _check(self, step: Any, name: Item, params: list[tuple[Item, Item]]) -> None:
        """What the estimator itself can say of its parameters before it sees data."""
        if isinstance(step, Parametrized):
            self._call_at(name, step.check_parameters, pairs=params)
        else:
            self._call_at(name, partial(_check_others, step), pairs=params)

    # Shared

    def _pairs(self, item: Item, expected: str) -> list[tuple[Item, Item]]:
        """Names and values of a mapping; none of nothing."""
        self._expect(item.kind == "mapping" or item.value is None, item, expected)
        return item.pairs()

    def _check_name(self, key: Item, names: Collection[str], text: str) -> None:
        if key.value not in names:
            self.fail(key, f"{text} {key.value!r}{suggest(key.value, names)}")

    def _entries(self, item: Item, heading: str, example: str) -> list[tuple[Item, Item]]:
        """Names and what stands behind them: of a mapping, a list of names, or a name."""
        has_names = item.kind != "value" or isinstance(item.value, str)
        self._expect(has_names and item.value, item, f"the name of {example}", heading)
        names = item.value if item.kind == "list" else [item]
        pairs = item.pairs() or [(name, name.empty()) for name in names]
        for name, _ in pairs:
            if name.kind != "value":
                self.fail(
                    name,
                    f"here is {name.show()} in a list; write {heading} as lines of name: and "
                    "what belongs to it, without '- '.",
                )
            self._text(name)
        self.document.check_unique(name for name, _ in pairs)
        return pairs

    def _call_at(
        self,
        item: Item,
        make: Callable[..., Result],
        *args: Any,
        pairs: Iterable[tuple[Item, Item]] = (),
    ) -> Result:
        """What `make` gives. Its errors are told at the item, those of a parameter at its value.

        `pairs` are the parameters that the file has.
        """
        try:
            return make(*args)
        except ParameterError as error:
            values = {key.value: value for key, value in pairs}
            self.fail(values.get(error.parameter, item), _in_yaml(str(error)))
        except (ValueError, TypeError) as error:
            self.fail(item, str(error).partition("\n\n")[0])


def _check_others(step: Any) -> None:
    """An estimator of scikit-learn's by what scikit-learn says of its parameters."""
    try:
        check_constraints(step)
    except ValueError as error:
        parameter = str(error).partition("'")[2].partition("'")[0]
        raise ParameterError(str(error), parameter) from error


def _in_yaml(message: str) -> str:
    """A message with what is expected as one writes it in YAML."""
    start, expected, words = message.partition("; expected ")
    for python, yaml in (("None", "null"), ("True", "true"), ("False", "false")):
        words = words.replace(python, yaml)
    return f"{start}{expected}{words}"
