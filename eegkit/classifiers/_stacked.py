"""Layers that several nets go through at once.

Nets that train together go forward under ``torch.vmap``, their weights stacked, so that a layer
sees one net, and its operations work on all of them. A layer that draws random numbers does so by
`each_net`, one whose operations vmap has no rule for, or a slow one, by `on_stack`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch.autograd import Function
from torch.nn import functional as F

from eegkit.classifiers._generators import Stream, generator

_THREAD = threading.local()


def is_stacked() -> bool:
    """Whether the layer that asks is being called for several nets at once.

    Returns
    -------
    bool

    Examples
    --------
    >>> from eegkit.classifiers.layers import is_stacked
    >>> is_stacked()
    False
    """
    return bool(_streams())


def _streams() -> Sequence[Stream]:
    return getattr(_THREAD, "streams", ())


@contextmanager
def stacked(streams: Sequence[Stream]) -> Iterator[None]:
    """Inside is the forward pass of nets with these random numbers; of none, that of one net."""
    before, _THREAD.streams = _streams(), streams
    around, _THREAD.around = getattr(_THREAD, "around", ()), streams or before
    try:
        yield
    finally:
        _THREAD.streams, _THREAD.around = before, around


class _OnStack(Function):
    @staticmethod
    def forward(function: Callable[..., torch.Tensor], *tensors: torch.Tensor) -> torch.Tensor:
        raise AssertionError("on_stack was called outside of torch.vmap")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None: ...

    @staticmethod
    def vmap(
        info: Any, in_dims: Sequence[int | None], function: Callable[..., Any], *tensors: Any
    ) -> tuple[Any, Any]:
        n_nets = info.batch_size
        stacks = [
            x.expand(n_nets, *x.shape) if dim is None else x.movedim(dim, 0)
            for x, dim in zip(tensors, in_dims[1:], strict=True)
        ]
        with stacked(()):
            result = function(*stacks)
        return result, (0,) * len(result) if isinstance(result, tuple) else 0


def on_stack(function: Callable[..., Any], *tensors: torch.Tensor) -> Any:
    """Call a function with the tensors of all nets that train at once; see `is_stacked`.

    Parameters
    ----------
    function : callable
        Given the tensors with an axis of nets in front of each, it gives a tensor or a tuple of
        them with that axis in front. Its operations are differentiated as usual.
    *tensors : Tensor
        As the layer of one net sees them.

    Returns
    -------
    Tensor or tuple of Tensor
        As the layer of one net goes on with.

    Examples
    --------
    >>> import torch
    >>> from eegkit.classifiers.layers import is_stacked, on_stack
    >>> def largest(x):  # whatever axes are in front of the matrices
    ...     return torch.linalg.svdvals(x)[..., 0]
    >>> x = 2 * torch.eye(3)
    >>> on_stack(largest, x) if is_stacked() else largest(x)
    tensor(2.)
    """
    return _OnStack.apply(function, *tensors)


def each_net(function: Callable[..., torch.Tensor], *tensors: torch.Tensor) -> torch.Tensor:
    """Call a function that draws random numbers for every net that trains, with numbers of its own.

    Parameters
    ----------
    function : callable
        Given the tensors of one net, it gives a tensor.
    *tensors : Tensor
        As the layer of one net sees them.

    Returns
    -------
    Tensor
        ``function(*tensors)``, as the net alone would get it.

    Examples
    --------
    >>> import torch
    >>> from eegkit.classifiers.layers import each_net
    >>> from eegkit.classifiers.training import generator
    >>> def noise(x):
    ...     return torch.empty_like(x).normal_(generator=generator())
    >>> each_net(noise, torch.zeros(2, 3)).shape
    torch.Size([2, 3])
    """
    if not is_stacked():
        return function(*tensors)
    return on_stack(partial(_one_by_one, function, _streams()), *tensors)


def each_row(function: Callable[..., torch.Tensor], *stacks: torch.Tensor) -> torch.Tensor:
    """As `each_net`, of tensors with the axis of nets in front, inside of `on_stack`."""
    return _one_by_one(function, _THREAD.around, *stacks)


def _one_by_one(
    function: Callable[..., torch.Tensor], streams: Sequence[Stream], *stacks: torch.Tensor
) -> torch.Tensor:
    parts = []
    # Numbers are drawn in the order in which values lie in memory.
    stacks = tuple(x.contiguous() for x in stacks)
    for stream, *tensors in zip(streams, *stacks, strict=True):
        with stream.use():
            parts.append(function(*tensors))
    return torch.stack(parts)


def drop(x: torch.Tensor, p: float) -> torch.Tensor:
    """As ``F.dropout(x, p)``, drawn from this thread's generator; 0 < p < 1."""
    if is_stacked():
        return each_net(partial(drop, p=p), x)
    if generator() is None:
        return F.dropout(x, p)
    return x * torch.empty_like(x).bernoulli_(1 - p, generator=generator()).div_(1 - p)
