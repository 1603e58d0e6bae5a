"""Folds and seeds whose nets are trained at once."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from torch import nn

from eegkit import NeuralClassifier, Trials, evaluate
from eegkit.classifiers import _together
from eegkit.transforms import Standardizer

TIMES = ["fit_time_s", "score_time_s", "peak_mb"]


class SmallNet(NeuralClassifier):
    """A mean over time and a linear layer."""

    fits_in_threads = True

    def build_module(self, input_shape, n_classes):
        return nn.Sequential(
            nn.Conv1d(input_shape[0], 4, 5, bias=False),
            nn.ReLU(),
            nn.AdaptiveAvgPool1d(4),
            nn.Flatten(),
            nn.Linear(16, n_classes),
        )


class Fragile(SmallNet):
    """Fails where a person is among those that it is trained on."""

    def fit(self, X, y, **kwargs):
        if "s1" in X.groups:
            raise ValueError("not with s1")
        return super().fit(X, y, **kwargs)


@pytest.fixture(scope="module")
def trials():
    rng = np.random.default_rng(0)
    n = [8, 9, 8, 10]  # folds of different sizes
    y = np.array(["a", "b"] * 18)[: sum(n)]
    X = rng.normal(scale=10, size=(len(y), 2, 32)) + 8 * (y == "a")[:, None, None]
    subject = np.repeat([f"s{i}" for i in range(4)], n)
    return Trials.from_arrays(X, y, sfreq=64, subject=subject)


@pytest.fixture
def sizes(monkeypatch):
    """How many nets were trained at once, by epoch."""
    sizes = []
    run_epoch = _together._run_epoch

    def record(stack, members):
        sizes.append(len(members))
        run_epoch(stack, members)

    monkeypatch.setattr(_together, "_run_epoch", record)
    return sizes


def pipeline(cls=SmallNet, **params):
    options = {"max_epochs": 3, "batch_size": 8, "random_state": 0, "device": "cpu"} | params
    return make_pipeline(Standardizer(), cls(**options))


def check_alike(one, other):
    columns = [c for c in one.table if c not in TIMES]
    pd.testing.assert_frame_equal(one.table[columns], other.table[columns])
    for name in one.pipelines:
        first, second = one.predictions(name, seed=None), other.predictions(name, seed=None)
        np.testing.assert_array_equal(first.trial, second.trial)
        np.testing.assert_allclose(first.proba, second.proba, atol=1e-4)


def test_the_table_is_that_of_folds_one_by_one(trials, sizes):
    pipelines = {"net": pipeline(), "dummy": DummyClassifier()}
    options = {"cv": "loso", "n_seeds": 2}
    alone = evaluate(pipelines, trials, **options)
    assert not sizes
    check_alike(alone, evaluate(pipelines, trials, **options, together="auto"))
    assert 8 in sizes


def test_workers_share_the_folds(trials):
    alone = evaluate(pipeline(), trials, cv="loso")
    check_alike(alone, evaluate(pipeline(), trials, cv="loso", together="auto", n_jobs=2))


@pytest.mark.filterwarnings("ignore:Folds 0, 2, 3 of")
def test_a_fold_that_fails_leaves_the_others(trials):
    results = evaluate(pipeline(Fragile), trials, cv="loso", together="auto")
    alone = evaluate(pipeline(Fragile), trials, cv="loso")
    assert results.failures["fold"].tolist() == [0, 2, 3]
    assert results.failures["error"].tolist() == alone.failures["error"].tolist()
    with pytest.raises(ValueError, match="not with s1"):
        evaluate(pipeline(Fragile), trials, cv="loso", together="auto", on_error="raise")


def test_what_is_in_the_store_is_not_computed_again(trials, tmp_path, sizes):
    options = {"cv": "loso", "store": tmp_path}
    first = evaluate(pipeline(), trials, **options, together="auto")
    n = len(sizes)
    check_alike(first, evaluate(pipeline(), trials, **options, together="auto"))
    check_alike(first, evaluate(pipeline(), trials, **options))
    assert len(sizes) == n
    path = sorted(tmp_path.rglob("*.*"))
    for record in path[:2]:
        record.unlink()
    check_alike(first, evaluate(pipeline(), trials, **options, together="auto"))


def test_other_values_are_refused(trials):
    with pytest.raises(ValueError, match="together"):
        evaluate(pipeline(), trials, cv="loso", together="always")
