"""Refuse parameters that make no sense, in a sentence: what was seen, and what was expected."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from numbers import Integral, Real
from typing import Any


def check_counts(**named: Any) -> None:
    """Whole numbers of at least 1, or sequences of them.

    Raises
    ------
    ValueError
        Another value; the message names the parameter.

    Examples
    --------
    >>> from eegkit.checks import check_counts
    >>> check_counts(n_filters=(32, 64), kernel_size=0)
    Traceback (most recent call last):
    ValueError: kernel_size is 0; expected whole numbers of at least 1.
    """
    for name, value in named.items():
        if not all(_is_number(n, Integral) and n >= 1 for n in _entries(value)):
            raise ValueError(f"{name} is {value!r}; expected whole numbers of at least 1.")


def check_fractions(**named: Any) -> None:
    """Numbers from 0 to below 1, or sequences of them: dropout, say.

    Raises
    ------
    ValueError
        Another value; the message names the parameter.
    """
    for name, value in named.items():
        if not all(_is_number(p, Real) and 0 <= p < 1 for p in _entries(value)):
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


def _entries(value: Any) -> Sequence[Any]:
    """The entries of a sequence; an empty one has an entry that no check lets pass."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value or (None,)
    return (value,)


def _is_number(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
