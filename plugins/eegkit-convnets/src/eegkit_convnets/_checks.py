"""Refuse parameters that make no net: what was seen, and what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any


def check_counts(**named: Any) -> None:
    """Whole numbers from 1 on."""
    for name, value in named.items():
        if not _is_count(value):
            raise ValueError(f"{name} is {value!r}; expected a whole number of at least 1.")


def check_sequence_of_counts(length: int | None = None, **named: Any) -> None:
    """Sequences of whole numbers from 1 on, of a length where one is given."""
    for name, value in named.items():
        good = isinstance(value, Sequence) and len(value) > 0 and all(map(_is_count, value))
        if not good or (length is not None and len(value) != length):
            how_many = "one or more" if length is None else f"{length}"
            raise ValueError(
                f"{name} is {value!r}; expected {how_many} whole numbers of at least 1, in a tuple."
            )


def check_rates(**named: Any) -> None:
    """Parts of the values that are dropped."""
    for name, value in named.items():
        if not (isinstance(value, Real) and 0 <= value < 1):
            raise ValueError(f"{name} is {value!r}; expected a number from 0 on and below 1.")


def _is_count(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and value >= 1
