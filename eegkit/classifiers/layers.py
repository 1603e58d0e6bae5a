"""Layers that are torch's own, but faster on the CPU: same parameters, outputs and gradients.

They are meant for the nets of plugins. Compiled, exported, traced, in mixed precision or on
another device they are torch's layers.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import nn
from torch.autograd import Function

from eegkit._compat import has_hooks as has_hooks  # for plugins, as the next
from eegkit.classifiers._generators import generator
from eegkit.classifiers._stacked import drop, each_net, is_stacked, on_stack

__all__ = [
    "ELU",
    "AvgPool",
    "Dropout",
    "each_net",
    "has_hooks",
    "is_stacked",
    "on_stack",
    "runs_eagerly_on_cpu",
]


def runs_eagerly_on_cpu(x: torch.Tensor) -> bool:
    """Whether x is a plain array on the CPU: not traced, not exported, not of low precision.

    Parameters
    ----------
    x : torch.Tensor
        What a layer is given.

    Returns
    -------
    bool
        Whether a way of one's own, faster there than torch's, may be taken.

    Examples
    --------
    >>> import torch
    >>> from eegkit.classifiers.layers import runs_eagerly_on_cpu
    >>> runs_eagerly_on_cpu(torch.ones(3)), runs_eagerly_on_cpu(torch.ones(3).half())
    (True, False)
    """
    return (
        type(x) is torch.Tensor
        and x.device.type == "cpu"
        and x.dtype in (torch.float32, torch.float64)
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
        and not torch.jit.is_tracing()  # type: ignore[attr-defined]
        and not torch.onnx.is_in_onnx_export()
    )


class _FastELU(Function):
    """exp(x) - 1 is vectorised, torch's expm1 is not; they differ by rounding, 6e-8."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: torch.Tensor) -> torch.Tensor:
        return torch.maximum(x, x.clamp(max=0).exp_().sub_(1))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> torch.Tensor:
        (output,) = ctx.saved_tensors
        return (output.clamp(max=0) + 1) * grads[0]


class ELU(nn.ELU):
    """Exponential linear units, max(x, exp(x) - 1), as ``nn.ELU()`` [1]_.

    References
    ----------
    .. [1] D.-A. Clevert, T. Unterthiner, S. Hochreiter (2016), Fast and accurate deep network
       learning by exponential linear units (ELUs), ICLR.

    Examples
    --------
    >>> import torch
    >>> from eegkit.classifiers.layers import ELU
    >>> ELU()(torch.tensor([0.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    def __init__(self) -> None:
        super().__init__()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not runs_eagerly_on_cpu(x):
            return super().forward(x)
        return _FastELU.apply(x) if torch.is_grad_enabled() else _FastELU.forward(x)


class AvgPool(nn.AvgPool2d):
    """Average of every `length` samples, as ``nn.AvgPool2d((1, length))``.

    Shapes (..., n_times) to (..., n_times // length), with two or three axes in front. On the
    CPU it is a product with a vector.

    Parameters
    ----------
    length : int
        Samples of one window; windows do not overlap.

    Examples
    --------
    >>> import torch
    >>> from eegkit.classifiers.layers import AvgPool
    >>> AvgPool(2)(torch.arange(4.0).reshape(1, 1, 1, 4)).tolist()
    [[[[0.5, 2.5]]]]
    """

    def __init__(self, length: int) -> None:
        super().__init__((1, length))
        self.length = length

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not runs_eagerly_on_cpu(x):
            return super().forward(x)
        n = x.shape[-1] // self.length
        x = x[..., : n * self.length].unflatten(-1, (n, self.length))
        return x @ x.new_full((self.length,), 1 / self.length)


class Dropout(nn.Dropout):
    """Dropout, as ``nn.Dropout``, with other random numbers than torch's on the CPU.

    The mask is drawn as uniform numbers: Bernoulli numbers take four times as long.

    Parameters
    ----------
    p : float, default 0.5
        Probability that a value is dropped in training.
    inplace : bool, default False
        As of ``nn.Dropout``; on the CPU a new tensor is made all the same.

    Examples
    --------
    >>> import torch
    >>> from eegkit.classifiers.layers import Dropout
    >>> Dropout(0.5).eval()(torch.ones(3)).tolist()
    [1.0, 1.0, 1.0]
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not (self.training and 0 < self.p < 1) or torch.compiler.is_compiling():
            return super().forward(x)
        if not runs_eagerly_on_cpu(x):
            return drop(x, self.p)
        return x * each_net(partial(kept, self), x)


def kept(layer: nn.Dropout, x: torch.Tensor) -> torch.Tensor:
    """What dropout multiplies x with while training: 0, or 1 / (1 - p)."""
    mask = torch.empty_like(x)
    if not isinstance(layer, Dropout):
        return mask.bernoulli_(1 - layer.p, generator=generator()).div_(1 - layer.p)
    uniform = mask.uniform_(generator=generator())
    return (uniform >= layer.p).to(x.dtype).div_(1 - layer.p)
