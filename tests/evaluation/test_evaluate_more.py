"""`evaluate`: several data sets, soft labels, who a person is, baselines, memory, a cluster."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score, roc_auc_score, top_k_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from eegkit import Trials, evaluate, load_dataset
from eegkit.evaluation import baselines

COSTS = ["fit_time_s", "score_time_s", "peak_mb"]


def log_power(X):
    return np.log(np.var(np.asarray(X), axis=2))


def decoder():
    return make_pipeline(FunctionTransformer(log_power), LogisticRegression())


def make(n_subjects=6, n_classes=2, seed=0, n_trials=24):
    rng = np.random.default_rng(seed)
    y = np.tile(np.arange(n_classes), n_subjects * n_trials // n_classes)
    X = rng.normal(size=(len(y), 3, 64)) * (1 + 0.15 * y[:, None, None])
    subject = np.repeat([f"s{i}" for i in range(n_subjects)], n_trials)
    return Trials.from_arrays(X, y, sfreq=64, subject=subject)


def test_several_data_sets():
    both = {"first": make(seed=0), "second": make(4, seed=1)}
    results = evaluate({"a": decoder(), "b": DummyClassifier()}, both, cv="group-2")
    assert results.datasets == ["first", "second"]
    assert len(results.table) == 2 * (6 + 4)
    alone = evaluate({"a": decoder(), "b": DummyClassifier()}, both["second"], cv="group-2")
    own = results.table[results.table["dataset"] == "second"].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        own.drop(columns=[*COSTS, "dataset"]), alone.table.drop(columns=[*COSTS, "dataset"])
    )
    assert results.scores(dataset="second").shape == (4, 2)
    assert len(results.predictions("b", "first")) == len(both["first"])
    assert "2 data sets, 10 people" in repr(results)
    assert set(results.summary()["dataset"]) == {"first", "second"}


def test_predictions_are_those_that_were_scored():
    trials = make(n_classes=4)
    scoring = ["accuracy", "cohen_kappa", "auroc", "top_2_accuracy", "roc_auc_ovr"]
    results = evaluate(decoder(), trials, cv="group-3", scoring=scoring)
    answered = results.predictions()
    assert sorted(answered.trial) == list(range(len(trials)))
    np.testing.assert_array_equal(answered.y, trials.y[answered.trial])
    np.testing.assert_array_equal(answered.subject, trials.groups[answered.trial])
    for row in results.table.to_dict("records"):
        own = answered[answered.subject == row["subject"]]
        assert row["accuracy"] == (own.y == own.predicted).mean()
        assert row["cohen_kappa"] == pytest.approx(cohen_kappa_score(own.y, own.predicted))
        assert row["top_2_accuracy"] == top_k_accuracy_score(own.y, own.proba, k=2)
        expected = roc_auc_score(own.y, own.proba, multi_class="ovr")
        assert row["auroc"] == pytest.approx(expected)
        assert row["roc_auc_ovr"] == pytest.approx(expected)
        assert (row["chance_accuracy"], row["chance_auroc"]) == (0.25, 0.5)
        assert row["chance_cohen_kappa"] == pytest.approx(0)


class MeanVotes(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_, self.mean_ = np.arange(y.shape[1]), y.mean(axis=0)
        return self

    def predict_proba(self, X):
        return np.tile(self.mean_, (len(X), 1))

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def test_soft_labels():
    hard = make(n_classes=3)
    votes = np.random.default_rng(0).dirichlet(np.ones(3), len(hard)).astype(np.float32)
    votes[np.arange(len(hard)), hard.y] += 1
    votes /= votes.sum(axis=1, keepdims=True)
    trials = Trials(hard.X, votes, hard.metadata, hard.info)
    scoring = ["neg_kl_divergence", "accuracy"]
    results = evaluate(MeanVotes(), trials, cv="group-3", scoring=scoring)
    for row in results.table.to_dict("records"):
        of = np.flatnonzero(trials.groups == row["subject"])
        train = ~np.isin(
            trials.groups, results.table.query("fold == @row['fold']")["subject"].tolist()
        )
        mean = votes[train].mean(axis=0)
        divergence = (votes[of] * np.log(votes[of] / mean)).sum(axis=1).mean()
        assert row["neg_kl_divergence"] == pytest.approx(-divergence, rel=1e-5)
        # Nothing constant is known to be better than the mean of the votes.
        assert row["chance_neg_kl_divergence"] == pytest.approx(row["neg_kl_divergence"])
        assert row["accuracy"] == (hard.y[of] == mean.argmax()).mean()
    assert results.settings.data["trials"]["classes"] == {"0": 48, "1": 48, "2": 48}


def test_who_it_is():
    """Trained on one run, tested on another; chance is that of the whole test run."""
    rng = np.random.default_rng(0)
    subject = np.tile(np.repeat([f"s{i}" for i in range(5)], 10), 2)
    X = (
        rng.normal(size=(100, 3, 64))
        * (1 + (subject == "s1") + 2 * (subject == "s2"))[:, None, None]
    )
    run = np.repeat([1, 2], 50)
    trials = Trials.from_arrays(X, subject, sfreq=64, subject=subject, run=run)
    pairs = [(np.flatnonzero(run == 1), np.flatnonzero(run == 2))]
    results = evaluate(decoder(), trials, cv=pairs, scoring=["accuracy", "top_3_accuracy"])
    assert len(results.table) == 5
    np.testing.assert_allclose(results.table["chance_accuracy"], 0.2)
    np.testing.assert_allclose(results.table["chance_top_3_accuracy"], 0.6)
    assert results.table.set_index("subject").loc["s2", "accuracy"] == 1
    permuted = results.permutation_chance(n_permutations=200)
    assert permuted.mean == pytest.approx(0.2, abs=0.05)
    assert permuted.p < 0.05


def test_baselines_stand_beside_the_pipelines():
    trials = load_dataset(
        "simulated", n_subjects=4, n_trials=20, channels=["C3", "Cz", "C4"], difficulty="easy"
    )
    results = evaluate({"dummy": DummyClassifier()}, trials, cv="group-2", baselines=True)
    assert set(results.pipelines) == {"dummy", *baselines()}
    assert {"band_power+lr", "csp+lda", "tangent_space+lr"} <= set(results.pipelines)
    assert len(results.failures) == 0
    summary = results.summary().set_index(["pipeline", "metric"])["mean"]
    assert summary["tangent_space+lr", "accuracy"] > 0.6


class Hungry(DummyClassifier):
    def fit(self, X, y):
        held = np.ones(60 * 2**17)  # 60 MB
        self.held_ = float(held.sum())
        return super().fit(X, y)


def test_peak_memory_is_of_the_fit():
    results = evaluate({"slim": DummyClassifier(), "hungry": Hungry()}, make(), cv="group-2")
    peak = results.costs().set_index("pipeline")["peak_mb"]
    assert peak["hungry"] - peak["slim"] > 50


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on_leak": "ignore"}, "on_leak is 'ignore'; expected one of 'refuse', 'mark'"),
        ({"on_error": "nan"}, "on_error is 'nan'; expected one of 'record', 'raise'"),
        ({"dask": "tcp://127.0.0.1:9"}, r"no dask scheduler at 'tcp://127.0.0.1:9'"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        evaluate(DummyClassifier(), make(), cv="group-2", **options)


def test_bad_data_sets():
    with pytest.raises(ValueError, match="trials is empty"):
        evaluate(DummyClassifier(), {})
    with pytest.raises(ValueError, match="A data set is named 1"):
        evaluate(DummyClassifier(), {1: make()})


def test_subjects_are_read_as_often_for_many_people_as_for_few(monkeypatch):
    reads = []
    read = Trials.groups.fget
    monkeypatch.setattr(Trials, "groups", property(lambda self: reads.append(1) or read(self)))

    def n_reads(n_people):
        subject = np.repeat(np.arange(n_people), 4)
        y = np.resize(["a", "b"], len(subject))
        X = np.random.default_rng(0).normal(size=(len(y), 2, 16))
        trials = Trials.from_arrays(X, y, sfreq=16, subject=subject)
        reads.clear()
        evaluate(DummyClassifier(), trials, cv="group-2")
        return len(reads)

    assert n_reads(40) == n_reads(8) > 0
