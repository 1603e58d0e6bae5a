"""The contract of search spaces refuses values that do not fit, wherever in a space they are."""

from typing import Annotated

import numpy as np
import pytest
from scipy.stats import loguniform, randint, uniform

from eegkit import testing
from eegkit.classical import DiagonalLoading, LeastSquaresClassifier
from eegkit.classifiers import DenseNet
from eegkit.parameters import Interval
from eegkit.testing import example_trials
from eegkit.testing._search_spaces import settings_in
from eegkit.transforms import Transformer


class Power(Transformer):
    """A transform as a plugin might have it, which fits with exponents up to 3."""

    space = {}
    exponent: Annotated[float, Interval(le=3)] = 2.0
    access: str = "none"

    @classmethod
    def search_space(cls):
        return cls.space

    @classmethod
    def conformance_params(cls):
        return {"exponent": 1.0}

    def prepare(self, signals):
        self.output_shape_ = self.input_shape_
        self.n_times_ = signals.shape[-1]

    def transform_block(self, block):
        with np.errstate(divide="ignore"):
            return np.abs(block * (block > 0)) ** np.float32(self.exponent)


def check(kind, cls):
    """The check of search spaces, as the kit gives it to a plugin's tests."""
    checks = {"classifiers": testing.classifier_checks, "transforms": testing.transform_checks}
    (one,) = (c for c in checks[kind](cls) if str(c) == "search_space")
    one()


@pytest.mark.parametrize(
    "space",
    [{}, {"exponent": [1.0, 3.0]}, {"exponent": uniform(1, 2)}, {"exponent": randint(1, 4)}],
    ids=["empty", "list", "distribution", "whole numbers"],
)
def test_a_space_of_a_plugin_passes(monkeypatch, space):
    monkeypatch.setattr(Power, "space", space)
    check("transforms", Power)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"exponent": [*[1.0] * 99, 4.0]}, r"\{'exponent': 4.0\} does not fit: .*at most 3"),
        ({"exponent": uniform(1, 2.01)}, r"does not fit"),
        ({"exponent": [-1.0]}, r"not finite with \{'exponent': -1.0\}"),
        ({"exponent": []}, "empty list"),
        ({"exponent": (1.0, 2.0)}, "expected a list or a frozen distribution"),
        ({"power": [1.0]}, r"\['power'\], which are no parameters"),
        ({"access": ["none"]}, "what a decoder may see is no setting"),
    ],
    ids=["list", "end of a distribution", "infinite", "empty", "tuple", "unknown", "access"],
)
def test_a_value_that_does_not_fit_is_named(monkeypatch, space, message):
    monkeypatch.setattr(Power, "space", space)
    with pytest.raises(AssertionError, match=message):
        check("transforms", Power)


def test_parameters_that_clash_are_seen(monkeypatch):
    class Clash(Power):
        root: float = 1.0

        def check_parameters(self):
            super().check_parameters()
            if self.exponent > 1 and self.root > 1:
                raise ValueError("exponent and root exclude each other")

    monkeypatch.setattr(Power, "space", {"exponent": [1.0, 3.0], "root": [1.0, 2.0]})
    monkeypatch.setattr(Power, "conformance_params", classmethod(lambda cls: {}))
    with pytest.raises(AssertionError, match=r"'root': 2.0\} does not fit: exponent and root"):
        check("transforms", Clash)


def test_transforms_are_checked_with_their_defaults(monkeypatch):
    class TooLong(Power):
        margin: int = 10**6

        def prepare(self, signals):
            super().prepare(signals)
            if self.margin > self.n_times_:
                raise ValueError("the margin is longer than the trial")

        @classmethod
        def conformance_params(cls):
            return {"margin": 0}

    monkeypatch.setattr(Power, "space", {"exponent": [1.0]})
    with pytest.raises(AssertionError, match="longer than the trial"):
        check("transforms", TooLong)


def test_a_net_with_a_bad_value_fails():
    class Wide(DenseNet):
        @classmethod
        def search_space(cls):
            return super().search_space() | {"n_hidden": [16, 0]}

    with pytest.raises(AssertionError, match=r"\{'n_hidden': 0\} does not fit"):
        check("classifiers", Wide)


def test_distributions_are_taken_at_both_ends_and_in_the_middle():
    settings = list(settings_in({"a": loguniform(1, 100), "b": randint(1, 4)}))
    values = [s["a"] for s in settings if "b" not in s]
    np.testing.assert_allclose(values, [1, 10, 100], rtol=0.01)
    assert [s["b"] for s in settings if "a" not in s] == [1, 2, 3]
    assert all(isinstance(s["b"], int | np.integer) for s in settings if "b" in s)
    assert sum(len(s) == 2 for s in settings) == 3


@pytest.mark.parametrize("params", settings_in(LeastSquaresClassifier.search_space()), ids=str)
def test_penalties_of_least_squares_fit(params):
    trials = example_trials()
    X = np.asarray(trials.X).std(axis=2)
    probabilities = LeastSquaresClassifier(**params).fit(X, trials.y).predict_proba(X)
    assert np.isfinite(probabilities).all()


@pytest.mark.parametrize("params", settings_in(DiagonalLoading.search_space()), ids=str)
def test_shares_of_the_diagonal_fit(params):
    X = np.asarray(example_trials().X)
    covariances = X @ X.swapaxes(1, 2)
    assert np.isfinite(DiagonalLoading(**params).fit_transform(covariances)).all()
