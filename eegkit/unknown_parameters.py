"""What to say of a parameter that a class does not have."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Collection
from typing import Any

from eegkit.text import suggest

# How the annotation of a plain value begins.
_HINTS = {bool: "bool", int: "int", float: "float", str: "str", type(None): "float | None"}


def refuse_unknown(cls: type, names: Collection[str]) -> None:
    """Have ``__init__`` of a class say of a parameter that is not there which there are."""
    init = vars(cls)["__init__"]

    @functools.wraps(init)
    def checked(self: Any, *args: Any, **params: Any) -> None:
        for name in params.keys() - names:
            unknown = explain_unknown(type(self), name, names)
            raise TypeError(f"{type(self).__name__} has no parameter {name!r}{unknown}")
        init(self, *args, **params)

    cls.__init__ = checked  # type: ignore[misc]


def explain_unknown(cls: type, name: str, names: Collection[str]) -> str:
    """The end of a sentence that says a class has no such parameter: why, or which there are."""
    for base in cls.__mro__:
        if name in unannotated(base):
            return f": it has no annotation in {base.__name__}; write {annotated(base, name)} there"
    return suggest(name, names)


def annotated(cls: type, name: str) -> str:
    """The line of a class that makes a parameter of a plain value."""
    value = vars(cls)[name]
    return f"{name}: {hint(value)} = {value!r}"


def hint(value: Any) -> str:
    """The annotation of a plain value."""
    return _HINTS[type(value)]


def unannotated(cls: type) -> list[str]:
    """Public plain values of a class that have no annotation, here or in a base, by name."""
    annotations = inspect.get_annotations(cls)
    return [
        name
        for name, value in vars(cls).items()
        if type(value) in _HINTS
        and _is_public(name)
        and name not in annotations
        and not any(_declares(base, name) for base in cls.__mro__[1:])
    ]


def _is_public(name: str) -> bool:
    return not name.startswith("_") and not name.isupper()


def _declares(base: Any, name: str) -> bool:
    return name in vars(base) or name in inspect.get_annotations(base)
