"""Learning curves: who is drawn, that more people help where they do, files, the display."""

import dataclasses
import itertools

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier

from eegkit import Results, Trials
from eegkit.evaluation import LearningCurve, bootstrap_interval, learning_curve
from eegkit.plots.learning_curve import LearningCurveDisplay

mpl.use("agg")

N_PEOPLE = 12


class Headcount(ClassifierMixin, BaseEstimator):
    """Right in more trials, the more people it was trained on."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.n_people_ = len(np.unique(X.groups))
        return self

    def predict(self, X):
        values = np.asarray(X)[:, 0, 0]
        truth = (values > 0).astype(int)
        wrong = np.abs(values) > self.n_people_  # of the ten trials of a person
        return self.classes_[np.where(wrong, 1 - truth, truth)]


class Roster(ClassifierMixin, BaseEstimator):
    """Writes down whom it was trained on."""

    seen = []

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        Roster.seen.append(frozenset(X.groups))
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def make_trials(n_subjects=N_PEOPLE, n_trials=10):
    y = np.tile([0, 1], n_subjects * n_trials // 2)
    place = 1.0 + np.arange(len(y)) % 10
    X = (np.where(y, place, -place))[:, None, None] * np.ones((1, 1, 4))
    people = np.repeat([f"S{i:02d}" for i in range(n_subjects)], n_trials)
    return Trials.from_arrays(X, np.array(["rest", "task"])[y], sfreq=4, subject=people)


@pytest.fixture(scope="module")
def curve():
    models = {"headcount": Headcount(), "constant": DummyClassifier()}
    return learning_curve(
        models, make_trials(), cv="group-3", train_sizes=(2, 4, 8), scoring="accuracy",
        random_state=0,
    )  # fmt: skip


def test_a_planted_gain_from_more_people(curve):
    made = curve.summary().set_index(["pipeline", "n_train_subjects"])
    means = made.loc["headcount", "mean"]
    np.testing.assert_allclose(means, [0.2, 0.4, 0.8])
    np.testing.assert_allclose(made.loc["constant", "mean"], 0.5)
    assert (made["chance"] == 0.5).all()
    assert (made["n_subjects"] == N_PEOPLE).all()
    assert made.loc["headcount", "n_draws"].tolist() == [3, 3, 1], "everybody is drawn once"


def test_the_table_is_tidy(curve):
    table = curve.table
    assert table.columns[:6].tolist() == [
        "dataset", "pipeline", "fold", "subject", "draw", "n_train_subjects",
    ]  # fmt: skip
    keys = ["pipeline", "fold", "subject", "draw", "n_train_subjects"]
    assert not table.duplicated(keys).any()
    # 2 pipelines, 12 people in one of 3 folds each, and 3 + 3 + 1 draws.
    assert len(table) == 2 * N_PEOPLE * 7
    assert set(table["fold"]) == {0, 1, 2}
    assert len(table[["subject", "fold"]].drop_duplicates()) == N_PEOPLE, "tested in one fold"


def test_larger_draws_hold_the_smaller_ones():
    Roster.seen = []
    made = learning_curve(Roster(), make_trials(), cv="group-3", n_draws=4, random_state=1)
    folds = made.results.table.sort_values("subject").drop_duplicates("fold").sort_values("fold")
    # The fold of the first trials and all people comes first: access is checked with it.
    first = folds.loc[folds["subject"] == "S00"].nlargest(1, "n_train")["fold"].item()
    order = sorted(folds["fold"], key=lambda fold: fold != first)
    draws = made.settings.draws["trials"]
    drawn = [(*draws[fold], Roster.seen[order.index(fold)]) for fold in folds["fold"]]
    by_draw = {}
    for fold, draw, people in drawn:
        by_draw.setdefault((fold, draw), []).append(people)
    assert [len(p) for p in by_draw[0, 0]] == [2, 4, 8]
    assert all(a < b for people in by_draw.values() for a, b in itertools.pairwise(people))
    firsts = {people[0] for people in by_draw.values()}
    assert len(firsts) > 6, "draws differ"
    for fold in range(3):
        tested = set(made.table.loc[made.table["fold"] == fold, "subject"])
        assert not any(tested & people for (f, _, people) in drawn if f == fold)


def test_more_draws_repeat_the_fits_of_before(tmp_path):
    def curve(n_subjects, n_draws):
        Roster.seen = []
        learning_curve(
            Roster(), make_trials(), cv="group-3", train_sizes=n_subjects, n_draws=n_draws,
            random_state=3, store=tmp_path,
        )  # fmt: skip
        return len(Roster.seen)

    assert curve((2, 8), 2) == 3 * (2 + 1)
    assert curve((2, 8), 2) == 0
    assert curve((2, 4, 8), 3) == 3 * (1 + 3), "one more draw of 2 people, three of 4"


def test_the_seed_decides():
    def people(seed):
        Roster.seen = []
        learning_curve(Roster(), make_trials(), cv="loso", train_sizes=(3,), random_state=seed)
        return Roster.seen

    assert people(0) == people(0) != people(1)


def test_the_interval_is_over_people_not_draws(curve):
    people = curve.per_subject()
    own = people[(people["pipeline"] == "headcount") & (people["n_train_subjects"] == 4)]
    assert len(own) == N_PEOPLE
    row = curve.summary().query("pipeline == 'headcount' and n_train_subjects == 4").iloc[0]
    mean, low, high, _ = bootstrap_interval(own["accuracy"])
    assert (row["mean"], row["ci_low"], row["ci_high"]) == (mean, low, high)


def test_draws_vary_where_people_differ():
    rng = np.random.default_rng(0)
    trials = make_trials()
    # What is learnt depends on who is drawn: the majority class of people with few of it.
    y = np.concatenate([rng.permutation(["rest"] * k + ["task"] * (10 - k)) for k in [3, 7] * 6])
    trials = Trials(trials.X, y, trials.metadata, trials.info)
    made = learning_curve(
        DummyClassifier(), trials, cv="group-3", n_draws=5, scoring="accuracy", random_state=0
    ).summary()
    spread = made.set_index("n_train_subjects")["sd_draws"]
    assert spread[2] > 0
    assert np.isnan(spread[8]), "one draw has no spread"


def test_saved_and_loaded(curve, tmp_path):
    curve.save(tmp_path / "c.safetensors")
    again = LearningCurve.load(tmp_path / "c.safetensors")
    pd.testing.assert_frame_equal(again.table, curve.table)
    pd.testing.assert_frame_equal(again.summary(), curve.summary())
    curve.to_csv(tmp_path / "c.csv")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "c.csv"), curve.table)
    assert repr(again) == repr(curve)
    assert "headcount: 0.200, 0.400, 0.800; chance 0.500" in repr(curve)


def test_the_display_draws_it(curve):
    display = LearningCurveDisplay.from_results(curve)
    drawn = display.curves.query("pipeline == 'headcount'")
    np.testing.assert_allclose(drawn["mean"], [0.2, 0.4, 0.8])
    assert drawn["n_train_subjects"].tolist() == [2, 4, 8]


def test_two_data_sets_of_different_sizes():
    both = {"many": make_trials(), "few": make_trials(6)}
    made = learning_curve(Headcount(), both, cv="group-3", scoring="accuracy", random_state=0)
    sizes = made.summary().groupby("dataset")["n_train_subjects"].apply(list)
    assert sizes["many"] == [2, 4, 8]
    assert sizes["few"] == [2, 4]
    assert made.settings.n_folds == {"many": 3 * 7, "few": 3 * 4}
    assert set(made.settings.data) == {"many", "few"}


def test_as_many_as_the_smallest_fold_has():
    made = learning_curve(Headcount(), make_trials(7), cv="group-3", random_state=0)
    assert made.summary()["n_train_subjects"].unique().tolist() == [2, 4]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"cv": "within-2"}, "in training and in test; a curve over people"),
        (
            {"train_sizes": (2, 9)},
            r"train_sizes is \(2, 9\); expected different numbers from 1 to 8",
        ),
        (
            {"train_sizes": ()},
            r"train_sizes is \(\); expected a list of whole numbers of at least 1",
        ),
        ({"train_sizes": (0.5,)}, "expected a list of whole numbers of at least 1"),
        ({"train_sizes": (2, 2)}, "expected different numbers"),
        ({"n_draws": 0}, "n_draws is 0"),
    ],
)
def test_bad_input(options, match):
    with pytest.raises(ValueError, match=match):
        learning_curve(DummyClassifier(), make_trials(), **({"cv": "group-3"} | options))


def test_people_of_one_class_are_named():
    trials = make_trials()
    y = np.where(np.isin(trials.groups, ["S00", "S01", "S02"]), "patient", "healthy")
    with pytest.raises(ValueError, match=r"2 people drawn for fold .* all of one class"):
        learning_curve(
            DummyClassifier(), Trials(trials.X, y, trials.metadata, trials.info), cv="group-3",
            random_state=0,
        )  # fmt: skip


def test_other_results_are_refused(curve):
    settings = dataclasses.replace(curve.settings, draws={})
    with pytest.raises(ValueError, match="do not tell which people were drawn"):
        LearningCurve(Results(curve.results.table, settings))
