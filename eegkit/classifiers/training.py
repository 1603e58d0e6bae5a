"""What a loop of one's own needs to train as every net of eegkit does.

Repeatable by a seed, the global generators left alone, on the device asked for, its weights
kept as plain arrays.
"""

from __future__ import annotations

import math
import os
import re
import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from torch import nn
from torch.nn.modules.module import (
    register_module_buffer_registration_hook,
    register_module_parameter_registration_hook,
)
from torch.nn.parameter import is_lazy

from eegkit.base import Estimator
from eegkit.classifiers._generators import (
    GeneratorMode,
    drawing,
    generator,
    initialising,
    seeded,
)
from eegkit.notice import warn
from eegkit.parameters import RandomState

__all__ = [
    "GeneratorMode",
    "ModuleEstimator",
    "draw_seed",
    "drawing",
    "generator",
    "pick_device",
    "seeded",
]


def draw_seed(random_state: Any) -> int:
    """A seed: from the state, or anew.

    Parameters
    ----------
    random_state : int, RandomState or None
        As of an estimator.

    Returns
    -------
    int
        From 0 to 2**31 - 2; of the same int the same.

    Examples
    --------
    >>> from eegkit.classifiers.training import draw_seed
    >>> draw_seed(0) == draw_seed(0)
    True
    """
    if random_state is None:
        return int(np.random.default_rng().integers(2**31))
    return int(check_random_state(random_state).randint(2**31 - 1))


def pick_device(device: str) -> str:
    """The device to train on: ``"auto"`` is the first GPU there is, else the CPU.

    Parameters
    ----------
    device : str
        As of an estimator.

    Returns
    -------
    str
        As torch names it.

    Examples
    --------
    >>> from eegkit.classifiers.training import pick_device
    >>> pick_device("cpu")
    'cpu'
    """
    if device != "auto":
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def available_device(device: str) -> str:
    """The device a loaded net predicts on: the one it names if it is here, else the CPU."""
    device = pick_device(device)
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError):
        warn(f"The net was trained on {device!r}, which is not here; it predicts on the CPU.")
        return "cpu"
    return device


def weights_of(module: nn.Module) -> dict[str, NDArray[Any]]:
    """The module's parameters and buffers as numpy arrays of their own."""
    state = module.state_dict()
    return {name: np.array(value.detach().cpu().numpy()) for name, value in state.items()}


def set_weights(module: nn.Module, weights: Mapping[str, NDArray[Any]]) -> None:
    """Load what `weights_of` gave."""
    module.load_state_dict({name: torch.from_numpy(np.array(w)) for name, w in weights.items()})


@contextmanager
def _no_larger_than(weights: Mapping[str, NDArray[Any]]) -> Iterator[None]:
    """Refuse a module as soon as it becomes far larger than its weights while it is made.

    What is counted twice, such as shared weights, leaves the factor of 4.
    """
    n_left = [4 * sum(w.size for w in weights.values()) + 10**7, 4 * len(weights) + 1000]

    def count(tensor: torch.Tensor) -> None:
        n_left[0] -= tensor.numel()
        n_left[1] -= 1
        if min(n_left) < 0:
            raise ValueError("its parameters make a net far larger than the weights it has")

    with _each_tensor(count):
        yield


@contextmanager
def _within_memory(name: str, copies: int) -> Iterator[None]:
    """Refuse a module as soon as this machine cannot hold it; its tensors are not yet filled then.

    `copies` is how often the machine holds each weight in training.
    """
    most, n_bytes = _memory_bytes(), 0
    advice = "make the net smaller, such as by hidden_size or n_filters"

    def count(tensor: torch.Tensor) -> None:
        nonlocal n_bytes
        n_bytes += copies * tensor.numel() * tensor.element_size()
        if n_bytes > most:
            raise ValueError(
                f"{name} with these parameters takes more than {n_bytes / 2**30:.3g} GB to be "
                f"trained, and this machine has {most / 2**30:.3g} GB; {advice}."
            )

    try:
        with _each_tensor(count):
            yield
    except (RuntimeError, TypeError) as error:
        if not re.search("overflow|can't allocate memory", str(error), re.IGNORECASE):
            raise
        text = str(error).splitlines()[0]
        raise ValueError(
            f"{name} with these parameters takes more memory than there is ({text}); {advice}."
        ) from error


