"""Which class of each trial is explained."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eegkit.parameters import ParameterError
from eegkit.text import shortlist, suggest


def target_codes(
    target: Any, predicted: NDArray[Any], y: NDArray[Any] | None, classes: NDArray[Any]
) -> NDArray[np.intp]:
    """The class that is explained in every trial, as its position among the classes.

    Parameters
    ----------
    target : "predicted", "true", or one of the classes
        The words come first: a class of that name is explained by `y`.
    predicted : ndarray, shape (n_trials,)
    y : ndarray, shape (n_trials,), or None
    classes : ndarray, shape (n_classes,)

    Returns
    -------
    ndarray of int, shape (n_trials,)

    Raises
    ------
    ParameterError
        There is no such class, or no labels where they are asked for.
    """
    labels = classes.tolist()
    if len(labels) < 2:
        raise ValueError(
            f"The decoder knows one class only, {shortlist(labels)}, so nothing decides between "
            "classes that could be explained; fit it on trials of two classes or more."
        )
    if np.ndim(target) != 0:
        raise ParameterError(
            f"target is {target!r}; expected 'predicted', 'true' or one class. Classes trial by "
            "trial are given as y, with target='true'.",
            "target",
        )
    if target == "predicted":
        return class_codes(predicted, classes)
    if target != "true" and target in labels:
        return np.full(len(predicted), labels.index(target))
    if target != "true":
        choices = ["predicted", "true", *labels]
        raise ParameterError(
            f"target is {target!r}, which is no class of the decoder{suggest(target, choices)}",
            "target",
        )
    if y is None:
        raise ParameterError(
            "target is 'true', but y is None: give the trials' labels, or Trials.", "target"
        )
    unknown = sorted(set(y.tolist()) - set(labels), key=str)
    if unknown:
        raise ParameterError(
            f"target is 'true', but y has {shortlist(map(repr, unknown))}, which the decoder was "
            f"not trained on; its classes are {shortlist(labels)}.",
            "target",
        )
    return class_codes(y, classes)


def class_codes(y: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.intp]:
    """The position of each label among the classes, in whatever order these are."""
    labels = classes.tolist()
    return np.array([labels.index(label) for label in y.tolist()], dtype=np.intp)


def labels_of(X: Any, y: ArrayLike | None, n_trials: int) -> NDArray[Any] | None:
    """The labels that were given, or those that trials know; None where there are none."""
    labels = getattr(X, "y", None) if y is None else y
    if labels is None or (y is None and np.ndim(labels) == 2):  # soft ones are no classes
        return None
    labels = np.asarray(labels)
    if labels.shape != (n_trials,):
        raise ValueError(
            f"y has shape {labels.shape}; expected one label for each of {n_trials} trials."
        )
    return labels
