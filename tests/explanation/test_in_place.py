"""Nets and steps that work in place: X stays as it is, and the maps are right."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from torch import nn
from torch.nn import functional as F

from eegkit import NeuralClassifier, explain
from eegkit.classifiers import AttentionMap, DenseNet, FeatureMap, attention_weights


def _first(x):
    x[:, 0] = 0
    return x


FIRST = {
    "times": lambda x: x.mul_(2),
    "plus": lambda x: x.add_(1),
    "rectified": lambda x: F.relu(x, inplace=True),
    "a layer": nn.ReLU(inplace=True),
    "centred": lambda x: x.sub_(x.mean(-1, keepdim=True)),
    "without a channel": _first,
    "a view": lambda x: x.view(len(x), -1).mul_(2),
}


class Module(nn.Module):
    def __init__(self, n_features, n_classes, first):
        super().__init__()
        self.first, self.head = first, nn.Linear(n_features, n_classes)

    def forward(self, x):
        return self.head(FIRST[self.first](x).flatten(1))


class InPlace(NeuralClassifier):
    first: str = "times"

    def build_module(self, input_shape, n_classes):
        return Module(int(np.prod(input_shape)), n_classes, self.first)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(12, 3, 16)).astype(np.float32), np.arange(12) % 2


@pytest.mark.parametrize("first", FIRST)
def test_a_net_may_overwrite_its_input(first, data):
    X, y = data
    before = X.copy()
    net = InPlace(first=first, max_epochs=2, random_state=0).fit(X, y)
    answers = net.predict_proba(X)
    np.testing.assert_array_equal(X, before)
    codes = torch.as_tensor(answers.argmax(axis=1))
    x = torch.tensor(X, requires_grad=True)
    net.module_(x.clone())[range(len(X)), codes].sum().backward()
    for method in ("saliency", "input_x_gradient", "deep_lift", "smoothgrad", "occlusion"):
        values = explain(net, X, method=method).values
        np.testing.assert_array_equal(X, before, err_msg=method)
        expected = {"saliency": x.grad.abs(), "input_x_gradient": x.grad * x}.get(method)
        if expected is not None:
            np.testing.assert_allclose(values, expected.detach(), rtol=1e-4, atol=1e-6)
    assert np.abs(explain(net, X).gap).max() < 0.05
    np.testing.assert_allclose(net.predict_proba(X), answers, rtol=1e-5)


class Overwritten(nn.Module):
    """A feature map that the next operation overwrites."""

    def __init__(self, n_channels, n_classes, in_place):
        super().__init__()
        self.convolution = nn.Conv1d(n_channels, 4, 3, padding=1)
        self.head, self.in_place = nn.Linear(4, n_classes), in_place

    def forward(self, x):
        return self.head(F.elu(self.convolution(x), inplace=self.in_place).square().mean(-1))

    def feature_map(self):
        return FeatureMap(self.convolution)


class Tokens(nn.Module):
    """Attention beside which the tokens are overwritten."""

    def __init__(self, n_channels, n_classes, in_place):
        super().__init__()
        self.attention = nn.MultiheadAttention(n_channels, 1, batch_first=True)
        self.head, self.in_place = nn.Linear(n_channels, n_classes), in_place

    def forward(self, x):
        tokens = x.transpose(1, 2).contiguous() + 0
        change = self.attention(tokens, tokens, tokens)[0]
        tokens = tokens.add_(5 * change) if self.in_place else tokens + 5 * change
        return self.head(tokens.mean(1))

    def attention_map(self):
        return AttentionMap([self.attention], attention_weights, lambda a: a.mean(1))


class Later(NeuralClassifier):
    kind: str = "Overwritten"
    in_place: bool = False

    def build_module(self, input_shape, n_classes):
        module = {"Overwritten": Overwritten, "Tokens": Tokens}[self.kind]
        return module(input_shape[0], n_classes, self.in_place)


@pytest.mark.parametrize(
    ("method", "kind"), [("gradcam", "Overwritten"), ("attention_rollout", "Tokens")]
)
def test_maps_inside_of_a_net_are_those_before_they_were_overwritten(method, kind, data):
    X, y = data
    maps = []
    for in_place in (False, True):
        net = Later(kind=kind, in_place=in_place, max_epochs=1, random_state=0).fit(X, y)
        maps.append(explain(net, X, method=method).values)
    assert maps[0].any()
    np.testing.assert_allclose(*maps, rtol=1e-4, atol=1e-6)


def twice(X):
    X *= 2
    return X


@pytest.mark.parametrize("method", ["input_x_gradient", "occlusion"])
def test_steps_of_others_may_overwrite_trials(method, data):
    X, y = data[0].reshape(12, -1), data[1]
    values = []
    for function in (twice, lambda X: 2 * X):
        net = DenseNet(max_epochs=2, random_state=0)
        decoder = make_pipeline(FunctionTransformer(function), net).fit(X.copy(), y)
        before = X.copy()
        values.append(explain(decoder, X, method=method).values)
        np.testing.assert_array_equal(X, before)
    np.testing.assert_allclose(*values, rtol=1e-4, atol=1e-6)
    scaled = make_pipeline(StandardScaler(copy=False), LogisticRegression()).fit(X.copy(), y)
    explain(scaled, X, method="occlusion")
    np.testing.assert_array_equal(X, before)
