"""What nets of plugins are made with: a faster dropout, and ways of one's own on the CPU."""

from __future__ import annotations

from functools import partial

import torch
from torch import nn

from eegkit._compat import has_hooks as has_hooks  # for plugins, as the next
from eegkit.classifiers._generators import generator
from eegkit.classifiers._stacked import drop, each_net, is_stacked, on_stack

__all__ = [
    "Dropout",
    "each_net",
    "has_hooks",
    "is_stacked",
    "on_stack",
    "runs_eagerly_on_cpu",
]

# Fewer than these are drawn sooner by torch.
FEW_VALUES = 8192


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


class Dropout(nn.Dropout):
    """Dropout, as ``nn.Dropout``, with other random numbers than torch's on the CPU.

    Large masks are drawn as uniform numbers: Bernoulli numbers take twice as long. Compiled,
    exported, in mixed precision or on another device it is torch's.

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
        if x.numel() < FEW_VALUES or not runs_eagerly_on_cpu(x):
            return drop(x, self.p)
        return x * each_net(partial(kept, self), x)


def kept(layer: nn.Dropout, x: torch.Tensor) -> torch.Tensor:
    """What dropout multiplies x with while training: 0, or 1 / (1 - p)."""
    mask = torch.empty_like(x)
    if not isinstance(layer, Dropout) or x.numel() < FEW_VALUES:
        return mask.bernoulli_(1 - layer.p, generator=generator()).div_(1 - layer.p)
    return mask.uniform_(generator=generator()).ge_(layer.p).div_(1 - layer.p)
