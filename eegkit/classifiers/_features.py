"""What the head of a net reads: the features behind its logits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from eegkit.blocks import release
from eegkit.classifiers._batches import as_input
from eegkit.classifiers._engine import Net

# Trials that run together, the last block filled up with zeros: sums of fewer trials are taken in
# another order, and features, unlike probabilities, have no scale that hides the last digits.
BLOCK = 32
LINEAR = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def features(net: Net, X: NDArray[np.generic], shape: Sequence[int]) -> NDArray[np.float32]:
    """The input of the head, shape (n_trials, n_features), read from X block by block."""
    module = net.module_.eval()
    read: list[torch.Tensor] = []

    def keep(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        read.append(inputs[0].flatten(1).float().cpu())

    with torch.inference_mode():
        head = find_head(module, as_input(X[:1], shape).to(net.device))
        hook = head.register_forward_pre_hook(keep)
        try:
            for start in range(0, len(X), BLOCK):
                block = as_input(X[start : start + BLOCK], shape)
                n_trials = len(block)
                if n_trials < BLOCK:
                    filling = block.new_zeros((BLOCK - n_trials, *block.shape[1:]))
                    block = torch.cat([block, filling])
                module(block.to(net.device))
                read[-1] = read[-1][:n_trials]
                release(X)
        finally:
            hook.remove()
    return torch.cat(read).numpy()


def find_head(module: nn.Module, x: torch.Tensor) -> nn.Module:
    """The linear layer, or convolution, whose output is the logits.

    Found by running some trials, not by its name or place: a net may define a layer after its
    head, such as a decoder. Nothing but an average over what is left of time, as
    convolutional heads take it, and the logarithm of the softmax may follow.

    Raises
    ------
    ValueError
        No layer's output is the logits: there are several heads, say, or the net ends otherwise.
    """
    calls: list[tuple[nn.Module, torch.Tensor]] = []

    def note(layer: nn.Module, _: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        calls.append((layer, output))

    layers = [layer for layer in module.modules() if isinstance(layer, LINEAR)]
    hooks = [layer.register_forward_hook(note) for layer in layers]
    try:
        logits = module(x)
    finally:
        for hook in hooks:
            hook.remove()
    for layer, output in reversed(calls):
        if _gives(layer, output, logits):
            return layer
    raise ValueError(
        f"{type(module).__name__} does not end in one linear layer or convolution whose output "
        "is the logits, so it has no features to give; put such a layer last in the forward pass."
    )


def _gives(layer: nn.Module, output: torch.Tensor, logits: torch.Tensor) -> bool:
    if isinstance(layer, nn.Linear):
        output = output.movedim(-1, 1)  # (B, n_classes, ...), as of a convolution
    if output.ndim < 2 or output.shape[:2] != logits.shape:
        return False
    scores = output.flatten(2).mean(-1) if output.ndim > 2 else output
    # The softmax takes away a constant; its logarithm is still fine where one class has all.
    return torch.allclose(
        scores.float().log_softmax(-1), logits.float().log_softmax(-1), rtol=1e-3, atol=1e-4
    )
