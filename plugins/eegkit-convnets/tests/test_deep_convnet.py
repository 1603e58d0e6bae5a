"""DeepConvNet has its paper's numbers and gives those of braindecode's net."""

import numpy as np
import pytest
import torch
from eegkit_convnets import DeepConvNet

LONGER = {
    "kernel_length": 20,
    "pool_length": 6,
    "bias": True,
    "norm_between": True,
    "dropout": 0.25,
    "dropout_head": 0.25,
}


def size_of(module):
    return sum(p.numel() for p in module.parameters())


def test_number_of_parameters_by_layers():
    # Samples: 1000 -> 991, 330 -> 321, 107 -> 98, 32 -> 23, 7.
    first = (10 * 25 + 25) + 22 * 25 * 25 + 2 * 25
    later = sum(10 * n * 2 * n + 2 * 2 * n for n in (25, 50, 100))
    assert first + later + 7 * 200 * 4 + 4 == 282_879
    assert size_of(DeepConvNet().build_module((22, 1000), 4)) == 282_879


def test_number_of_parameters_of_the_longer_variant():
    # Samples, nothing padded: 1000 -> 981, 326 -> 307, 101 -> 82, 26 -> 7, 1.
    convolutions = 20 * 25 + 22 * 25 * 25 + 20 * (25 * 50 + 50 * 100 + 100 * 200)
    widths = 25 + 25 + 50 + 100 + 200  # five convolutions, each with biases and a batch norm
    assert convolutions + widths + 2 * widths + 1 * 200 * 4 + 4 == 541_254
    module = DeepConvNet(**LONGER).build_module((22, 1000), 4)
    assert size_of(module) == 541_254
    assert module.blocks(torch.zeros(2, 22, 1000)).shape == (2, 200, 1)


def test_longer_variant_by_its_layers():
    """The order of the layers, written out."""
    torch.manual_seed(0)
    module = DeepConvNet(**LONGER).build_module((3, 961), 4).eval()
    for value in module.state_dict().values():
        if value.is_floating_point() and value.ndim == 1:
            value.uniform_(0.5, 1.5)
    x = torch.randn(2, 3, 961)
    layers = [m for m in module.modules() if not list(m.children())]
    convs = [m for m in layers if isinstance(m, (torch.nn.Conv1d, torch.nn.Conv2d))]
    norms = [m for m in layers if isinstance(m, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d))]
    y = norms[0](convs[0](x.unsqueeze(1)))
    y = convs[1](y).squeeze(2)
    for i in range(4):
        y = y if i == 0 else convs[i + 1](y)
        y = torch.nn.functional.elu(norms[i + 1](y))
        y = torch.nn.functional.max_pool1d(y, 6, 3)
    torch.testing.assert_close(module(x), module.head[1](y.flatten(1)))
    drops = [m.p for m in layers if isinstance(m, torch.nn.Dropout)]
    assert drops == [0.25] * 4


@pytest.mark.parametrize("shape", [(22, 1000), (2, 441), (3, 500)])
def test_equals_braindecodes_net(shape):
    models = pytest.importorskip("braindecode.models")
    theirs = models.Deep4Net(n_chans=shape[0], n_times=shape[1], n_outputs=4).eval()
    ours = DeepConvNet().build_module(shape, 4).eval()
    torch.manual_seed(0)
    for m in ours.modules():
        if isinstance(m, torch.nn.BatchNorm1d):
            assert (m.eps, m.momentum) == (theirs.bnorm.eps, theirs.bnorm.momentum)
    mine, other = ours.state_dict(), theirs.state_dict()
    assert len(mine) == len(other)
    for value, (name, source) in zip(mine.values(), other.items(), strict=True):
        assert value.numel() == source.numel(), name
        norm = name.startswith("bnorm")
        value.copy_(torch.rand_like(value.float()) + 0.5 if norm else source.reshape(value.shape))
        source.copy_(value.reshape(source.shape))
    x = torch.randn(5, *shape)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 441), (2, 521), (5, 522), (64, 603)])
def test_any_size(shape):
    assert DeepConvNet().min_input_shape() == (1, 441)
    assert DeepConvNet().build_module(shape, 3).eval()(torch.randn(1, *shape)).shape == (1, 3)


def test_the_smallest_trial_leaves_one_value():
    for params in ({}, LONGER, {"n_filters": (4,), "pool_stride": 1}, {"pool_stride": 5}):
        net = DeepConvNet(**params)
        n_channels, n_times = net.min_input_shape()
        module = net.build_module((n_channels, n_times), 2).eval()
        assert module.blocks(torch.zeros(1, 1, n_times)).shape[2] == 1
        if not params:
            with pytest.raises(RuntimeError):
                module.blocks(torch.zeros(1, 1, n_times - 1))


def test_short_trials_are_padded():
    X = np.random.default_rng(0).normal(size=(6, 10))
    net = DeepConvNet(n_filters=(2, 2), max_epochs=1, random_state=0)
    with pytest.warns(UserWarning, match=r"at least \(1, 45\).*padded with zeros"):
        net.fit(X, [0, 1] * 3)
    assert net.predict_proba(X).shape == (6, 2)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_filters": ()}, r"n_filters is \(\); expected a list of whole numbers"),
        ({"n_filters": 25}, "n_filters is 25; expected a list of whole numbers"),
        ({"n_filters": (25, 0)}, r"n_filters is \(25, 0\); expected"),
        ({"pool_length": 0}, "pool_length is 0; expected a whole number"),
        ({"dropout_head": -0.1}, r"dropout_head is -0\.1; expected a number of at least 0"),
    ],
)
def test_bad_parameters(params, message):
    X = np.random.default_rng(0).normal(size=(4, 2, 500))
    with pytest.raises(ValueError, match=message):
        DeepConvNet(**params).fit(X, [0, 1, 0, 1])
