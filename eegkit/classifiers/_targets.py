"""What the trials are labelled, weighted and held out by."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, StratifiedShuffleSplit
from sklearn.utils import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from eegkit.labels import class_labels
from eegkit.notice import warn
from eegkit.parameters import ParameterError

DEFAULT_VALIDATION_SPLIT = 0.2


def read_labels(y: Any) -> Any:
    """Labels as they are checked everywhere; a column, complex ones and None are scikit-learn's."""
    array = np.asarray(y)
    if y is None or array.dtype.kind == "c":
        return y
    labels = class_labels(y)
    return labels[:, None] if labels.ndim < array.ndim else labels


def learn_classes(labels: NDArray[Any]) -> NDArray[Any]:
    """The classes among labels, or as many as there are columns of probabilities."""
    if _is_soft(labels):
        return np.arange(np.shape(labels)[1])
    labels = column_or_1d(labels, warn=True)
    check_classification_targets(labels)
    classes = np.unique(labels)
    if len(classes) < 2:
        raise ValueError(
            f"y holds one class only, {classes[0]!r}; a classifier needs at least two. "
            "Check the labels, or the split that left one class."
        )
    return classes


def encode(labels: NDArray[Any], classes: NDArray[Any]) -> NDArray[Any]:
    """Labels as positions among the classes (int64), or their probabilities as float32."""
    if _is_soft(labels):
        return _probabilities(labels, len(classes))
    labels = column_or_1d(labels)
    codes = np.searchsorted(classes, labels)
    codes[codes == len(classes)] = 0
    unknown = np.unique(labels[classes[codes] != labels])
    if len(unknown):
        raise ValueError(
            f"y holds {', '.join(map(repr, unknown[:5].tolist()))}, but the classes are "
            f"{', '.join(map(repr, classes.tolist()))}."
        )
    return codes.astype(np.int64)


def _is_soft(labels: NDArray[Any]) -> bool:
    return np.ndim(labels) == 2 and np.shape(labels)[1] > 1


def _probabilities(labels: NDArray[Any], n_classes: int) -> NDArray[np.float32]:
    soft = np.asarray(labels)
    if soft.shape[1] != n_classes:
        raise ValueError(f"y has {soft.shape[1]} columns, but there are {n_classes} classes.")
    if soft.dtype.kind not in "fiub" or (soft < 0).any():
        raise ValueError("y has several columns; expected the probability of every class.")
    totals = soft.sum(axis=1)
    off = np.flatnonzero(~np.isclose(totals, 1, atol=1e-3))
    if len(off):
        raise ValueError(
            f"The probabilities in y add up to {totals[off[0]]:g} for trial {off[0]} (and not to 1 "
            f"for {len(off)} trials); divide votes by their number."
        )
    return np.ascontiguousarray(soft / totals[:, None], dtype=np.float32)


def same_length(values: Any, n_trials: int, name: str) -> NDArray[Any]:
    """A value for every trial."""
    array = np.asarray(values)
    if array.shape != (n_trials,):
        raise ValueError(
            f"{name} has shape {array.shape}; expected one for each of the {n_trials} trials."
        )
    return array


def check_weight(weight: Any, n_trials: int) -> NDArray[np.float32] | None:
    """Weights of the trials: finite, none negative, not all zero."""
    if weight is None:
        return None
    weight = np.asarray(weight)
    if weight.ndim == 0:
        weight = np.full(n_trials, weight)
    weight = same_length(weight, n_trials, "sample_weight").astype(np.float32)
    if not np.isfinite(weight).all() or (weight < 0).any() or not weight.any():
        raise ValueError("sample_weight holds NaN, negative numbers or nothing but zeros.")
    return weight


def class_weights(
    class_weight: Any, classes: NDArray[Any], codes: NDArray[np.int64]
) -> NDArray[np.float64] | None:
    """The weight of every class in the loss, from the training trials; 0 where there are none."""
    if class_weight is None:
        return None
    weights = np.zeros(len(classes))
    present = np.unique(codes)
    weights[present] = compute_class_weight(
        class_weight, classes=classes[present], y=classes[codes]
    )
    return weights


