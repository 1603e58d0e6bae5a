"""Nets trained at once come out as each alone."""

from functools import partial

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from eegkit import NeuralClassifier, registry
from eegkit.classifiers import _together, layers
from eegkit.classifiers.training import generator
from eegkit.joint_work import run_jointly
from eegkit.testing import example_trials
from eegkit.testing._examples import example_input

NETS = [
    name
    for name in registry.names("classifiers")
    if issubclass(registry.get("classifiers", name), NeuralClassifier)
]
JOIN = ["crnn", "deep_convnet", "dense_net", "eegnet", "eegnet_v1", "lstm_attention"]
JOIN += ["resnet1d", "shallow_convnet"]


class SmallNet(NeuralClassifier):
    """A convolution, batch norm and dropout."""

    fits_in_threads = True
    dropout: float = 0.3

    def build_module(self, input_shape, n_classes):
        return nn.Sequential(
            # A bias before a batch norm has no gradient but rounding, of which Adam makes steps.
            nn.Conv1d(input_shape[0], 4, 7, bias=False),
            nn.BatchNorm1d(4),
            nn.ELU(),
            nn.Dropout(self.dropout),
            nn.AdaptiveAvgPool1d(8),
            nn.Flatten(),
            nn.Linear(32, n_classes),
        )


class GlobalDraws(SmallNet):
    """The same, with a generator that nobody vouches for."""

    fits_in_threads = False


class Normed(SmallNet):
    """Looks at its numbers, which several nets at once cannot."""

    def build_module(self, input_shape, n_classes):
        class Module(nn.Module):
            def __init__(self):
                super().__init__()
                self.head = nn.Linear(input_shape[0], n_classes)

            def forward(self, x):
                mean = x.mean(-1)
                return self.head(mean / mean.std() if mean.std() > 0 else mean)

        return Module()


class OwnLayers(SmallNet):
    """Draws numbers, and has a layer with a rule of its own for several nets."""

    def build_module(self, input_shape, n_classes):
        class Noise(nn.Module):
            def forward(self, x):
                return x + layers.each_net(self.draw, x) if self.training else x

            def draw(self, x):
                return torch.empty_like(x).normal_(generator=generator())

        class Largest(nn.Module):
            def forward(self, x):
                return layers.on_stack(self.of_all, x) if layers.is_stacked() else self.of_all(x)

            def of_all(self, x):
                assert not layers.is_stacked()
                return torch.linalg.svdvals(x)

        n_channels = input_shape[0]
        return nn.Sequential(
            Noise(), nn.Conv1d(n_channels, 4, 7), Largest(), nn.Linear(4, n_classes)
        )


def noise_and_swap(X, y):
    """Draws from the global generators of torch and of numpy."""
    return X + torch.randn_like(X) * float(np.random.rand()), y  # noqa: NPY002


def fits(make, n_trials=(31, 31, 28), **params):
    """Estimators, and the trials of each."""
    trials = example_trials(40)
    X = np.array(trials.X) / 20
    nets = [make.set_params(random_state=i, device="cpu", **params) for i in range(len(n_trials))]
    nets = [clone(make).set_params(random_state=i) for i, make in enumerate(nets)]
    return nets, [(X[i : i + n], trials.y[i : i + n]) for i, n in enumerate(n_trials)], X


def check_alike(nets, parts, X, atol=1e-4, **fit_params):
    """Fit clones alone and the nets at once."""
    alone = [clone(net).fit(*part, **fit_params) for net, part in zip(nets, parts, strict=True)]
    calls = [partial(n.fit, *p, **fit_params) for n, p in zip(nets, parts, strict=True)]
    assert len(list(run_jointly(calls))) == len(nets)
    for one, other in zip(alone, nets, strict=True):
        np.testing.assert_allclose(other.predict_proba(X), one.predict_proba(X), atol=atol)
        first, second = (net.history_.drop(columns="dur") for net in (one, other))
        assert list(first) == list(second)
        assert len(first) == len(second)
        np.testing.assert_allclose(second["train_loss"], first["train_loss"], rtol=1e-4)
        np.testing.assert_allclose(second["lr"], first["lr"])
    return alone


@pytest.mark.parametrize("name", NETS)
def test_every_net_comes_out_as_alone(name, joint_sizes):
    cls = registry.get("classifiers", name)
    # Its logarithms of power near zero make large steps of rounding.
    lr = 1e-6 if name == "shallow_convnet" else 1e-3
    options = {"max_epochs": 2, "batch_size": 5, "lr": lr, "optimizer": "sgd"}
    net = cls(**cls.conformance_params() | options)
    if "dropout" in net.get_params():
        net.set_params(dropout=0.25)
    X, y = example_input(net)
    X = X / np.abs(X).max()
    nets = [clone(net).set_params(random_state=i, device="cpu") for i in range(3)]
    check_alike(nets, [(X[:13], y[:13]), (X[1:], y[1:]), (X[:11], y[:11])], X)
    assert (3 in joint_sizes) >= (name in JOIN)


