"""Convolutions over all electrodes at once train by the right gradients on every processor."""

import copy

import numpy as np
import pytest
import torch
from eegkit_braindecode import BraindecodeClassifier
from torch import nn
from torch.nn import functional as F

from eegkit import NeuralClassifier, Trials, evaluate
from eegkit.classifiers import _right_gradients
from eegkit.classifiers._right_gradients import right_gradients


@pytest.fixture
def wrong(monkeypatch):
    """A processor of which it is said that its gradients are wrong."""
    monkeypatch.setattr(_right_gradients, "is_wrong", lambda: True)


@pytest.mark.parametrize("padding", [0, (2, 0), "valid"], ids=str)
@pytest.mark.parametrize("n_maps", [1, 3])
@pytest.mark.parametrize("has_bias", [True, False])
def test_along_the_rows_it_is_the_same_sum(padding, n_maps, has_bias):
    x = torch.randn(3, n_maps, 50, 16, dtype=torch.float64, requires_grad=True)
    layer = nn.Conv2d(n_maps, 5, (4, 16), padding=padding, bias=has_bias, dtype=torch.float64)
    arguments = (x, layer.weight, layer.bias)
    expected = F.conv2d(*arguments, padding=padding)
    y = _right_gradients._along_rows(*arguments, padding=padding)
    assert y.shape == expected.shape
    torch.testing.assert_close(y, expected)
    parts = [part for part in arguments if part is not None]
    ours, theirs = (torch.autograd.grad(out.square().sum(), parts) for out in (y, expected))
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize(
    ("shape", "kernel", "options"),
    [
        ((2, 1, 50, 20), (4, 20), {}),
        ((2, 1, 50, 13), (4, 13), {}),
        ((2, 4, 50, 16), (4, 16), {}),
        ((2, 1, 50, 16), (4, 15), {}),
        ((2, 1, 28, 16), (1, 16), {}),
        ((2, 1, 90, 16), (1, 16), {"stride": (2, 1)}),
        ((2, 1, 90, 16), (2, 16), {"dilation": 2, "padding": (0, 8)}),
        ((2, 2, 90, 16), (2, 16), {"groups": 2}),
        ((2, 1, 90, 16), (3, 16), {"padding": "same"}),
    ],
    ids=str,
)
def test_other_convolutions_stay_as_they_are(shape, kernel, options):
    weight = torch.randn(4, shape[1] // options.get("groups", 1), *kernel)
    assert _right_gradients._along_rows(torch.randn(shape), weight, **options) is None


class Filters(nn.Sequential):
    def __init__(self, n_channels, n_times, n_classes):
        super().__init__(
            nn.Unflatten(1, (1, n_channels)),
            nn.Conv2d(1, 6, (n_channels, 1)) if n_channels < 14 else _OverElectrodes(n_channels),
            nn.Flatten(),
            nn.LazyLinear(n_classes),
        )


class _OverElectrodes(nn.Module):
    """Time is the axis before that of the electrodes."""

    def __init__(self, n_channels):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(6, 1, 5, n_channels) / 9)

    def forward(self, x):
        return F.conv2d(x.transpose(2, 3), self.weight).relu()


class OverElectrodes(NeuralClassifier):
    def build_module(self, input_shape, n_classes):
        return Filters(*input_shape, n_classes)


def fitted_weights(X, y, **params):
    net = OverElectrodes(max_epochs=3, batch_size=8, random_state=0, device="cpu", **params)
    return {name: w.numpy() for name, w in net.fit(X, y).module_.state_dict().items()}


def test_training_is_that_without_onednn(wrong):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(24, 16, 60)).astype(np.float32), np.resize(["a", "b", "c"], 24)
    ours = fitted_weights(X, y)
    enabled = torch._C._get_mkldnn_enabled()
    torch._C._set_mkldnn_enabled(False)  # `flags` warns of the absence of a GPU
    try:
        expected = fitted_weights(X, y)
    finally:
        torch._C._set_mkldnn_enabled(enabled)
    for name, weights in ours.items():
        np.testing.assert_allclose(weights, expected[name], atol=1e-4, err_msg=name)


def test_a_net_is_left_alone_but_for_such_a_convolution(wrong):
    with_it, without = Filters(16, 60, 2), Filters(13, 60, 2)
    for net, n_channels, found in ((with_it, 16, True), (without, 13, False)):
        net(torch.zeros(2, n_channels, 60))
        net.train()
        state = torch.get_rng_state()
        assert _right_gradients._has_such(net, (n_channels, 60)) is found
        assert net.training
        assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("model", ["ShallowFBCSPNet", "Deep4Net"])
def test_gradients_of_peers_nets_are_those_of_double_precision(model):
    X, labels = np.random.default_rng(0).normal(size=(6, 19, 640)), ["a", "b"] * 3
    net = BraindecodeClassifier(model=model, max_epochs=1, random_state=0, device="cpu")
    module = net.fit(X, labels).module_.eval()
    x, y = torch.randn(4, 19, 640), torch.tensor([0, 1, 1, 0])

    def gradients(net, x):
        F.cross_entropy(net(x), y).backward()
        return {name: p.grad.double() for name, p in net.named_parameters()}

    expected = gradients(copy.deepcopy(module).double(), x.double())
    with right_gradients(module, (19, 640), "cpu"):
        found = gradients(copy.deepcopy(module), x)
    largest = max(gradient.norm() for gradient in expected.values())
    for name, gradient in expected.items():
        assert (found[name] - gradient).norm() < 1e-3 * largest, name


def test_where_torch_says_nothing_wrong_nothing_is_changed(monkeypatch):
    monkeypatch.setattr(_right_gradients, "is_wrong", lambda: False)
    monkeypatch.setattr(_right_gradients, "_has_such", lambda *args: pytest.fail("looked"))
    with right_gradients(nn.Identity(), (16, 60), "cpu"):
        pass


def test_nets_at_once_train_by_the_right_gradients_too(wrong):
    X = np.random.default_rng(0).normal(size=(96, 16, 60))
    y = np.resize(["a", "b"], 96)
    X[y == "a", :3] *= 1.5
    trials = Trials.from_arrays(X, y, sfreq=60, subject=np.repeat(list("abcdef"), 16))
    net = OverElectrodes(max_epochs=3, batch_size=8, random_state=0, device="cpu")
    at_once, alone = (
        evaluate(net, trials, cv="loso", together=together) for together in ("auto", False)
    )
    found, expected = (results.predictions().proba for results in (at_once, alone))
    np.testing.assert_allclose(found, expected, atol=1e-4)
