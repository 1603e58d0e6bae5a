"""Folds and seeds whose nets are trained at once."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from torch import nn

from eegkit import NeuralClassifier, Trials, evaluate
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


class Restless(SmallNet):
    """Of another width where there are many trials to learn from."""

    def fit(self, X, y, **kwargs):
        self.n_filters = 2 if len(X) > 20 else 3
        return super().fit(X, y, **kwargs)

    def build_module(self, input_shape, n_classes):
        n = self.n_filters
        return nn.Sequential(
            nn.Conv1d(input_shape[0], n, 32), nn.Flatten(), nn.Linear(n, n_classes)
        )


@pytest.fixture(scope="module")
def trials():
    rng = np.random.default_rng(0)
    n = [8, 9, 8, 10]  # folds of different sizes
    y = np.array(["a", "b"] * 18)[: sum(n)]
    X = rng.normal(scale=10, size=(len(y), 2, 32)) + 8 * (y == "a")[:, None, None]
    subject = np.repeat([f"s{i}" for i in range(4)], n)
    return Trials.from_arrays(X, y, sfreq=64, subject=subject)


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


def test_the_table_is_that_of_folds_one_by_one(trials, joint_sizes):
    pipelines = {"net": pipeline(), "dummy": DummyClassifier()}
    options = {"cv": "loso", "n_seeds": 2}
    alone = evaluate(pipelines, trials, **options)
    assert not joint_sizes
    check_alike(alone, evaluate(pipelines, trials, **options, together="auto"))
    assert 8 in joint_sizes


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


def test_what_is_in_the_store_is_not_computed_again(trials, tmp_path, joint_sizes):
    options = {"cv": "loso", "store": tmp_path}
    first = evaluate(pipeline(), trials, **options, together="auto")
    n = len(joint_sizes)
    check_alike(first, evaluate(pipeline(), trials, **options, together="auto"))
    check_alike(first, evaluate(pipeline(), trials, **options))
    assert len(joint_sizes) == n
    path = sorted(tmp_path.rglob("*.*"))
    for record in path[:2]:
        record.unlink()
    check_alike(first, evaluate(pipeline(), trials, **options, together="auto"))


class Halting(SmallNet):
    """Looks at its numbers, which several nets at once cannot."""

    def build_module(self, input_shape, n_classes):
        class Clean(nn.Module):
            def forward(self, x):
                return x if x.isfinite().all() else x.nan_to_num()

        n_values = input_shape[0] * input_shape[1]
        return nn.Sequential(Clean(), nn.Flatten(), nn.Linear(n_values, n_classes))


def test_results_say_what_was_trained_one_by_one_and_why(trials, tmp_path):
    pipelines = {
        "joined": pipeline(),
        "halting": pipeline(Halting),
        "large": pipeline(batch_size=40_000),
        "dummy": DummyClassifier(),
    }
    options = {"cv": "loso", "n_seeds": 2, "store": tmp_path}
    results = evaluate(pipelines, trials, **options, together="auto")
    note = results.training_note
    assert note.startswith("Nets trained one after the other: 'halting' (all 8 fits), since they ")
    assert "vmap" in note
    assert "'large' (all 8 fits), since of batches as large nothing is saved." in note
    assert "joined" not in note
    assert "dummy" not in note
    assert note in repr(results)
    results.save(tmp_path / "r")
    assert type(results).load(tmp_path / "r").training_note == note
    assert evaluate(pipelines, trials, **options, together="auto").training_note == note
    again = evaluate({"joined": pipeline(), "b": pipeline(Halting)}, trials, cv="loso")
    assert not again.training_note
    assert "halting" not in results.select(pipeline=["joined", "large"]).training_note


def test_a_fold_of_its_kind_alone_is_named():
    rng = np.random.default_rng(0)
    subject = np.repeat(["a", "b", "c"], [12, 12, 4])
    X, y = rng.normal(scale=10, size=(28, 2, 32)), np.array(["u", "v"] * 14)
    trials = Trials.from_arrays(X, y, sfreq=64, subject=subject)
    results = evaluate(pipeline(Restless), trials, cv="loso", together="auto")
    assert results.training_note == (
        "Nets trained one after the other: 'standardizer+restless' (fold 2), since nobody else "
        "trained a net of this kind."
    )


def test_other_values_are_refused(trials):
    with pytest.raises(ValueError, match="together"):
        evaluate(pipeline(), trials, cv="loso", together="always")
