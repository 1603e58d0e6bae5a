"""Filtering space first gives the numbers of the convolutions as they are written."""

import copy

import pytest
import torch
from eegkit_convnets import EEGNet, _layers, eegnet
from torch.nn import functional as F

from eegkit.classifiers import layers

SHAPES = [  # channels, samples, length of the temporal filters
    (1, 64, 8),
    (3, 250, 15),
    (22, 250, 64),
    (22, 1000, 64),
    (3, 1000, 15),
    (3, 128, 64),  # the shortest trial
    (3, 120, 64),  # too short: plain convolutions
    (2, 64, 1),
]
TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}


@pytest.fixture
def plain(monkeypatch):
    """Runs a module by torch's layers alone."""

    def run(module, x, **kwargs):
        with monkeypatch.context() as patch:
            patch.setattr(eegnet, "applies", lambda *args: False)
            for module_of_layers in (layers, _layers):
                patch.setattr(module_of_layers, "runs_eagerly_on_cpu", lambda x: False)
            return results(module, x, **kwargs)

    return run


def results(module, x, with_input=True):
    """Scores with and without gradients, gradients, and the state after the batch."""
    x = x.clone().requires_grad_(with_input)
    scores = module(x)
    F.cross_entropy(scores, torch.arange(len(x)) % 4).backward()
    values = {f"gradient of {name}": p.grad for name, p in module.named_parameters()}
    values |= {"scores": scores.detach(), **{n: b.clone() for n, b in module.named_buffers()}}
    if with_input:
        values["gradient of x"] = x.grad
    with torch.no_grad():
        values["scores without gradients"] = module(x)
    return values


def make(shape, kernel_length, dtype=torch.float64, seed=0):
    torch.manual_seed(seed)
    module = EEGNet(kernel_length=kernel_length, dropout=0.0).build_module(shape, 4)
    for name, value in module.state_dict().items():
        if "running" in name or name.split(".")[1:] in (["2", "weight"], ["2", "bias"]):
            value.uniform_(0.5, 1.5)  # batch norms that do something
    return module.to(dtype)


def assert_close(actual, expected, tolerance):
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        scale = value.abs().max()
        if name.startswith(("gradient of temporal.2", "gradient of spatial.0")):
            # What is left of terms that cancel: in training the second norm takes away any
            # constant and, but for its epsilon, any factor. Its own gradient has their size.
            scale = max(scale, expected["gradient of spatial.1.weight"].abs().max())
        error = (actual[name].double() - value).abs().max()
        assert error <= tolerance * scale, (name, error / scale)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=["double", "single"])
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize(("C", "T", "K"), SHAPES)
def test_same_function(C, T, K, training, dtype, plain):
    module = make((C, T), K).float().train(training)
    reference = copy.deepcopy(module).double()
    module = module.to(dtype)
    x = torch.randn(6, C, T) + 0.5
    assert_close(results(module, x.to(dtype)), plain(reference, x.double()), TOLERANCE[dtype])


@pytest.mark.parametrize("offset", [30.0, 3000.0])
def test_variance_survives_an_offset(offset, plain):
    module = make((4, 256), 16).float()
    reference = copy.deepcopy(module).double()
    x = torch.randn(16, 4, 256) + offset
    expected = plain(reference, x.double(), with_input=False)
    actual = results(module, x, with_input=False)
    for name in ("temporal.2.running_mean", "temporal.2.running_var"):
        torch.testing.assert_close(actual[name].double(), expected[name], rtol=1e-4, atol=0)


def test_frozen_norm_and_cumulative_average(plain):
    x = torch.randn(6, 3, 256, dtype=torch.float64)
    frozen, cumulative = make((3, 256), 16), make((3, 256), 16)
    frozen.temporal[2].eval()
    cumulative.temporal[2].momentum = None
    for module in (frozen, cumulative):
        reference = copy.deepcopy(module)
        assert_close(results(module, x), plain(reference, x), 1e-10)


def test_gradient_of_a_gradient(plain, monkeypatch):
    x = torch.randn(4, 3, 128, dtype=torch.float64)

    def penalty(module):
        inputs = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(module(inputs).square().sum(), inputs, create_graph=True)
        return torch.autograd.grad(slope.square().sum(), module.temporal[1].weight)[0]

    module = make((3, 128), 8)
    actual = penalty(copy.deepcopy(module))
    monkeypatch.setattr(eegnet, "applies", lambda *args: False)
    monkeypatch.setattr(layers, "runs_eagerly_on_cpu", lambda x: False)
    torch.testing.assert_close(actual, penalty(module), rtol=1e-8, atol=1e-10)


def test_state_round_trip_and_equal_runs():
    module, other = make((3, 250), 64, torch.float32), make((3, 250), 64, torch.float32, seed=1)
    other.load_state_dict(module.state_dict())
    x = torch.randn(6, 3, 250)
    for training in (True, False):
        first = results(module.train(training), x)
        module.zero_grad()
        second = results(other.train(training), x)
        other.zero_grad()
        assert all(torch.equal(first[name], second[name]) for name in first)


def test_names_in_the_state():
    module = EEGNet().build_module((3, 250), 4)
    assert list(module.state_dict())[:9] == [
        "temporal.1.weight",
        "temporal.2.weight",
        "temporal.2.bias",
        "temporal.2.running_mean",
        "temporal.2.running_var",
        "temporal.2.num_batches_tracked",
        "spatial.0.parametrizations.weight.original",
        "spatial.1.weight",
        "spatial.1.bias",
    ]


def test_hooks_see_every_layer():
    module = make((3, 250), 16).eval()
    x = torch.randn(2, 3, 250, dtype=torch.float64)
    expected = module(x)
    shapes = {}
    for name, layer in module.named_modules():
        if name in ("temporal.1", "spatial.2", "separable.2"):
            layer.register_forward_hook(
                lambda layer, inputs, output, name=name: shapes.update({name: output.shape})
            )
    torch.testing.assert_close(module(x), expected)
    assert shapes == {
        "temporal.1": (2, 8, 3, 250),
        "spatial.2": (2, 16, 1, 250),
        "separable.2": (2, 16, 1, 62),
    }


def test_export():
    module = make((3, 250), 16, torch.float32).eval()
    x = torch.randn(2, 3, 250)
    exported = torch.export.export(module, (x,))
    assert not any("fft" in str(node.target) for node in exported.graph.nodes)
    torch.testing.assert_close(exported.module()(x), module(x))
    traced = torch.jit.trace(module, x)
    torch.testing.assert_close(traced(x), module(x))
