"""What the data sets of this plugin share: the choice of some of many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from eegkit.parameters import ParameterError


def choose(request: Sequence[Any] | None, items: Iterable[Any], name: str, title: str) -> list[Any]:
    """Those asked for, all by default; ValueError for none, for a stranger, for one twice."""
    items = list(items)
    if request is None:
        return items
    choice = list(request) if np.iterable(request) and not isinstance(request, str) else [request]
    listing = ", ".join(map(repr, items[:8])) + (", ..." if len(items) > 8 else "")
    expected = f"expected a sequence of different ones of {listing}, or None for all"
    if not choice:
        raise ParameterError(f"{name} is empty; {expected}.", name)
    # A set would take True for 1.
    item_set = set(items)
    strange = [item for item in choice if isinstance(item, bool) or not _is_in(item, item_set)]
    if strange:
        raise ParameterError(
            f"{title} has no {', '.join(map(repr, strange))}; {expected} in {name}.", name
        )
    if len(set(choice)) < len(choice):
        raise ParameterError(f"{name} names one twice: {choice}; {expected}.", name)
    return choice


def _is_in(item: Any, items: set[Any]) -> bool:
    try:
        return item in items
    except TypeError:  # not hashable
        return False
