"""How nets are trained on a processor: worthwhile threads, memory that is kept, right gradients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from eegkit.classifiers._intra_op import worthwhile_threads
from eegkit.classifiers._memory import kept_memory
from eegkit.classifiers._right_gradients import right_gradients


@contextmanager
def on_processor(
    module: nn.Module, shape: tuple[int, ...], batch_size: int, device: str
) -> Iterator[None]:
    """Train a net, or several like it, inside; on other devices nothing is changed."""
    frugal = worthwhile_threads(module, shape, batch_size, device)
    with frugal, kept_memory(device), right_gradients(module, shape, device):
        yield
