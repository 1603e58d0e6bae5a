"""`transform` of every registered net: what the head reads, and nothing else."""

import pickle
from typing import ClassVar

import numpy as np
import pytest
import torch
from sklearn.base import clone, is_classifier
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from torch import nn

from eegkit import NeuralClassifier, Pipeline, registry
from eegkit.classifiers import CNNBiGRU
from eegkit.classifiers._features import find_head
from eegkit.testing import example_trials
from eegkit.testing._examples import example_input
from eegkit.transforms import STFT

NETS = [entry.name for entry in registry.entries("classifiers")]


def fitted(net, n_classes=3):
    X, _ = example_input(net)
    y = np.array(["a", "b", "c"])[np.arange(len(X)) % n_classes]
    return net.set_params(max_epochs=1, random_state=0).fit(X, y), X


def logits_from(net, features):
    """What the head makes of features, brought back to the shape that it reads."""
    head = find_head(net.net_.module_, torch.zeros(1, *net.padded_shape))
    shapes = []
    hook = head.register_forward_pre_hook(lambda _, given: shapes.append(given[0].shape[1:]))
    with torch.inference_mode():
        net.net_.module_(torch.zeros(1, *net.padded_shape))
        hook.remove()
        made = head(torch.from_numpy(features).reshape(len(features), *shapes[0]))
    return made.flatten(2).mean(-1) if made.ndim > 2 else made


@pytest.mark.filterwarnings("ignore::UserWarning")  # padding, and what timm says
@pytest.mark.parametrize("name", NETS)
def test_the_head_makes_the_probabilities_of_the_features(name):
    cls = registry.get("classifiers", name)
    net, X = fitted(cls(**cls.conformance_params()))
    features = net.transform(X)
    assert features.shape[0] == len(X)
    assert features.ndim == 2
    assert features.shape[1] > 3, "features, not the logits"
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert (features.std(axis=0) > 0).any()
    expected = net.predict_proba(X)
    np.testing.assert_allclose(
        logits_from(net, features).softmax(-1).numpy(), expected, rtol=1e-4, atol=1e-5
    )
    np.testing.assert_array_equal(net.predict_proba(X), expected)
    alone = np.concatenate([net.transform(X[i : i + 1]) for i in (0, 5)])
    np.testing.assert_array_equal(alone, features[[0, 5]], "bit for bit, whatever runs with it")
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.net_.module_.modules())


class Odd(NeuralClassifier):
    """Nets whose head is not where one would look for it."""

    input_kind: ClassVar[str] = "raw"
    kind: str = "decoder"

    def build_module(self, input_shape, n_classes):
        return OddModule(input_shape, n_classes, self.kind)


class OddModule(nn.Module):
    def __init__(self, input_shape, n_classes, kind):
        super().__init__()
        n_channels, n_times = input_shape
        self.kind = kind
        self.head = nn.Linear(n_channels * n_times, n_classes)
        self.over_time = nn.Conv1d(n_channels, n_classes, 5)
        self.decoder = nn.Linear(n_classes, n_classes)

    def forward(self, x):
        if self.kind == "over time":
            return self.over_time(x).mean(-1)
        if self.kind == "two heads":
            return self.head(x.flatten(1)) + self.over_time(x).mean(-1)
        logits = self.head(x.flatten(1))
        if self.kind == "decoder":  # runs last, of as many numbers, and gives nothing
            self.extra = self.decoder(logits)
        return logits.log_softmax(-1) if self.kind == "log" else logits


@pytest.mark.parametrize("kind", ["decoder", "over time", "log"])
def test_the_head_is_found_by_what_it_gives(kind):
    net, X = fitted(Odd(kind=kind))
    features = net.transform(X)
    np.testing.assert_array_equal(features, np.asarray(X).reshape(len(X), -1))
    np.testing.assert_allclose(
        logits_from(net, features).softmax(-1), net.predict_proba(X), rtol=1e-3, atol=1e-5
    )


def test_a_net_without_one_head_is_refused():
    net, X = fitted(Odd(kind="two heads"))
    with pytest.raises(ValueError, match="OddModule does not end in one linear layer"):
        net.transform(X)
    assert not any(m._forward_hooks for m in net.net_.module_.modules())


def test_blocks_and_single_trials_give_the_same():
    net, X = fitted(CNNBiGRU(**CNNBiGRU.conformance_params()))
    many = np.tile(np.asarray(X), (25, 1, 1, 1))  # several blocks
    features = net.transform(many)
    assert features.shape[0] == len(many)
    np.testing.assert_allclose(features[-13:], net.transform(X), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(features[:1], net.transform(X[:1]), rtol=1e-4, atol=1e-5)
    again = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(again.transform(X), net.transform(X))


def test_in_pipelines():
    trials = example_trials()
    net = CNNBiGRU(**CNNBiGRU.conformance_params() | {"random_state": 0})
    decoder = Pipeline([STFT(nperseg=32), net]).fit(trials.X, trials.y)
    images = decoder[:-1].transform(trials.X)
    features = decoder.transform(trials.X)
    np.testing.assert_array_equal(features, decoder[-1].transform(images))
    extractor = Pipeline([STFT(nperseg=32), net, LinearDiscriminantAnalysis()])
    extractor.fit(trials.X, trials.y)
    np.testing.assert_array_equal(extractor[:-1].transform(trials.X), features)
    expected = LinearDiscriminantAnalysis().fit(features, trials.y).predict(features)
    np.testing.assert_array_equal(extractor.predict(trials.X), expected)


def test_it_is_a_classifier_that_can_also_transform():
    net, X = fitted(CNNBiGRU(**CNNBiGRU.conformance_params()))
    assert is_classifier(net)
    assert is_classifier(Pipeline([STFT(), net]))
    assert get_tags(net).transformer_tags.preserves_dtype == ["float32"]
    y = np.array(["a", "b", "c"])[np.arange(len(X)) % 3]
    np.testing.assert_array_equal(clone(net).fit_transform(X, y), net.transform(X))


def test_names_of_features():
    X = np.random.default_rng(0).normal(size=(12, 64)).astype(np.float32)  # one channel
    y = np.tile([0, 1], 6)
    decoder = Pipeline([StandardScaler(), Odd(max_epochs=1, random_state=0)])
    with pytest.raises(NotFittedError):
        decoder[-1].get_feature_names_out()
    frame = decoder.set_output(transform="pandas").fit(X, y).transform(X)
    assert (
        list(frame) == [f"odd{i}" for i in range(64)] == list(decoder[-1].get_feature_names_out())
    )
    assert decoder.predict(X).shape == (12,)


def test_bad_input():
    net, X = fitted(CNNBiGRU(**CNNBiGRU.conformance_params()))
    with pytest.raises(NotFittedError):
        CNNBiGRU().transform(X)
    with pytest.raises(ValueError, match="was fitted with"):
        net.transform(np.asarray(X)[:, :, :-1])
    with pytest.raises(ValueError, match="NaN"):
        net.transform(np.full_like(X, np.nan))
