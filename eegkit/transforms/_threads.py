"""Threads that work through blocks, kept from one transform to the next."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

# New threads would begin with cold memory, which costs as much as transforming a few trials.
_pools: dict[int, ThreadPoolExecutor] = {}
_lock = threading.Lock()
_of_pool = threading.local()
# The threads of a process are not in its forks.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pools.clear)


def map_in_threads(work: Callable[[T], R], items: Iterable[T], n_threads: int) -> Iterator[R]:
    """Results of the work on each item, in order; inside such work, on this thread alone."""
    if n_threads == 1 or hasattr(_of_pool, "inside"):
        yield from map(work, items)
        return
    import torch

    with _lock:
        if n_threads not in _pools:
            _pools[n_threads] = ThreadPoolExecutor(n_threads, "eegkit", initializer=_begin)
    usual = torch.get_num_threads()
    try:
        yield from _pools[n_threads].map(work, items)
    finally:
        # A thread that sets its own number also sets that of threads to come.
        torch.set_num_threads(usual)


def _begin() -> None:
    import torch

    _of_pool.inside = True
    torch.set_num_threads(1)
