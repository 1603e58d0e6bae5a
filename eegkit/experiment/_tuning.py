"""The section ``tune`` of an experiment's file: which pipelines are tuned, among what, and how."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from scipy import stats
from sklearn.base import clone

from eegkit.experiment._document import Item
from eegkit.experiment._experiment import tuned_name
from eegkit.experiment._values import ValueReader, check_step

if TYPE_CHECKING:
    from eegkit.tuning import TunedClassifier

OPTIONS = ("n_trials", "cv", "timeout_s", "sampler", "pruner", "refit")
KEYS = ("pipelines", "space", *OPTIONS)
# From a lowest to a highest value, both of which may be chosen.
DISTRIBUTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "loguniform": stats.loguniform,
    "uniform": lambda low, high: stats.uniform(low, high - low),
    "randint": lambda low, high: stats.randint(low, high + 1),
}
EXPECTED = "a list of values, or a distribution such as {loguniform: [1e-4, 1e-2]}"
Steps = Callable[[Item, bool], Sequence[tuple[str, Any]]]


class TuneReader:
    """Reads the section.

    Parameters
    ----------
    reader : ValueReader
    pipelines : dict of str to estimator
        All those of the file.
    scoring : str
        What settings are chosen by.
    random_state : int
    steps : callable
        Makes the steps of an item, the last of which is a classifier or not.
    """

    def __init__(
        self,
        reader: ValueReader,
        pipelines: Mapping[str, Any],
        scoring: str,
        random_state: int,
        steps: Steps,
    ) -> None:
        self.reader, self.pipelines, self.steps = reader, pipelines, steps
        self.scoring, self.random_state = scoring, random_state
        self.fail, self.call_at = reader.fail, reader.call_at

    def read(self, item: Item) -> dict[str, TunedClassifier]:
        """A `TunedClassifier` for each pipeline that is to be tuned."""
        try:
            from eegkit.tuning import TunedClassifier  # noqa: F401
        except ImportError as error:
            self.fail(item, str(error))
        pairs = self.reader.pairs(item, "what to tune, such as {n_trials: 20}")
        for key, _ in pairs:
            self.reader.check_name(key, KEYS, "tune has no")
        values = {key.value: value for key, value in pairs}
        names = list(self.pipelines)
        if "pipelines" in values:
            names = self.reader.names_among(values["pipelines"], self.pipelines)
        for name in set(map(tuned_name, names)) & set(self.pipelines):
            self.fail(item, f"the file has a pipeline {name!r} already; call it by another name.")
        pipelines = {name: self.pipelines[name] for name in names}
        space = self._space(values["space"], pipelines) if "space" in values else None
        return {
            name: self._tuned(item, values, pipeline, self._of_pipeline(item, name, space))
            for name, pipeline in pipelines.items()
        }

    def _tuned(
        self, item: Item, values: Mapping[str, Item], pipeline: Any, space: Any
    ) -> TunedClassifier:
        from eegkit.tuning import TunedClassifier
        from eegkit.tuning.search import number_of_settings
        from eegkit.tuning.spaces import Space

        if "cv" in values:
            self._check_cv(values["cv"])
        options = {name: values[name].plain() for name in OPTIONS if name in values}
        tuned = TunedClassifier(
            pipeline, space, scoring=self.scoring, random_state=self.random_state, **options
        )
        pairs = [(Item(name, 0, 0, "value"), value) for name, value in values.items()]
        check = partial(self.call_at, item, pairs=pairs)
        check(tuned.check_parameters)
        choices = check(partial(Space, pipeline, space))
        if tuned.sampler == "grid" and "n_trials" not in options:
            tuned.set_params(n_trials=check(choices.grid_size))
        check(partial(number_of_settings, choices, tuned.sampler, tuned.n_trials))
        return tuned

    def _check_cv(self, item: Item) -> None:
        from eegkit.evaluation.splits.named import make_splitter, reads_metadata

        splitter = self.call_at(item, make_splitter, self.reader.text(item))
        expected = "a split that needs no more than people, such as group-4 or loso"
        self.reader.expect(not reads_metadata(splitter), item, expected, "cv")

    # The space

    def _space(self, item: Item, pipelines: Mapping[str, Any]) -> dict[str, Any]:
        """What is chosen among, by name of the parameter."""
        pairs = self.reader.pairs(item, "names of parameters, each with a list of values")
        self.reader.expect(pairs, item, "names of parameters, each with a list of values", "space")
        space = {key.value: self._choice(key, value, pipelines) for key, value in pairs}
        names = [name for pipeline in pipelines.values() for name in _names_of(pipeline, space)]
        for key, _ in pairs:
            self.reader.check_name(key, names, "no pipeline that is tuned has the parameter")
        return space

    def _choice(self, key: Item, value: Item, pipelines: Mapping[str, Any]) -> Any:
        """A list, of values or of whole steps, or a distribution."""
        if value.kind == "mapping":
            ends, made = self._distribution(value)
            self._check_values(key.value, ends, pipelines)
            return made
        self.reader.expect(value.kind == "list" and value.value, value, EXPECTED, key.value)
        steps = {name: p for p in pipelines.values() for name in getattr(p, "named_steps", ())}
        if key.value not in steps:
            return self._check_values(key.value, value.value, pipelines)
        last = key.value == list(steps[key.value].named_steps)[-1]
        lists = [Item([entry], entry.line, entry.column, "list") for entry in value.value]
        return [self.steps(single, last)[0][1] for single in lists]

    def _distribution(self, item: Item) -> tuple[list[Item], Any]:
        """The lowest and the highest value, and the distribution between them."""
        pairs = item.pairs()
        self.reader.expect(len(pairs) == 1, item, EXPECTED)
        [(name, listing)] = pairs
        self.reader.check_name(name, DISTRIBUTIONS, "there is no distribution")
        ends = listing.value if listing.kind == "list" else []
        is_whole = name.value == "randint"
        numbers = [e.value for e in ends if type(e.value) in ((int,) if is_whole else (int, float))]
        kind = "whole numbers" if is_whole else "numbers"
        expected = f"two {kind}, the lowest and the highest, such as [1, 8]"
        in_order = len(numbers) == len(ends) == 2 and operator.lt(*numbers)
        self.reader.expect(in_order, listing, expected, name.value)
        if name.value == "loguniform":
            self.reader.expect(numbers[0] > 0, ends[0], "a number above 0", "the lowest value")
        return ends, DISTRIBUTIONS[name.value](*numbers)

    def _check_values(
        self, name: str, items: Sequence[Item], pipelines: Mapping[str, Any]
    ) -> list[Any]:
        """The values, if the pipelines that have the parameter take them."""
        owners = [p for p in pipelines.values() if name in p.get_params()]
        for pipeline in owners:
            for item in items:
                self.call_at(item, partial(_try, pipeline, name, item.plain()))
        return [item.plain() for item in items]

    def _of_pipeline(
        self, item: Item, pipeline: str, space: Mapping[str, Any] | None
    ) -> dict[str, Any] | None:
        """The part of the space that a pipeline has."""
        if space is None:
            return None
        names = _names_of(self.pipelines[pipeline], space)
        part = {name: values for name, values in space.items() if name in names}
        if not part:
            self.fail(
                item,
                f"nothing in space is a parameter of {pipeline}; name the pipelines to tune, such "
                f"as pipelines: [{next(iter(self.pipelines))}].",
            )
        return part


def _names_of(pipeline: Any, space: Mapping[str, Any]) -> set[str]:
    """The parameters of a pipeline, and of the steps that could stand in it."""
    names = set(pipeline.get_params())
    for step in names & set(space):
        choices = space[step] if isinstance(space[step], list) else []
        inner = [choice.get_params() for choice in choices if hasattr(choice, "get_params")]
        names = names | {f"{step}__{name}" for params in inner for name in params}
    return names


def _try(pipeline: Any, name: str, value: Any) -> None:
    """Raise ValueError where a part of the pipeline does not take a value."""
    changed = clone(pipeline).set_params(**{name: value})
    prefix = name.rpartition("__")[0]
    check_step(changed.get_params()[prefix] if prefix else changed)
