"""Blocks of trials: how a large array is read and written without ever being in memory whole."""

from __future__ import annotations

import hashlib
import math
import mmap
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

READ_BYTES = 2**26
# Of one digest: small enough for all threads to have some, and for the processor's cache.
DIGEST_BYTES = 2**22
MAX_THREADS = 4


def row_blocks(
    n_rows: int, row_bytes: int, max_bytes: int = READ_BYTES, n_workers: int = 1
) -> Iterator[slice]:
    """Consecutive slices of rows that hold at most `max_bytes`, but at least one row.

    They are nearly equal, and a multiple of the workers where there are rows enough.
    """
    most = max(1, max_bytes // max(1, row_bytes))
    n_blocks = -(-n_rows // (most * n_workers)) * n_workers
    step = max(1, -(-n_rows // max(1, n_blocks)))
    return (slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step))


def read_blocks(array: NDArray[Any], max_bytes: int = READ_BYTES) -> Iterator[NDArray[Any]]:
    """The array block by block; what was read of a memmap leaves memory again."""
    row_bytes = array[:1].nbytes
    for rows in row_blocks(len(array), row_bytes, max_bytes):
        yield array[rows]
        release(array)


def release(array: NDArray[Any]) -> None:
    """Let the pages of a memmap (or of a view of one) leave memory; the file keeps them.

    The kernel counts every page of a mapped file that was touched as this process's memory
    until it runs short. Plain arrays are left alone.
    """
    owner: Any = array
    mode = None
    while isinstance(owner, np.ndarray):
        mode = owner.mode if isinstance(owner, np.memmap) else mode
        owner = owner.base
    # A private mapping (mode "c") would lose what was written to it.
    if isinstance(owner, mmap.mmap) and mode != "c" and hasattr(owner, "madvise"):
        owner.madvise(mmap.MADV_DONTNEED)


def digest_of_array(array: NDArray[Any]) -> bytes:
    """The SHA-256 of the items of an array in C order, however they lie in memory.

    It is that of the digests of blocks, which several threads make at once.
    """
    array = array.reshape(1) if array.ndim == 0 else array
    row_bytes = array.itemsize * math.prod(array.shape[1:])
    blocks = list(row_blocks(len(array), row_bytes, DIGEST_BYTES)) if array.size else []
    threads = min(len(blocks), MAX_THREADS, os.cpu_count() or 1)
    with ThreadPoolExecutor(max(1, threads)) if threads > 1 else nullcontext() as executor:
        digests = (executor.map if executor else map)(lambda rows: _digest(array, rows), blocks)
        return hashlib.sha256(b"".join(digests)).digest()


def _digest(array: NDArray[Any], rows: slice) -> bytes:
    block = np.ascontiguousarray(array[rows])
    digest = hashlib.sha256(block.reshape(-1).view(np.uint8).data).digest()
    release(array)
    return digest
