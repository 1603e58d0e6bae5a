"""Parameters stated once: the annotation of a field says what it may be, and checks it.

::

    class MyNet(NeuralClassifier):
        n_filters: Count = 16  # a whole number of at least 1
        pooling: Literal["mean", "max"] = "mean"
        slope: Annotated[float, Interval(ge=0, lt=1)] = 0.1

`fit` refuses other values with a `ParameterError`; ``eegkit info`` and the reader of experiments
say the same words from the same place.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import functools
import inspect
import os
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, dataclass_transform

import numpy as np

from eegkit.constraints import Constraint, Interval, Length, Predicate
from eegkit.plain_values import plain, takes_lists
from eegkit.unknown_parameters import refuse_unknown

__all__ = [
    "Check", "Constraint", "Count", "Counts", "Depth", "Interval", "Length", "NonNegative",
    "OddCount", "ParameterError", "Parametrized", "PathLike", "Positive", "Predicate",
    "Proportion", "RandomState", "Seed", "check_for", "check_heads", "is_sequence",
]  # fmt: skip

MOST_SHOWN = 200


class ParameterError(ValueError):
    """A parameter has a value that makes no sense.

    Parameters
    ----------
    message : str
        What was seen, what was expected, and what to do.
    parameter : str
        Its name.

    See Also
    --------
    eegkit.parameters.Check : refuses a value by it, with an example.
    """

    def __init__(self, message: str, parameter: str = "") -> None:
        super().__init__(message)
        self.parameter = parameter


Count = Annotated[int, Interval(ge=1)]
Counts = Annotated[Sequence[Count], Length()]
# Of layers, which are made one by one before a weight is: deeper than any net for EEG.
Depth = Annotated[int, Interval(ge=1, le=1000)]
OddCount = Annotated[int, Interval(ge=1), Predicate(lambda value: value % 2 == 1, "that is odd")]
Positive = Annotated[float, Interval(gt=0)]
NonNegative = Annotated[float, Interval(ge=0)]
Proportion = Annotated[float, Interval(ge=0, lt=1)]
Seed = Annotated[int, Interval(ge=0, le=2**32 - 1)]
RandomState = Seed | np.random.RandomState | None
PathLike = str | os.PathLike[str]


class Check(NamedTuple):
    """What a type with its constraints accepts, and the words for it.

    Parameters
    ----------
    accepts : callable
        Given a value, whether it will do.
    expected : str
        What is, in words.

    Examples
    --------
    >>> from eegkit.parameters import check_for
    >>> check_for(int).require("n_filters", 1.5)
    Traceback (most recent call last):
    eegkit.parameters.ParameterError: n_filters is 1.5; expected a whole number.
    """

    accepts: Callable[[Any], bool]
    expected: str

    def require(self, name: str, value: Any) -> None:
        """Refuse a value that is not accepted.

        Raises
        ------
        ParameterError
            It is not; the message says what was seen, and what was expected.
        """
        if not self.accepts(value):
            raise ParameterError(f"{name} is {_short(value)}; expected {self.expected}.", name)


@dataclass_transform(kw_only_default=True)
class Parametrized:
    """The base of classes whose parameters are annotated fields: estimators and data sets.

    Every subclass becomes a dataclass. It changes the default of an inherited parameter by the
    value alone, ``max_epochs = 10``; the annotation stays. A parameter that takes the name of
    something else that a base class has is refused, but for those that the class names:
    ``class Simulated(Dataset, overrides=("n_subjects",))``.

    Numbers, truth values and text of NumPy become Python's where they are set, and so do arrays
    and pandas' indices and series where a parameter is a list: torch and JSON take no others.

    Examples
    --------
    >>> from eegkit.parameters import Count, Parametrized
    >>> class Montage(Parametrized):
    ...     n_channels: Count = 19
    >>> Montage(n_channels=0).check_parameters()
    Traceback (most recent call last):
    eegkit.parameters.ParameterError: n_channels is 0; expected a whole number of at least 1.
    """

    dataclass_options: ClassVar[Mapping[str, Any]] = {}
    parameter_types: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(
        cls, kw_only: bool = True, overrides: Collection[str] = (), **kwargs: Any
    ) -> None:
        annotations = _annotations_of(cls)
        _refuse_shadows(cls, annotations, overrides)
        types: dict[str, Any] = {}
        for base in reversed(cls.__mro__[1:]):
            types |= vars(base).get("parameter_types", {})
        cls.__annotations__ = {n: t for n, t in types.items() if n in vars(cls)} | annotations
        has_own_init = "__init__" in vars(cls)
        dataclasses.dataclass(kw_only=kw_only, **cls.dataclass_options)(cls)
        names = [field.name for field in dataclasses.fields(cls) if field.init]  # type: ignore[arg-type]
        cls.parameter_types = {name: (types | annotations)[name] for name in names}
        if not has_own_init:
            refuse_unknown(cls, names)
        super().__init_subclass__(**kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.parameter_types:
            value = plain(value, takes_lists(self.parameter_types[name]))
        super().__setattr__(name, value)

    def check_parameters(self) -> None:
        """Check every parameter by its annotation.

        A class whose parameters depend on one another overrides it, calls it first, and
        checks them by hand.

        Raises
        ------
        ParameterError
            A parameter makes no sense; a ``ValueError`` whose ``parameter`` is its name.
        """
        for name, hint in self.parameter_types.items():
            check_for(hint).require(name, getattr(self, name))


def check_heads(n_heads: int, **width: int) -> None:
    """Refuse a width that cannot be shared evenly among the heads of an attention.

    Parameters
    ----------
    n_heads : int
        The parameter of that name.
    **width : int
        The width, by the name of its parameter.

    Raises
    ------
    ParameterError
        `n_heads` does not divide it; the message names both.

    Examples
    --------
    >>> from eegkit.parameters import check_heads
    >>> check_heads(4, hidden_size=64)
    """
    for name, value in width.items():
        if value % n_heads:
            raise ParameterError(
                f"n_heads is {n_heads}, which does not divide {name} = {value}; change one of "
                "them.",
                "n_heads",
            )


@functools.cache
def check_for(hint: Any) -> Check:
    """The check of a type, which may be ``Annotated`` with constraints.

    Parameters
    ----------
    hint : type
        Numbers, ``str``, ``bool``, ``None``, ``Literal``, unions, sequences, tuples, mappings,
        paths, callables and classes; what it cannot tell, such as ``Any``, accepts everything.

    Returns
    -------
    Check
        The same each time.

    Examples
    --------
    >>> from typing import Literal
    >>> from eegkit.parameters import check_for
    >>> check_for(Literal["mean", "max"]).expected
    "one of 'mean', 'max'"
    """
    origin, args = typing.get_origin(hint) or hint, typing.get_args(hint)
    if hint is Any:
        return _ALL_VALUES
    if origin is Annotated:
        return _constrain(check_for(args[0]), args[1:])
    if origin in (typing.Union, types.UnionType):
        return _any_of([check_for(part) for part in args])
    if origin is Literal:
        return _literal(args)
    if origin in _SIMPLE:
        return _SIMPLE[origin]
    if origin is tuple and args and args[-1] is not ...:
        return _tuple_of([check_for(part) for part in args])
    if origin in (tuple, list, collections.abc.Sequence):
        return _sequence(check_for(args[0])) if args else Check(is_sequence, "a list")
    if origin in (dict, collections.abc.Mapping):
        return _mapping([check_for(part) for part in args])
    if isinstance(origin, type) and not getattr(origin, "_is_protocol", False):
        article = "an" if origin.__name__[0] in "AEIOU" else "a"
        return Check(lambda value: isinstance(value, origin), f"{article} {origin.__name__}")
    return _ALL_VALUES


def is_sequence(value: Any) -> bool:
    """Whether a value is a list of entries: no text, no mapping; arrays are.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    bool
        True of an array of at least one axis, too.

    Examples
    --------
    >>> from eegkit.parameters import is_sequence
    >>> is_sequence(["C3"]), is_sequence("C3")
    (True, False)
    """
    if isinstance(value, Sequence):
        return not isinstance(value, str | bytes | bytearray)
    return hasattr(value, "__array__") and np.ndim(value) > 0


_ALL_VALUES = Check(lambda value: True, "anything")
_NULL = Check(lambda value: value is None, "None")
_SIMPLE: dict[Any, Check] = {
    None: _NULL,
    type(None): _NULL,
    bool: Check(lambda value: isinstance(value, bool | np.bool_), "True or False"),
    int: Check(lambda v: isinstance(v, Integral) and not isinstance(v, bool), "a whole number"),
    float: Check(lambda v: isinstance(v, Real) and not isinstance(v, bool), "a number"),
    str: Check(lambda value: isinstance(value, str), "text"),
    os.PathLike: Check(lambda value: isinstance(value, str | os.PathLike), "a path"),
    collections.abc.Callable: Check(callable, "a function"),
}


def _constrain(check: Check, metadata: Iterable[Any]) -> Check:
    constraints = [part for part in metadata if isinstance(part, Constraint)]
    expected = check.expected
    for constraint in constraints:
        expected = constraint.describe(expected)
    return Check(
        lambda value: check.accepts(value) and all(c.accepts(value) for c in constraints), expected
    )


def _any_of(checks: list[Check]) -> Check:
    words = list(dict.fromkeys(check.expected for check in checks))
    # A path may be text; None stands at the end.
    words = [word for word in words if word != "None" and (word != "text" or "a path" not in words)]
    expected = " or ".join(words).replace("True or False or", "True, False or")
    if any(check is _NULL for check in checks):
        expected = f"{expected}, or None"
    return Check(lambda value: any(check.accepts(value) for check in checks), expected)


def _literal(choices: tuple[Any, ...]) -> Check:
    kinds = [(_SIMPLE[type(choice)], choice) for choice in choices]
    words = [repr(choice) for choice in choices if choice is not None]
    expected = f"one of {', '.join(words)}" if len(words) > 1 else words[0]
    return Check(
        lambda value: any(kind.accepts(value) and value == choice for kind, choice in kinds),
        f"{expected}, or None" if None in choices else expected,
    )


def _sequence(entry: Check) -> Check:
    return Check(
        lambda value: is_sequence(value) and all(map(entry.accepts, value)),
        "a list" if entry.expected == "anything" else f"a list of {_plural(entry.expected)}",
    )


def _tuple_of(entries: list[Check]) -> Check:
    words = ", ".join(entry.expected for entry in entries)
    if len({entry.expected for entry in entries}) == 1:
        words = f"{len(entries)} {_plural(entries[0].expected)}".removesuffix(" anything")
    return Check(
        lambda value: (
            is_sequence(value)
            and len(value) == len(entries)
            and all(entry.accepts(part) for entry, part in zip(entries, value, strict=True))
        ),
        f"a list of {words}",
    )


def _mapping(parts: list[Check]) -> Check:
    if len(parts) != 2 or parts[1].expected == "anything":
        return Check(lambda value: isinstance(value, Mapping), "a mapping")
    key, entry = parts
    return Check(
        lambda value: (
            isinstance(value, Mapping)
            and all(map(key.accepts, value))
            and all(map(entry.accepts, value.values()))
        ),
        f"a mapping to {_plural(entry.expected)}",
    )


def _plural(expected: str) -> str:
    """Words for several: ``"a whole number of at least 1"`` as ``"whole numbers of ..."``."""
    if expected == "text":
        return "texts"
    for noun in ("whole number", "number", "list", "mapping", "path", "function"):
        start = f"a {noun}"
        if expected == start or expected.startswith((f"{start} ", f"{start},")):
            return f"{noun}s{expected[len(start) :]}"
    return expected


def _annotations_of(cls: type) -> dict[str, Any]:
    try:
        return inspect.get_annotations(cls, eval_str=True)
    except NameError as error:
        raise TypeError(
            f"An annotation of {cls.__name__} names {error.name}, which is not there when the "
            "class is made: import it above, not for type checkers alone."
        ) from error


def _refuse_shadows(cls: type, annotations: Mapping[str, Any], overrides: Collection[str]) -> None:
    """Refuse a parameter that takes the name of something else that a base class has."""
    for name, hint in annotations.items():
        is_class_variable = ClassVar in (hint, typing.get_origin(hint))
        if name in overrides or is_class_variable or hint is dataclasses.KW_ONLY:
            continue
        for base in cls.__mro__[1:]:
            is_of_base = name in getattr(base, "__dataclass_fields__", {}) or hasattr(base, name)
            if is_of_base and name not in getattr(base, "parameter_types", {}):
                raise TypeError(
                    f"{cls.__name__} annotates {name} as a parameter, but {name} belongs to "
                    f"{base.__name__}, which reads it from the class: write {name}: ClassVar[...], "
                    "or leave the annotation out, or give the parameter another name."
                )


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 4]} ..."
