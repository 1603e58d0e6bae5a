"""Layers that several nets go through at once, and one step of all their optimisers."""

import copy

import numpy as np
import pytest
import torch
from eegkit_convnets._layers import Depthwise, Pointwise
from torch import nn
from torch.func import functional_call, vmap

from eegkit.classifiers import _stacked_recurrent, layers
from eegkit.classifiers._generators import Stream
from eegkit.classifiers._joint_optimizer import JointOptimizer
from eegkit.classifiers._random_layers import draw_from_generator
from eegkit.classifiers._stack import Row
from eegkit.classifiers._stacked import on_stack, stacked
from eegkit.classifiers._stacked_layers import rule_of, stack_layers

N = 3
LAYERS = {
    "conv1d": (lambda: nn.Conv1d(4, 6, 5, padding=2, groups=2), (4, 20)),
    "conv1d without bias": (lambda: nn.Conv1d(4, 6, 5, stride=2, bias=False), (4, 20)),
    "conv2d": (lambda: nn.Conv2d(2, 4, (3, 1), padding="same"), (2, 4, 10)),
    "batch norm 1d": (lambda: nn.BatchNorm1d(4), (4, 10)),
    "batch norm 1d, long rows": (lambda: nn.BatchNorm1d(4, momentum=0.3), (4, 40)),
    "batch norm of features": (lambda: nn.BatchNorm1d(4), (4,)),
    "batch norm 2d": (lambda: nn.BatchNorm2d(2, eps=1e-3, momentum=0.01), (2, 3, 10)),
    "batch norm 2d, long rows": (lambda: nn.BatchNorm2d(2, eps=1e-3, momentum=0.01), (2, 3, 40)),
    "linear": (lambda: nn.Linear(6, 3), (6,)),
    "linear over time": (lambda: nn.Linear(6, 3, bias=False), (4, 6)),
    "elu": (nn.ELU, (4, 10)),
    "average": (lambda: nn.AvgPool2d((1, 4)), (2, 1, 10)),
    "average of trials": (lambda: nn.AvgPool1d(4), (2, 10)),
    "dropout": (lambda: layers.Dropout(0.4), (4, 10)),
    "torch's dropout": (lambda: nn.Dropout(0.4), (4, 10)),
    "no dropout": (lambda: nn.Dropout(0.0), (4, 10)),
    "all dropped": (lambda: layers.Dropout(1.0), (4, 10)),
    "flatten": (nn.Flatten, (2, 3, 4)),
    "pad": (lambda: nn.ZeroPad2d((1, 2, 0, 0)), (2, 3, 4)),
    "pad all sides": (lambda: nn.ZeroPad2d((1, 2, 2, 1)), (2, 3, 4)),
    "depthwise": (lambda: Depthwise(4, 5), (4, 1, 20)),
    "pointwise": (lambda: Pointwise(4, 3), (4, 1, 20)),
}


def sequence():
    """Layers with a rule, nested, and one without in their midst."""
    return nn.Sequential(
        nn.Sequential(nn.Conv1d(4, 6, 5, padding=2), nn.BatchNorm1d(6), nn.ELU()),
        nn.Softplus(),
        nn.AvgPool1d(4),
        layers.Dropout(0.5),
        nn.Flatten(),
        nn.Linear(30, 2),
    )


class Recurrent(nn.Module):
    """A layer of torch; its outputs, and sums of its last states."""

    def __init__(self, kind, size, hidden_size, **options):
        super().__init__()
        self.rnn = kind(size, hidden_size, **options)

    def forward(self, x):
        y, states = self.rnn(x)
        states = states if isinstance(states, tuple) else (states,)
        return y + sum((1 + i) * state.sum() for i, state in enumerate(states))


def check_alike(make, shape, permute=False):
    """The outputs, gradients and statistics of nets alone, and of all at once."""
    torch.manual_seed(0)  # the weights
    generator = torch.Generator().manual_seed(0)
    nets = [make().double().train() for _ in range(N)]
    for net in nets:
        draw_from_generator(net)
    X = torch.randn((N, 7, *shape), generator=generator, dtype=torch.float64)
    if permute:  # channels before trials in memory
        X = X.transpose(1, 2).contiguous().transpose(1, 2)
    template = copy.deepcopy(nets[0])
    weights = {
        name: torch.stack([net.get_parameter(name).detach() for net in nets]).requires_grad_()
        for name, _ in nets[0].named_parameters()
    }
    buffers = {
        name: torch.stack([net.get_buffer(name) for net in nets])
        for name, _ in nets[0].named_buffers()
    }
    stack_layers(template)
    X.requires_grad_()

    def call(weights, buffers, x):
        return functional_call(template, (weights, buffers), (x,))

    with stacked([Stream(i, True) for i in range(N)]):
        together = vmap(call)(weights, buffers, X)
    (grad,) = torch.autograd.grad(together.square().sum(), X, retain_graph=True)
    for i, net in enumerate(nets):
        x = X[i].detach().contiguous().requires_grad_()
        with Stream(i, True).use():
            alone = net(x)
        torch.testing.assert_close(together[i], alone, atol=1e-9, rtol=1e-7)
        alone.square().sum().backward()
        torch.testing.assert_close(grad[i], x.grad, atol=1e-9, rtol=1e-7)
        for name, values in buffers.items():
            torch.testing.assert_close(values[i], net.get_buffer(name), atol=1e-9, rtol=1e-7)
    if weights:
        of_weights = torch.autograd.grad(together.square().sum(), list(weights.values()))
        for name, grads in zip(weights, of_weights, strict=True):
            expected = torch.stack([net.get_parameter(name).grad for net in nets])
            torch.testing.assert_close(grads, expected, atol=1e-9, rtol=1e-7)


