"""Memory that is kept from one step of training to the next.

glibc maps an array of more than 32 MB anew whenever it is asked for, and gives it back as soon as
it is free. The kernel fills what it hands out with zeros, page by page, which takes as long as a
pass of batch norm over the array, or longer. Where nets train on the CPU it is told not to map
anything, nor to give anything back. Afterwards it does as a process of large arrays does by itself
(see ``mallopt(3)``: thresholds grow to these values), and what is free is given back.

Other C libraries, and glibc with settings from the environment, are left as they are.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

# Parameters of mallopt, and their values during training and after it.
TRIM_THRESHOLD, MMAP_THRESHOLD, MMAP_MAX = -1, -3, -4
KEEPING = {MMAP_MAX: 0, TRIM_THRESHOLD: 2**31 - 1}
AFTERWARDS = {MMAP_MAX: 2**16, MMAP_THRESHOLD: 2**25, TRIM_THRESHOLD: 2**26}

_LOCK = threading.Lock()
_TRAININGS: set[object] = set()


@cache
def _glibc() -> Any:
    """The C library, if it is glibc and nobody has set how it gives out memory; else None."""
    tunables = os.environ.get("GLIBC_TUNABLES", "")
    if "glibc.malloc" in tunables or any(name.startswith("MALLOC_") for name in os.environ):
        return None
    try:
        library = ctypes.CDLL(None)
    except (OSError, TypeError):  # Windows
        return None
    return library if hasattr(library, "gnu_get_libc_version") else None


@contextmanager
def kept_memory(device_type: str) -> Iterator[None]:
    """Inside, memory that is free stays with the process, in all its threads."""
    library = _glibc() if device_type == "cpu" else None
    if library is None:
        yield
        return
    training = object()
    with _LOCK:
        _TRAININGS.add(training)
        _set(library, KEEPING)
    try:
        yield
    finally:
        with _LOCK:
            _TRAININGS.remove(training)
            if not _TRAININGS:
                _set(library, AFTERWARDS)
                library.malloc_trim(0)


def _set(library: Any, values: dict[int, int]) -> None:
    for parameter, value in values.items():
        library.mallopt(parameter, value)
