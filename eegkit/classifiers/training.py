"""What a loop of one's own needs to train as every net of eegkit does.

Repeatable by a seed, the global generators left alone, on the device asked for, its weights
kept as plain arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from torch import nn

from eegkit.base import warn


def draw_seed(random_state: Any) -> int:
    """A seed: from the state, or anew."""
    if random_state is None:
        return int(np.random.default_rng().integers(2**31))
    return int(check_random_state(random_state).randint(2**31 - 1))


@contextmanager
def seeded(seed: int, numpy_too: bool = False) -> Iterator[None]:
    """Seed torch's generators (and numpy's) inside, and leave them outside as they were."""
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    # Augmentation may draw from numpy's global generator, whatever one thinks of that.
    before = np.random.get_state() if numpy_too else None  # noqa: NPY002
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        if numpy_too:
            np.random.seed(seed % 2**32)  # noqa: NPY002
        try:
            yield
        finally:
            if before is not None:
                np.random.set_state(before)  # noqa: NPY002


def pick_device(device: str) -> str:
    """The device to train on: ``"auto"`` is the first GPU there is, else the CPU."""
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
