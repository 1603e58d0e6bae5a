"""What a search may choose among: parameters, and whole steps of a pipeline."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from scipy import stats
from sklearn.base import BaseEstimator, clone

from eegkit.access import parts_of
from eegkit.evaluation.running.seeds import searched_seeds
from eegkit.parameters import ParameterError
from eegkit.text import suggest

# Of other distributions of scipy so much is left out at either end, which may be infinite.
TAIL = 1e-3
PLAIN = (str, bool, int, float, type(None))


@dataclass(frozen=True)
class Dimension:
    """One thing to choose.

    Attributes
    ----------
    name : str
        Of a parameter, as ``set_params`` takes it.
    distribution : optuna.distributions.BaseDistribution
    options : list, optional
        What the choices stand for, where Optuna could not keep them itself.
    quantile : scipy.stats distribution, optional
        Whose quantile the number is, from 0 to 1.
    """

    name: str
    distribution: BaseDistribution
    options: Sequence[Any] | None = None
    quantile: Any = None

    def suggest(self, trial: optuna.Trial) -> Any:
        """What a trial of Optuna draws."""
        d = self.distribution
        if isinstance(d, CategoricalDistribution):
            return trial.suggest_categorical(self.name, d.choices)
        if isinstance(d, IntDistribution):
            return trial.suggest_int(self.name, d.low, d.high, step=d.step, log=d.log)
        assert isinstance(d, FloatDistribution)
        return trial.suggest_float(self.name, d.low, d.high, step=d.step, log=d.log)

    def value(self, drawn: Any) -> Any:
        """The value of the parameter."""
        if self.options is not None:
            return self.options[self.choices.index(drawn)]
        if self.quantile is None:
            return drawn
        value = self.quantile.ppf(drawn).item()
        return int(value) if _is_discrete(self.quantile) else value

    @property
    def choices(self) -> Sequence[Any]:
        """All that a grid tries of it."""
        if not isinstance(self.distribution, CategoricalDistribution):
            raise ParameterError(
                f'space[{self.name!r}] is a distribution, and sampler="grid" takes lists of values '
                'alone; give a list, or use sampler="random".',
                "space",
            )
        return self.distribution.choices


class Space:
    """The dimensions of a search, those that choose whole steps first.

    A parameter of a step that is chosen, such as ``stft__window_s``, is drawn where the choice has
    it.

    Parameters
    ----------
    decoder : estimator
        Not changed.
    space : dict of str to list, scipy.stats or Optuna distribution, optional
        By default the union of what ``search_space()`` of every part of the decoder says.

    Raises
    ------
    ParameterError
        A name is no parameter, a value is nothing to choose from, or a seed would be chosen.
    """

    def __init__(self, decoder: Any, space: Mapping[str, Any] | None) -> None:
        self.decoder = decoder
        content = default_space(decoder) if space is None else space
        if not isinstance(content, Mapping) or not content:
            raise ParameterError(_nothing(decoder, space), "space")
        _check_are_text(content)
        for seed in searched_seeds(content.items()):
            raise ParameterError(
                f"space has {seed}; but a seed is no setting, and the best of several is luck. "
                "Leave it out.",
                "space",
            )
        dimensions = [_dimension(name, values) for name, values in content.items()]
        # A stable sort: steps before what belongs to them.
        self.dimensions = sorted(dimensions, key=lambda d: not self._is_step(d))
        self._check_names()

    def __iter__(self) -> Iterator[str]:
        return (dimension.name for dimension in self.dimensions)

    def suggest(self, trial: optuna.Trial) -> dict[str, Any]:
        """What one trial draws, by name; a choice is the text that Optuna keeps."""
        drawn: dict[str, Any] = {}
        for dimension in self.dimensions:
            if self._applies(dimension, drawn):
                drawn[dimension.name] = dimension.suggest(trial)
        return drawn

    def params(self, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters that what was drawn stands for, to be set on a clone of the decoder."""
        return {d.name: d.value(drawn[d.name]) for d in self.dimensions if d.name in drawn}

    def decoder_with(self, drawn: Mapping[str, Any]) -> Any:
        """A clone of the decoder with what was drawn."""
        params = {
            name: clone(value) if isinstance(value, BaseEstimator) else value
            for name, value in self.params(drawn).items()
        }
        return clone(self.decoder).set_params(**params)

    def grid(self) -> list[dict[str, Any]]:
        """Everything that can be drawn, in the order of the lists; their last varies first."""
        return self._grid_of(self.dimensions)

    def grid_size(self) -> int:
        """How many settings the grid has, which may be more than memory holds."""
        choices = {dimension.name: len(dimension.choices) for dimension in self.dimensions}
        others = [d for d in self.dimensions if not self._is_step(d)]
        return sum(
            math.prod(choices[d.name] for d in others if self._applies(d, steps))
            for steps in self._grid_of([d for d in self.dimensions if self._is_step(d)])
        )

    def _grid_of(self, dimensions: Sequence[Dimension]) -> list[dict[str, Any]]:
        settings: list[dict[str, Any]] = [{}]
        for dimension in dimensions:
            settings = [
                setting | choice
                for setting in settings
                for choice in (
                    [{dimension.name: value} for value in dimension.choices]
                    if self._applies(dimension, setting)
                    else [{}]
                )
            ]
        return settings

    def first_changed_step(self) -> int:
        """The number of the first step of a pipeline that a search changes; 0 of other decoders."""
        steps = [name for name, _ in getattr(self.decoder, "steps", [])]
        names = {dimension.name.partition("__")[0] for dimension in self.dimensions}
        if not steps or not names <= set(steps):
            return 0
        return min(steps.index(name) for name in names)

    def describe(self) -> dict[str, str]:
        """What identifies it, as text."""
        return {d.name: f"{d.distribution!r} {_quantile_text(d.quantile)}" for d in self.dimensions}

    def _is_step(self, dimension: Dimension) -> bool:
        return any(isinstance(value, BaseEstimator) for value in dimension.options or ())

    def _applies(self, dimension: Dimension, drawn: Mapping[str, Any]) -> bool:
        """Whether the decoder with the steps drawn so far has the parameter."""
        for step in filter(self._is_step, self.dimensions):
            inner = dimension.name.removeprefix(f"{step.name}__")
            if step.name in drawn and inner != dimension.name:
                choice = step.value(drawn[step.name])
                return isinstance(choice, BaseEstimator) and inner in choice.get_params()
        return True

    def _check_names(self) -> None:
        names = set(self.decoder.get_params())
        for step in filter(self._is_step, self.dimensions):
            for value in step.options or ():
                inner = value.get_params() if isinstance(value, BaseEstimator) else ()
                names |= {f"{step.name}__{name}" for name in inner}
        for dimension in self.dimensions:
            if dimension.name not in names:
                hint = _nearest(dimension.name, names)
                raise ParameterError(
                    f"space names {dimension.name!r}, which is no parameter of the decoder{hint}",
                    "space",
                )


