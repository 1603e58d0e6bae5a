"""Where the random numbers of a training come from.

Either from a generator that only the thread of the training has, or, for code that draws from
torch's global generators and knows no other, from those: seeded, and by one thread at a time.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

# By torch's names; those of torch.nn.init, too.
TAKE_GENERATOR = {
    "bernoulli", "bernoulli_", "cauchy_", "exponential_", "geometric_", "kaiming_normal_",
    "kaiming_uniform_", "log_normal_", "multinomial", "normal", "normal_", "orthogonal_", "rand",
    "randint", "randn", "random_", "randperm", "sparse_", "trunc_normal_", "uniform_",
    "xavier_normal_", "xavier_uniform_",
}  # fmt: skip
_THREAD = threading.local()


class _Turn:
    """The lock that whoever seeds the global generators holds."""

    lock = threading.RLock()

    @classmethod
    def renew(cls) -> None:
        cls.lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    # Of the threads of a process only the one that forked is in the child, where nobody else
    # would ever let go of the lock.
    os.register_at_fork(after_in_child=_Turn.renew)


def generator() -> torch.Generator | None:
    """The generator of the training that this thread is in.

    Layers that draw random numbers while training give it to torch:
    ``torch.empty_like(x).normal_(generator=generator())``.

    Returns
    -------
    torch.Generator or None
        None, by which torch means its global generator, outside of trainings and in those that
        draw from it; see `NeuralClassifier.fits_in_threads`.

    Examples
    --------
    >>> from eegkit.classifiers.training import generator
    >>> generator() is None
    True
    """
    return getattr(_THREAD, "generator", None)


@contextmanager
def _with_generator(of_thread: torch.Generator | None) -> Iterator[None]:
    before, _THREAD.generator = generator(), of_thread
    try:
        yield
    finally:
        _THREAD.generator = before


@contextmanager
def drawing(seed: int) -> Iterator[None]:
    """Inside, `generator` is a new one of this thread; the global ones are not touched.

    Parameters
    ----------
    seed : int
        What its numbers follow from.

    Yields
    ------
    None
        It is a context manager.

    Examples
    --------
    >>> import torch
    >>> from eegkit.classifiers.training import drawing, generator
    >>> with drawing(0):
    ...     first = torch.rand(3, generator=generator())
    >>> with drawing(0):
    ...     print(torch.equal(first, torch.rand(3, generator=generator())))
    True
    """
    with _with_generator(torch.Generator().manual_seed(seed)):
        yield


@contextmanager
def seeded(seed: int, numpy_too: bool = False) -> Iterator[None]:
    """Seed torch's generators (and numpy's) inside, and leave them outside as they were.

    Threads take turns: who comes while another is inside waits. Whoever draws from the global
    generators meanwhile and knows nothing of this gets other numbers, and changes those inside.

    Parameters
    ----------
    seed : int
        What their numbers follow from.
    numpy_too : bool, default False
        Whether NumPy's global generator is seeded as well.

    Yields
    ------
    None
        It is a context manager.

    Examples
    --------
    >>> import torch
    >>> from eegkit.classifiers.training import seeded
    >>> with seeded(0):
    ...     first = torch.rand(3)
    >>> with seeded(0):
    ...     print(torch.equal(first, torch.rand(3)))
    True
    """
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    with _Turn.lock, _with_generator(None), torch.random.fork_rng(devices=devices):
        # Augmentation may draw from numpy's global generator, whatever one thinks of that.
        before = np.random.get_state() if numpy_too else None  # noqa: NPY002
        torch.manual_seed(seed)
        if numpy_too:
            np.random.seed(seed % 2**32)  # noqa: NPY002
        try:
            yield
        finally:
            if before is not None:
                np.random.set_state(before)  # noqa: NPY002


@contextmanager
def initialising(seed: int) -> Iterator[None]:
    """As `drawing`; what is called of torch and torch.nn.init draws from the generator as well."""
    with drawing(seed), GeneratorMode():
        yield


class GeneratorMode(TorchFunctionMode):
    """Functions that take a generator get this thread's, where they are given none.

    Examples
    --------
    >>> import torch
    >>> from eegkit.classifiers.training import GeneratorMode, drawing
    >>> with drawing(0), GeneratorMode():
    ...     first = torch.rand(3)
    >>> with drawing(0), GeneratorMode():
    ...     print(torch.equal(first, torch.rand(3)))
    True
    """

    def __torch_function__(
        self, func: Any, types: Sequence[Any], args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if getattr(func, "__name__", "") in TAKE_GENERATOR and kwargs.get("generator") is None:
            kwargs["generator"] = generator()
        return func(*args, **kwargs)


@contextmanager
def lent() -> Iterator[None]:
    """Inside, torch's global generator stands where this thread's does, and moves it on."""
    of_thread = generator()
    assert of_thread is not None
    with _Turn.lock:
        before = torch.get_rng_state()
        torch.set_rng_state(of_thread.get_state())
        try:
            yield
        finally:
            of_thread.set_state(torch.get_rng_state())
            torch.set_rng_state(before)


class Stream:
    """The random numbers of an epoch of one training, which others interrupt.

    Parameters
    ----------
    seed : int
    has_generator : bool
        Whether they are those of `drawing`, else those of `seeded`.
    numpy_too : bool
        As of `seeded`.
    """

    def __init__(self, seed: int, has_generator: bool, numpy_too: bool = False) -> None:
        self._generator: torch.Generator | None = None
        if has_generator:
            self._generator = torch.Generator().manual_seed(seed)
            return
        with seeded(seed, numpy_too):
            self._states = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002

    @contextmanager
    def use(self) -> Iterator[None]:
        """Inside they are drawn from where they stopped."""
        if self._generator is not None:
            with _with_generator(self._generator):
                yield
            return
        with _Turn.lock, _with_generator(None):
            before, self._states = self._exchange(self._states), self._states
            try:
                yield
            finally:
                self._states = self._exchange(before)

    @staticmethod
    def _exchange(states: Any) -> Any:
        """Set the global generators; what they were."""
        before = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        return before
