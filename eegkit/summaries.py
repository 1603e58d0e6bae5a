"""The first line of a class's docstring, read from its source; nothing is imported.

A class is looked for where its entry point says, and from there along ``from ... import`` lines, in
the stub of a package first, as lazy loading writes them. Nothing is kept, so nothing can be out of
date.
"""

from __future__ import annotations

import ast
import os
import sys
from functools import lru_cache
from importlib.machinery import ModuleSpec
from importlib.util import resolve_name
from pathlib import Path

# A class that is handed on by more modules than this is not looked for further.
MOST_MODULES = 8


def summary_of(target: str) -> str | None:
    """The first line of the docstring of ``module:Class``.

    Parameters
    ----------
    target : str
        As an entry point names it.

    Returns
    -------
    str or None
        None where no source defines the class, or where it has no docstring.

    Examples
    --------
    >>> from eegkit.summaries import summary_of
    >>> summary_of("eegkit.transforms:STFT")
    'Short-time Fourier spectrogram of every trial and channel.'
    """
    module, _, name = target.partition(":")
    definition = _definition(module, name, MOST_MODULES)
    doc = None if definition is None else ast.get_docstring(definition)
    return doc.strip().partition("\n")[0] if doc else None


def _definition(module: str, name: str, n_modules: int) -> ast.ClassDef | None:
    spec = _spec(module)
    if spec is None or n_modules == 0:
        return None
    package = module if spec.submodule_search_locations is not None else module.rpartition(".")[0]
    for statement in _statements(spec):
        if isinstance(statement, ast.ClassDef) and statement.name == name:
            return statement
        if not isinstance(statement, ast.ImportFrom):
            continue
        for alias in statement.names:
            if (alias.asname or alias.name) == name:
                origin = resolve_name("." * statement.level + (statement.module or ""), package)
                return _definition(origin, alias.name, n_modules - 1)
    return None


def _spec(module: str) -> ModuleSpec | None:
    """Where a module is; unlike `importlib.util.find_spec` without importing its package."""
    folders = None
    parent = module.rpartition(".")[0]
    if parent:
        package = _spec(parent)
        if package is None or package.submodule_search_locations is None:
            return None
        folders = list(package.submodule_search_locations)
    specs = (finder.find_spec(module, folders) for finder in sys.meta_path)
    return next((spec for spec in specs if spec is not None), None)


def _statements(spec: ModuleSpec) -> list[ast.stmt]:
    """What stands at the margin of a module's stub and of its source."""
    source = Path(spec.origin or "")
    files = [source.with_suffix(".pyi"), source] if source.suffix == ".py" else []
    return [s for file in files if file.is_file() for s in _parse(file, os.stat(file).st_mtime_ns)]


@lru_cache(maxsize=64)
def _parse(file: Path, mtime_ns: int) -> list[ast.stmt]:
    try:
        return ast.parse(file.read_bytes()).body
    except (SyntaxError, ValueError):  # of what cannot be imported either
        return []