def default_space(decoder: Any) -> dict[str, Any]:
    """The union of what ``search_space()`` of a decoder and of every part of it says.

    Parameters
    ----------
    decoder : estimator
        A net, a transform or a pipeline; it need not be fitted.

    Returns
    -------
    dict of str to list or scipy.stats distribution
        By name of the parameter, as ``set_params`` of the decoder takes it.

    Examples
    --------
    >>> from eegkit.classifiers import CNNBiGRU
    >>> from eegkit.tuning import default_space
    >>> sorted(default_space(CNNBiGRU()))[:2]
    ['batch_size', 'dropout']
    """
    names = {id(part): name for name, part in reversed(decoder.get_params(deep=True).items())}
    space: dict[str, Any] = {}
    for part in parts_of(decoder):
        prefix = f"{names[id(part)]}__" if part is not decoder else ""
        own = part.search_space() if hasattr(part, "search_space") else {}
        space |= {f"{prefix}{name}": values for name, values in own.items()}
    return space


def _check_are_text(names: Iterable[Any]) -> None:
    for name in names:
        if not isinstance(name, str):
            raise ParameterError(
                f"space names {name!r}; expected text, such as 'cnn_bigru__lr', as set_params "
                "takes it.",
                "space",
            )


def _nearest(name: str, names: Iterable[str]) -> str:
    """The end of a sentence: of steps that have a parameter of the name, or the nearest name."""
    of_steps = sorted(other for other in names if other.endswith(f"__{name}"))
    if of_steps:
        return f"; did you mean {' or '.join(map(repr, of_steps))}?"
    return suggest(name, sorted(names))


def _nothing(decoder: Any, space: Any) -> str:
    expected = 'expected a dict such as {"cnn_bigru__lr": [1e-3, 3e-3]}'
    if space is None:
        return (
            f"No part of {type(decoder).__name__} says what is worth tuning (search_space), and "
            f"space is None; {expected}."
        )
    return f"space is {space!r}; {expected}, with names as set_params takes them."


def _dimension(name: Any, values: Any) -> Dimension:
    if isinstance(values, BaseDistribution):
        return Dimension(name, values)
    if hasattr(values, "dist") and hasattr(values, "ppf"):
        return _of_scipy(name, values)
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if isinstance(values, str | Mapping) or not isinstance(values, Sequence) or not len(values):
        raise ParameterError(
            f"space[{name!r}] is {values!r}; expected a list of values, a frozen distribution of "
            "scipy.stats such as loguniform(1e-4, 1e-2), or one of optuna.distributions.",
            "space",
        )
    values = [v.item() if isinstance(v, np.generic) else v for v in values]
    if all(isinstance(value, PLAIN) for value in values) and len(set(map(repr, values))) == len(
        values
    ):
        return Dimension(name, CategoricalDistribution(values), values)
    labels = [f"{i}: {' '.join(repr(value).split())}" for i, value in enumerate(values)]
    return Dimension(name, CategoricalDistribution(labels), values)


def _of_scipy(name: str, frozen: Any) -> Dimension:
    low, high = frozen.support()
    if np.isnan([low, high]).any():
        raise ParameterError(
            f"space[{name!r}] is {_quantile_text(frozen)}, which nothing can be drawn from; "
            "the lower end of a range comes first.",
            "space",
        )
    kind = frozen.dist.name
    if kind == "randint":
        return Dimension(name, IntDistribution(int(low), int(high)))
    # Away from 0 by loc it is no longer the logarithm that is uniform.
    if kind in ("loguniform", "reciprocal") and np.isclose(frozen.median() ** 2, low * high):
        return Dimension(name, FloatDistribution(float(low), float(high), log=True))
    if kind == "uniform":
        return Dimension(name, FloatDistribution(float(low), float(high)))
    return Dimension(name, FloatDistribution(TAIL, 1 - TAIL), quantile=frozen)


def _is_discrete(frozen: Any) -> bool:
    return isinstance(frozen.dist, stats.rv_discrete)


def _quantile_text(frozen: Any) -> str:
    return "" if frozen is None else f"{frozen.dist.name} {frozen.args} {frozen.kwds}"
