"""eegkit: decode EEG with scikit-learn estimators, honestly.

The public names below are imported on first use, so that ``import eegkit``
costs milliseconds and pulls in neither torch, mne nor braindecode.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from eegkit._version import __version__

_HOME = {
    "Dataset": "datasets",
    "NeuralClassifier": "classifiers",
    "ParameterError": "parameters",
    "Pipeline": "pipeline",
    "Results": "evaluation",
    "SignalArray": "signals",
    "Transformer": "transforms",
    "Trials": "trials",
    "evaluate": "evaluation",
    "export_onnx": "export",
    "load": "persistence",
    "load_dataset": "datasets",
    "make_pipeline": "pipeline",
    "report": "reporting",
    "save": "persistence",
}
_MODULES = (
    "classifiers",
    "datasets",
    "evaluation",
    "parameters",
    "plots",
    "registry",
    "testing",
    "transforms",
)

__all__ = ["__version__", *_HOME, *_MODULES]

if TYPE_CHECKING:
    from eegkit import (
        classifiers,
        datasets,
        evaluation,
        parameters,
        plots,
        registry,
        testing,
        transforms,
    )
    from eegkit.classifiers import NeuralClassifier
    from eegkit.datasets import Dataset, load_dataset
    from eegkit.evaluation import Results, evaluate
    from eegkit.export import export_onnx
    from eegkit.parameters import ParameterError
    from eegkit.persistence import load, save
    from eegkit.pipeline import Pipeline, make_pipeline
    from eegkit.reporting import report
    from eegkit.signals import SignalArray
    from eegkit.transforms import Transformer
    from eegkit.trials import Trials


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(f"eegkit.{_HOME[name]}"), name)
    elif name in _MODULES:
        value = importlib.import_module(f"eegkit.{name}")
    else:
        raise AttributeError(f"module 'eegkit' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
