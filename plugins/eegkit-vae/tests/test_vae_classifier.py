"""Autoencoder and classifier are trained by one loss."""

import math

import numpy as np
import pytest
import torch
from eegkit_vae import VAEClassifier, VAEDenoiser
from eegkit_vae.vae_classifier import (
    RunningStandardisation,
    SmallConvNetModule,
    VAEClassifierModule,
)
from sklearn.base import clone
from torch import nn
from torch.nn import functional as F

import eegkit
from eegkit import NeuralClassifier, testing
from eegkit.classifiers import CNNBiGRU

SMALL = {"n_latent": 3, "n_hidden": 8, "max_epochs": 2, "device": "cpu", "random_state": 0}


class _Linear(NeuralClassifier):
    width: int = 4

    def min_input_shape(self):
        return (1, 100)

    def build_module(self, input_shape, n_classes):
        size = math.prod(input_shape)
        return nn.Sequential(
            nn.Flatten(), nn.Linear(size, self.width), nn.ELU(), nn.Linear(self.width, n_classes)
        )


def test_number_of_parameters_of_the_whole():
    C, T, S, K = 22, 1000, 16, 32
    first = C * S + 2 * S
    blocks = (S * K + S * S + 2 * S) + (S * K // 2 + S * S + 2 * S)
    head = S * (T // 32) * 4 + 4
    classifier = SmallConvNetModule((C, T), 4)
    assert sum(p.numel() for p in classifier.parameters()) == first + blocks + head == 3716
    module = VAEClassifier().build_module((C, T), 4)
    assert sum(p.numel() for p in module.parameters()) == 49_964 + 3716


@pytest.mark.parametrize("architecture", ["conv", "dense"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (3, 31), (2, 130)], ids=str)
def test_any_shape_is_classified(shape, architecture):
    module = VAEClassifier(architecture=architecture, n_latent=2, n_hidden=4).build_module(shape, 3)
    assert module(torch.randn(4, *shape)).shape == (4, 3)
    assert module.eval()(torch.randn(1, *shape)).shape == (1, 3)


def test_loss_is_the_sum_of_both():
    trials = testing.example_trials()
    losses = {}

    class Watched(VAEClassifierModule):
        def extra_loss(self, epoch):
            losses[epoch] = super().extra_loss(epoch)
            return losses[epoch]

    class WatchedClassifier(VAEClassifier):
        def build_module(self, input_shape, n_classes):
            return Watched(input_shape, n_classes, **self.architecture_params())

    # One batch an epoch and no step, so that both epochs see the same weights.
    sizes = {"n_latent": 3, "n_hidden": 8, "beta": 0.4, "warmup": 2}
    training = {"max_epochs": 2, "batch_size": 64, "lr": 0.0, "weight_decay": 0.0, "device": "cpu"}
    net = WatchedClassifier(**sizes, **training)
    net.fit(trials.X, trials.y)
    assert sorted(losses) == [1, 2]
    for (epoch, loss), recorded in zip(losses.items(), net.history_["train_loss"], strict=True):
        assert loss.requires_grad
        # What is left of the recorded loss is a cross entropy of two classes.
        assert 0 < recorded - loss.item() < 5, epoch


def test_beta_of_the_joint_loss_rises():
    torch.manual_seed(0)
    module = VAEClassifier(n_latent=2, n_hidden=4, beta=1.0, warmup=4, alpha=3.0).build_module(
        (2, 32), 2
    )
    x = torch.randn(8, 2, 32)
    found = {}
    for epoch in (1, 2, 4, 9):
        torch.manual_seed(1)
        module(x)
        reconstruction, kl = module._terms
        found[epoch] = module.extra_loss(epoch).item()
        expected = 3 * (reconstruction + min(1, epoch / 4) * kl).item() / 64
        assert found[epoch] == pytest.approx(expected, rel=1e-3)
    assert found[1] < found[2] < found[4]
    assert module._terms is None


def test_autoencoder_learns_by_its_own_loss():
    # The labels say nothing, so what the decoder learns it learns from the trials.
    X = np.sin(np.arange(64) / 3 + np.random.default_rng(0).uniform(0, 6, (60, 1, 1)))
    X = np.float32(10 * X * np.ones((4, 1)))
    y = np.arange(60) % 2

    def error(alpha):
        net = VAEClassifier(alpha=alpha, lr=5e-3, max_epochs=15, device="cpu", random_state=0)
        module = net.fit(X, y).net_.module_.eval()
        with torch.no_grad():
            x = module.standardisation(torch.from_numpy(X))
            return F.mse_loss(module.autoencoder(x), x).item()

    assert error(1.0) < 0.5 * error(0.0)


def test_running_moments_are_those_of_all_trials():
    batches = [torch.randn(n, 3, 20) * (1 + n) + 100 * n for n in (5, 2, 9)]
    standardisation = RunningStandardisation(3)
    for batch in batches:
        standardisation(batch)
    whole = torch.cat(batches)
    torch.testing.assert_close(standardisation.mean[:, 0], whole.mean((0, 2)))
    variance = whole.var((0, 2), correction=0)
    torch.testing.assert_close(standardisation.variance[:, 0], variance, rtol=1e-4, atol=0)
    standardisation.eval()
    torch.testing.assert_close(standardisation.undo(standardisation(whole)), whole)


def test_classifier_of_ones_own(tmp_path):
    trials = testing.example_trials()  # of 96 samples
    net = VAEClassifier(classifier=_Linear(width=3), **SMALL)
    assert net.min_input_shape() == (1, 100)
    with pytest.warns(UserWarning, match="padded with zeros"):
        net.fit(trials.X, trials.y)
    assert isinstance(net.net_.module_.classifier[1], nn.Linear)
    assert clone(net).set_params(classifier__width=5).classifier.width == 5
    eegkit.save(net, tmp_path / "net.safetensors")
    loaded = eegkit.load(tmp_path / "net.safetensors", custom_classes=[_Linear])
    np.testing.assert_array_equal(loaded.predict_proba(trials.X), net.predict_proba(trials.X))


def test_dense_autoencoder_before_a_classifier():
    trials = testing.example_trials()
    net = VAEClassifier(architecture="dense", **SMALL).fit(trials.X, trials.y)
    assert net.net_.module_.autoencoder.latent_shape == (3,)
    assert np.isfinite(net.predict_proba(trials.X)).all()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"classifier": CNNBiGRU()}, "CNNBiGRU, which reads spectrograms; expected one that"),
        ({"classifier": VAEDenoiser()}, "expected a NeuralClassifier, or None"),
        ({"alpha": -1.0}, "alpha is -1.0; expected a number of at least 0"),
        ({"beta": math.inf}, "beta is inf; expected a number of at least 0"),
        ({"noise": -1.0}, "noise is -1.0; expected a number above 0, or None"),
        ({"architecture": "lstm"}, "architecture is 'lstm'"),
    ],
    ids=["spectrogram", "transform", "alpha", "beta", "noise", "architecture"],
)
def test_senseless_parameters_of_the_classifier(params, message):
    trials = testing.example_trials()
    with pytest.raises(ValueError, match=message):
        VAEClassifier(**SMALL | params).fit(trials.X, trials.y)
