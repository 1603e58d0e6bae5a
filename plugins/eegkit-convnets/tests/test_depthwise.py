"""A depthwise filter has the outputs and gradients of torch's convolution."""

import pytest
import torch
from eegkit_convnets._layers import FEW_VALUES, Depthwise
from torch import nn

MAPS, LENGTH = 4, 5


def gradients(layer, x):
    """Output, and gradients of a weighted sum of it."""
    x = x.clone().requires_grad_()
    y = layer(x)
    loss = (y * torch.linspace(-1, 1, y.numel()).view_as(y)).mean()
    return y.detach(), *torch.autograd.grad(loss, (x, layer.weight))


@pytest.mark.parametrize("n_times", [20, 9_000], ids=["few values", "many values"])
def test_outputs_and_gradients(n_times):
    x = torch.randn(2, MAPS, 1, n_times, generator=torch.Generator().manual_seed(0))
    assert (x.numel() < FEW_VALUES) == (n_times == 20)
    ours = Depthwise(MAPS, LENGTH)
    theirs = nn.Conv2d(MAPS, MAPS, (1, LENGTH), groups=MAPS, bias=False)
    theirs.load_state_dict(ours.state_dict())
    torch.testing.assert_close(gradients(ours, x), gradients(theirs, x), rtol=1e-5, atol=1e-6)


def test_several_nets_are_each_as_alone():
    x, weight = torch.randn(3, 2, MAPS, 1, 20), torch.randn(3, MAPS, 1, 1, LENGTH)
    alone = [nn.functional.conv2d(*pair, groups=MAPS) for pair in zip(x, weight, strict=True)]
    torch.testing.assert_close(Depthwise(MAPS, LENGTH).of_nets(x, weight), torch.stack(alone))
