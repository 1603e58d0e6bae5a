"""The check that what looks like a parameter is one."""

from __future__ import annotations

import inspect
from typing import Any

from eegkit.parameters import Parametrized

# How the annotation of a plain value begins.
HINTS = {bool: "bool", int: "int", float: "float", str: "str", type(None): "float | None"}


def check_parameters_are_annotated(subject: Parametrized) -> None:
    """Every public plain value of the class is a parameter, has an annotation or is of a base."""
    for cls in type(subject).__mro__:
        if not issubclass(cls, Parametrized):
            continue
        annotations = inspect.get_annotations(cls)
        for name, value in vars(cls).items():
            if type(value) in HINTS and _is_public(name) and name not in annotations:
                known = any(_declares(base, name) for base in cls.__mro__[1:])
                hint = HINTS[type(value)]
                assert known, (
                    f"{name} has no annotation in {cls.__name__}, so it is no parameter; write "
                    f"{name}: {hint} = {value!r}, or, where it shall be none, {name}: "
                    f"ClassVar[{hint}] = {value!r}"
                )


def _is_public(name: str) -> bool:
    return not name.startswith("_") and not name.isupper()


def _declares(base: Any, name: str) -> bool:
    return name in vars(base) or name in inspect.get_annotations(base)
