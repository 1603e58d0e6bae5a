"""What labels and names of people are, and what they mean."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from eegkit.notice import warn
from eegkit.signals_input import refuse_masked

# What pandas calls arrays of objects that numbers are.
NUMBERS = ("boolean", "integer", "floating", "mixed-integer-float", "decimal")
# What NumPy and pandas write where they make text of what is absent.
NOT_THERE = ("nan", "<NA>", "NaT")


def one_kind(values: ArrayLike, name: str) -> NDArray[Any]:
    """Values as an array of numbers or of text, not of both.

    Numbers that stand as objects become numbers, bytes text. Beside text, numbers become text,
    whole ones without a point. What is absent stays so.

    Parameters
    ----------
    values : array-like
    name : str
        For messages.

    Returns
    -------
    ndarray
        Of the shape of `values`.

    Raises
    ------
    ValueError
        A number and its own text are there, as 1 and ``"1"``; or other objects beside text.

    Examples
    --------
    >>> from eegkit.labels import one_kind
    >>> one_kind([1, "3b"], "subject").tolist()
    ['1', '3b']
    """
    refuse_masked(values, name)
    # Of a list NumPy would make text, of None and NaN as well.
    is_list = isinstance(values, list | tuple)
    array: NDArray[Any] = np.asarray(values, object if is_list else None)
    if array.dtype.kind in "ST":
        array = array.astype(object)
    if array.dtype.kind == "U":
        _refuse_lookalikes(array, name)
    if array.dtype.kind != "O":
        return array
    is_there = ~np.asarray(pd.isna(array))
    items = array[is_there]
    kind = pd.api.types.infer_dtype(items, skipna=False)
    if kind == "bytes":
        texts = [item.decode(errors="backslashreplace") for item in items]
        items = np.array(texts, dtype=object)
    elif kind == "string":
        items = _plain_text(items, name)
    elif kind in NUMBERS:
        items = np.array(items.tolist(), dtype=float if kind == "decimal" else None)
    elif kind.startswith("mixed"):
        items = _as_text(items, name)
    else:
        return array
    if is_there.all():
        items = items.reshape(array.shape)
        return items.astype(str) if is_list and kind == "string" else items
    whole = np.full(array.shape, None, dtype=object)
    whole[is_there] = items
    return whole


def class_labels(y: Any, name: str = "y") -> NDArray[Any]:
    """The label of every trial, or the probabilities of its classes; none is absent.

    Parameters
    ----------
    y : array-like, shape (n_trials,), (n_trials, 1) or (n_trials, n_classes)
        One column is labels.
    name : str, default "y"
        For messages.

    Returns
    -------
    ndarray, shape (n_trials,) or (n_trials, n_classes)
        Of one kind, as `one_kind` makes it.

    Raises
    ------
    ValueError
        Some are absent, no text and no numbers, or of another shape.
    """
    labels = _without_gaps(y, "label", name)
    if labels.ndim not in (1, 2):
        raise ValueError(
            f"{name} has shape {labels.shape}; expected one label for each trial, (n_trials,), or "
            "the probability of every class, (n_trials, n_classes)."
        )
    if labels.dtype.kind == "O" and pd.api.types.infer_dtype(labels.ravel()) == "string":
        labels = labels.astype(str)
    is_text = labels.dtype.kind == "U"
    if labels.ndim == 2 and is_text:
        raise ValueError(f"{name} has shape {labels.shape}; expected one label for each trial.")
    if labels.size and not is_text and labels.dtype.kind not in "fiub":
        item = labels.flat[0]
        raise ValueError(
            f"{name} holds {item!r}; expected labels that are text or whole numbers. Dates, say, "
            f"become text by {name}.astype(str)."
        )
    return labels


def joined_labels(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """The labels of several parts, one after the other, in which 0 and ``"0"`` stay two.

    Raises
    ------
    ValueError
        They would not: the parts are labelled by numbers and the same as text, or by labels and
        probabilities.
    """
    widths = {part.shape[1:] for part in parts}
    if len(widths) > 1:
        shapes = ", ".join(str(part.shape) for part in parts)
        raise ValueError(
            f"The labels have shapes {shapes}; put together are labels, or the probabilities of "
            "the same classes, not both."
        )
    kinds = {part.dtype.kind for part in parts}
    if len(kinds) > 1:
        parts = [part.astype(object) for part in parts]
    return class_labels(np.concatenate(parts))


def trial_names(values: Any, name: str, what: str = "subject") -> NDArray[Any]:
    """Whose every trial is, or whatever else groups trials; of one kind, and none is absent.

    Parameters
    ----------
    values : array-like, shape (n_trials,) or (n_trials, 1)
    name : str
        For messages.
    what : str, default "subject"
        What the names are of.

    Returns
    -------
    ndarray, shape (n_trials,)

    Raises
    ------
    ValueError
        Some are absent, they are of several kinds, or of another shape.
    """
    names = _without_gaps(values, what, name)
    if names.ndim != 1:
        raise ValueError(
            f"{name} has shape {names.shape}; expected one {what} for each trial, (n_trials,)."
        )
    return names


def with_names(values: NDArray[Any], what: str) -> NDArray[np.bool_]:
    """Which trials have a name; a warning tells of those that have none.

    Parameters
    ----------
    values : ndarray, shape (n_trials,)
    what : str
        What the names are of.

    Returns
    -------
    ndarray of bool, shape (n_trials,)
    """
    is_there = ~np.asarray(pd.isna(values))
    if not is_there.all():
        warn(f"Left out: {np.sum(~is_there)} of {len(values)} trials, which have no {what}.")
    return is_there


def of_each(values: Any, n_trials: int, name: str) -> NDArray[Any]:
    """One value for each trial, of a list in its order, or of one value for all.

    Raises
    ------
    ValueError
        There are more or fewer.
    """
    column = one_kind(values, name)
    if column.ndim == 2 and column.shape[1] == 1:
        column = column[:, 0]
    if column.ndim and column.shape != (n_trials,):
        raise ValueError(
            f"{name} has shape {column.shape}; expected one for each of the {n_trials} trials, or "
            "one for all."
        )
    return np.broadcast_to(column, n_trials)


def _without_gaps(values: Any, what: str, name: str) -> NDArray[Any]:
    array = one_kind(values, name)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.dtype.kind in "fOmMU" and array.ndim and array.size:
        entries = pd.Series(array.ravel())
        is_absent = entries.isna() | entries.isin(NOT_THERE)
        absent = is_absent.to_numpy().reshape(len(array), -1).any(axis=1)
        if absent.any():
            raise ValueError(
                f"{absent.sum()} of {len(array)} trials have no {what} in {name}, trial "
                f"{absent.argmax()} for one; fill it in, or leave these trials out."
            )
    return array


def _plain_text(items: NDArray[Any], name: str) -> NDArray[Any]:
    """Text as plain strings: members of enumerations that are text would say their own name."""
    if set(map(type, items)) != {str}:
        items = np.array([str.__str__(item) for item in items], dtype=object)
    _refuse_lookalikes(items, name)
    return items


def _refuse_lookalikes(items: NDArray[Any], name: str) -> None:
    """Refuse two texts that look the same: letters with accents have two encodings."""
    spellings: dict[str, str] = {}
    for text in pd.unique(items.ravel().astype(object)):
        other = spellings.setdefault(unicodedata.normalize("NFC", text), text)
        if other != text:
            raise ValueError(
                f"{name} holds {text!r} in two encodings that look the same, {text!a} and "
                f"{other!a}; make them one by unicodedata.normalize('NFC', text)."
            )


def _as_text(items: NDArray[Any], name: str) -> NDArray[Any]:
    """Numbers and text as text, where no number has the text of another entry."""
    types = {type(item) for item in items}
    if not all(issubclass(t, str | Real) and not issubclass(t, bool) for t in types):
        kinds = ", ".join(sorted(t.__name__ for t in types))
        raise ValueError(f"{name} holds {kinds}; expected numbers alone, or text alone.")
    numbers = {item for item in items if not isinstance(item, str)}
    for text in {item for item in items if isinstance(item, str)}:
        if _number(text) in numbers:
            raise ValueError(
                f"{name} holds the text {text!r} and the number {_text(_number(text))}, which may "
                "mean the same; write both as numbers, or both as text."
            )
    return np.array([_text(item) for item in items], dtype=object)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _text(item: Any) -> str:
    is_whole = not isinstance(item, str) and float(item).is_integer()
    return str(int(item) if is_whole else item)


def same_person_key(name: Any) -> tuple[Any, ...]:
    """What is left of a person's name without case, spaces, punctuation and leading zeros."""
    text = unicodedata.normalize("NFKC", str(name)).casefold()
    # pandas makes 1.0 of 1 where another row has no number, and a CSV file may hold that as text.
    text = re.sub(r"\b(\d+)\.0+\b", r"\1", text)
    return tuple(
        int(part) if part.isdigit() else part for part in re.findall(r"\d+|[^\W\d_]+", text)
    )