class _Counting(threading.local):
    """Who is told of the parameters and buffers of modules that this thread makes."""

    counts: tuple[Callable[[torch.Tensor], None], ...] = ()


_COUNTING = _Counting()


def _tell(module: nn.Module, name: str, tensor: torch.Tensor | None) -> None:
    if _COUNTING.counts and tensor is not None and not is_lazy(tensor):
        for count in _COUNTING.counts:
            count(tensor)


# Once and for good: torch has one list for all threads, and fails where it changes while another
# thread makes a module.
register_module_parameter_registration_hook(_tell)
register_module_buffer_registration_hook(_tell)


@contextmanager
def _each_tensor(count: Callable[[torch.Tensor], None]) -> Iterator[None]:
    """Call a function of every parameter and buffer of the modules that this thread makes."""
    before = _COUNTING.counts
    _COUNTING.counts = (*before, count)
    try:
        yield
    finally:
        _COUNTING.counts = before


def _memory_bytes() -> float:
    """Of this machine; where the system does not say, without a limit."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return math.inf


class ModuleEstimator(Estimator):
    """The base of what is fitted to a ``torch.nn.Module``: its weights, its records, its pickle.

    A subclass says by `make_module` what the module is, keeps the trained one as ``module_`` and
    what it recorded, a list for each column, as ``_history``. Pickles and files hold the weights
    as plain arrays, and no torch, device or optimiser; where they are loaded `make_module` makes
    the module anew.

    Parameters
    ----------
    device : str, default "auto"
        ``"cpu"``, ``"cuda"``, ...; ``"auto"`` takes a GPU where there is one.
    random_state : int, RandomState or None
        Same number, same machine, same result, alone or in threads beside others; None draws
        anew each time. The global generators are as before after `fit`.
    verbose : int or bool, default 0
        Whether training shows how it gets on.

    Attributes
    ----------
    weights_ : dict of str to ndarray
        The weights and buffers of the module.
    history_ : pandas.DataFrame, one row per epoch
        What was recorded of training.

    See Also
    --------
    eegkit.NeuralClassifier : the base of nets that classify, with an example.
    """

    # What holds the module when fitted, and is left out of pickles.
    holder: ClassVar[str] = "module_"
    # Whether the module draws random numbers from `generator` alone: see `NeuralClassifier`.
    fits_in_threads: ClassVar[bool] = False

    device: str = "auto"
    random_state: RandomState = None
    verbose: int | bool = 0

    @abstractmethod
    def make_module(self) -> nn.Module:
        """The untrained module, for the shapes that `fit` has seen."""

    @property
    def has_generator(self) -> bool:
        """Whether a training on the CPU draws from a generator of its own.

        Who changes how the module is made has to say so anew of the new one.
        """
        makers = {"build_module", "make_module"}
        maker = next(kind for kind in type(self).__mro__ if makers & vars(kind).keys())
        return "fits_in_threads" in vars(maker) and self.fits_in_threads

    @contextmanager
    def initialising(self, seed: int) -> Iterator[None]:
        """Inside, the module that is made gets the same random weights for the same seed.

        Raises
        ------
        ValueError
            The module is too large for this machine.
        """
        # The weights; on the CPU also their gradients, and two moments of them.
        copies = 4 if pick_device(self.device).startswith("cpu") else 1
        draws = initialising(seed) if self.has_generator else seeded(seed)
        with draws, _within_memory(type(self).__name__, copies):
            yield

    def hold_module(self, module: nn.Module, device: str) -> None:
        """Keep a module with the weights of `fit`, ready to predict on a device."""
        self.module_: Any = module.eval().to(device)

    @property
    def weights_(self) -> dict[str, NDArray[Any]]:
        """The weights and buffers of the module, by name."""
        return weights_of(self.module_)

    @property
    def history_(self) -> pd.DataFrame:
        """What was recorded of every epoch."""
        return pd.DataFrame(self._history)

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if self.holder in state:
            del state[self.holder]
            state["_weights"] = self.weights_
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        weights = state.pop("_weights", None)
        super().__setstate__(state)
        if weights is None:
            return
        with self.initialising(0), _no_larger_than(weights):
            module = self.make_module()
        set_weights(module, weights)
        self.hold_module(module, available_device(self.device))
