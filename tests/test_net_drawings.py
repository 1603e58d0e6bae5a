"""The drawings of nets in the documentation show what the module computes."""

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

EXTENSIONS = str(Path(__file__).parents[1] / "docs" / "_ext")


@pytest.fixture(scope="module")
def extension():
    sys.path.insert(0, EXTENSIONS)
    try:
        import net_drawings
        import net_layers
    finally:
        sys.path.remove(EXTENSIONS)
    return net_layers, net_drawings


class Block(nn.Module):
    """A layer and an activation, as one."""

    def __init__(self):
        super().__init__()
        self.line, self.bend = nn.Linear(16, 16), nn.ReLU()

    def forward(self, x):
        return self.bend(self.line(x))


class Small(nn.Module):
    """Convolution, normalisation and activation; blocks alike; recurrence; an answer."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv1d(3, 16, 5), nn.BatchNorm1d(16), nn.ReLU())
        self.pool, self.drop = nn.MaxPool1d(4), nn.Dropout(0.5)
        self.blocks = nn.Sequential(Block(), Block())
        self.memory = nn.GRU(16, 8, batch_first=True)
        self.head = parametrizations.weight_norm(nn.Linear(8, 2))

    def forward(self, x):
        x = self.drop(self.pool(self.first(x))).transpose(1, 2)
        sequence, _ = self.memory(self.blocks(x))
        return self.head(sequence[:, -1])


def test_layers_are_those_of_the_module(extension):
    layers, _ = extension
    module = Small()
    rows = layers.layers(module, (3, 104))
    shown = [(row.kind, row.shape, row.n, row.role) for row in rows]
    assert shown == [
        ("Conv1d, BatchNorm1d, ReLU", (16, 100), 1, "convolution"),
        ("MaxPool1d", (16, 25), 1, "other"),
        ("Block", (25, 16), 2, "attention"),
        ("GRU", (25, 8), 1, "memory"),
        ("Linear", (2,), 1, "line"),
    ]
    assert sum(row.n_parameters for row in rows) == sum(p.numel() for p in module.parameters())


def test_a_module_of_few_parts_is_opened(extension):
    layers, _ = extension
    opened = layers.layers(nn.Sequential(Small()), (3, 104))
    assert opened == layers.layers(Small(), (3, 104))


def test_the_module_stays_as_it_is(extension):
    layers, _ = extension
    module = Small().train()
    layers.layers(module, (3, 104))
    assert module.training
    assert next(module.parameters()).device == torch.device("cpu")
    assert not module.pool._forward_hooks


def test_the_drawing_has_a_box_for_each_layer(extension):
    layers, drawings = extension
    rows = layers.layers(Small(), (3, 104))
    root = ElementTree.fromstring(drawings.draw("Small & simple", (3, 104), rows))
    assert root.find("title").text == "Small & simple"
    assert len(root.findall("rect")) == len(rows) + 1
    texts = [element.text for element in root.findall("text")]
    cross = drawings.CROSS
    assert texts[:3] == ["trial", f"3{cross}104", None]
    assert f"Block{cross}2" in texts
    assert texts[-3:] == ["Linear", "2", f"{rows[-1].n_parameters}"]
