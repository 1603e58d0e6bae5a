"""Labels that are people: what the audit says where people are kept apart."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier

from eegkit import Trials, evaluate
from eegkit.evaluation import audit_split, make_splitter

NOT_KNOWN = "They cannot be answered rightly. People must be known in training; keep their "


def make(y, session="1", run="1"):
    subject = np.repeat(["a", "b", "c", "d", "e", "f"], 4)
    X = np.random.default_rng(0).normal(size=(24, 2, 64))
    return Trials.from_arrays(X, y, sfreq=64, subject=subject, session=session, run=run)


def advice(trials, cv, kind="unseen_class"):
    found = audit_split(trials, cv).findings
    return found.loc[found["kind"] == kind, "advice"].item()


def identities(**columns):
    return make(np.repeat(list("uvwxyz"), 4), **columns)


@pytest.mark.parametrize(
    ("columns", "by", "sides"),
    [
        ({"session": ["1", "1", "2", "2"] * 6}, "session", '"train": ["1"], "test": ["2"]'),
        ({"run": [1, 2, 3, 4] * 6}, "run", '"train": [1, 2, 3], "test": [4]'),
        ({}, "session", '"train": [...], "test": [...]'),
    ],
)
@pytest.mark.parametrize("cv", ["loso", "group-2", "stratified-group-2"])
def test_people_must_be_known_in_training(columns, by, sides, cv):
    trials = identities(**columns)
    split = f'{{"by": "{by}", {sides}}}'
    assert advice(trials, cv) == f"{NOT_KNOWN}{by}s apart instead: cv={split}."
    if columns:
        found = audit_split(trials, eval(split)).findings
        assert not (found["severity"] == "warning").any()
        assert "sessions kept apart" in found.set_index("kind")["advice"]["identification"]


def test_sessions_that_are_dates_or_absent():
    trials = identities()
    trials.metadata["session"] = pd.to_datetime(
        ["2024-01-01", "2024-01-01", "2024-01-02", None] * 6
    )
    trials.metadata["run"] = np.nan
    assert '"test": ["2024-01-02' in advice(trials, "loso")
    trials.metadata["session"] = None
    assert '"train": [...], "test": [...]' in advice(trials, "loso")


def test_several_classes_of_each_person():
    trials = make([f"{person}{i % 2}" for person in "abcdef" for i in range(4)])
    assert advice(trials, "loso").startswith(NOT_KNOWN)


def test_nothing_to_learn_from_one_of_two():
    trials = Trials.from_arrays(np.ones((4, 2, 64)), list("aabb"), sfreq=64, subject=list("aabb"))
    assert "People must be known" in advice(trials, "loso", "one_class")


def test_a_class_of_one_person_among_others():
    y = np.where(np.arange(24) % 4 == 0, "rest", "task")
    y[0] = "rare"
    assert "only one person has it: leave its trials out" in advice(make(y), "loso")


def test_few_trials_of_a_class():
    trials = make(np.repeat(["u", "v", "w"], 8))
    folds = [(np.arange(8, 24), np.arange(8))]
    assert 'use cv="stratified-group-5"' in advice(trials, folds)


def test_evaluate_warns_of_classes_nobody_in_training_has():
    with pytest.warns(UserWarning, match=NOT_KNOWN) as seen:
        results = evaluate(DummyClassifier(), identities(), cv="group-2")
    assert len(seen) == 1
    assert seen[0].filename == __file__
    assert (results.table["accuracy"] == 0).all()
    two = {"first": identities(), "second": identities()}
    with pytest.warns(UserWarning, match="Test trials are of a class") as seen:
        evaluate(DummyClassifier(), two, cv="loso")
    beginnings = [str(warning.message).partition(": Test trials")[0] for warning in seen]
    assert beginnings == ["first", "second"]


def test_no_warning_where_every_class_is_known(recwarn):
    trials = identities(run=["1", "1", "2", "2"] * 6)
    evaluate(
        DummyClassifier(), trials, cv=make_splitter({"by": "run", "train": ["1"], "test": ["2"]})
    )
    assert not list(recwarn)