def strata_of(
    balance: str | None, y: NDArray[Any], domains: NDArray[Any] | None
) -> NDArray[np.intp] | None:
    """What batches are balanced over."""
    if balance == "class":
        return y.argmax(axis=1) if y.ndim == 2 else y
    if balance == "domain":
        if domains is None:
            raise ParameterError("balance is 'domain', but fit was not given domains=.", "balance")
        return np.unique(domains, return_inverse=True)[1]
    return None


def hold_out(
    split: Any, codes: NDArray[np.int64], groups: NDArray[Any] | None, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Training and held-out trials; whole subjects are held out where there are several.

    A fraction leaves every class in training: where no division by subjects does, trials of all
    are held out, and a warning says so; so it does where there are too few of some class to hold
    out as many of each.
    """
    rows = np.arange(len(codes))
    if hasattr(split, "split"):
        try:
            train, valid = next(iter(split.split(rows[:, None], codes, groups)))
        except ValueError as error:
            raise ParameterError(
                f"validation_split, {split!r}, cannot split the training trials: {error}",
                "validation_split",
            ) from error
        return rows[train], rows[valid]
    if not (isinstance(split, float) and 0 < split < 1):
        raise ParameterError(
            f"validation_split is {split!r}; expected a fraction between 0 and 1, a "
            "scikit-learn splitter, trials (X, y), or None.",
            "validation_split",
        )
    if groups is not None and len(np.unique(groups)) > 1:
        pair = _hold_out_subjects(split, codes, groups, seed)
        if pair is not None:
            return pair
        warn(
            "Whoever is held out by validation_split, a class is gone from training: trials of "
            "all people are held out, so that a person may be on both sides of the inner split."
        )
    return _hold_out_trials(split, codes, seed)


def _hold_out_subjects(
    split: float, codes: NDArray[np.int64], groups: NDArray[Any], seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """The first fold with every class in training; None where there is no such fold."""
    n_trials = np.bincount(codes)
    n_splits = min(max(2, round(1 / split)), len(np.unique(groups)))
    kind = StratifiedGroupKFold if n_trials.max() >= n_splits else GroupKFold
    splitter = kind(n_splits, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")
        for train, valid in splitter.split(codes[:, None], codes, groups):
            if len(np.unique(codes[train])) == np.count_nonzero(n_trials):
                return train, valid
    return None


def _hold_out_trials(
    split: float, codes: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """As many of each class as can be; one trial of each stays in training."""
    classes, n_trials = np.unique(codes, return_counts=True)
    n_valid = math.ceil(split * len(codes))
    if n_trials.min() > 1 and len(classes) <= min(n_valid, len(codes) - n_valid):
        splitter = StratifiedShuffleSplit(1, test_size=split, random_state=seed)
        return next(splitter.split(codes[:, None], codes))
    order = np.random.default_rng(seed).permutation(len(codes))
    firsts = np.unique(codes[order], return_index=True)[1]
    spare = np.delete(order, firsts)
    if not len(spare):
        raise ParameterError(
            f"validation_split can hold out none of {len(codes)} trials: no class has a second "
            "one. Give more trials, trials to stop by, validation_split=(X, y), or neither "
            "validation_split nor early_stopping.",
            "validation_split",
        )
    warn(
        "There are too few trials of some class for validation_split to hold out as many of each "
        "class; the held-out trials are drawn without regard to classes."
    )
    valid = np.sort(spare[:n_valid])
    return np.setdiff1d(order, valid), valid


def tell_absent(codes: NDArray[np.int64], classes: NDArray[Any], name: str) -> None:
    """Warn of classes that the training trials lack."""
    absent = np.setdiff1d(np.arange(len(classes)), codes)
    if len(absent):
        names = ", ".join(map(repr, classes[absent].tolist()))
        warn(
            f"{name}: no training trial is of class {names} (the inner split took them all); "
            "it cannot be learned."
        )
