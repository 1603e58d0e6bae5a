"""Splitters by session, run and data set; all of them in scikit-learn, held to their word."""

import copy
import pickle
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    LeaveOneGroupOut,
    PredefinedSplit,
    cross_val_score,
)

from eegkit import Trials
from eegkit.evaluation import (
    CrossDataset,
    CrossRun,
    CrossSession,
    FixedSplit,
    WithinSessionKFold,
    WithinSubjectKFold,
    make_splitter,
)
from eegkit.evaluation.splits.named import describe_split, folds_of, keeps_apart

# What a promise means, in columns of the metadata.
UNITS = {
    "subject": ["subject"],
    "session": ["subject", "session"],
    "run": ["subject", "session", "run"],
    "dataset": ["dataset"],
}
SPLITTERS = [
    LeaveOneGroupOut(),
    WithinSubjectKFold(2),
    WithinSubjectKFold(3, gap=1),
    WithinSessionKFold(2),
    CrossSession(),
    CrossRun(),
    CrossDataset(),
    FixedSplit(train=["x/0", "y/0"], test=["x/1"]),
    FixedSplit(train=["0"], test=["1"], by="session"),
]


def random_trials(seed):
    """Two data sets of a few people with 2 to 4 sessions of 2 to 4 runs; rows in any order."""
    rng = np.random.default_rng(seed)
    rows = [
        {"dataset": name, "subject": f"{name}/{who}", "session": str(session), "run": str(run)}
        for name in "xy"
        for who in range(rng.integers(2, 5))
        for session in range(rng.integers(2, 5))
        for run in range(rng.integers(2, 5))
        for _ in range(rng.integers(4, 9))
    ]
    table = pd.DataFrame(rows).iloc[rng.permutation(len(rows))].reset_index(drop=True)
    names = ["rest", "task", "other"][: rng.integers(2, 4)]
    # Every class in turn, within every run, then other labels for some.
    within = table.groupby(["subject", "session", "run"]).cumcount().to_numpy()
    made = Trials.from_arrays(
        rng.normal(size=(len(rows), 1, 4)), np.array(names)[within % len(names)], sfreq=4,
        subject=table["subject"], session=table["session"], run=table["run"],
    )  # fmt: skip
    made.metadata["dataset"] = table["dataset"]
    return made


@pytest.mark.parametrize("splitter", SPLITTERS, ids=repr)
@pytest.mark.parametrize("seed", range(8))
def test_what_must_be_apart_is_never_together(splitter, seed):
    trials = random_trials(seed)
    promise = keeps_apart(splitter)
    for fold in folds_of(splitter, trials):
        assert len(fold.train)
        assert len(fold.test)
        assert not set(fold.train) & set(fold.test)
        if promise != "block":
            train, test = (
                set(trials.metadata.iloc[rows][UNITS[promise]].itertuples(index=False, name=None))
                for rows in (fold.train, fold.test)
            )
            assert not train & test


@pytest.mark.parametrize(
    "splitter", [s for s in SPLITTERS if not isinstance(s, FixedSplit)], ids=repr
)
@pytest.mark.parametrize("seed", range(8))
def test_every_trial_is_tested_once(splitter, seed):
    trials = random_trials(seed)
    tested = np.concatenate([fold.test for fold in folds_of(splitter, trials)])
    np.testing.assert_array_equal(np.sort(tested), np.arange(len(trials)))


@pytest.mark.parametrize("splitter", SPLITTERS[1:], ids=repr)
def test_the_folds_are_always_the_same(splitter):
    trials = random_trials(0)
    other = pickle.loads(pickle.dumps(copy.deepcopy(splitter)))
    assert repr(other) == repr(splitter)
    ways = [
        folds_of(splitter, trials),
        [SimpleNamespace(train=a, test=b) for a, b in other.split(trials, trials.y)],
        [
            SimpleNamespace(train=a, test=b)
            for a, b in splitter.split(trials.X, trials.y, trials.metadata)
        ],
    ]
    for one, *others in zip(*ways, strict=True):
        for fold in others:
            np.testing.assert_array_equal(fold.train, one.train)
            np.testing.assert_array_equal(fold.test, one.test)


