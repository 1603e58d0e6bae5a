"""A fitted net as a module to follow gradients through, and how many trials it takes at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from eegkit.explanation.reading import parts, raw_steps
from eegkit.explanation.spectra import FromSpectrum, spectra
from eegkit.transforms._modules import padded

# Memory of a trial on its way there and back, in multiples of what all layers give.
COST = 4
# What a recurrent layer keeps of each value that it gives.
GATES = 8


class Differentiable:
    """A copy of a decoder's net, so that nothing that is done to it reaches the net.

    Parameters
    ----------
    decoder : estimator
        Fitted, and ends in a net.
    space : {"input", "raw", "spectrum"}
        Whether it reads what the net reads, what the decoder does, or the spectrum of that.
    max_memory_mb : float
        Memory that a batch may take, in MB.
    """

    def __init__(self, decoder: Any, space: str, max_memory_mb: float) -> None:
        transforms, net = parts(decoder)
        before = [] if space == "input" else raw_steps(decoder)
        self.name = type(net).__name__
        self.module = _differentiable(net.module_)
        padding = padded(net.input_shape_, net.padded_shape)
        self.device = torch.device(net.net_.device)
        first = transforms[0] if before else net
        self.input_shape: tuple[int, ...] = first.input_shape_
        self.has_spectrum = space == "spectrum"
        if self.has_spectrum:
            before = [FromSpectrum(self.input_shape[-1]), *before]
        copies = [Copy(), *before, padding, Copy(), self.module]
        self.whole = nn.Sequential(*copies).eval().to(self.device)
        _let_recurrent_layers_go_back(self.module)
        self.net_shape: tuple[int, ...] = net.input_shape_
        self.padded_shape: tuple[int, ...] = net.padded_shape
        self.goes_through_transforms = bool(before)
        self.max_bytes = max_memory_mb * 2**20

    @cached_property
    def rows(self) -> int:
        """How many trials there are in a batch."""
        return max(1, int(self.max_bytes / (COST * self._bytes_of_trial())))

    def _bytes_of_trial(self) -> int:
        sizes: list[int] = []

        def note(layer: nn.Module, inputs: Any, output: Any) -> None:
            factor = GATES if isinstance(layer, nn.RNNBase) else 1
            for tensor in output if isinstance(output, list | tuple) else [output]:
                sizes.append(factor * tensor.nbytes if isinstance(tensor, torch.Tensor) else 0)

        leaves = [layer for layer in self.whole.modules() if not list(layer.children())]
        with hooks(leaves, note), torch.no_grad():
            self.whole(torch.zeros(1, *self.input_shape, device=self.device))
        return sum(sizes) + 4 * int(np.prod(self.input_shape))

    def tensor(self, X: NDArray[Any]) -> torch.Tensor:
        """Trials, or their spectra, on the net's device."""
        x = torch.tensor(X, dtype=torch.float32, device=self.device)
        return spectra(x) if self.has_spectrum else x

    def logits(self, X: NDArray[Any], codes: NDArray[np.intp]) -> NDArray[np.float64]:
        """The logit of a class of each trial, shape (n_trials,)."""

        def answer(x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                return self.whole(x).gather(1, target[:, None])[:, 0]

        return self.map(answer, X, codes, self.rows).astype(np.float64)

    def map(
        self,
        function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
        X: NDArray[Any],
        codes: NDArray[np.intp],
        rows: int,
    ) -> NDArray[np.float32]:
        """What a function makes of trials and their classes, batch by batch."""
        results = []
        for start in range(0, len(X), rows):
            batch = slice(start, start + rows)
            target = torch.as_tensor(codes[batch], device=self.device)
            results.append(function(self.tensor(X[batch]), target).detach().cpu().numpy())
        return np.concatenate(results)


class Copy(nn.Module):
    """What a net may overwrite: gradients are of what comes in, which has to stay."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.clone()


def copied(output: Any) -> Any:
    """What a layer gives, of its own memory, so that no later layer overwrites it."""
    if isinstance(output, torch.Tensor):
        return output.clone()
    return type(output)(map(copied, output)) if type(output) in (list, tuple) else output


def _differentiable(module: nn.Module) -> nn.Module:
    """A copy that predicts, gathers no gradients of its own, and overwrites nothing."""
    module = deepcopy(module).eval().requires_grad_(False)
    for layer in module.modules():
        if getattr(layer, "inplace", False):
            layer.inplace = False  # type: ignore[assignment]
    return module


def _let_recurrent_layers_go_back(module: nn.Module) -> None:
    """cuDNN keeps what gradients need in training only; without dropout that answers the same."""
    for layer in module.modules():
        if isinstance(layer, nn.RNNBase):
            layer.dropout = 0.0
            layer.train()


@contextmanager
def hooks(
    layers: Iterable[nn.Module], function: Callable[..., Any], *, before: bool = False
) -> Iterator[None]:
    """Call a function of each layer, its input and its output, whenever it works.

    What it gives stands in place of the output, if anything. `before` the layer works, there is no
    output yet.
    """
    kind = "register_forward_pre_hook" if before else "register_forward_hook"
    handles = [getattr(layer, kind)(function) for layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
