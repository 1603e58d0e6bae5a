"""Which class of each trial is explained."""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eegkit.labels import one_kind
from eegkit.parameters import ParameterError
from eegkit.text import shortlist, suggest


def target_codes(
    target: Any, predicted: NDArray[Any], y: NDArray[Any] | None, classes: NDArray[Any]
) -> NDArray[np.intp]:
    """The class that is explained in every trial, as its position among the classes.

    Parameters
    ----------
    target : "predicted", "true", or one of the classes
        The words come first: a class of that name is explained by `y`. A class is named by what it
        is, a number, a truth value or text.
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
    target = target.item() if isinstance(target, np.generic | np.ndarray) else target
    is_word = isinstance(target, str) and target in ("predicted", "true")
    if not is_word:
        return np.full(len(predicted), _code_of(target, labels))
    if target == "predicted":
        return class_codes(predicted, classes)
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


def _code_of(target: Any, labels: list[Any]) -> int:
    """The place of a class, which is named by a value of its kind: Python's True is 1."""
    kinds = {_kind(label) for label in labels}
    if _kind(target) in kinds and target in labels:
        return labels.index(target)
    ending = suggest(target, ["predicted", "true", *labels])
    if _kind(target) not in kinds:
        seen = shortlist(map(repr, labels))
        ending = f": it is {_kind(target)}, while these are {' and '.join(kinds)}, {seen}."
    raise ParameterError(
        f"target is {target!r}, which is no class of the decoder{ending}", "target"
    )


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "a truth value"
    return "a number" if isinstance(value, Number) else "text" if isinstance(value, str) else "none"


def class_codes(y: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.intp]:
    """The position of each label among the classes, in whatever order these are."""
    labels = classes.tolist()
    return np.array([labels.index(label) for label in y.tolist()], dtype=np.intp)


def labels_of(X: Any, y: ArrayLike | None, n_trials: int) -> NDArray[Any] | None:
    """The labels that were given, or those that trials know; None where there are none."""
    labels = getattr(X, "y", None) if y is None else y
    if labels is None or (y is None and np.ndim(labels) == 2):  # soft ones are no classes
        return None
    labels = one_kind(labels, "y")
    if labels.shape != (n_trials,):
        raise ValueError(
            f"y has shape {labels.shape}; expected one label for each of {n_trials} trials."
        )
    return labels
