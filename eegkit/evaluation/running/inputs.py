"""What `evaluate` is given, checked and named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.multiclass import type_of_target

from eegkit.amplitude import AmplitudeWarning, unit_sentences
from eegkit.evaluation.audit.metadata_checks import KEYS
from eegkit.evaluation.baselines import baselines as all_baselines
from eegkit.evaluation.running.fold import Data
from eegkit.labels import class_labels, namesakes, same_label_key, trial_names
from eegkit.notice import warn
from eegkit.step_names import plain_name
from eegkit.trials import Trials


def name_pipelines(pipelines: Any, baselines: bool = False) -> dict[str, Any]:
    """The pipelines by name, and the baselines; a single one is named after its steps."""
    if isinstance(pipelines, Mapping):
        by_name = dict(pipelines)
    elif isinstance(pipelines, str):
        raise ValueError(
            f"pipelines is the text {pipelines!r}; expected an estimator: "
            f"eegkit.experiment.parse_pipeline({pipelines!r}) makes one of names."
        )
    elif isinstance(pipelines, Sequence) and not hasattr(pipelines, "fit"):
        raise ValueError(
            "pipelines is a sequence; expected one estimator, or a dict from names to estimators."
        )
    else:
        steps = getattr(pipelines, "named_steps", None) or {plain_name(pipelines): None}
        by_name = {"+".join(steps): pipelines}
    if not by_name:
        raise ValueError("pipelines is empty; there is nothing to evaluate.")
    for name, pipeline in by_name.items():
        if not isinstance(name, str):
            raise ValueError(f"A pipeline is named {name!r}; expected a string.")
        if isinstance(pipeline, type):
            raise ValueError(
                f"Pipeline {name!r} is the class {pipeline.__name__}; expected an object, "
                f"{pipeline.__name__}(...)."
            )
        if not hasattr(pipeline, "fit") or not hasattr(pipeline, "get_params"):
            raise ValueError(
                f"Pipeline {name!r} is a {type(pipeline).__name__}; expected a scikit-learn "
                "estimator."
            )
    if baselines:
        by_name |= {name: p for name, p in all_baselines().items() if name not in by_name}
    return by_name


def name_datasets(trials: Any) -> dict[str, Trials]:
    """The data sets by name."""
    if not isinstance(trials, Mapping):
        return {"trials": trials}
    if not trials:
        raise ValueError("trials is empty; there is nothing to evaluate on.")
    bad_names = [name for name in trials if not isinstance(name, str)]
    if bad_names:
        raise ValueError(f"A data set is named {bad_names[0]!r}; expected a string.")
    return dict(trials)


def tell_amplitudes(datasets: Mapping[str, Trials]) -> None:
    """Warn, once for all folds, of people or recordings that cannot be EEG in microvolts."""
    for name, trials in datasets.items():
        recordings = trials.metadata["subject"].astype(str)
        for column in ("session", "run"):
            if len(trials.metadata[column].unique()) > 1:
                recordings = recordings + f" {column} " + trials.metadata[column].astype(str)
        where = f"{name}: " if len(datasets) > 1 else ""
        for sentence in unit_sentences(trials.X.view(np.ndarray), recordings.to_numpy()):
            warn(where + sentence, AmplitudeWarning)


def check_trials(trials: Any, keeps_apart: str = "subject") -> Data:
    """The trials as workers get them, for a split that keeps a level or column apart."""
    if not isinstance(trials, Trials):
        raise ValueError(
            f"trials is a {type(trials).__name__}; expected Trials, which load_dataset gives; "
            "make your own with Trials.from_arrays or Trials.from_epochs."
        )
    if not len(trials):
        raise ValueError("There are no trials to evaluate on.")
    y, groups = class_labels(trials.y), trial_names(trials.groups, "metadata['subject']")
    _check_labels(y)
    # The plain array is made once, here: joblib shares with its workers what it has seen before.
    units = _units(trials.metadata, keeps_apart)
    return Data(np.asarray(trials.X), trials.X.metadata, y, groups, units)


def _units(metadata: pd.DataFrame, keeps_apart: str) -> NDArray[Any] | None:
    """What a split keeps apart, of every trial; None where that is people, or no column says it."""
    if keeps_apart == "subject" or keeps_apart not in metadata:
        return None
    above = KEYS["run"] if keeps_apart == "block" else KEYS.get(keeps_apart, ())
    columns = [name for name in dict.fromkeys((*above, keeps_apart)) if name in metadata]
    return metadata[columns].astype(str).agg(" ".join, axis=1).to_numpy(dtype=object)


def _check_labels(y: Any) -> None:
    if y.ndim == 2:
        if (y < 0).any() or (abs(y.sum(axis=1) - 1) > 1e-3).any():
            raise ValueError(
                f"The labels have shape {y.shape}, but their rows are no probabilities of "
                "classes; expected numbers from 0 that add up to 1."
            )
        return
    kind = type_of_target(y)
    if kind not in ("binary", "multiclass"):
        raise ValueError(f"The labels are {kind}; evaluate needs those of two or more classes.")
    if len(np.unique(y)) < 2:
        raise ValueError(
            f"All {len(y)} trials are of one class ({y[0]}); there is nothing to tell apart."
        )
    for first, other in namesakes(y.tolist(), same_label_key):
        raise ValueError(
            f"The labels {first!r} and {other!r} differ in nothing but case or spaces, and would "
            "be two classes; write them alike where they are made, or make them one by trials.y = "
            f"numpy.where(trials.y == {other!r}, {first!r}, trials.y)."
        )
