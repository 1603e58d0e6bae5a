"""What an index of NumPy does to each axis of an array, and whose memory an array looks at."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def key_of_each_axis(key: Any, ndim: int) -> list[Any] | None:
    """One key per axis, or None where the result's axes no longer match the array's."""
    parts = list(key) if isinstance(key, tuple) else [key]
    if any(part is None for part in parts):
        return None
    if any(isinstance(part, np.ndarray | list) and np.ndim(part) > 1 for part in parts):
        return None
    ellipses = [i for i, part in enumerate(parts) if part is Ellipsis]
    missing = ndim - (len(parts) - len(ellipses))
    where = ellipses[0] if ellipses else len(parts)
    parts[where : where + len(ellipses)] = [slice(None)] * missing
    if sum(not isinstance(part, slice) for part in parts) > 1:
        return None
    return parts


def is_whole(key: Any) -> bool:
    """Whether a key picks all of an axis, in order."""
    return isinstance(key, slice) and key.start in (None, 0) and key.step in (None, 1)


def pick(values: NDArray[Any] | None, key: Any) -> Any:
    return None if values is None else values[key]


def owner_of_memory(array: Any) -> Any:
    """The array that owns the memory an array looks at."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
