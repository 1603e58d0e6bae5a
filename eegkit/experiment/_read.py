"""From the file of an experiment to objects; every mistake is told with its place."""

from __future__ import annotations

import dataclasses
import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from eegkit.experiment._document import Document, Item
from eegkit.experiment._experiment import Experiment
from eegkit.experiment._pipelines import (
    check_parameter,
    join_steps,
    make_step,
    parse_pipeline,
    parse_subjects,
    set_random_state,
    step_class,
)
from eegkit.parameters import ParameterError, Parametrized
from eegkit.text import suggest

if TYPE_CHECKING:
    from eegkit.datasets import Dataset

KEYS = (
    "datasets", "pipelines", "baselines", "cv", "scoring", "random_state", "label", "on_leak",
    "out",
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

    def read(self, stem: str) -> Experiment:
        root = self.document.root
        assert root is not None
        if root.kind != "mapping":
            self.fail(root, f"here is {root.show()}; expected lines of name: value.")
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

        random_state = read("random_state", self._random_state, 0)
        # What takes long to import comes last.
        return Experiment(
            name=stem,
            text=self.document.text,
            cv=read("cv", self._cv, "group-5"),
            scoring=read("scoring", self._scoring, ["balanced_accuracy", "accuracy"]),
            random_state=random_state,
            label=read("label", self._text, None),
            on_leak=read("on_leak", self._on_leak, ON_LEAK[0]),
            out=read("out", self._out, Path("results") / stem),
            baselines=read("baselines", self._flag, False),
            datasets=self._datasets(items["datasets"]),
            pipelines=self._pipelines(items["pipelines"], random_state),
        )

    # Single values

    def _text(self, item: Item) -> str:
        if not isinstance(item.value, str) or not item.value.strip():
            self.fail(item, f"here is {item.show()}; expected text.")
        return item.value

    def _flag(self, item: Item) -> bool:
        if not isinstance(item.value, bool):
            self.fail(item, f"here is {item.show()}; expected true or false.")
        return item.value

    def _random_state(self, item: Item) -> int:
        value = item.value
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**32:
            self.fail(
                item, f"random_state is {item.show()}; expected a whole number from 0 to 2**32 - 1."
            )
        return value

    def _on_leak(self, item: Item) -> str:
        if item.value not in ON_LEAK:
            self.fail(item, f"on_leak is {item.show()}; expected {' or '.join(ON_LEAK)}.")
        return item.value

    def _out(self, item: Item) -> Path:
        folder = Path(self._text(item)).expanduser()
        if folder.exists() and not folder.is_dir():
            self.fail(item, f"out is {item.show()}, which is a file; expected a folder.")
        return folder

    def _cv(self, item: Item) -> str | dict[str, Any]:
        from eegkit.evaluation import make_splitter

        if item.kind == "list" or (item.kind == "value" and not isinstance(item.value, str)):
            self.fail(
                item,
                f"cv is {item.show()}; expected a name such as group-5, or a mapping of train and "
                "test to names.",
            )
        cv: str | dict[str, Any] = item.value
        if item.kind == "mapping":
            cv = {name: list(v) if isinstance(v, tuple) else v for name, v in item.plain().items()}
        # The representation of a fixed split looks at all its names.
        splitter = self._call_at(item, make_splitter, cv)
        self._call_at(item, repr, splitter)
        return cv

    def _scoring(self, item: Item) -> list[str]:
        from eegkit.evaluation.metrics import make_scorers

        items = item.value if item.kind == "list" else [item]
        if not items:
            self.fail(item, "scoring is an empty list; expected at least one metric.")
        names: list[str] = []
        for metric in items:
            name = self._text(metric)
            self._call_at(metric, make_scorers, name)
            if name in names:
                self.fail(metric, f"{name!r} stands here again; name every metric once.")
            names.append(name)
        return names

    # Data sets

    def _datasets(self, item: Item) -> dict[str, Dataset]:
        datasets = {}
        for name, options in self._entries(item, "datasets", "a data set, such as simulated"):
            source, pairs = name, []
            if options.kind == "mapping":
                for key, value in options.pairs():
                    if key.value == "dataset":
                        source = value
                    else:
                        pairs.append((key, value))
            elif options.value is not None:
                self.fail(
                    options,
                    f"here is {options.show()}; expected the options of {name.value}, such as "
                    "{subjects: [1, 2]}.",
                )
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
            if key.value not in fields:
                self.fail(
                    key,
                    f"the data set {name} has no option {key.value!r}{suggest(key.value, fields)}",
                )
            plain = value.plain()
            if key.value == "subjects" and isinstance(plain, str):
                plain = tuple(self._call_at(value, parse_subjects, plain))
            values[key.value] = plain
        with self._placing(source, options):
            return self._call_at(source, make_dataset, name, **values)

    # Pipelines

    def _pipelines(self, item: Item, random_state: int) -> dict[str, Any]:
        pipelines = {}
        for name, content in self._entries(item, "pipelines", "a pipeline, such as stft+cnn_bigru"):
            if content.kind == "list":
                pipelines[name.value] = self._of_list(content, random_state)
                continue
            if content.kind == "mapping" or content.value is None:
                pipelines[name.value] = self._of_text(name, content.pairs(), random_state)
            else:
                pipelines[name.value] = self._of_text(content, [], random_state)
        return pipelines

    def _of_text(self, text: Item, params: list[tuple[Item, Item]], random_state: int) -> Any:
        """The short form; `params` are mappings of parameters by step."""
        pipeline = self._call_at(text, parse_pipeline, self._text(text))
        set_random_state([pipeline], random_state)
        steps = pipeline.named_steps
        for step, mapping in params:
            if step.value not in steps:
                self.fail(
                    step,
                    f"{text.value} has no step {step.value!r}{suggest(step.value, steps)} A "
                    "pipeline with a name of your own has a list of steps below it.",
                )
            estimator = steps[step.value]
            for key, value in self._params(mapping, step.value):
                parameters = estimator.get_params(deep=False)
                self._call_at(key, check_parameter, parameters, key.value, step.value)
                plain = self._value(key, value, random_state)
                estimator.set_params(**{key.value: plain})
            self._check(estimator, step, mapping.pairs())
        return pipeline

    def _of_list(self, item: Item, random_state: int) -> Any:
        return join_steps(self._steps(item, random_state, ends_with_classifier=True))

    def _steps(
        self, listing: Item, random_state: int, *, ends_with_classifier: bool
    ) -> list[tuple[str, Any]]:
        pairs = [self._step_of(item) for item in listing.value]
        if not pairs:
            self.fail(
                listing, "here is an empty list; expected transforms and at last a classifier."
            )
        text = "+".join(name.value for name, _ in pairs)
        steps = []
        for i, (name, mapping) in enumerate(pairs):
            last = ends_with_classifier and i == len(pairs) - 1
            cls = self._call_at(name, step_class, name.value, last, text)
            steps.append((name.value, self._step(cls, name, mapping, random_state)))
        return steps

    def _step_of(self, item: Item) -> tuple[Item, Item]:
        """The name of a step and what stands behind it."""
        if isinstance(item.value, str):
            return item, Item(None, item.line, item.column, "value")
        if item.kind != "mapping" or not item.value:
            self.fail(
                item,
                f"here is {item.show()}; expected a step, such as stft, or stft: {{nperseg: 128}}.",
            )
        if len(item.value) > 1:
            self.fail(
                item.value[1][0],
                f"{item.value[1][0].value!r} stands beside the step {item.value[0][0].value!r}; "
                "begin a step with '- ', and put its parameters below it, indented.",
            )
        return item.value[0]

    def _step(self, cls: type, name: Item, mapping: Item, random_state: int) -> Any:
        parameters = inspect.signature(cls).parameters
        params = {"random_state": random_state} if "random_state" in parameters else {}
        for key, value in self._params(mapping, name.value):
            self._call_at(key, check_parameter, parameters, key.value, name.value)
            params[key.value] = self._value(key, value, random_state)
        step = self._call_at(name, make_step, cls, **params)
        self._check(step, name, mapping.pairs())
        return step

    def _params(self, mapping: Item, step: str) -> list[tuple[Item, Item]]:
        if mapping.kind != "mapping" and mapping.value is not None:
            self.fail(
                mapping,
                f"here is {mapping.show()}; expected the parameters of {step}, such as "
                "{name: value}.",
            )
        return mapping.pairs()

    def _value(self, key: Item, value: Item, random_state: int) -> Any:
        if key.value == "transformers" and value.kind == "list":
            return self._steps(value, random_state, ends_with_classifier=False)
        return value.plain()

    def _check(self, step: Any, name: Item, params: list[tuple[Item, Item]]) -> None:
        """What the estimator itself can say of its parameters before it sees data."""
        if isinstance(step, Parametrized):
            with self._placing(name, params):
                step.check_parameters()

    # Shared

    def _entries(self, item: Item, heading: str, example: str) -> list[tuple[Item, Item]]:
        """Names and what stands behind them: of a mapping, a list of names, or a name."""
        empty = Item(None, item.line, item.column, "value")
        if item.kind == "mapping" and item.value:
            pairs = item.pairs()
        elif item.kind == "list" and item.value:
            pairs = [(name, empty) for name in item.value]
            for name, _ in pairs:
                if name.kind != "value":
                    self.fail(
                        name,
                        f"here is {name.show()} in a list; write {heading} as lines of name: and "
                        "what belongs to it, without '- '.",
                    )
        elif isinstance(item.value, str):
            pairs = [(item, empty)]
        else:
            self.fail(item, f"{heading} is {item.show()}; expected the name of {example}.")
        lines: dict[str, int] = {}
        for name, _ in pairs:
            text = self._text(name)
            if text in lines:
                self.fail(
                    name, f"{text!r} stands here again, after line {lines[text]}; name it once."
                )
            lines[text] = name.line
        return pairs

    @contextmanager
    def _placing(self, item: Item, params: list[tuple[Item, Item]]) -> Iterator[None]:
        """Tell an error about a parameter at its value, or at `item` where the file has none."""
        try:
            yield
        except ParameterError as error:
            values = {key.value: value for key, value in params}
            self.fail(values.get(error.parameter, item), _in_yaml(str(error)))

    def _call_at(
        self, item: Item, make: Callable[..., Result], *args: Any, **kwargs: Any
    ) -> Result:
        """What `make` gives; an error of it is told with the place of the item."""
        try:
            return make(*args, **kwargs)
        except (ImportError, ParameterError):
            raise
        except (ValueError, TypeError) as error:
            self.fail(item, str(error).partition("\n\n")[0])


def _in_yaml(message: str) -> str:
    """A message with what is expected as one writes it in YAML."""
    start, expected, words = message.partition("; expected ")
    for python, yaml in (("None", "null"), ("True", "true"), ("False", "false")):
        words = words.replace(python, yaml)
    return f"{start}{expected}{words}"
