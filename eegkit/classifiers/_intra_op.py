"""How many threads a step of training is worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

# Up to here one thread is faster than two: handing work over costs more than it saves. 2^15 is
# also the size under which torch itself does not divide elementwise work.
FEW_VALUES, FEW_OPERATIONS = 2**15, 8e6


@contextmanager
def worthwhile_threads(
    module: nn.Module, shape: Sequence[int], batch_size: int, device: str
) -> Iterator[None]:
    """Inside, one thread where a batch is small and little is computed of it.

    It depends on the net and the batch alone, not on a measurement, so that the same training
    comes out the same.
    """
    before = torch.get_num_threads()
    if before == 1 or device != "cpu" or not _is_small(module, shape, batch_size):
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _is_small(module: nn.Module, shape: Sequence[int], batch_size: int) -> bool:
    trial = torch.zeros(1, *shape)
    if batch_size * trial.numel() > FEW_VALUES:
        return False
    was_training = module.training
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        module.eval()(trial)
    module.train(was_training)
    return batch_size * counter.get_total_flops() <= FEW_OPERATIONS
