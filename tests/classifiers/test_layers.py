"""The fast layers give the outputs and gradients of torch's own."""

import copy

import pytest
import torch
from torch import nn

from eegkit.classifiers import layers

PAIRS = {
    "elu": (layers.ELU(), nn.ELU(), (4, 3, 50)),
    "average of trials": (layers.AvgPool(7), nn.AvgPool2d((1, 7)), (4, 3, 50)),
    "average of maps": (layers.AvgPool(5), nn.AvgPool2d((1, 5)), (4, 2, 3, 50)),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_outputs_and_gradients(pair, dtype):
    ours, theirs, shape = pair
    x = 3 * torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(dtype)
    found = []
    for layer in (ours, theirs):
        leaf = x.clone().requires_grad_()
        y = layer(leaf)
        (y * torch.linspace(-1, 1, y.numel(), dtype=dtype).view_as(y)).sum().backward()
        found.append((y.detach(), leaf.grad))
        with torch.no_grad():
            torch.testing.assert_close(layer(x), y)
    torch.testing.assert_close(found[0], found[1], rtol=1e-6, atol=1e-6)


def test_elu_keeps_nan_and_infinity():
    x = torch.tensor([float("nan"), float("inf"), -float("inf"), 0.0])
    torch.testing.assert_close(layers.ELU()(x), nn.ELU()(x), equal_nan=True)


def test_dropout_keeps_the_mean():
    torch.manual_seed(0)
    dropout = layers.Dropout(0.25)
    dropped = dropout(torch.ones(100_000))
    assert dropped.unique().tolist() == pytest.approx([0, 4 / 3])
    assert abs(dropped.mean() - 1) < 0.01
    assert torch.equal(dropout.eval()(torch.ones(3)), torch.ones(3))


def test_exported_they_are_torchs_own():
    net = nn.Sequential(layers.ELU(), layers.AvgPool(5), layers.Dropout(0.5)).eval()
    x = torch.randn(2, 3, 50)
    exported = torch.export.export(net, (x,))
    targets = {str(node.target) for node in exported.graph.nodes}
    assert any("elu" in name for name in targets), targets
    assert any("avg_pool" in name for name in targets), targets
    torch.testing.assert_close(exported.module()(x), net(x))


def test_copied_and_mixed_with_torchs():
    net = nn.Sequential(nn.Conv1d(3, 4, 5), layers.ELU())
    plain = nn.Sequential(nn.Conv1d(3, 4, 5), nn.ELU())
    plain.load_state_dict(copy.deepcopy(net).state_dict())
    x = torch.randn(2, 3, 20)
    torch.testing.assert_close(net(x), plain(x))
