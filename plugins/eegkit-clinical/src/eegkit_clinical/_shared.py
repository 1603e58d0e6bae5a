"""What the data sets of this plugin share: the choice of some of many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from eegkit.parameters import ParameterError


def choose(asked: Sequence[Any] | None, known: Iterable[Any], name: str, title: str) -> list[Any]:
    """Those asked for, all by default; ValueError for none, for a stranger, for one twice."""
    known = list(known)
    if asked is None:
        return known
    chosen = list(asked) if np.iterable(asked) and not isinstance(asked, str) else [asked]
    shown = ", ".join(map(repr, known[:8])) + (", ..." if len(known) > 8 else "")
    expected = f"expected a sequence of different ones of {shown}, or None for all"
    if not chosen:
        raise ParameterError(f"{name} is empty; {expected}.", name)
    # A set would take True for 1.
    there = set(known)
    strange = [one for one in chosen if isinstance(one, bool) or not _is_in(one, there)]
    if strange:
        raise ParameterError(
            f"{title} has no {', '.join(map(repr, strange))}; {expected} in {name}.", name
        )
    if len(set(chosen)) < len(chosen):
        raise ParameterError(f"{name} names one twice: {chosen}; {expected}.", name)
    return chosen


def _is_in(one: Any, known: set[Any]) -> bool:
    try:
        return one in known
    except TypeError:  # not hashable
        return False