def same_label_key(label: Any) -> Any:
    """What is left of a label that is text without case, and spaces around and repeated."""
    if not isinstance(label, str):
        return label
    return " ".join(unicodedata.normalize("NFKC", label).casefold().split())


def namesakes(names: Iterable[Any], key: Callable[[Any], Any]) -> list[tuple[Any, Any]]:
    """Different names with the same key, each behind the first that has it.

    Examples
    --------
    >>> from eegkit.labels import namesakes, same_label_key
    >>> namesakes(["rest", "task", "Rest "], same_label_key)
    [('rest', 'Rest ')]
    """
    first: dict[Hashable, Any] = {}
    # A name without a letter or digit leaves nothing to compare: it stands for itself.
    pairs = [(first.setdefault(key(name) or name, name), name) for name in dict.fromkeys(names)]
    return [(name, other) for name, other in pairs if name is not other]


def hard_labels(y: NDArray[Any]) -> NDArray[Any]:
    """One label per trial; of soft labels the class with the largest part."""
    return y if y.ndim == 1 else y.argmax(axis=1)


def people_by_class(y: NDArray[Any], subject: NDArray[Any]) -> pd.DataFrame:
    """Trials of every person, a row each, with a column for each class."""
    rows = pd.Series(subject, name="subject")
    return pd.crosstab(rows, pd.Series(hard_labels(y), name="class"))


