"""Labels of test trials that a step holds are found, wherever it holds them."""

import functools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer

from eegkit import Pipeline, Trials, evaluate
from eegkit.classifiers import CNNBiGRU
from eegkit.evaluation import audit_split, baselines
from eegkit.evaluation.audit.report import Audit
from eegkit.transforms import BandPower


def people(seed: int) -> Trials:
    rng = np.random.default_rng(seed)
    y = rng.permutation(60) % 2
    subject = np.repeat(["a", "b", "c"], 20)
    X = rng.normal(size=(60, 2, 128)) * 10
    return Trials.from_arrays(X, np.array(["rest", "task"])[y], sfreq=128, subject=subject)


TRIALS, OTHERS = people(0), people(1)
LABELS = TRIALS.y.copy()


class Step(TransformerMixin, BaseEstimator):
    def __init__(self, extra: Any = None) -> None:
        self.extra = extra

    def fit(self, X: Any, y: Any = None) -> Any:
        return self

    def transform(self, X: Any) -> Any:
        return X


class ReadsGlobal(Step):
    def transform(self, X: Any) -> Any:
        return X + (LABELS[: len(X)] == "task")[:, None, None]


def audited(extra: Any) -> Audit:
    step = extra if isinstance(extra, BaseEstimator) else Step(extra)
    return audit_split(TRIALS, "loso", pipeline=Pipeline([("step", step), CNNBiGRU()]))


def of_labels(audit: Audit) -> pd.DataFrame:
    return audit.findings[audit.findings["kind"] == "labels"]


def closure(values: Any) -> Any:
    return lambda X: X + len(values)


class Holder:
    def __init__(self, values: Any) -> None:
        self.values = values

    def look(self, X: Any) -> Any:
        return X


NUMBERS = (LABELS == "task").astype(int)
HIDINGS = {
    "array": LABELS,
    "other names": np.where(LABELS == "task", 7, 3),
    "list": LABELS.tolist(),
    "one fold": list(NUMBERS[:20]),
    "text": "".join(map(str, NUMBERS)),
    "dict of trials": dict(enumerate(LABELS)),
    "deep": {"a": [({"b": NUMBERS},)]},
    "dict of people": {p: NUMBERS[TRIALS.groups == p].tolist() for p in "abc"},
    "one-hot": np.eye(2)[NUMBERS],
    "table": pd.DataFrame({"trial": range(60), "class": LABELS}),
    "trials": TRIALS,
    "signals and labels": (np.asarray(TRIALS.X), LABELS),
    "object": Holder([NUMBERS]),
    "bound method": Holder(NUMBERS).look,
    "partial": functools.partial(np.add, NUMBERS),
    "closure": FunctionTransformer(closure(LABELS)),
    "default": FunctionTransformer(lambda X, y=LABELS: X),
    "global": FunctionTransformer(lambda X: X + (LABELS == "task").sum()),
    "labels of trials": FunctionTransformer(lambda X: X + (TRIALS.y == "task").sum()),
    "method": ReadsGlobal(),
    "estimator in a list": [Step(NUMBERS)],
}


@pytest.mark.parametrize("hiding", HIDINGS)
def test_labels_are_found(hiding: str) -> None:
    audit = audited(HIDINGS[hiding])
    assert len(of_labels(audit)) == 1
    assert not audit.ok
    assert "are the labels of test trials" in of_labels(audit)["detail"].item()


HONEST = {
    "nothing": None,
    "other trials": OTHERS,
    "other signals and labels": (np.asarray(OTHERS.X), OTHERS.y),
    "few": [0, 1, 0, 1],
    "permuted": np.random.default_rng(5).permutation(NUMBERS),
    "people": TRIALS.groups,
    "all the same": np.zeros(60),
    "rate of trials": FunctionTransformer(lambda X: X / TRIALS.sfreq),
}


@pytest.mark.parametrize("value", HONEST)
def test_what_is_no_labels_is_left_alone(value: str) -> None:
    assert of_labels(audited(HONEST[value])).empty


def test_the_baselines_and_searches_hold_no_labels() -> None:
    search = GridSearchCV(
        KNeighborsClassifier(), {"n_neighbors": [1, 3]}, cv=PredefinedSplit([0] * 30)
    )
    audit = audit_split(TRIALS, "loso", pipeline=baselines() | {"search": search})
    assert of_labels(audit).empty


def test_what_a_fit_before_has_learned_is_forgotten_in_a_clone() -> None:
    neighbours = KNeighborsClassifier().fit(TRIALS.X.reshape(60, -1), TRIALS.y)
    assert of_labels(audit_split(TRIALS, "loso", pipeline=neighbours)).empty


def test_evaluate_refuses_labels_in_a_step() -> None:
    pipeline = Pipeline([("step", Step(LABELS)), CNNBiGRU(max_epochs=1)])
    with pytest.raises(ValueError, match="extra of Step holds 60 values that are the labels"):
        evaluate({"net": pipeline}, TRIALS, cv="loso")


@pytest.mark.parametrize("n_voters", [1, 2, 3])
def test_pipelines_in_an_ensemble_are_no_signals(n_voters):
    voters = [(f"v{i}", Pipeline([BandPower(), KNeighborsClassifier()])) for i in range(n_voters)]
    results = evaluate(VotingClassifier(voters), TRIALS, cv="loso")
    assert not len(results.failures)
