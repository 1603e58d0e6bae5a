"""Which class an estimator in a file is: said by registered name, never by module path."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sklearn import pipeline as sklearn_pipeline
from sklearn.ensemble import VotingClassifier

from eegkit import registry
from eegkit.classical import (
    BalancedLDA,
    DiagonalLoading,
    LeastSquaresClassifier,
    MatrixLogarithm,
)
from eegkit.libraries import install_command
from eegkit.pipeline import FeatureUnion, Pipeline
from eegkit.subject_threshold import SubjectThreshold
from eegkit.temporal_smoothing import TemporalSmoothing
from eegkit.transforms import Cached

KINDS = ("transforms", "classifiers")
# Classes that are registered nowhere: those that hold estimators, and steps of the baselines.
HOLDERS: dict[str, type] = {
    "eegkit.Pipeline": Pipeline,
    "eegkit.classical.BalancedLDA": BalancedLDA,
    "eegkit.classical.DiagonalLoading": DiagonalLoading,
    "eegkit.classical.LeastSquaresClassifier": LeastSquaresClassifier,
    "eegkit.classical.MatrixLogarithm": MatrixLogarithm,
    "eegkit.pipeline.FeatureUnion": FeatureUnion,
    "eegkit.subject_threshold.SubjectThreshold": SubjectThreshold,
    "eegkit.temporal_smoothing.TemporalSmoothing": TemporalSmoothing,
    "eegkit.transforms.Cached": Cached,
    "sklearn.ensemble.VotingClassifier": VotingClassifier,
    "sklearn.pipeline.Pipeline": sklearn_pipeline.Pipeline,
}
# Steps of the classical decoders that are pyRiemann's, by the module where users find them.
PYRIEMANN = {
    "CSP": "pyriemann.spatialfilters",
    "Covariances": "pyriemann.estimation",
    "TangentSpace": "pyriemann.tangentspace",
}


# Holders that take torch or Optuna, imported when they are met.
LAZY_HOLDERS = (
    "eegkit.classifiers.AdaptiveBatchNorm",
    "eegkit.classifiers.SupervisedCalibration",
    "eegkit.tuning.TunedClassifier",
)


def reference_to(cls: type) -> dict[str, str]:
    """What a file says of a class: kind, name and, where registered, the distribution."""
    for name, holder in HOLDERS.items():
        if cls is holder:
            return {"kind": "holder", "name": name}
    public_name = f"{cls.__module__.rpartition('.')[0]}.{cls.__name__}"
    if public_name in LAZY_HOLDERS:
        return {"kind": "holder", "name": public_name}
    if cls.__name__ in PYRIEMANN and cls.__module__ == PYRIEMANN[cls.__name__]:
        return {"kind": "pyriemann", "name": cls.__name__, "distribution": "pyriemann"}
    for entry in _candidates(cls):
        try:
            candidate = registry.get(entry.kind, f"{entry.distribution}:{entry.name}")
        except ImportError:
            continue  # a broken plugin, so not the one this class comes from
        if candidate is cls:
            return {"kind": entry.kind, "name": entry.name, "distribution": entry.distribution}
    return {"kind": "unregistered", "name": cls.__name__}


def _candidates(cls: type) -> list[registry.Entry]:
    """Entries that may point at the class, the likeliest first; other plugins stay unimported."""
    package, name = cls.__module__.partition(".")[0], f":{cls.__name__}"
    entries = [entry for kind in KINDS for entry in registry.entries(kind)]
    imported = [e for e in entries if re.split("[.:]", e.target)[0] in sys.modules]
    likely = [entry for entry in imported if entry.target.endswith(name)]
    others = [entry for entry in imported if re.split("[.:]", entry.target)[0] == package]
    return [*likely, *others]


def class_of(
    reference: dict[str, str], custom_classes: dict[str, type], versions: dict[str, str]
) -> type:
    """The class that a file speaks of.

    Raises
    ------
    ValueError
        It is not installed, or neither registered nor known.
    PluginError
        It is installed, but cannot be imported.
    """
    kind, name = reference["kind"], reference["name"]
    if kind == "holder" and name in HOLDERS:
        return HOLDERS[name]
    if kind == "holder" and name in LAZY_HOLDERS:
        module, _, class_name = name.rpartition(".")
        return getattr(import_module(module), class_name)
    if kind == "pyriemann" and name in PYRIEMANN:
        return _of_pyriemann(name)
    if kind == "unregistered":
        if name in custom_classes:
            return custom_classes[name]
        raise ValueError(
            f"the class {name} is not registered. If you trust the file, load it with "
            f"custom_classes=[{name}], your own class of that name."
        )
    if kind not in KINDS:
        raise ValueError(f"{name!r} is a {kind!r}; expected one of {', '.join(KINDS)}.")
    distribution = reference["distribution"]
    for entry in registry.entries(kind):
        if entry.name == name and entry.distribution == distribution:
            return registry.get(kind, f"{distribution}:{name}")
    off = " The variable EEGKIT_NO_PLUGINS is set." if "EEGKIT_NO_PLUGINS" in os.environ else ""
    raise ValueError(
        f"the {kind[:-1]} {name!r} of the distribution {distribution!r} is not installed here; "
        f"it was saved with version {versions.get(distribution, 'unknown')}. Install it: "
        f"{install_command(distribution)}.{off}"
    )


def _of_pyriemann(name: str) -> type:
    try:
        return getattr(import_module(PYRIEMANN[name]), name)
    except ModuleNotFoundError as error:
        raise ValueError(
            f"{name} is of pyRiemann, which is not installed here. Install it: "
            f"{install_command('eegkit[riemann]')}."
        ) from error


def version_of(distribution: str) -> str:
    """The version of a distribution that is installed here, or "unknown"."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown"


def named_classes(custom_classes: Iterable[Any]) -> dict[str, type]:
    """The classes given as `custom_classes`, by name."""
    by_name: dict[str, type] = {}
    for cls in custom_classes:
        if not isinstance(cls, type):
            raise ValueError(f"custom_classes holds {cls!r}; expected classes, such as [MyNet].")
        if by_name.setdefault(cls.__name__, cls) is not cls:
            raise ValueError(f"custom_classes holds two classes named {cls.__name__}.")
    return by_name
