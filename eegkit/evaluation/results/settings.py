"""How results came about: pipelines, data and software."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from eegkit import registry
from eegkit.trials import Trials

LIBRARIES = ("numpy", "scikit-learn", "torch", "skorch", "mne")


def describe_run(
    datasets: Mapping[str, Trials], pipelines: Mapping[str, Any], **settings: Any
) -> dict[str, Any]:
    """Settings of a run: those given, the pipelines, the data and the software."""
    return settings | {
        "pipelines": {name: _in_full(pipeline) for name, pipeline in pipelines.items()},
        "data": {name: _about(trials) for name, trials in datasets.items()},
        "versions": {"python": platform.python_version()} | _versions(),
    }


def _about(trials: Trials) -> dict[str, Any]:
    hard = trials.y if trials.y.ndim == 1 else trials.y.argmax(axis=1)
    labels, counts = np.unique(hard, return_counts=True)
    return {
        "n_trials": len(trials),
        "n_subjects": int(trials.metadata["subject"].nunique()),
        "n_channels": trials.X.shape[1],
        "n_times": trials.n_times,
        "sfreq": trials.sfreq,
        "ch_names": trials.ch_names,
        "classes": {str(name): int(n) for name, n in zip(labels, counts, strict=True)},
    }


def _in_full(pipeline: Any) -> str:
    if isinstance(pipeline, BaseEstimator):
        return pipeline.__repr__(N_CHAR_MAX=10_000)
    return repr(pipeline)


def _versions() -> dict[str, str]:
    versions = {}
    for name in (*registry.distributions(), *LIBRARIES):
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions
