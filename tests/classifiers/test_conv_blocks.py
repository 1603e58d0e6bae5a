"""Blocks of convolution have the weights, outputs, gradients and statistics of nn.Sequential."""

import copy

import pytest
import torch
from torch import nn

from eegkit.classifiers import CNNBiGRU, conv_blocks
from eegkit.classifiers.conv_blocks import ConvBlocks


def block(n_in, n_out, pool, groups=1, kernel=3, padding="same"):
    conv = nn.Conv2d(n_in, n_out, kernel, padding=padding, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(n_out), nn.MaxPool2d(pool), nn.ReLU()]


NETS = {
    "groups": block(3, 12, (3, 2), groups=3) + block(12, 6, 1, groups=3),
    "no padding": block(2, 4, (2, 1), 2, padding=0) + block(4, 4, 2, 2, padding="valid"),
    "long filters": block(2, 4, (1, 2), 2, kernel=(5, 3), padding=(2, 1)),
    "even filters": block(2, 4, (1, 2), 2, kernel=(4, 2)),
}


@pytest.fixture(autouse=True, params=[0, 10**9], ids=["as many values", "as few values"])
def few_values(request, monkeypatch):
    monkeypatch.setattr(conv_blocks, "FEW_VALUES", request.param)


def pair(layers):
    """Both, in double precision, with scales of either sign and statistics of their own."""
    theirs = nn.Sequential(*copy.deepcopy(layers)).double()
    for part in theirs:
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.weight, -1, 1)
            nn.init.uniform_(part.bias, -1, 1)
            nn.init.uniform_(part.running_mean, -1, 1)
    return ConvBlocks(*copy.deepcopy(list(theirs))), theirs


def results(net, x):
    """Output, gradients of the input and of all parameters, and what is left in the buffers."""
    x = x.clone().requires_grad_()
    y = net(x)
    loss = (y * torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view_as(y)).sum()
    grads = torch.autograd.grad(loss, (x, *net.parameters()))
    return y.detach(), *grads, *net.buffers()


@pytest.mark.parametrize("layers", NETS.values(), ids=NETS)
def test_predictions_equal_those_of_sequential(layers):
    torch.manual_seed(0)
    ours, theirs = (net.eval() for net in pair(layers))
    x = 5 + torch.randn(9, layers[0].in_channels, 13, 6, dtype=torch.float64)
    with torch.no_grad():
        assert ours._is_faster(x)
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("layers", NETS.values(), ids=NETS)
@pytest.mark.parametrize("training", [True, False], ids=["training", "gradients"])
def test_gradients_and_statistics_are_torchs(training, layers):
    torch.manual_seed(0)
    ours, theirs = (net.train(training) for net in pair(layers))
    x = torch.randn(9, layers[0].in_channels, 13, 6, dtype=torch.float64)
    torch.testing.assert_close(results(ours, x), results(theirs, x), rtol=1e-9, atol=1e-9)


def test_a_norm_that_learns_by_itself_goes_by_the_batch():
    ours, theirs = (net.eval() for net in pair(NETS["groups"]))
    for net in (ours, theirs):
        net[1].train()
    x = torch.randn(9, 3, 13, 6, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-9, atol=1e-9)


ODD_SHAPES = {
    "one map": (block(1, 1, 2), (3, 1, 7, 5)),
    "one image": (block(2, 6, (2, 2), 2), (1, 2, 11, 3)),
    "one column": (block(3, 6, (2, 1), 3), (4, 3, 9, 1)),
    "a window of all": (block(2, 4, (5, 3)), (3, 2, 5, 3)),
    "many maps": (block(5, 80, (2, 2), 5) + block(80, 160, (2, 1), 5), (6, 5, 15, 7)),
    "large windows": (block(3, 70, (4, 3)), (2, 3, 22, 7)),
}


@pytest.mark.parametrize(("layers", "shape"), ODD_SHAPES.values(), ids=ODD_SHAPES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["single", "double"])
def test_odd_shapes_train_and_predict_as_by_torch(layers, shape, dtype):
    torch.manual_seed(0)
    ours, theirs = (net.to(dtype) for net in pair(layers))
    closeness = 1e-5 if dtype == torch.float32 else 1e-9
    for _ in range(2):
        x = 1 + torch.randn(shape, dtype=dtype)
        for own, torchs in zip(results(ours, x), results(theirs, x), strict=True):
            largest = max(1, torchs.abs().max().item())  # a sum of as large numbers
            torch.testing.assert_close(own, torchs, rtol=0, atol=closeness * largest)
    with torch.inference_mode():
        torch.testing.assert_close(ours.eval()(x), theirs.eval()(x), rtol=closeness, atol=closeness)


