"""The autoencoder denoises, makes new trials, and loses no accuracy."""

import math

import numpy as np
import pytest
import torch
from eegkit_vae import VAEDenoiser
from eegkit_vae._autoencoder import beta_at, bound, draw, make_vae
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import FunctionTransformer
from torch import nn

import eegkit
from eegkit import NeuralClassifier, Pipeline, SignalArray
from eegkit.transforms import BandPower

SMALL = {"n_latent": 3, "n_hidden": 8, "max_epochs": 2, "device": "cpu", "random_state": 0}
SHAPES = [(1, 1), (1, 7), (2, 3), (3, 64), (5, 101)]


def rhythmic(n=80, n_channels=8, n_times=128, seed=0):
    """Clean trials of two classes, told by where a 10 Hz rhythm is, and noise; microvolts."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    time = np.arange(n_times) / 128
    waves = np.sin(2 * np.pi * (10 * time + rng.uniform(0, 1, (n, 2, 1))))
    strength = np.where(y[:, None] == [0, 1], 1.0, 0.4)
    place = np.linspace(0, 1, n_channels)[:, None]
    gain = np.exp(-0.5 * ((place - [0.2, 0.8]) / 0.25) ** 2)
    clean = gain @ (strength[:, :, None] * waves)
    noise = rng.normal(size=clean.shape)
    return 10 * clean / clean.std(), 10 * noise, y


def signal_to_noise(clean, made):
    return 10 * np.log10(np.square(clean).sum() / np.square(np.asarray(made) - clean).sum())


@pytest.fixture(scope="module", params=["conv", "dense"])
def model(request):
    """Fitted, and the trials it was fitted on."""
    X = np.random.default_rng(0).normal(3, 10, size=(70, 3, 50)).astype(np.float32)
    X = SignalArray(X, sfreq=128.0, ch_names=["C3", "Cz", "C4"], groups=np.arange(70) % 5)
    return VAEDenoiser(architecture=request.param, **SMALL).fit(X), X


def n_parameters(module):
    return sum(p.numel() for p in module.parameters())


def test_number_of_parameters_of_the_dense_net():
    # 22,000 -> 2,000 -> mean and log-variance, 20 each -> 2,000 -> 22,000, with biases.
    sizes = [(22_000, 2000), (2000, 20), (2000, 20), (20, 2000), (2000, 22_000)]
    assert sum(n * m + m for n, m in sizes) == 88_146_040
    with torch.device("meta"):
        module = make_vae((22, 1000), "dense", None, None, 4)
    assert n_parameters(module) == 88_146_040
    assert module.latent_shape == (20,)


def test_number_of_parameters_of_the_conv_net():
    C, L, H, K = 22, 32, 64, 8
    linear = 2 * (C * L * K + L) + (L * C * K + C)
    bent = (C * H * K + H) + (H * 2 * L + 2 * L) + (L * H * 3 + H) + (H * C * K + C)
    module = make_vae((C, 1000), "conv", None, None, 4)
    assert n_parameters(module) == linear + bent == 49_964
    assert module.latent_shape == (L, 250)


@pytest.mark.parametrize("stride", [1, 3, 4])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_any_shape_comes_back(shape, stride):
    for architecture in ("conv", "dense"):
        module = make_vae(shape, architecture, 2, 4, stride)
        mean, log_variance = module.encode(torch.randn(5, *shape))
        assert mean.shape == log_variance.shape == (5, *module.latent_shape)
        assert module(torch.randn(5, *shape)).shape == (5, *shape)


def test_reparameterisation_has_the_posteriors_moments_and_gradients():
    torch.manual_seed(0)
    mean = torch.tensor([1.0, -2.0], requires_grad=True)
    log_variance = torch.tensor([0.0, math.log(9)], requires_grad=True)
    drawn = draw(mean.expand(50_000, 2), log_variance.expand(50_000, 2))
    torch.testing.assert_close(drawn.mean(0), mean, atol=0.05, rtol=0)
    torch.testing.assert_close(drawn.std(0), torch.tensor([1.0, 3.0]), atol=0.05, rtol=0)
    drawn.square().mean(0).sum().backward()  # of mean^2 + variance
    torch.testing.assert_close(mean.grad, torch.tensor([2.0, -4.0]), atol=0.1, rtol=0)
    torch.testing.assert_close(log_variance.grad, torch.tensor([1.0, 9.0]), atol=0.3, rtol=0)


def test_bound_is_that_of_torchs_distributions():
    torch.manual_seed(0)
    x, made = torch.randn(6, 3, 20), torch.randn(6, 3, 20)
    mean, log_variance = torch.randn(6, 4), torch.randn(6, 4)
    normal = torch.distributions.Normal
    posterior, prior = normal(mean, (0.5 * log_variance).exp()), normal(0.0, 1.0)
    divergence = torch.distributions.kl_divergence(posterior, prior).sum(1).mean()

    def likelihood(noise):
        # Without the constants: the logarithms of sqrt(2 pi) and of a given `noise`.
        return -normal(made, noise).log_prob(x).sum((1, 2)).mean() - 30 * math.log(2 * math.pi)

    found = bound(x, made, mean, log_variance, noise=0.7)
    torch.testing.assert_close(found.kl, divergence)
    torch.testing.assert_close(found.reconstruction, likelihood(0.7) - 60 * math.log(0.7))
    best = found.error.sqrt()[:, None]
    found = bound(x, made, mean, log_variance, noise=None)
    torch.testing.assert_close(found.reconstruction, likelihood(best) - 30)
    assert likelihood(best) < min(likelihood(0.99 * best), likelihood(1.01 * best))


def test_beta_rises_along_a_line():
    assert [beta_at(epoch, 2.0, 4) for epoch in range(1, 7)] == [0.5, 1.0, 1.5, 2.0, 2.0, 2.0]
    assert beta_at(1, 2.0, 0) == 2.0
    X = np.random.default_rng(0).normal(size=(8, 2, 16))
    options = SMALL | {"max_epochs": 4, "beta": 0.8, "warmup": 2}
    history = VAEDenoiser(**options).fit(X).history_
    assert list(history["beta"]) == [0.4, 0.8, 0.8, 0.8]
    expected = (history["reconstruction"] + history["beta"] * history["kl"]) / 32
    np.testing.assert_allclose(history["loss"], expected)


def test_signal_to_noise_ratio_rises():
    clean, noise, _ = rhythmic()
    for db in (-5, 0, 5):
        noisy = clean + noise * 10 ** (-db / 20)
        vae = VAEDenoiser(random_state=0, device="cpu", max_epochs=20).fit(noisy[:60])
        made = vae.transform(noisy[60:])
        assert made.dtype == np.float32
        assert signal_to_noise(clean[60:], made) > db + 1


def test_accuracy_is_kept():
    clean, noise, y = rhythmic(n=120)
    X = SignalArray(np.float32(clean + noise), sfreq=128.0)

    def score(*before):
        features = BandPower(bands={"alpha": (8.0, 13.0)})
        flat = FunctionTransformer(lambda X: np.asarray(X).reshape(len(X), -1))
        pipeline = Pipeline([*before, features, flat, LinearDiscriminantAnalysis()])
        return pipeline.fit(X[:80], y[:80]).score(X[80:], y[80:])

    vae = VAEDenoiser(random_state=0, device="cpu", max_epochs=20)
    assert score(vae) >= score() - 0.05
    # What loses it: a trial in a few numbers, at a price that counts each a thousandfold.
    collapsed = VAEDenoiser(
        architecture="dense", n_latent=20, n_hidden=64, noise=1.0, beta=512.0, warmup=0,
        max_epochs=5, random_state=0, device="cpu",
    )  # fmt: skip
    X = X[:80]
    lost = np.asarray(X) - np.asarray(collapsed.fit_transform(X))
    assert lost.var() > 0.9 * np.asarray(X).var()


def test_same_seed_same_trials(model):
    vae, X = model
    again = VAEDenoiser(**vae.get_params()).fit(X)
    np.testing.assert_array_equal(again.transform(X), vae.transform(X))
    assert [*again.history_["loss"]] == [*vae.history_["loss"]]
    np.testing.assert_array_equal(vae.sample(3, random_state=1), vae.sample(3, random_state=1))
    assert not np.array_equal(vae.sample(3, random_state=1), vae.sample(3, random_state=2))
    other = VAEDenoiser(**vae.get_params() | {"random_state": 1}).fit(X)
    assert not np.array_equal(other.transform(X), vae.transform(X))


def test_transform_is_decoding_what_was_encoded(model):
    vae, X = model
    latents = vae.encode(X)
    assert latents.shape == (70, *vae.latent_shape_)
    made = vae.decode(latents)
    assert made.dtype == np.float32
    assert made.ch_names == X.ch_names
    np.testing.assert_allclose(made, vae.transform(X), rtol=1e-4, atol=1e-4)


def test_microvolts_come_back():
    X = np.random.default_rng(0).normal(size=(20, 2, 40))
    plain = VAEDenoiser(**SMALL).fit(X)
    louder = VAEDenoiser(**SMALL).fit(50 * X + 1000)
    expected = 50 * np.asarray(plain.transform(X)) + 1000
    np.testing.assert_allclose(louder.transform(50 * X + 1000), expected, rtol=1e-4)
    np.testing.assert_allclose(louder.noise_, 50 * plain.noise_, rtol=1e-3)


def test_flat_channel_stays_flat():
    X = np.random.default_rng(0).normal(size=(10, 3, 40))
    X[:, 1] = 7.0
    np.testing.assert_allclose(VAEDenoiser(**SMALL).fit_transform(X)[:, 1], 7.0, atol=1e-2)


def test_samples_and_new_trials(model):
    vae, X = model
    drawn = vae.sample(66, random_state=0)
    assert drawn.shape == (66, 3, 50)
    assert np.isfinite(drawn).all()
    y = np.arange(70)
    made, labels = vae.augment(X, y, n=3, random_state=0)
    assert made.shape == (210, 3, 50)
    assert made.sfreq == 128.0
    np.testing.assert_array_equal(labels, np.tile(y, 3))
    np.testing.assert_array_equal(made.groups, np.tile(X.groups, 3))
    again, none = vae.augment(X, n=3, random_state=0)
    assert none is None
    np.testing.assert_array_equal(again, made)
    assert not np.array_equal(made[:70], made[70:140])


def test_new_trials_are_near_their_own():
    clean, noise, y = rhythmic(n=40)
    vae = VAEDenoiser(random_state=0, device="cpu").fit(clean + 0.3 * noise)
    made, _ = vae.augment(clean + 0.3 * noise, y, random_state=0)
    distance = np.square(np.asarray(made)[:, None] - clean[None]).sum((2, 3))
    assert (distance.argmin(1) == np.arange(40)).all()


class _Linear(NeuralClassifier):
    def build_module(self, input_shape, n_classes):
        return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(input_shape), n_classes))


def test_augments_the_batches_of_a_net(model):
    vae, X = model
    augmentation = vae.as_augmentation()
    batch, y = torch.from_numpy(np.array(X)), torch.arange(70)
    with torch.random.fork_rng():
        made, labels = augmentation(batch, y)
    assert labels is y
    assert made.shape == batch.shape
    assert not made.requires_grad
    fits = [
        _Linear(max_epochs=2, augment=augmentation, random_state=0, device="cpu").fit(X, y % 2)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(fits[0].predict_proba(X), fits[1].predict_proba(X))
    plain = _Linear(max_epochs=2, random_state=0, device="cpu").fit(X, y % 2)
    assert not np.allclose(plain.predict_proba(X), fits[0].predict_proba(X))


def test_module_gives_what_transform_gives(model):
    vae, X = model
    with torch.no_grad():
        made = vae.as_module()(torch.from_numpy(np.array(X))).numpy()
    np.testing.assert_allclose(made, vae.transform(X), rtol=1e-4, atol=1e-4)


def test_pipeline_is_exported(tmp_path):
    for library in ("onnx", "onnxruntime", "onnxscript"):
        pytest.importorskip(library)
    X = SignalArray(np.random.default_rng(0).normal(size=(8, 2, 16)), sfreq=128.0)
    pipeline = Pipeline([VAEDenoiser(**SMALL), _Linear(max_epochs=1, device="cpu")])
    eegkit.export_onnx(pipeline.fit(X, [0, 1] * 4), tmp_path / "decoder.onnx")


def test_saved_and_loaded_it_makes_the_same_trials(model, tmp_path):
    vae, X = model
    eegkit.save(vae, tmp_path / "vae.safetensors")
    loaded = eegkit.load(tmp_path / "vae.safetensors")
    np.testing.assert_array_equal(loaded.sample(2, random_state=0), vae.sample(2, random_state=0))
    np.testing.assert_array_equal(loaded.transform(X), vae.transform(X))
    assert loaded.history_.equals(vae.history_)


def test_a_line_for_each_epoch(capsys):
    VAEDenoiser(**SMALL, verbose=1).fit(np.random.default_rng(0).normal(size=(4, 2, 16)))
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"architecture": "lstm"}, "architecture is 'lstm'; expected one of 'conv', 'dense'"),
        ({"n_latent": 0}, "n_latent is 0; expected a whole number of at least 1, or None"),
        ({"n_hidden": 0}, "n_hidden is 0; expected a whole number of at least 1, or None"),
        ({"stride": 0}, "stride is 0; expected a whole number of at least 1."),
        ({"beta": -1.0}, "beta is -1.0; expected a number of at least 0"),
        ({"warmup": -1}, "warmup is -1; expected a whole number of at least 0"),
        ({"noise": 0.0}, "noise is 0.0; expected a number above 0, or None"),
        ({"max_epochs": 0}, "max_epochs is 0; expected a whole number of at least 1"),
        ({"batch_size": 0}, "batch_size is 0; expected a whole number of at least 1"),
        ({"lr": 0.0}, "lr is 0.0; expected a number above 0"),
        ({"weight_decay": -1.0}, "weight_decay is -1.0; expected a number of at least 0"),
        ({"optimizer": "lbfgs"}, "optimizer is 'lbfgs'; expected one of 'adamw', 'adam'"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_senseless_parameters_of_the_denoiser(params, message):
    with pytest.raises(ValueError, match=message):
        VAEDenoiser(**SMALL | params).fit(np.zeros((4, 2, 16)))


def test_senseless_calls(model):
    vae, X = model
    with pytest.raises(ValueError, match=r"Z has shape \(4, 2\); expected \(n_trials, 3"):
        vae.decode(np.zeros((4, 2)))
    with pytest.raises(ValueError, match="Z holds 1 NaN"):
        vae.decode(_nan(vae))
    with pytest.raises(ValueError, match="n is 0"):
        vae.sample(0)
    with pytest.raises(ValueError, match="n is 0"):
        vae.augment(X, n=0)
    with pytest.raises(ValueError, match="y has 3 entries; expected one for each of 70"):
        vae.augment(X, [0, 1, 2])
    with pytest.raises(ValueError, match="n_channels = 2"):
        vae.encode(np.asarray(X)[:, :2])


def _nan(vae):
    latents = np.zeros((1, *vae.latent_shape_))
    latents.flat[0] = np.nan
    return latents


@pytest.mark.parametrize("call", ["sample", "as_module", "as_augmentation"])
def test_not_fitted(call):
    with pytest.raises(NotFittedError):
        getattr(VAEDenoiser(), call)()


def test_loss_that_is_not_finite():
    X = np.random.default_rng(0).normal(size=(8, 2, 16))
    with pytest.raises(FloatingPointError, match="Lower lr"):
        VAEDenoiser(**SMALL | {"lr": 1e30, "max_epochs": 9}).fit(X)
