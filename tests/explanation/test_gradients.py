"""Attributions by gradients: they are Captum's, they add up, and the net is left as it is."""

import warnings

import captum.attr
import numpy as np
import pytest
import torch
from sklearn.model_selection import GridSearchCV

from eegkit import explain
from eegkit.classifiers.layers import has_hooks
from eegkit.explanation import METHODS


def by_hand(net, X, method, **options):
    """What Captum gives on the bare module."""
    module = net.module_.eval()
    x = torch.tensor(np.asarray(X, dtype=np.float32), requires_grad=True)
    target = module(x).argmax(1)
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # of DeepLIFT's hooks
        result = method(module).attribute(x, target=target, **options)
    module.zero_grad()
    return result.detach().numpy()


@pytest.mark.parametrize(
    ("name", "method", "options"),
    [
        ("saliency", captum.attr.Saliency, {}),
        ("input_x_gradient", captum.attr.InputXGradient, {}),
        ("integrated_gradients", captum.attr.IntegratedGradients, {"n_steps": 50}),
    ],
)
def test_attributions_are_those_of_captum_on_the_bare_module(
    name, method, options, decoder, trials
):
    X = decoder[:-1].transform(trials.X)
    expected = by_hand(decoder[-1], X, method, **options)
    baseline = {"baseline": "zero"} if options else {}
    ours = explain(decoder, trials, method=name, **options, **baseline)
    np.testing.assert_allclose(ours.values, expected, rtol=1e-3, atol=1e-5)
    assert ours.axes == ("channel", "freq", "frame")
    np.testing.assert_allclose(ours.X, X, rtol=1e-6)


def test_deep_lift_is_that_of_captum(dense, features):
    X, _ = features
    base = torch.zeros(1, 6)
    expected = by_hand(dense, X, captum.attr.DeepLift, baselines=base.expand(20, 6))
    ours = explain(dense, X, method="deep_lift", baseline="zero")
    np.testing.assert_allclose(ours.values, expected, rtol=1e-4, atol=1e-6)
    assert np.abs(ours.gap).max() < 1e-4


def test_smoothgrad_is_the_mean_saliency_of_noisy_trials(dense, features):
    X, _ = features
    ours = explain(dense, X, method="smoothgrad", n_samples=2, noise=0.5, target="task")
    x = np.asarray(X)
    total = 0
    for sample in range(2):
        draws = np.random.default_rng([0, sample]).standard_normal(x.shape, np.float32)
        noisy = x + np.float32(0.5) * x.std(axis=1, keepdims=True) * draws
        total = total + explain(dense, noisy, method="saliency", target="task").values
    np.testing.assert_allclose(ours.values, total / 2, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:.*does not add up")
@pytest.mark.parametrize("space", ["input", "raw"])
def test_integrated_gradients_add_up_to_the_difference_of_logits(space, decoder, trials):
    base = 3 * np.random.default_rng(1).standard_normal(trials.X.shape[1:])
    if space == "input":
        base = decoder[:-1].transform(base[None])[0]
    ours = explain(decoder, trials, space=space, baseline=base, n_steps=100)
    module = decoder[-1].module_.eval()

    def logits(X):
        with torch.no_grad():
            return module(torch.tensor(np.asarray(X, dtype=np.float32))).numpy()

    at_base = base[None] if space == "input" else decoder[:-1].transform(base[None])
    difference = logits(decoder[:-1].transform(trials.X)) - logits(at_base)
    codes = np.searchsorted(ours.classes, ours.targets)
    expected = difference[np.arange(len(trials)), codes]
    total = ours.values.reshape(len(trials), -1).sum(axis=1)
    np.testing.assert_allclose(total, expected, atol=0.1)
    np.testing.assert_allclose(ours.gap, total - expected, atol=1e-4)


def test_attributions_go_back_through_the_transforms_to_raw_trials(decoder, trials):
    ours = explain(decoder, trials, method="saliency", space="raw")
    assert ours.values.shape == trials.X.shape
    assert ours.axes == ("channel", "time")
    np.testing.assert_allclose(ours.times[:2], [0, 1 / 128])
    # A nudge of the sample that counts most changes the logit as the gradient says.
    step = 0.5
    where = np.unravel_index(ours.values[0].argmax(), ours.values[0].shape)
    X = np.repeat(np.asarray(trials.X[:1], dtype=np.float64), 2, axis=0)
    X[0][where] += step
    X[1][where] -= step
    proba = decoder.predict_proba(X)
    log_odds = np.log(proba[:, 0] / proba[:, 1])
    both = [
        explain(decoder, trials[:1], method="input_x_gradient", space="raw", target=label)
        for label in decoder.classes_
    ]
    slope = (both[0].values - both[1].values)[0][where] / trials.X[0][where]
    np.testing.assert_allclose(np.diff(log_odds[::-1])[0] / (2 * step), slope, rtol=0.05)


def test_of_a_search_the_best_decoder_is_explained(dense, features):
    X, y = features
    search = GridSearchCV(dense, {"lr": [1e-2]}, cv=2).fit(X, y)
    ours = explain(search, X, method="saliency")
    expected = explain(search.best_estimator_, X, method="saliency")
    np.testing.assert_array_equal(ours.values, expected.values)


def test_sums_that_miss_much_are_told(decoder, trials):
    with pytest.warns(UserWarning, match="does not add up in .* trials.*raise n_steps"):
        explain(decoder, trials, n_steps=1)


def test_batches_change_nothing(decoder, trials):
    whole = explain(decoder, trials, n_steps=20)
    small = explain(decoder, trials, n_steps=20, max_memory_mb=1)
    np.testing.assert_allclose(small.values, whole.values, rtol=1e-3, atol=1e-5)


def test_the_net_is_left_as_it_is(decoder, trials):
    module = decoder[-1].module_.train()
    module.zero_grad()  # of its training
    before = {name: value.clone() for name, value in module.state_dict().items()}
    state = torch.get_rng_state()
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # of sums
        for method in set(METHODS) - {"attention_rollout"}:
            explain(decoder, trials, method=method)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert all(p.requires_grad and p.grad is None for p in module.parameters())
    assert not has_hooks(*module.modules())
    assert {type(layer).__name__ for layer in module.modules()} >= {"ReLU", "Sequential"}


def test_recurrent_layers_are_in_training_mode_in_the_copy_alone(decoder):
    """cuDNN has no way back through a recurrent layer that predicts."""
    from eegkit.explanation.modules import Differentiable

    net = Differentiable(decoder, "input", 512)
    assert net.module.gru.training
    assert net.module.gru.dropout == 0
    assert not net.module.attention.training
    assert not decoder[-1].module_.eval().gru.training
    x = torch.randn(3, *net.input_shape)
    with torch.no_grad():
        torch.testing.assert_close(net.whole(x), decoder[-1].module_.eval()(x))
