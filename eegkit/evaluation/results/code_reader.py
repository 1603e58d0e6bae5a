"""Objects from the expressions that `CodeWriter` writes, without running code.

A file of results may come from anybody, so its expressions are read, not evaluated: literals,
and classes of estimators and splitters of libraries that are known, called with such values;
scorers are made of scikit-learn's metrics.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, NoReturn

import numpy as np
from scipy import stats
from sklearn import feature_selection, metrics, preprocessing
from sklearn.base import BaseEstimator
from sklearn.metrics import make_scorer
from sklearn.preprocessing import FunctionTransformer

from eegkit import registry

# What a search may draw from.
DISTRIBUTIONS = (stats.rv_continuous, stats.rv_discrete)
LIBRARIES = ("eegkit", "sklearn", "pyriemann")
# Whose functions estimators may be given: they write no files. With arguments of the file's, as
# FunctionTransformer and make_scorer take them, others do.
MODULES_OF_FUNCTIONS = (metrics, metrics.pairwise, feature_selection, preprocessing)
# Classes that estimators are given, and do not need to be called for.
LIBRARIES_OF_PARTS = (*LIBRARIES, "torch")


class CodeReader:
    """Reads expressions that need some imports.

    Parameters
    ----------
    imports : iterable of str
        Lines ``from module import name``.
    custom_classes : mapping of str to type
        Classes of one's own, which are trusted, by name.
    """

    def __init__(self, imports: Iterable[str], custom_classes: Mapping[str, type]) -> None:
        self.modules = {}
        for line in imports:
            module, _, name = line.removeprefix("from ").partition(" import ")
            self.modules[name] = module
        self.custom_classes = custom_classes

    def read(self, text: str) -> Any:
        """The value of an expression.

        Raises
        ------
        ValueError
            It holds what is no literal, and no estimator or splitter of a known library.
        """
        try:
            return self._value(ast.parse(text, mode="eval").body)
        except SyntaxError as error:
            raise ValueError(f"{text[:80]!r} is no Python expression.") from error

    def _value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Name):
            return self._part(node.id)
        if isinstance(node, ast.Dict):
            keys = [self._value(key) if key else self._refuse(node) for key in node.keys]
            return dict(zip(keys, map(self._value, node.values), strict=True))
        for kind, make in ((ast.List, list), (ast.Tuple, tuple), (ast.Set, set)):
            if isinstance(node, kind):
                return make(map(self._value, node.elts))
        try:
            return ast.literal_eval(node)
        except ValueError:
            self._refuse(node)

    def _call(self, node: ast.Call) -> Any:
        args = [self._value(arg) for arg in node.args]
        kwargs = {word.arg or self._refuse(node): self._value(word.value) for word in node.keywords}
        name = ast.unparse(node.func)
        plain: dict[str, Any] = {"np.array": np.array, "float": float, "set": set}
        if name in plain:
            return plain[name](*args, **kwargs)
        cls = self._part(name)
        if cls is make_scorer:
            return self._scorer(node, *args, **kwargs)
        if cls is FunctionTransformer and any(map(_is_class, (*args, *kwargs.values()))):
            self._refuse(node)
        is_estimator = isinstance(cls, type) and (
            issubclass(cls, BaseEstimator) or hasattr(cls, "split")
        )
        if not is_estimator and not isinstance(cls, DISTRIBUTIONS):
            self._refuse(node)
        return cls(*args, **kwargs)

    def _scorer(self, node: ast.Call, function: Any = None, **kwargs: Any) -> Any:
        """A scorer of a metric."""
        if _is_class(function) or not callable(function):
            self._refuse(node)
        return make_scorer(function, **kwargs)

    def _part(self, name: str) -> Any:
        """A class or function by its name: of a known library, or of one's own."""
        if name in self.custom_classes:
            return self.custom_classes[name]
        module = self.modules.get(name, "")
        package = module.partition(".")[0]
        if package in (*LIBRARIES_OF_PARTS, *_plugins()):
            value = getattr(import_module(module), name, None)
            if isinstance(value, type) or (inspect.isfunction(value) and value in _functions()):
                return value
        if package == "numpy" and isinstance(getattr(np, name, None), np.ufunc):
            return getattr(np, name)
        if module == "scipy.stats" and isinstance(getattr(stats, name, None), DISTRIBUTIONS):
            return getattr(stats, name)
        raise ValueError(
            f"{name} of {module or 'an unknown module'} is of no library that eegkit knows, or a "
            "function that could do more than compute. If you trust the file, give it: "
            f"custom_classes=[{name}]."
        )

    def _refuse(self, node: ast.expr) -> NoReturn:
        raise ValueError(
            f"{ast.unparse(node)[:80]!r} is no plain value, and no estimator or splitter."
        )


def _is_class(value: Any) -> bool:
    return isinstance(value, type)


def _functions() -> list[Any]:
    """Those that estimators and scorers may be given."""
    functions = []
    for module in MODULES_OF_FUNCTIONS:
        public = getattr(module, "__all__", None)
        for name, value in inspect.getmembers(module, inspect.isfunction):
            if name in public if public else value.__module__ == module.__name__:
                functions.append(value)
    return functions


def _plugins() -> set[str]:
    """The packages of all that is registered."""
    entries = [entry for kind in registry.KINDS for entry in registry.entries(kind)]
    return {entry.target.partition(":")[0].partition(".")[0] for entry in entries}