@pytest.mark.parametrize("momentum", [None, 0.0, 0.7])
def test_running_statistics_have_the_momentum(momentum):
    nets = pair(NETS["groups"])
    for _ in range(3):
        x = torch.randn(9, 3, 13, 6, dtype=torch.float64)
        for net in nets:
            net[1].momentum = momentum
            net(x)
    ours, theirs = (list(net.buffers()) for net in nets)
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("scale", [0.0, -1.0, 1e-30])
def test_maxima_are_those_of_the_norm_whatever_its_scale(scale):
    ours, theirs = pair(NETS["no padding"])
    for net in (ours, theirs):
        net[1].weight.data[1] = scale
    x = torch.randn(9, 2, 13, 6, dtype=torch.float64)
    torch.testing.assert_close(results(ours, x)[0], results(theirs, x)[0], rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(list(ours.buffers()), list(theirs.buffers()), rtol=1e-9, atol=1e-9)


def test_frozen_layers_get_no_gradients():
    ours, theirs = pair(NETS["groups"])
    x = torch.randn(9, 3, 13, 6, dtype=torch.float64)
    for net in (ours, theirs):
        net[0].weight.requires_grad_(False)
        net[5].requires_grad_(False)
        net(x).square().sum().backward()
    grads = [[p.grad for p in net.parameters() if p.requires_grad] for net in (ours, theirs)]
    torch.testing.assert_close(*grads, rtol=1e-9, atol=1e-9)
    assert ours[0].weight.grad is None


def test_gradients_are_differentiated_again():
    ours, theirs = pair(NETS["groups"])
    x = torch.randn(4, 3, 13, 6, dtype=torch.float64)
    second = []
    for net in (ours, theirs):
        parameters = list(net.parameters())
        grads = torch.autograd.grad(net(x).pow(3).sum(), parameters, create_graph=True)
        penalty = sum(grad.square().sum() for grad in grads)
        second.append((*grads, *torch.autograd.grad(penalty, parameters)))
    torch.testing.assert_close(*second, rtol=1e-7, atol=1e-7)


def test_functions_of_torch_differentiate_it():
    ours, theirs = pair(NETS["groups"])
    x = torch.randn(4, 3, 13, 6, dtype=torch.float64)

    def loss(weights, buffers, net):
        return torch.func.functional_call(net, (weights, buffers), (x,)).square().sum()

    grads = [
        torch.func.grad(loss)(dict(net.named_parameters()), dict(net.named_buffers()), net)
        for net in (ours, theirs)
    ]
    torch.testing.assert_close(*grads, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("shape", "message"),
    [((1, 3, 3, 2), "Expected more than 1 value|too small"), ((4, 3, 2, 1), "too small")],
    ids=["one value", "smaller than a window"],
)
def test_errors_are_torchs(shape, message, training):
    layers = block(3, 3, (3, 2), kernel=(3, 2), padding=0)
    ours, theirs = (net.train(training) for net in pair(layers))
    x = torch.zeros(shape, dtype=torch.float64)
    if shape == (4, 3, 2, 1):
        x = torch.zeros(4, 3, 4, 2, dtype=torch.float64)
    for net in (ours, theirs):
        with torch.no_grad(), pytest.raises((ValueError, RuntimeError), match=message):
            net(x)


def test_weights_have_the_same_names():
    ours, theirs = pair(NETS["groups"])
    assert ours.state_dict().keys() == theirs.state_dict().keys()


def test_hooks_see_every_layer():
    ours, _ = pair(NETS["groups"])
    shapes = []
    ours[2].register_forward_hook(lambda layer, inputs, output: shapes.append(output.shape))
    with torch.no_grad():
        ours.eval()(torch.zeros(9, 3, 13, 6, dtype=torch.float64))
    assert shapes == [(9, 12, 4, 3)]


@pytest.mark.parametrize("training", [True, False])
def test_of_images_with_as_many_columns_it_is_torchs(training):
    ours, theirs = (net.train(training) for net in pair(NETS["groups"]))
    x = torch.randn(9, 3, 40, 40, dtype=torch.float64)
    torch.testing.assert_close(results(ours, x), results(theirs, x), rtol=0, atol=0)


@pytest.mark.parametrize(
    "layers",
    [
        block(1, 4, 2)[:3],
        [nn.Conv2d(1, 4, 3), *block(1, 4, 2)[1:]],
        [*block(1, 4, 2)[:2], nn.ReLU(), nn.MaxPool2d(2)],
    ],
    ids=["three layers", "bias", "order"],
)
def test_other_layers_are_refused(layers):
    with pytest.raises(ValueError, match=r"a block is a Conv2d without bias.*nn\.Sequential"):
        ConvBlocks(*layers)


@pytest.mark.parametrize("share_cnn", [True, False])
def test_cnn_bigru_predicts_as_before(share_cnn):
    torch.manual_seed(0)
    ours = CNNBiGRU(share_cnn=share_cnn).build_module((3, 20, 7), 2).double().eval()
    theirs = copy.deepcopy(ours)
    theirs.cnn = nn.Sequential(*theirs.cnn)
    x = torch.randn(10, 3, 20, 7, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-9, atol=1e-9)
