"""Several seeds for everything that has one: told, averaged, spread beside the interval."""

import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC
from sklearn.utils.parallel import Parallel

from eegkit import Trials, evaluate, report
from eegkit.classifiers import CNNBiGRU
from eegkit.cli._tables import summary_table
from eegkit.evaluation import Results, join_results, person_scores
from eegkit.evaluation.running import tasks
from eegkit.evaluation.running.seeds import fits_of
from eegkit.testing._search_spaces import check_search_space

N_PEOPLE, N_EACH = 6, 12


class Lucky(ClassifierMixin, BaseEstimator):
    """Right about trials that its seed favours, whoever they are of."""

    def __init__(self, random_state=None, fail_at=None):
        self.random_state = random_state
        self.fail_at = fail_at

    def fit(self, X, y):
        if self.fail_at is not None and self.random_state == self.fail_at:
            raise RuntimeError("no luck")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        codes = (np.asarray(X)[:, 0, 0] > 0).astype(int)
        seed = np.random.default_rng(self.random_state).uniform(1, 9)
        wrong = np.cos(1e3 * seed * np.asarray(X)[:, 1, 0]) > 0.6
        return self.classes_[np.where(wrong, 1 - codes, codes)]


@pytest.fixture(scope="module")
def trials():
    rng = np.random.default_rng(0)
    y = np.arange(N_PEOPLE * N_EACH) % 2
    X = rng.normal(size=(len(y), 2, 32))
    X[:, 0, 0] = np.where(y, 1, -1)
    people = np.repeat([f"P{i}" for i in range(N_PEOPLE)], N_EACH)
    return Trials.from_arrays(X, np.array(["rest", "task"])[y], sfreq=32, subject=people)


@pytest.fixture(scope="module")
def results(trials):
    pipelines = {"lucky": Lucky(5), "none": Lucky(), "fixed": ClassOnly()}
    return evaluate(pipelines, trials, cv="group-3", scoring="accuracy", n_seeds=3)


