"""NumPy's numbers, text and arrays as Python's, which torch, JSON and ``if`` take."""

from __future__ import annotations

import collections.abc
import functools
import types
import typing
from fractions import Fraction
from typing import Annotated, Any

import numpy as np


def plain(value: Any, lists: bool = False) -> Any:
    """A value without NumPy's scalars and fractions, the same object where there are none.

    Parameters
    ----------
    value : object
        Looked into where it is a list or a tuple.
    lists : bool, default False
        Whether arrays, and what pandas has of them, become lists.

    Returns
    -------
    object
    """
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value.item() if value.dtype.kind in "biufU" else value
    if isinstance(value, Fraction):
        return float(value)
    if lists and hasattr(value, "__array__"):
        return plain(np.asarray(value).tolist())
    if type(value) in (list, tuple):
        parts = [plain(part, lists) for part in value]
        if any(new is not old for new, old in zip(parts, value, strict=True)):
            return type(value)(parts)
    return value


@functools.cache
def takes_lists(hint: Any) -> bool:
    """Whether a type is that of lists, or a union or ``Annotated`` with one."""
    origin = typing.get_origin(hint) or hint
    if origin in (Annotated, typing.Union, types.UnionType):
        return any(map(takes_lists, typing.get_args(hint)))
    return origin in (tuple, list, collections.abc.Sequence)