@pytest.mark.parametrize(
    "params",
    [
        {"early_stopping": True, "patience": 1, "max_epochs": 12, "validation_split": 0.3},
        {"class_weight": "balanced", "label_smoothing": 0.1},
        {"lr_schedule": "cosine", "optimizer": "adam"},
        {"lr_schedule": "one_cycle", "clip_grad_norm": 0.1},
        {"lr_schedule": "plateau", "optimizer": "sgd", "validation_split": 0.2},
        {"augment": noise_and_swap},
        {"augment": noise_and_swap, "augment_ratio": 2, "optimizer": "rmsprop"},
        {"balance": "class", "freeze": ["0.*"]},
    ],
    ids=lambda params: "-".join(params),
)
@pytest.mark.parametrize("make", [SmallNet, GlobalDraws])
@pytest.mark.filterwarnings("ignore:.*stops early by trials drawn without")
def test_options_of_training_mean_the_same(make, params, joint_sizes):
    check_alike(*fits(make(**{"max_epochs": 3, "batch_size": 8} | params)))
    assert 3 in joint_sizes


def test_layers_of_a_plugin_join_by_rules_of_their_own(joint_sizes):
    check_alike(*fits(OwnLayers(max_epochs=3, batch_size=8)))
    assert 3 in joint_sizes


def test_soft_labels_and_weights_of_trials(joint_sizes):
    nets, parts, X = fits(SmallNet(max_epochs=3, batch_size=8), (31, 31))
    rng = np.random.default_rng(0)
    soft = [rng.dirichlet([1, 1], len(X)) for X, _ in parts]
    parts = [(X, y) for (X, _), y in zip(parts, soft, strict=True)]
    check_alike(nets, parts, X, sample_weight=rng.uniform(size=31))
    assert 2 in joint_sizes


def test_rates_of_their_own_and_ends_of_their_own(joint_sizes):
    nets, parts, X = fits(SmallNet(batch_size=8), (31, 28, 20))
    for net, lr, n_epochs in zip(nets, (1e-3, 1e-2, 1e-4), (2, 5, 3), strict=True):
        net.set_params(lr=lr, max_epochs=n_epochs, weight_decay=lr)
    check_alike(nets, parts, X)
    assert joint_sizes == [3, 3, 2, 1, 1]


def test_a_net_goes_on_after_it_was_trained_among_others():
    nets, parts, X = fits(SmallNet(max_epochs=2, batch_size=8))
    alone = check_alike(nets, parts, X)
    for one, other, part in zip(alone, nets, parts, strict=True):
        one.partial_fit(*part)
        other.partial_fit(*part)
        np.testing.assert_allclose(other.predict_proba(X), one.predict_proba(X), atol=2e-4)


def test_what_cannot_be_done_at_once_is_done_one_after_the_other(joint_sizes):
    nets, parts, X = fits(Normed(max_epochs=2, batch_size=8))
    check_alike(nets, parts, X, atol=0)
    assert 3 not in joint_sizes


def test_large_batches_are_not_worth_it(joint_sizes):
    nets, parts, X = fits(SmallNet(max_epochs=1, batch_size=10_000))
    check_alike(nets, parts, X, atol=0)
    assert not joint_sizes


def test_where_much_is_computed_it_is_not_worth_it(joint_sizes):
    class Wide(SmallNet):
        def build_module(self, input_shape, n_classes):
            module = super().build_module(input_shape, n_classes)
            sizes = (input_shape[0], 32, 1), (32, 32, 7), (32, 4, 1)
            hidden = [nn.Conv1d(*size, bias=False) for size in sizes]
            return nn.Sequential(*hidden, *module[1:])

    few, parts, X = fits(Wide(max_epochs=1, batch_size=4))
    check_alike(few, parts, X)
    assert joint_sizes
    joint_sizes.clear()
    many, parts, X = fits(Wide(max_epochs=1, batch_size=28))
    check_alike(many, parts, X, atol=0)
    assert not joint_sizes


def test_operations_are_counted_once_for_nets_of_one_kind(monkeypatch):
    counts = []

    class Counter(FlopCounterMode):
        def __enter__(self):
            counts.append(self)
            return super().__enter__()

    class Unseen(SmallNet):
        pass

    monkeypatch.setattr(_together, "FlopCounterMode", Counter)
    monkeypatch.setattr(_together, "_WEIGHTS", {})
    for batch_size in (8, 16):
        nets, parts, _ = fits(Unseen(max_epochs=1, batch_size=batch_size))
        list(run_jointly([partial(n.fit, *p) for n, p in zip(nets, parts, strict=True)]))
    assert len(counts) == 2


def test_one_whose_loss_is_no_number_leaves_the_others_as_they_are():
    nets, parts, X = fits(SmallNet(max_epochs=3, batch_size=8, optimizer="sgd"))
    nets[1].set_params(lr=1e38)
    alone = [clone(nets[i]).fit(*parts[i]) for i in (0, 2)]

    def fit(net, part):
        try:
            return net.fit(*part)
        except FloatingPointError as error:
            return error

    results = list(run_jointly([partial(fit, *pair) for pair in zip(nets, parts, strict=True)]))
    failures = [result for result in results if isinstance(result, FloatingPointError)]
    assert len(failures) == 1
    assert "epoch" in str(failures[0])
    for one, other in zip(alone, (nets[0], nets[2]), strict=True):
        np.testing.assert_allclose(other.predict_proba(X), one.predict_proba(X), atol=1e-4)


def test_the_global_generators_are_left_alone():
    before = torch.get_rng_state()
    nets, parts, X = fits(GlobalDraws(max_epochs=1, batch_size=8, augment=noise_and_swap))
    check_alike(nets, parts, X)
    assert torch.equal(before, torch.get_rng_state())