@pytest.mark.parametrize(
    ("splitter", "unit"), [(CrossSession(), ["session"]), (CrossRun(), ["session", "run"])]
)
def test_training_is_all_the_rest_of_the_person(splitter, unit):
    trials = random_trials(1)
    table = trials.metadata
    seen = []
    for train, test in splitter.split(trials, trials.y):
        ((who, *part),) = table.iloc[test][["subject", *unit]].drop_duplicates().to_numpy()
        own = (table["subject"] == who).to_numpy()
        is_part = own & (table[unit] == part).all(axis=1).to_numpy()
        np.testing.assert_array_equal(test, np.flatnonzero(is_part))
        np.testing.assert_array_equal(train, np.flatnonzero(own & ~is_part))
        seen.append((who, *part))
    assert seen == sorted(set(table[["subject", *unit]].itertuples(index=False, name=None)))


def test_labels_that_change_with_the_day_are_found_out_by_cross_session():
    """Sessions of one subject differ in level; the class does, too, in the same way."""
    rng = np.random.default_rng(0)
    session = np.repeat(["1", "2", "3", "4"], 30)
    y = np.where(rng.random(120) < np.repeat([0.95, 0.05, 0.9, 0.1], 30), "rest", "task")
    level = np.repeat(rng.permutation(4), 30)[:, None] == np.arange(4)
    X = level + 0.01 * rng.normal(size=(120, 4))
    table = pd.DataFrame({"subject": "a", "session": session})
    decoder = LogisticRegression()
    within = cross_val_score(decoder, X, y, groups=table["subject"], cv=WithinSubjectKFold(5))
    across = cross_val_score(decoder, X, y, groups=table, cv=CrossSession())
    assert within.mean() > 0.85
    assert across.mean() < 0.65


@pytest.mark.parametrize("splitter", SPLITTERS[1:], ids=repr)
def test_every_splitter_works_in_scikit_learn(splitter):
    trials = random_trials(2)
    X, y, metadata = trials.X, trials.y, trials.metadata
    scores = cross_val_score(DummyClassifier(), X, y, groups=metadata, cv=splitter)
    assert len(scores) == splitter.get_n_splits(X, y, metadata)
    search = GridSearchCV(DummyClassifier(), {"strategy": ["prior", "uniform"]}, cv=splitter)
    search.fit(X, y, groups=metadata)
    assert search.n_splits_ == len(scores)
    with config_context(enable_metadata_routing=True):
        routed = cross_val_score(DummyClassifier(), X, y, params={"groups": metadata}, cv=splitter)
    np.testing.assert_array_equal(routed, scores)


def test_signals_know_their_people():
    trials = random_trials(3)
    split = FixedSplit(train=["x/0"], test=["y/0"])
    ((train, test),) = split.split(trials.X)
    assert set(trials.groups[train]) == {"x/0"}
    assert set(trials.groups[test]) == {"y/0"}
    with pytest.raises(ValueError, match="has no column 'session', only subject"):
        next(CrossSession().split(trials.X, trials.y))


def test_numbers_and_categories_are_names_too():
    table = pd.DataFrame({"subject": [2, 2, 10, 10] * 2, "session": [1, 2] * 4})
    folds = [tuple(map(list, fold)) for fold in CrossSession().split(np.zeros(8), groups=table)]
    assert [test for _, test in folds] == [[0, 4], [1, 5], [2, 6], [3, 7]]
    categories = table.astype("category").iloc[:6].iloc[[0, 1, 4, 5]]  # 10 is a category still
    assert CrossSession().get_n_splits(groups=categories) == 2
    assert len(list(CrossSession().split(np.zeros(4), groups=categories))) == 2


def table_of(**columns):
    return pd.DataFrame({"subject": "a", "session": 1, "run": 1} | columns)


