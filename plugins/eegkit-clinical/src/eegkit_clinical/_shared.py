"""What the data sets of this plugin share: checks of options."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np


def check_lengths(*, zero_allowed: bool = False, unit: str = "s", **named: Any) -> None:
    """Raise ValueError unless the options are lengths in time."""
    for name, value in named.items():
        fine = _is_number(value) and np.isfinite(value)
        if not fine or value < 0 or (value == 0 and not zero_allowed):
            expected = "a number from 0 on" if zero_allowed else "a positive number"
            raise ValueError(f"{name} is {value!r}; expected {expected}, in {unit}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def choose(asked: Sequence[Any] | None, known: Iterable[Any], name: str, title: str) -> list[Any]:
    """Those asked for, all by default; ValueError for none, for a stranger, for one twice."""
    known = list(known)
    if asked is None:
        return known
    chosen = list(asked) if np.iterable(asked) and not isinstance(asked, str) else [asked]
    shown = ", ".join(map(repr, known[:8])) + (", ..." if len(known) > 8 else "")
    expected = f"expected a sequence of different ones of {shown}, or None for all"
    if not chosen:
        raise ValueError(f"{name} is empty; {expected}.")
    # A set would take True for 1.
    there = set(known)
    strange = [one for one in chosen if isinstance(one, bool) or not _is_in(one, there)]
    if strange:
        raise ValueError(f"{title} has no {', '.join(map(repr, strange))}; {expected} in {name}.")
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"{name} names one twice: {chosen}; {expected}.")
    return chosen


def _is_in(one: Any, known: set[Any]) -> bool:
    try:
        return one in known
    except TypeError:  # not hashable
        return False
