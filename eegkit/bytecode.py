"""What the byte code of a function looks up: globals, modules, and attributes of these."""

from __future__ import annotations

import dis
import importlib
import importlib.util
import types
from collections.abc import Mapping
from typing import Any

from eegkit.libraries import library_of


def lookups(function: types.FunctionType) -> tuple[dict[str, Any], set[str]]:
    """The globals and modules that a function and those in it name, and all their other names.

    A module that is imported inside is imported here; a library is given by its name and version,
    one that is not there by its name.
    """
    names, modules, attributes = _names_in(function.__code__)
    space = function.__globals__
    objects = {name: space[name] for name in sorted(names & space.keys())}
    imported = sorted({_absolute(name, level, space) for name, level in modules})
    return objects | {f"import {name}": _module(name) for name in imported}, attributes


def _names_in(code: types.CodeType) -> tuple[set[str], set[tuple[str, int]], set[str]]:
    """What code and the code in it looks up: globals, modules with their level, attributes."""
    names: set[str] = set()
    modules: set[tuple[str, int]] = set()
    attributes = set(code.co_names)
    steps = list(dis.get_instructions(code))
    for i, step in enumerate(steps):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"):
            names.add(step.argval)
        elif step.opname == "IMPORT_NAME":
            level = steps[i - 2].argval
            modules.add((step.argval, level if isinstance(level, int) else 0))
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            more = _names_in(inner)
            names, modules, attributes = names | more[0], modules | more[1], attributes | more[2]
    return names, modules, attributes


def _absolute(name: str, level: int, space: Mapping[str, Any]) -> str:
    if not level:
        return name
    return importlib.util.resolve_name("." * level + name, space.get("__package__") or "")


def _module(name: str) -> Any:
    """A module that a function would import; of a library its version, the name of none."""
    library = library_of(name)
    if library:
        return name, library
    try:
        return importlib.import_module(name)
    except ImportError:
        return name