@pytest.mark.parametrize(
    ("splitter", "groups", "message"),
    [
        (CrossSession(), table_of(run=[1, 2] * 4), "other sessions needs at least 2 .* of 'a'; "),
        (CrossRun(), table_of(session=[1] * 8), "other runs needs at least 2 .*one of 'a'; leave"),
        (CrossSession(), list("aabbccdd"), "one array, but CrossSession needs the subject and ses"),
        (CrossSession(), None, "groups is None"),
        (CrossRun(), table_of(run=[1, 2] * 4), "Without run 1 of subject 'a', training has one"),
        (CrossSession(), table_of(session=[1, 2, 1, None] * 2), "2 of 8 trials have no session"),
        (CrossDataset(), table_of(run=[1] * 8), "no column 'dataset', only subject, session, run"),
        (CrossDataset(), table_of(run=[1] * 8), r"Put the .* Trials.concatenate\(parts\), as"),
        (FixedSplit([1], [2], by="sesion"), table_of(run=[1] * 8), "you mean 'session'\\? Else"),
        (FixedSplit([1], [2], by="day"), table_of(run=[1] * 8), "Add it: trials.metadata.'day'. ="),
        (CrossDataset(), table_of(dataset=["x"] * 8), "at least 2 of them.*1 .'x'.*concatenate"),
        (CrossDataset(), table_of(dataset=list("xyxyxyxy")), "Subject 'a' occurs in several data"),
        (CrossDataset(), table_of(dataset=list("xyxyxyxy"), subject=list("abababab")),
         "Without data set 'x', training has one class only .'task'"),
        (CrossSession(), table_of(run=[1] * 0).iloc[:0], "X has 8 trials, but groups has 0 rows"),
    ],
)  # fmt: skip
def test_what_cannot_be_split_is_refused(splitter, groups, message):
    with pytest.raises(ValueError, match=message):
        list(splitter.split(np.zeros(8), ["rest", "task"] * 4, groups))


@pytest.mark.parametrize(("splitter", "by"), [(CrossSession(), "session"), (CrossRun(), "run")])
def test_who_splits_people_by_session_to_tell_them_apart_is_told_how(splitter, by):
    groups = table_of(session=[1, 2] * 4, run=[1, 2] * 4)
    message = rf'every subject has one class\. .*cv=\{{"by": "{by}", "train": \[...\], "test"'
    with pytest.raises(ValueError, match=message):
        list(splitter.split(np.zeros(8), groups["subject"], groups))


def test_lists_of_trials_are_told_in_a_few_words():
    folds = [(np.arange(100), np.arange(100, 200)), (np.arange(100, 200), np.arange(100))]
    told, again, other = (
        describe_split(cv, make_splitter(cv)) for cv in (folds, list(folds), folds[::-1])
    )
    assert told["split"] == "lists of trials"
    assert len(told["splitter"]) < 60
    assert told == again
    assert told["cv"] != other["cv"]


class Parts(PredefinedSplit):
    """A splitter that prints the fold of every trial."""

    def __repr__(self):
        return f"Parts({self.test_fold.tolist()})"


def test_a_splitter_that_prints_every_trial_is_told_by_its_class():
    cv = Parts(np.arange(200) % 2)
    assert describe_split(cv, cv)["split"] == "Parts"
    assert describe_split(GroupKFold(2), GroupKFold(2))["split"].startswith("GroupKFold(n_splits=2")


@pytest.mark.parametrize(
    ("cv", "advice"),
    [
        ("group-5", r'use cv="group-2"\.$'),
        ("stratified-group-5", r'use cv="stratified-group-2"\.$'),
    ],
)
def test_two_people_are_enough_for_two_folds(cv, advice):
    trials = Trials.from_arrays(
        np.ones((4, 1, 8)), list("abab"), sfreq=8, subject=["x", "x", "y", "y"]
    )
    with pytest.raises(ValueError, match=advice):
        folds_of(make_splitter(cv), trials)
