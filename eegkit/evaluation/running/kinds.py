"""Steps that cannot read what stands before them, found before the folds are computed."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import clone

from eegkit.base import ANY_AXES, AXES, Estimator
from eegkit.evaluation.running.fold import Data
from eegkit.transforms import Transformer

# Trials of each class that transforms are tried on.
N_TRIALS = 2


def check_kinds(pipelines: Mapping[str, Any], data: Mapping[str, Data]) -> Mapping[str, Any]:
    """The pipelines; one with a step that reads another kind than those before it make is refused.

    A net for raw trials behind STFT() would fail in every fold. The transforms before a step are
    tried on a few trials; what they, or steps of others, make of so few has no say here.
    """
    for name, pipeline in pipelines.items():
        for dataset, part in data.items():
            try:
                _follow(pipeline, part)
            except _WrongKindError as error:
                where = f" on {dataset}" if len(data) > 1 else ""
                raise ValueError(f"Pipeline {name!r} fits in no fold{where}: {error}") from error
    return pipelines


class _WrongKindError(Exception):
    """A step reads another kind of input."""


def _follow(pipeline: Any, data: Data) -> None:
    """Follow a few trials through a pipeline, as far as the kind of its steps is known."""
    pipeline = getattr(pipeline, "decoder", pipeline)  # of one that is tuned
    steps = [step for _, step in getattr(pipeline, "steps", [("", pipeline)])]
    _, labels = np.unique(data.labels, return_inverse=True)
    rows = [np.flatnonzero(labels == label)[:N_TRIALS] for label in range(labels.max() + 1)]
    few = np.sort(np.concatenate(rows))
    X, y = data.signals(few), data.y[few]
    for step in steps:
        if not isinstance(step, Estimator):
            return
        kind = step.input_kind
        if X.ndim not in (ANY_AXES if kind == "any" else (2, len(AXES[kind]))):
            _refuse(step, X, y)
        if not isinstance(step, Transformer) or "max_epochs" in step.get_params(deep=False):
            return
        try:
            with warnings.catch_warnings(action="ignore"):
                X = clone(step).fit(X, y).transform(X)
        except Exception:
            return


def _refuse(step: Estimator, X: Any, y: Any) -> None:
    """Raise what the step itself says of it; nothing, if it reads X after all or says nothing."""
    try:
        with warnings.catch_warnings(action="ignore"):
            clone(step).fit(X, y)
    except ValueError as error:
        raise _WrongKindError(str(error)) from error
    except Exception:
        return
