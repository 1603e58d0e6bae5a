"""Refuse parameters that make no net, in a sentence that says what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any


def check_counts(**named: Any) -> None:
    """Whole numbers from 1 on, or sequences of them."""
    for name, value in named.items():
        if not all(_is_number(n, Integral) and n >= 1 for n in _entries(value)):
            raise ValueError(f"{name} is {value!r}; expected whole numbers of at least 1.")


def check_rates(**named: Any) -> None:
    """Parts of the values that are dropped, or sequences of them."""
    for name, value in named.items():
        if not all(_is_number(p, Real) and 0 <= p < 1 for p in _entries(value)):
            raise ValueError(f"{name} is {value!r}; expected 0 or more, below 1.")


def check_choice(name: str, value: Any, known: Sequence[str]) -> None:
    """One of the known names."""
    if value not in known:
        raise ValueError(f"{name} is {value!r}; expected one of {', '.join(map(repr, known))}.")


def _entries(value: Any) -> Sequence[Any]:
    """The entries of a sequence; an empty one has an entry that no check lets pass."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value or (None,)
    return (value,)


def _is_number(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
