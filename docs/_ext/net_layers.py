"""The layers of a net with the shapes that they give, read off its module."""

import copy
from dataclasses import dataclass, replace
from itertools import groupby

import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

# They learn nothing, and what they do is seen by the next shape, if at all.
SILENT = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Identity, nn.ZeroPad1d, nn.ZeroPad2d)
CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
# They stand in one box with what comes before, if they keep its shape.
FOLLOWERS = ("Norm", "ReLU", "ELU", "GELU", "SiLU", "Tanh", "Square", "SafeLog", "NormAct")
# Drawings go as deep as they have to: to this many boxes at least.
FEWEST_BOXES = 4
DEPTHS = (1, 2, 3)

ROLES = {
    "memory": ("GRU", "LSTM", "RNN"),
    "attention": ("Attention", "Transformer", "Swin"),
    "convolution": ("Conv", "BasicBlock", "Residual", "Embed", "Depthwise", "Pointwise"),
    "line": ("Linear", "Mlp", "Head"),
}


@dataclass(frozen=True)
class Layer:
    """A layer, or several alike in a row: what it is, what it gives, what it learns."""

    kind: str
    shape: tuple[int, ...]
    n_parameters: int
    n: int = 1

    @property
    def role(self) -> str:
        if self.kind.split(",")[0] == "Block":  # timm's name for attention and a perceptron
            return "attention"
        return next((role for role, words in ROLES.items() if self.has(words)), "other")

    def has(self, words: tuple[str, ...]) -> bool:
        return any(word in self.kind for word in words)


def layers(module: nn.Module, input_shape: tuple[int, ...]) -> list[Layer]:
    """The layers in the order of the computation, no deeper than a drawing needs."""
    module = copy.deepcopy(module).to("meta").eval()
    for depth in DEPTHS:
        rows = fold(merge(trace(module, input_shape, depth)))
        if len(rows) >= FEWEST_BOXES:
            break
    return rows


def units(module: nn.Module, depth: int) -> list[nn.Module]:
    """Modules at a depth, and those above it that hold no others."""
    result = []
    for child in module.children():
        if isinstance(child, CONTAINERS):
            result += units(child, depth)
        elif depth == 1 or is_parametrized(child) or not any(child.children()):
            result.append(child)
        else:
            result += units(child, depth - 1)
    return result


def trace(module: nn.Module, input_shape: tuple[int, ...], depth: int) -> list[Layer]:
    """Run the module without numbers, and note each unit that is called."""
    rows = []

    def note(unit, inputs, output):
        while isinstance(output, (tuple, list)):
            output = output[0]
        kind = type(unit).__name__.removeprefix("Parametrized").lstrip("_")
        n_parameters = sum(p.numel() for p in unit.parameters() if p.requires_grad)
        rows.append(Layer(kind, tuple(output.shape[1:]), n_parameters))

    chosen = [unit for unit in units(module, depth) if not isinstance(unit, SILENT)]
    handles = [unit.register_forward_hook(note) for unit in chosen]
    with torch.no_grad():
        module(torch.empty(1, *input_shape, device="meta"))
    for handle in handles:
        handle.remove()
    return rows


def fold(rows: list[Layer]) -> list[Layer]:
    """Normalisations and activations joined to what they follow."""
    result: list[Layer] = []
    for row in rows:
        if result and _follows(row, result[-1]):
            before = result.pop()
            kind = f"{before.kind}, {row.kind}"
            row = Layer(kind, row.shape, before.n_parameters + row.n_parameters)
        result.append(row)
    return result


def _follows(row: Layer, before: Layer) -> bool:
    return row.has(FOLLOWERS) and row.shape == before.shape and row.n == before.n == 1


def merge(rows: list[Layer]) -> list[Layer]:
    """Neighbours that are alike as one."""
    groups = [list(group) for _, group in groupby(rows, lambda row: (row.kind, row.shape))]
    return [
        replace(alike[0], n=len(alike), n_parameters=sum(row.n_parameters for row in alike))
        for alike in groups
    ]