def one_class_each(y: NDArray[Any], subject: NDArray[Any]) -> bool:
    """Whether all trials of a person are of one class, as in a diagnosis, and not each of its own.

    Parameters
    ----------
    y : ndarray, shape (n_trials,)
        Labels.
    subject : ndarray, shape (n_trials,)

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.labels import one_class_each
    >>> one_class_each(np.array(["sick", "sick", "well"]), np.array(["a", "a", "b"]))
    True
    >>> one_class_each(np.array(["rest", "task", "rest"]), np.array(["a", "a", "b"]))
    False
    """
    pairs = pd.DataFrame({"y": y, "subject": subject}).drop_duplicates()
    if pairs["subject"].duplicated().any() or len(pairs["y"].unique()) < 2:
        return False
    return not labels_are_subjects(y, subject)


def labels_are_subjects(y: NDArray[Any], subject: NDArray[Any]) -> bool:
    """Whether the label of a trial is its person: identification.

    One class for each person and one person for each class. Of two people the names have to
    agree, too: a patient and a control are two people of two classes as well.

    Parameters
    ----------
    y : ndarray, shape (n_trials,) or (n_trials, n_classes)
        Labels; soft ones name nobody.
    subject : ndarray, shape (n_trials,)

    Returns
    -------
    bool

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.labels import labels_are_subjects
    >>> labels_are_subjects(np.array(["x", "y", "z"]), np.array(["a", "b", "c"]))
    True
    >>> labels_are_subjects(np.array(["sick", "well"]), np.array(["a", "b"]))
    False
    """
    if y.ndim != 1:
        return False
    pairs = pd.DataFrame({"y": y, "subject": subject}).drop_duplicates()
    if len(pairs) < 2 or pairs["y"].duplicated().any() or pairs["subject"].duplicated().any():
        return False
    return len(pairs) > 2 or set(map(str, np.unique(y))) == set(map(str, np.unique(subject)))
