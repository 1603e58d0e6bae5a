"""Dropout drops as torch's does, with random numbers of its own."""

import pytest
import torch
from torch import nn

from eegkit.classifiers import layers


@pytest.mark.parametrize("n", [1_000, 100_000], ids=["few values", "many values"])
def test_dropout_keeps_the_mean(n):
    torch.manual_seed(0)
    dropout = layers.Dropout(0.25)
    dropped = dropout(torch.ones(n))
    assert dropped.unique().tolist() == pytest.approx([0, 4 / 3])
    assert abs(dropped.mean() - 1) < 3 / n**0.5
    assert torch.equal(dropout.eval()(torch.ones(3)), torch.ones(3))


@pytest.mark.parametrize("n", [1_000, 100_000], ids=["few values", "many values"])
def test_gradients_pass_where_values_do(n):
    x = torch.ones(n, requires_grad=True)
    dropped = layers.Dropout(0.25)(x)
    dropped.sum().backward()
    torch.testing.assert_close(x.grad, dropped.detach())


def test_few_values_are_dropped_as_by_torch():
    x = torch.randn(1_000)
    dropped = []
    for dropout in (layers.Dropout(0.25), nn.Dropout(0.25)):
        torch.manual_seed(0)
        dropped.append(dropout(x))
    assert torch.equal(*dropped)


def test_many_values_are_dropped_by_uniform_numbers():
    x = torch.randn(100_000)
    torch.manual_seed(0)
    dropped = layers.Dropout(0.3)(x)
    torch.manual_seed(0)
    keeps = torch.empty_like(x).uniform_() >= 0.3
    assert torch.equal(dropped, x * (keeps.float() / 0.7))


def test_exported_it_is_torchs_own():
    net = nn.Sequential(nn.Conv1d(3, 4, 5), layers.Dropout(0.5)).eval()
    x = torch.randn(2, 3, 50)
    exported = torch.export.export(net, (x,))
    torch.testing.assert_close(exported.module()(x), net(x))
