"""Labels of test trials among the parameters of a pipeline, wherever these hold them."""

from __future__ import annotations

import functools
import types
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from eegkit.access import parts_of
from eegkit.bytecode import lookups
from eegkit.evaluation.audit.findings import Findings
from eegkit.labels import hard_labels
from eegkit.trials import Trials

# Fewer labels than these may be alike by chance.
LEAST_LABELS = 10
MOST_OBJECTS = 10_000
MOST_COLUMNS = 64
# What holds no trials of anybody's.
LIBRARIES = ("torch", "sklearn", "numpy", "scipy", "pandas", "mne", "joblib", "skorch")
# What a function reads of trials that it knows, if it reads their labels.
OF_LABELS = {"y", "metadata"}


def check_label_parameters(name: str, pipeline: Any, findings: Findings) -> None:
    """Parameters that hold the labels of test trials, under whatever names classes have there."""
    targets, parts = _targets(findings), list(parts_of(pipeline))
    for part in parts:
        others = [other for other in parts if other is not part]
        for parameter, value in _parameters(part).items():
            place = f"{parameter} of {type(part).__name__}"
            hit = next(_hits(value, targets, findings.trials, others), None)
            if hit is not None:
                findings.add(
                    "labels",
                    "leak",
                    f"Pipeline: {name}{place} holds {len(hit)} values that are the labels of test "
                    "trials, in their order.",
                    "Take them out: a decoder learns labels from the training trials of fit.",
                )
                return


def _parameters(part: Any) -> dict[str, Any]:
    """What a clone of a step knows: its parameters, and, of a class of the user's, its methods."""
    values = part.get_params(deep=False)
    if _library(type(part).__module__) not in (*LIBRARIES, "eegkit"):
        values |= {n: f for n, f in vars(type(part)).items() if isinstance(f, types.FunctionType)}
    return values


def _targets(findings: Findings) -> dict[int, list[NDArray[np.intp]]]:
    """Labels to look for, by their number: of all trials, of each fold, of each person."""
    trials = findings.trials
    y = pd.factorize(hard_labels(trials.y))[0]
    sides = [fold.test for fold in findings.folds]
    people = pd.Series(np.arange(len(y))).groupby(trials.groups, sort=True).indices.values()
    targets: dict[int, list[NDArray[np.intp]]] = defaultdict(list)
    for rows in [np.arange(len(y)), *sides, *people]:
        codes = pd.factorize(y[rows])[0]
        n_classes = codes.max() + 1
        if len(rows) >= LEAST_LABELS and 1 < n_classes <= len(rows) / 2:
            targets[len(rows)].append(codes)
    return targets


def _hits(
    value: Any, targets: Mapping[int, list[NDArray[np.intp]]], trials: Trials, others: list[Any]
) -> Iterator[NDArray[Any]]:
    """The labels in a value; other steps are looked at by themselves."""
    return (part for part in _sequences(value, trials, others) if _tells(part, targets))


def _tells(values: NDArray[Any], targets: Mapping[int, list[NDArray[np.intp]]]) -> bool:
    """Whether values are labels, each class under one name of its own."""
    if len(values) not in targets:
        return False
    try:
        codes = pd.factorize(values)[0]
    except TypeError:  # what cannot be told apart is no label
        return False
    return any(np.array_equal(codes, target) for target in targets[len(values)])


def _sequences(value: Any, trials: Trials, others: list[Any]) -> Iterator[NDArray[Any]]:
    """Everything in a value that could be labels, however deep it is."""
    seen: dict[int, Any] = {id(other): other for other in others}
    waiting = [value]
    while waiting and len(seen) < MOST_OBJECTS:
        value = waiting.pop()
        if id(value) in seen or _is_of_no_interest(value):
            continue
        seen[id(value)] = value
        if _is_of_other_trials(value, trials):
            continue
        yield from _as_labels(value)
        waiting += _contents(value)


def _is_of_no_interest(value: Any) -> bool:
    if value is None or isinstance(value, bool | int | float | complex | type | types.ModuleType):
        return True
    tables = np.ndarray | pd.DataFrame | pd.Series | BaseEstimator
    return _library(type(value).__module__) in LIBRARIES and not isinstance(value, tables)


def _library(module: str | None) -> str:
    return (module or "").partition(".")[0]


def _is_of_other_trials(value: Any, trials: Trials) -> bool:
    """Whether it is signals with labels, and none of the signals is of the trials."""
    if isinstance(value, Trials):
        X = value.X
    elif isinstance(value, tuple | list) and len(value) == 2 and _is_signals(value[0]):
        X = value[0]
    else:
        return False
    known = {hash(np.asarray(x, np.float32).tobytes()) for x in np.asarray(trials.X)}
    return not any(hash(np.asarray(x, np.float32).tobytes()) in known for x in np.asarray(X))


def _is_signals(value: Any) -> bool:
    return getattr(value, "ndim", 0) == 3


def _as_labels(value: Any) -> Iterator[NDArray[Any]]:
    """The value itself as one label for each trial; of tables each column, and the largest."""
    if isinstance(value, str | bytes | bytearray):
        yield np.array(list(value), dtype=object)
    elif isinstance(value, Mapping):
        yield _flat(list(value.values()))
    elif isinstance(value, list | tuple):
        yield _flat(value)
    elif isinstance(value, pd.Series):
        yield value.to_numpy()
    elif isinstance(value, np.ndarray) and value.ndim == 1:
        yield np.asarray(value)
    elif isinstance(value, np.ndarray) and value.ndim == 2 and value.shape[1] <= MOST_COLUMNS:
        yield from np.asarray(value).T
        if value.dtype.kind in "fiub":
            yield np.asarray(value).argmax(axis=1)


def _flat(values: Any) -> NDArray[Any]:
    """An array of objects, none of which is taken apart."""
    array = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        array[i] = value
    return array


def _contents(value: Any) -> list[Any]:
    """What an object holds."""
    if isinstance(value, Trials):
        return [value.y]
    if isinstance(value, BaseEstimator):
        return list(value.get_params(deep=False).values())
    if isinstance(value, pd.DataFrame):
        return [value[column] for column in value]
    if isinstance(value, np.ndarray):
        return list(value.flat) if value.dtype.hasobject else []
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if isinstance(value, functools.partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, types.MethodType):
        return [value.__self__, value.__func__]
    if isinstance(value, types.FunctionType):
        return _of_function(value)
    return list(vars(value).values()) if hasattr(value, "__dict__") else []


def _of_function(function: types.FunctionType) -> list[Any]:
    """What a function closes over, its defaults, and the globals it reads."""
    if _library(function.__module__) in (*LIBRARIES, "eegkit"):
        return []
    objects, attributes = lookups(function)
    cells = [cell.cell_contents for cell in function.__closure__ or () if _is_full(cell)]
    values = [*cells, *objects.values(), function.__defaults__, function.__kwdefaults__]
    reads_labels = bool(attributes & OF_LABELS)
    return [value for value in values if reads_labels or not isinstance(value, Trials)]


def _is_full(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True