class ClassOnly(ClassifierMixin, BaseEstimator):
    """Has no random_state."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def test_what_has_a_random_state_is_fitted_with_each_seed_and_the_rest_once(results):
    n_rows = results.table.groupby("pipeline").size()
    assert n_rows["lucky"] == n_rows["none"] == 3 * N_PEOPLE
    assert n_rows["fixed"] == N_PEOPLE
    assert results.settings.seeds == {
        "lucky": {"random_state": [5, 6, 7]},
        "none": {"random_state": [0, 1, 2]},
        "fixed": {},
    }


def test_a_fit_is_that_of_the_pipeline_with_its_seed(results, trials):
    alone = evaluate(Lucky(6), trials, cv="group-3", scoring="accuracy")
    rows = results.table.query("pipeline == 'lucky' and seed == 1")
    np.testing.assert_array_equal(rows["accuracy"], alone.table["accuracy"])
    np.testing.assert_array_equal(
        results.predictions("lucky", seed=1).predicted, alone.predictions().predicted
    )


def test_a_person_s_score_is_the_mean_over_seeds(results):
    rows = results.table.query("pipeline == 'lucky'")
    means = rows.groupby("subject")["accuracy"].mean()
    people = results.per_subject().query("pipeline == 'lucky'")
    np.testing.assert_allclose(people["accuracy"], means)
    assert (people["n_test"] == N_EACH).all()
    assert (people["n_folds"] == 1).all()
    np.testing.assert_allclose(results.scores()["lucky"], means)


def test_the_summary_has_the_spread_over_seeds_beside_the_interval_over_people(results):
    summary = results.summary().set_index("pipeline")
    rows = results.table.query("pipeline == 'lucky'")
    of_seeds = rows.groupby("seed")["accuracy"].mean()
    assert summary.loc["lucky", "sd_seeds"] == pytest.approx(of_seeds.std())
    assert summary.loc["lucky", "sd_seeds"] > 0
    assert summary.loc["lucky", "mean"] == pytest.approx(of_seeds.mean())
    assert summary["n_seeds"].to_dict() == {"lucky": 3, "none": 3, "fixed": 1}
    assert np.isnan(summary.loc["fixed", "sd_seeds"])
    assert "over 3 seeds" in repr(results)
    assert results.costs().set_index("pipeline")["n_seeds"]["lucky"] == 3


def test_predictions_are_those_of_the_first_seed_unless_asked(results, trials):
    first = results.predictions("lucky")
    assert len(first) == len(trials)
    assert set(first.seed) == {0}
    assert len(results.predictions("lucky", seed=None)) == 3 * len(trials)
    with pytest.raises(ValueError, match="fitted with seed 0, 1, 2"):
        results.predictions("lucky", seed=3)


def test_files_and_joins_keep_the_seeds(results, trials, tmp_path):
    results.save(tmp_path / "r.safetensors")
    again = Results.load(tmp_path / "r.safetensors")
    pd.testing.assert_frame_equal(again.table, results.table)
    pd.testing.assert_frame_equal(again.summary(), results.summary())
    assert again.settings.seeds == results.settings.seeds
    other = evaluate({"lucky": Lucky(1)}, trials, cv="group-3", scoring="accuracy")
    joined = join_results({"a": results.select(pipeline="lucky"), "b": other})
    assert joined.settings.seeds == {
        "lucky (a)": {"random_state": [5, 6, 7]},
        "lucky (b)": {"random_state": [1]},
    }
    assert list(joined.summary()["n_seeds"]) == [3, 1]


def test_more_seeds_compute_only_what_the_store_lacks(trials, tmp_path):
    options = {"cv": "group-3", "scoring": "accuracy", "store": tmp_path}
    one = evaluate(Lucky(5), trials, **options)
    assert len(list(tmp_path.glob("fold-*"))) == 3
    three = evaluate(Lucky(5), trials, n_seeds=3, **options)
    assert len(list(tmp_path.glob("fold-*"))) == 9
    first = three.table.query("seed == 0").reset_index(drop=True)
    pd.testing.assert_frame_equal(first, one.table)


def test_failures_name_the_seed(trials):
    pipelines = {"lucky": Lucky(5, fail_at=6)}
    with pytest.warns(UserWarning, match=r"Folds 0 \(seed 1\), 1 \(seed 1\), 2 \(seed 1\)"):
        results = evaluate(pipelines, trials, cv="group-3", scoring="accuracy", n_seeds=3)
    assert list(results.failures["seed"]) == [1, 1, 1]
    assert list(results.failures["fold"]) == [0, 1, 2]
    assert set(results.table["seed"]) == {0, 2}


def test_a_diagnosis_is_averaged_over_seeds_too(trials):
    sick = np.isin(trials.groups, ["P0", "P1", "P2"])
    y = np.where(sick, "patient", "control")
    diagnosis = Trials(trials.X, y, trials.metadata, trials.info)
    results = evaluate(
        Lucky(0), diagnosis, cv="stratified-group-3", scoring="balanced_accuracy", n_seeds=4
    )
    [row] = results.summary().to_dict("records")
    assert row["answers"] == "per person"
    scores = person_scores(results).set_index("metric")
    assert row["mean"] == scores.loc["balanced_accuracy", "score"]
    assert row["sd_seeds"] == scores.loc["balanced_accuracy", "sd_seeds"]
    assert row["n_seeds"] == 4


def test_older_tables_know_of_one_seed(results):
    older = results.select(pipeline="fixed")
    again = Results(older.table.drop(columns="seed"), older.settings)
    assert list(again.table["seed"]) == [0] * N_PEOPLE
    assert again.summary()["mean"].equals(older.summary()["mean"])


def test_a_generator_is_no_seed_to_count_from(trials):
    with pytest.raises(ValueError, match="RandomState; expected a whole number or None"):
        evaluate(Lucky(np.random.RandomState(0)), trials, n_seeds=2)


FOREST = RandomForestClassifier(2, random_state=0)


@pytest.mark.parametrize(
    "search",
    [
        GridSearchCV(Lucky(), {"random_state": [0, 1]}, cv=GroupKFold(2)),
        GridSearchCV(Lucky(), [{"fail_at": [1]}, {"random_state": [0]}], cv=GroupKFold(2)),
        RandomizedSearchCV(
            make_pipeline(FunctionTransformer(), Lucky()), {"lucky__random_state": range(9)}
        ),
        make_pipeline(
            FunctionTransformer(), GridSearchCV(Lucky(), {"random_state": [0]}, cv=GroupKFold(2))
        ),
        GridSearchCV(make_pipeline(FOREST), {"randomforestclassifier": [Lucky(0), Lucky(1)]}),
    ],
)
def test_a_seed_in_a_search_space_is_refused(trials, search):
    with pytest.raises(ValueError, match="a seed is no setting"):
        evaluate({"search": search}, trials)


def test_the_table_and_the_report_show_both_spreads(results, tmp_path):
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(summary_table(results, "trials", ["accuracy"]))
    shown = console.export_text()
    spread = results.summary()["sd_seeds"][0]
    assert f"{spread:.3f}" in shown
    page = report(results, tmp_path / "r.html").read_text("utf-8")
    assert "the mean of 3 seeds" in page
    assert "sd over seeds" in page
    assert "5, 6, 7" in page


class Seeking(CNNBiGRU):
    @classmethod
    def search_space(cls):
        return super().search_space() | {"random_state": [0, 1]}


def test_the_contract_of_nets_refuses_a_search_space_with_a_seed():
    with pytest.raises(AssertionError, match="a seed is no setting"):
        check_search_space(Seeking())


def test_seeds_without_end_are_refused(trials):
    with pytest.raises(ValueError, match="n_seeds is 1000000000; expected a whole number from 1"):
        evaluate(RandomForestClassifier(), trials, cv="loso", n_seeds=10**9)


@pytest.mark.parametrize(
    ("estimator", "draws"),
    [
        (LogisticRegression(), False),
        (LogisticRegression(solver="saga"), True),
        (SVC(), False),
        (RandomForestClassifier(), True),
        (CNNBiGRU(), True),
    ],
)
def test_a_seed_by_which_nothing_is_drawn_is_not_missed(estimator, draws):
    seeds, _ = fits_of({"a": make_pipeline(FunctionTransformer(), estimator)}, 1)
    assert bool(seeds["a"]) is draws


@pytest.mark.parametrize("n_jobs", [0, 2.5, "2"])
def test_workers_are_a_whole_number(trials, n_jobs):
    with pytest.raises(ValueError, match=r"n_jobs is .*; expected a whole number of at least 1"):
        evaluate(RandomForestClassifier(), trials, cv="loso", n_jobs=n_jobs)


def test_no_more_workers_than_tasks(trials, monkeypatch):
    seen = []

    def parallel(n_jobs, **options):
        seen.append(n_jobs)
        return Parallel(n_jobs=1, **options)

    monkeypatch.setattr(tasks, "Parallel", parallel)
    evaluate(DummyClassifier(), trials, cv="loso", n_jobs=10**6)
    assert seen == [len(np.unique(trials.groups))]
