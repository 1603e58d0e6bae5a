"""Refuse parameters that make no sense, in a sentence: what was seen, and what was expected."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from numbers import Integral, Real
from typing import Any


def check_counts(**named: Any) -> None:
    """Whole numbers of at least 1.

    Raises
    ------
    ValueError
        Another value; the message names the parameter.

    Examples
    --------
    >>> from eegkit.checks import check_counts
    >>> check_counts(n_filters=32, kernel_size=0)
    Traceback (most recent call last):
    ValueError: kernel_size is 0; expected a whole number of at least 1.
    """
    for name, value in named.items():
        if not _is_count(value):
            raise ValueError(f"{name} is {value!r}; expected a whole number of at least 1.")


def check_sequences_of_counts(length: int | None = None, **named: Any) -> None:
    """Sequences of whole numbers of at least 1, of a length where one is given.

    Raises
    ------
    ValueError
        Another value; the message names the parameter.
    """
    for name, value in named.items():
        good = isinstance(value, Sequence) and len(value) > 0 and all(map(_is_count, value))
        if not good or (length is not None and len(value) != length):
            how_many = "one or more" if length is None else f"{length}"
            raise ValueError(
                f"{name} is {value!r}; expected {how_many} whole numbers of at least 1, in a tuple."
            )


def check_fractions(**named: Any) -> None:
    """Numbers from 0 to below 1, or sequences of them: dropout, say.

    Raises
    ------
    ValueError
        Another value; the message names the parameter.
    """
    for name, value in named.items():
        if not all(_is_fraction(entry) for entry in _entries(value)):
            raise ValueError(f"{name} is {value!r}; expected 0 or more, below 1.")


def check_choice(known: Collection[Any], **named: Any) -> None:
    """One of the known values.

    Raises
    ------
    ValueError
        Another value; the message names the parameter and what is known.
    """
    for name, value in named.items():
        if value not in known:
            raise ValueError(f"{name} is {value!r}; expected one of {', '.join(map(repr, known))}.")


def check_heads(n_heads: int, **width: int) -> None:
    """A width that can be shared evenly among the heads of an attention.

    Raises
    ------
    ValueError
        `n_heads` does not divide it; the message names both.
    """
    for name, value in width.items():
        if value % n_heads:
            raise ValueError(
                f"n_heads is {n_heads}, which does not divide {name} = {value}; change one of them."
            )


def _entries(value: Any) -> Sequence[Any]:
    """The entries of a sequence; an empty one has an entry that no check lets pass."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value or (None,)
    return (value,)


def _is_count(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1


def _is_fraction(value: Any) -> bool:
    return isinstance(value, Real) and 0 <= float(value) < 1
