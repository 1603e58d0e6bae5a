"""Whether a value of a file can be what a parameter is annotated and documented to be."""

from __future__ import annotations

import ast
import collections.abc
import inspect
import os
import re
import types
import typing
from typing import Any

_CHOICES = re.compile(r"(\w+(?:, \w+)*) ?: ?(\{[^{}]*\})(?:, (default .*|optional))?$")


def problem_with(cls: type, name: str, value: Any) -> str | None:
    """What is wrong about a value of a parameter, if that can be told from the class alone.

    Parameters
    ----------
    cls : type
        A class whose annotated fields are its parameters.
    name : str
    value : object
        As a file gives it: text, number, True, False, None, tuple or dict.

    Returns
    -------
    str or None
        Such as ``"is 'ten'; expected a whole number"``.
    """
    hint = _hint_of(cls, name)
    if hint is not None and not _fits(value, hint):
        return f"is {value!r}; expected {' or '.join(_expected(hint))}"
    choices = choices_of(cls).get(name)
    if choices is not None and value not in choices:
        return f"is {value!r}; expected one of {', '.join(map(repr, choices))}"
    return None


def choices_of(cls: type) -> dict[str, tuple[Any, ...]]:
    """The parameters whose docstring lists all their values, in numpydoc's braces."""
    found: dict[str, tuple[Any, ...]] = {}
    for base in cls.__mro__:
        for line in inspect.cleandoc(vars(base).get("__doc__") or "").splitlines():
            match = _CHOICES.fullmatch(line)
            if match is None:
                continue
            try:
                values = ast.literal_eval(f"({match[2][1:-1]},)")
            except (ValueError, SyntaxError):
                continue
            if match[3] == "optional":
                values = (*values, None)
            for name in match[1].split(", "):
                found.setdefault(name, values)
    return found


def _hint_of(cls: type, name: str) -> Any:
    try:
        return typing.get_type_hints(cls).get(name)
    except (NameError, TypeError):
        return None  # names that are there for type checkers only


def _parts(hint: Any) -> list[Any]:
    """The alternatives of a union; any other type is its only one."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return [part for arg in typing.get_args(hint) for part in _parts(arg)]
    return [hint]


def _fits(value: Any, hint: Any) -> bool:
    return any(_fits_one(value, part) for part in _parts(hint))


def _fits_one(value: Any, hint: Any) -> bool:
    origin, args = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin is typing.Literal:
        return value in args
    if hint is None or hint is type(None):
        return value is None
    if origin in (bool, str):
        return isinstance(value, origin)
    if origin is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if origin is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if origin is os.PathLike:
        return isinstance(value, str | os.PathLike)
    if origin is collections.abc.Mapping or origin is dict:
        return isinstance(value, dict) and (
            len(args) != 2 or all(_fits(k, args[0]) and _fits(v, args[1]) for k, v in value.items())
        )
    if origin is tuple and args and args[-1] is not ...:
        return isinstance(value, tuple) and len(value) == len(args) and all(map(_fits, value, args))
    if origin in (tuple, list, collections.abc.Sequence):
        return isinstance(value, tuple) and (not args or all(_fits(v, args[0]) for v in value))
    return True  # of other types only the estimator can say


def _expected(hint: Any) -> list[str]:
    return list(dict.fromkeys(_in_words(part) for part in _parts(hint)))


def _in_words(hint: Any) -> str:
    origin, args = typing.get_origin(hint) or hint, typing.get_args(hint)
    plain = {
        bool: "true or false", str: "text", int: "a whole number", float: "a number",
        os.PathLike: "a path", type(None): "null", None: "null", dict: "a mapping",
        collections.abc.Mapping: "a mapping",
    }  # fmt: skip
    if origin is typing.Literal:
        return f"one of {', '.join(map(repr, args))}"
    if origin is collections.abc.Mapping and len(args) == 2 and args[1] is not Any:
        return f"a mapping to {_each(args[1])}"
    if origin is tuple and args and args[-1] is not ...:
        return f"a list of {len(args)}"
    if origin in (tuple, list, collections.abc.Sequence):
        return f"a list of {_each(args[0])}" if args and args[0] is not Any else "a list"
    return plain.get(origin, getattr(hint, "__name__", str(hint)))


def _each(hint: Any) -> str:
    words = " or ".join(_expected(hint))
    plural = {"a whole number": "whole numbers", "a number": "numbers", "a list": "lists"}
    return plural.get(words, words)
