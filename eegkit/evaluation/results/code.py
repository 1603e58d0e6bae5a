"""Objects as the Python code that makes them again, with the imports that it needs."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

MAX_ARRAY_SIZE = 64


class NotWritableError(Exception):
    """An object that no expression makes again; the message names it."""


class CodeWriter:
    """Writes expressions, and gathers what they import.

    Attributes
    ----------
    imports : dict of str to None
        Lines ``from module import name``, in the order of their first use.
    """

    def __init__(self) -> None:
        self.imports: dict[str, None] = {}

    def write(self, value: Any) -> str:
        """The expression that makes the value again.

        Raises
        ------
        NotWritableError
            There is none: a lambda, a class of a script, an open file.
        """
        if value is None or isinstance(value, bool | int | str | bytes):
            return repr(value)
        if isinstance(value, float):
            return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
        if isinstance(value, np.generic):
            return self.write(value.item())
        if isinstance(value, PurePath):
            return repr(str(value))
        if isinstance(value, np.ndarray):
            return self._array(value)
        if type(value) in (list, tuple, set, dict):
            return self._container(value)
        if isinstance(value, type) or (callable(value) and hasattr(value, "__name__")):
            return self._public_name(value)
        return self._call(value)

    def _array(self, array: np.ndarray) -> str:
        if array.size > MAX_ARRAY_SIZE or array.dtype.hasobject:
            raise NotWritableError(f"an array of shape {array.shape}")
        self.imports["import numpy as np"] = None
        return f"np.array({self.write(array.tolist())}, dtype={array.dtype.name!r})"

    def _container(self, values: Any) -> str:
        if isinstance(values, dict):
            pairs = [f"{self.write(key)}: {self.write(item)}" for key, item in values.items()]
            return f"{{{', '.join(pairs)}}}"
        items = ", ".join(map(self.write, values))
        if isinstance(values, tuple):
            return f"({items},)" if len(values) == 1 else f"({items})"
        if isinstance(values, set):
            return f"{{{items}}}" if values else "set()"
        return f"[{items}]"

    def _public_name(self, value: Any) -> str:
        """A function or class, imported from the shortest public place that has it."""
        name = value.__name__
        module = getattr(value, "__module__", None) or type(value).__module__
        parts = module.split(".")
        for end in range(1, len(parts) + 1):
            place = ".".join(parts[:end])
            if getattr(sys.modules.get(place), name, None) is value and place != "__main__":
                self.imports[f"from {place} import {name}"] = None
                return name
        raise NotWritableError(f"{name} of {module}")

    def _call(self, value: Any) -> str:
        """An estimator or splitter: its class, with the arguments that are not the defaults."""
        if not (isinstance(value, BaseEstimator) or hasattr(value, "split")):
            raise NotWritableError(f"a {type(value).__name__}")
        name = self._public_name(type(value))
        arguments = []
        for parameter in inspect.signature(type(value)).parameters.values():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            try:
                argument = getattr(value, parameter.name)
            except AttributeError:
                raise NotWritableError(f"a {name}") from None
            if repr(argument) == repr(parameter.default):
                continue
            text = self.write(argument)
            positional = parameter.kind is parameter.POSITIONAL_ONLY
            arguments.append(text if positional else f"{parameter.name}={text}")
        return f"{name}({', '.join(arguments)})"


def write_all(values: Mapping[str, Any]) -> tuple[dict[str, str], list[str], list[str]]:
    """Expressions by name, the lines they import, and the names of those that have none.

    What has no expression is there as it prints.
    """
    writer = CodeWriter()
    texts, unwritable = {}, []
    for name, value in values.items():
        try:
            texts[name] = writer.write(value)
        except NotWritableError:
            texts[name] = repr(value)
            unwritable.append(name)
    return texts, list(writer.imports), unwritable
