"""Grad-CAM and attention rollout, and how their grids are spread over the input."""

import copy

import captum.attr
import numpy as np
import pytest
import torch
from torch import nn

from eegkit import NeuralClassifier, ParameterError, explain
from eegkit.classifiers import AttentionMap, FeatureMap, attention_weights


class SmallModule(nn.Module):
    """(B, 3, T) -> 4 maps over half the samples -> classes."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(3, 4, 5, stride=2, padding=2)
        self.act = nn.ReLU(inplace=True)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.act(self.conv(x)).mean(2))

    def feature_map(self):
        return FeatureMap(self.act)


class Small(NeuralClassifier):
    input_kind = "raw"

    def build_module(self, input_shape, n_classes):
        return SmallModule()


class TokenModule(nn.Module):
    """Every other sample is a token, and a class token before them is classified."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Linear(3, 8)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        x = self.embedding(x[..., ::2].transpose(1, 2))
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1)
        return self.head(self.attention(x, x, x, need_weights=False)[0][:, 0])

    def attention_map(self):
        return AttentionMap([self.attention], attention_weights, lambda rolled: rolled[:, 0, 1:])


class Tokens(NeuralClassifier):
    input_kind = "raw"

    def build_module(self, input_shape, n_classes):
        return TokenModule()


@pytest.fixture(scope="module")
def net(trials):
    return Small(max_epochs=2, random_state=0).fit(trials.X, trials.y)


def test_gradcam_is_that_of_captum_spread_over_the_trial(net, trials):
    ours = explain(net, trials, method="gradcam")
    module = net.module_.eval()
    x = torch.tensor(np.asarray(trials.X), requires_grad=True)
    by_hand = captum.attr.LayerGradCam(module, module.act)
    grid = by_hand.attribute(x, target=module(x).argmax(1), relu_attributions=True)
    expected = captum.attr.LayerAttribution.interpolate(grid, (96,), "linear")
    assert ours.values.shape == trials.X.shape
    for channel in range(3):
        np.testing.assert_allclose(
            ours.values[:, channel], expected[:, 0].detach(), rtol=1e-4, atol=1e-6
        )
    assert net.module_.act.inplace


def test_the_layer_may_be_named(net, trials):
    own = explain(net, trials, method="gradcam")
    act = explain(net, trials, method="gradcam", layer="act")
    conv = explain(net, trials, method="gradcam", layer="conv")
    np.testing.assert_array_equal(act.values, own.values)
    assert np.abs(conv.values - own.values).max() > 0


@pytest.mark.parametrize(
    ("layer", "message"),
    [("cnov", "has no layer 'cnov'; did you mean 'conv'"), ("head", r"'head' gives \(1, 2\)")],
)
def test_layers_that_are_no_map_are_refused(layer, message, net, trials):
    with pytest.raises(ParameterError, match=message):
        explain(net, trials, method="gradcam", layer=layer)


def test_nets_without_a_map_are_told_what_applies(dense, features, net, trials):
    with pytest.raises(ParameterError, match=r"DenseNet names none; name a layer .* occlusion"):
        explain(dense, features[0], method="gradcam")
    with pytest.raises(ParameterError, match=r"Small names none; use saliency, .* gradcam"):
        explain(net, trials, method="attention_rollout")


def test_deep_lift_refuses_a_layer_that_works_twice(net, trials):
    twice = copy.deepcopy(net)
    twice.module_.head = nn.Sequential(net.module_.head, twice.module_.act)
    with pytest.raises(ParameterError, match="Small uses act several times"):
        explain(twice, trials, method="deep_lift")


@pytest.mark.parametrize("smooth", [nn.SiLU, nn.GELU, nn.Mish])
def test_deep_lift_adds_up_behind_smooth_layers(smooth, net, trials):
    other = copy.deepcopy(net)
    other.module_.act = smooth()
    attributions = explain(other, trials, method="deep_lift", target="task")
    assert np.abs(attributions.gap).max() < 1e-4
    assert type(other.module_.act) is smooth


def test_deep_lift_takes_the_gradient_of_a_smooth_layer_that_works_twice(net, trials):
    twice = copy.deepcopy(net)
    twice.module_.act = nn.SiLU()
    twice.module_.head = nn.Sequential(net.module_.head, twice.module_.act)
    with pytest.warns(UserWarning, match="does not add up"):
        explain(twice, trials, method="deep_lift")


def test_maps_over_spectrograms_are_no_maps_over_raw_trials(decoder, trials):
    with pytest.raises(ParameterError, match="use space='input'"):
        explain(decoder, trials, method="gradcam", space="raw")


def test_channels_that_a_net_keeps_apart_have_maps_of_their_own(decoder, trials):
    ours = explain(decoder, trials, method="gradcam")
    assert ours.values.shape == (12, *decoder[-1].input_shape_)
    assert np.ptp(ours.values.mean(axis=(0, 2, 3))) > 0
    assert ours.values.min() >= 0


def test_rollout_is_half_of_the_class_tokens_attention_of_a_single_layer(trials):
    net = Tokens(max_epochs=1, random_state=0).fit(trials.X, trials.y)
    ours = explain(net, trials, method="attention_rollout")
    module = net.module_.eval()
    with torch.no_grad():
        x = module.embedding(torch.tensor(np.asarray(trials.X))[..., ::2].transpose(1, 2))
        x = torch.cat([module.token.expand(len(x), -1, -1), x], 1)
        grid = module.attention(x, x, x)[1][:, 0, 1:] / 2
    expected = nn.functional.interpolate(grid[:, None], 96, mode="linear")[:, 0]
    np.testing.assert_allclose(ours.values[:, 1], expected, rtol=1e-4)