@pytest.mark.parametrize("permute", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_of_several_nets_is_that_of_each(name, permute):
    make, shape = LAYERS[name]
    layer = make()
    draw_from_generator(layer)
    assert rule_of(layer.train()) is not None
    check_alike(make, shape, permute)


@pytest.mark.parametrize("permute", [False, True])
def test_layers_in_a_row(permute):
    check_alike(sequence, (4, 20), permute)


@pytest.mark.parametrize("most", [None, 0], ids=["one product", "net by net"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bidirectional": True, "batch_first": True},
        {"num_layers": 3, "dropout": 0.4, "bidirectional": True},
        {"num_layers": 2, "bias": False, "batch_first": True},
    ],
    ids=lambda options: "-".join(options) or "plain",
)
@pytest.mark.parametrize("kind", [nn.GRU, nn.LSTM])
def test_recurrent_layers(kind, options, most, monkeypatch):
    if most is not None:
        monkeypatch.setattr(_stacked_recurrent, "MOST_GATES", {})
    check_alike(lambda: Recurrent(kind, 4, 6, **options), (5, 4))


@pytest.mark.parametrize(
    "make", [lambda: nn.LSTM(4, 64), lambda: nn.RNN(4, 6), lambda: nn.GRU(4, 129)]
)
def test_recurrent_layers_that_are_as_fast_net_by_net(make):
    with pytest.raises(ValueError, match="units is as fast net by net"):
        check_alike(make, (5, 4))


def test_what_has_no_rule_is_left_to_vmap():
    class Twice(nn.Linear):
        def forward(self, x):
            return 2 * super().forward(x)

    frozen = nn.BatchNorm1d(4).eval()

    def circular():
        return nn.Conv1d(4, 4, 3, padding=1, padding_mode="circular")

    for layer in (Twice(4, 3), frozen, nn.BatchNorm1d(4, momentum=None), circular()):
        assert rule_of(layer) is None
    check_alike(lambda: nn.Sequential(nn.Flatten(), Twice(12, 3)), (3, 4))
    check_alike(lambda: nn.Sequential(nn.BatchNorm1d(4, affine=False), circular()), (4, 9))


def test_a_layer_brings_a_rule_of_its_own():
    class Sorted(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(3))

        def forward(self, x):
            assert not layers.is_stacked()
            return x.sort(-1).values * self.scale

        def of_nets(self, x, scale):
            assert x.shape == (N, 7, 3)
            return x.sort(-1).values * scale[:, None]

    check_alike(lambda: nn.Sequential(Sorted(), nn.Linear(3, 2)), (3,))


def test_a_call_for_all_nets_keeps_the_random_numbers_of_each():
    layer = layers.Dropout(0.5).train()
    x = torch.ones(N, 2, 5)
    with stacked([Stream(i, True) for i in range(N)]):
        result = vmap(lambda x: on_stack(rule_of(layer), x), randomness="error")(x)
    for i in range(N):
        with Stream(i, True).use():
            torch.testing.assert_close(result[i], layer(x[i]))


@pytest.mark.parametrize(
    "make",
    [
        lambda p: torch.optim.AdamW(p, lr=0.1, fused=True),
        lambda p: torch.optim.Adam(p, lr=0.1, weight_decay=0.1),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, fused=True),
        lambda p: torch.optim.SGD(p, lr=0.1),
        lambda p: torch.optim.RMSprop(p, lr=0.1),
    ],
)
def test_one_step_of_all_is_a_step_of_each(make):
    rng = np.random.default_rng(0)

    def rows():
        torch.manual_seed(0)
        modules = [nn.Linear(4, 2) for _ in range(N)]
        return [Row(module, make(module.parameters())) for module in modules]

    alone, together = rows(), rows()
    weights = torch.stack([row.vector.detach() for row in together])
    for row, vector in zip(together, weights, strict=True):
        row.lie_in(vector)
    joint = JointOptimizer(together, weights)
    # All together, with another rate, some alone, rates of their own.
    steps = [([0, 1, 2], 0.1), ([0, 1, 2], 0.05), ([0, 1, 2], 0.02), ([1], 0.1), ([0, 1, 2], None)]
    for numbers, lr in [*steps, ([0, 2], 0.1), ([0, 1, 2], 0.1)]:
        grads = torch.tensor(rng.normal(size=(len(numbers), 10)), dtype=torch.float32)
        for number, row in enumerate([*alone, *together]):
            rate = 0.1 * (1 + number % N) if lr is None else lr
            row.optimizer.param_groups[0]["lr"] = rate
        joint.step(numbers, grads)
        for number, grad in zip(numbers, grads, strict=True):
            alone[number].vector.grad = grad
            alone[number].optimizer.step()
        for one, other in zip(alone, together, strict=True):
            torch.testing.assert_close(other.vector, one.vector, atol=1e-6, rtol=1e-5)
            for key, value in one.optimizer.state.get(one.vector, {}).items():
                torch.testing.assert_close(other.optimizer.state[other.vector][key], value)
