"""Objects as the Python code that makes them again, with the imports that it needs."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Mapping
from itertools import accumulate
from pathlib import PurePath
from typing import Any

import numpy as np
from scipy import stats
from sklearn.base import BaseEstimator

from eegkit._compat import arguments_of, metric_of

MAX_ARRAY_SIZE = 64


class NotWritableError(Exception):
    """An object that no expression makes again; the message names it."""


class Code(str):
    """An expression. It prints as it is, so that a container of expressions prints as one."""

    __repr__ = str.__str__


class CodeWriter:
    """Writes expressions, and gathers what they import.

    Attributes
    ----------
    imports : dict of str to None
        Lines ``from module import name``, in the order of their first use.
    not_code : list of str
        Names of the values that `write_all` had no expression for.
    """

    def __init__(self) -> None:
        self.imports: dict[str, None] = {}
        self.not_code: list[str] = []

    def write_all(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Expressions by name; what has none is there as it prints."""
        texts = {}
        for name, value in values.items():
            try:
                texts[name] = str(self.write(value))
            except NotWritableError:
                texts[name] = repr(value)
                self.not_code.append(name)
        return texts

    def write(self, value: Any) -> Code:
        """The expression that makes the value again.

        Raises
        ------
        NotWritableError
            There is none: a lambda, a class of a script, an open file.
        """
        if isinstance(value, np.generic):
            return self.write(value.item())
        if isinstance(value, float) and not math.isfinite(value):
            return Code(f"float({str(value)!r})")
        if value is None or isinstance(value, bool | int | float | str | bytes):
            return Code(repr(value))
        if isinstance(value, PurePath):
            return Code(repr(str(value)))
        if isinstance(value, np.ndarray):
            return self._array(value)
        if type(value) is dict:
            return Code({self.write(key): self.write(item) for key, item in value.items()})
        if type(value) in (list, tuple, set):
            return Code(type(value)(map(self.write, value)))
        if metric_of(value) is not None:
            return self._scorer(value)
        if isinstance(value, type) or (callable(value) and hasattr(value, "__name__")):
            return self._public_name(value)
        if isinstance(value, stats.distributions.rv_frozen):
            return self._distribution(value)
        return self._call(value)

    def _distribution(self, frozen: Any) -> Code:
        name = frozen.dist.name
        self.imports[f"from scipy.stats import {name}"] = None
        arguments = [str(self.write(value)) for value in frozen.args]
        arguments += [f"{key}={self.write(value)}" for key, value in frozen.kwds.items()]
        return Code(f"{name}({', '.join(arguments)})")

    def _scorer(self, scorer: Any) -> Code:
        self.imports["from sklearn.metrics import make_scorer"] = None
        arguments = [str(self.write(metric_of(scorer)))]
        arguments += [f"{key}={self.write(v)}" for key, v in arguments_of(scorer).items()]
        return Code(f"make_scorer({', '.join(arguments)})")

    def _array(self, array: np.ndarray) -> Code:
        if array.size > MAX_ARRAY_SIZE or array.dtype.hasobject:
            raise NotWritableError(f"an array of shape {array.shape}")
        self.imports["import numpy as np"] = None
        return Code(f"np.array({self.write(array.tolist())}, dtype={array.dtype.name!r})")

    def _public_name(self, value: Any) -> Code:
        """A function or class, imported from the shortest public place that has it."""
        name = value.__name__
        module = getattr(value, "__module__", None) or type(value).__module__
        for place in accumulate(module.split("."), "{}.{}".format):
            if getattr(sys.modules.get(place), name, None) is value and place != "__main__":
                self.imports[f"from {place} import {name}"] = None
                return Code(name)
        raise NotWritableError(f"{name} of {module}")

    def _call(self, value: Any) -> Code:
        """An estimator or splitter: its class, with the arguments that are not the defaults."""
        if not (isinstance(value, BaseEstimator) or hasattr(value, "split")):
            raise NotWritableError(f"a {type(value).__name__}")
        name = self._public_name(type(value))
        arguments = []
        for parameter in inspect.signature(type(value)).parameters.values():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            if not hasattr(value, parameter.name):
                raise NotWritableError(f"a {name}")
            argument = getattr(value, parameter.name)
            if repr(argument) != repr(parameter.default):
                positional = parameter.kind is parameter.POSITIONAL_ONLY
                keyword = "" if positional else f"{parameter.name}="
                arguments.append(f"{keyword}{self.write(argument)}")
        return Code(f"{name}({', '.join(arguments)})")
