"""A convolution whose weights get wrong gradients from oneDNN, computed another way.

On processors with AVX-512, torch 2.14's oneDNN (3.12) gives the weights of some convolutions of
single precision a gradient that has nothing to do with the right one, and says nothing: those over
all of 14 to 19 columns of at most three maps, with 29 rows or more to come out. A filter over all
electrodes of the 10-20 system is one of them, where time is the axis before: braindecode's
ShallowFBCSPNet and Deep4Net have it. As a convolution along the rows, with a map for every column,
it is the same sum, and its gradients are right.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

WIDTHS = range(14, 20)
MOST_MAPS = 3
FEWEST_ROWS = 29


@contextmanager
def right_gradients(module: nn.Module, shape: tuple[int, ...], device: str) -> Iterator[None]:
    """Train a net, for trials of a shape, with the right gradients, whatever the processor.

    On processors that do it right, and for nets without such a convolution, nothing is changed.
    """
    may_be_wrong = device == "cpu" and bool(set(WIDTHS) & set(shape)) and is_wrong()
    with _AlongRows() if may_be_wrong and _has_such(module, shape) else nullcontext():
        yield


@lru_cache(maxsize=1)
def is_wrong() -> bool:
    """Whether this processor's gradients are wrong, found out with a small convolution."""
    generator = torch.Generator().manual_seed(0)
    rows, columns = 2 * FEWEST_ROWS, WIDTHS[0]
    x = torch.randn(2, 1, rows, columns, generator=generator)
    weight = torch.randn(8, 1, 1, columns, generator=generator, requires_grad=True)
    with torch.enable_grad():
        [gradient] = torch.autograd.grad(F.conv2d(x, weight).sum(), weight)
    right = x.sum((0, 1, 2)).expand(8, -1)
    return not torch.allclose(gradient[:, 0, 0], right, rtol=1e-3, atol=1e-3)


class _AlongRows(TorchFunctionMode):
    """Computes such convolutions along the rows, and says whether there was one."""

    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is torch.conv2d:
            y = _along_rows(*args, **kwargs)
            if y is not None:
                self.found = True
                return y
        return func(*args, **kwargs)


def _along_rows(
    input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None, stride: Any = 1,
    padding: Any = 0, dilation: Any = 1, groups: int = 1,
) -> torch.Tensor | None:  # fmt: skip
    """The convolution, if it is such a one."""
    if input.ndim != 4 or groups != 1 or padding == "same":
        return None
    columns, n_maps = weight.shape[3], weight.shape[1]
    if columns not in WIDTHS or columns != input.shape[3] or n_maps > MOST_MAPS:
        return None
    along, across = (0, 0) if padding == "valid" else _pair(padding)
    if across or _pair(stride)[0] != 1 or _pair(dilation)[0] != 1:
        return None
    if input.shape[2] + 2 * along - weight.shape[2] + 1 < FEWEST_ROWS:
        return None
    rows, filters = (part.transpose(2, 3).flatten(1, 2) for part in (input, weight))
    return F.conv1d(rows, filters, bias, padding=along).unsqueeze(3)


def _pair(value: Any) -> tuple[int, int]:
    parts = (value,) if isinstance(value, int) else tuple(value)
    return (parts[0], parts[-1])


def _has_such(module: nn.Module, shape: tuple[int, ...]) -> bool:
    """Whether a net has such a convolution; found out with two trials of zeros."""
    was_training = module.training
    mode = _AlongRows()
    with torch.random.fork_rng(devices=[]), torch.no_grad(), mode:
        module.eval()
        try:
            module(torch.zeros(2, *shape))
        finally:
            module.train(was_training)
    return mode.found
