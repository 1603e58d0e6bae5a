"""`evaluate`: rows, chance levels, people kept apart, warnings and refusals."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from eegkit_convnets import EEGNet
from joblib import parallel_config
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, make_scorer
from sklearn.model_selection import GroupShuffleSplit, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from eegkit import Pipeline, Results, Trials, evaluate
from eegkit.classifiers import CNNBiGRU
from eegkit.signals import SignalArray
from eegkit.transforms import STFT, Crop, Standardizer
from eegkit.tuning import TunedClassifier

COSTS = ["fit_time_s", "score_time_s", "peak_mb"]
SMALL_NET = {
    "n_filters": (4,), "n_fused": 4, "hidden_size": 4, "n_heads": 2, "max_epochs": 2,
    "random_state": 0, "device": "cpu",
}  # fmt: skip
SETTINGS = {"cv": "group-3", "scoring": ("balanced_accuracy", "accuracy")}


def log_power(X):
    return np.log(np.var(np.asarray(X), axis=2))


@pytest.fixture(scope="module")
def trials():
    """Six people; the task has twice the amplitude, for one of them the rest has."""
    rng = np.random.default_rng(0)
    y = np.tile(["rest", "task"], 60)
    subject = np.repeat(list("abcdef"), 20)
    X = rng.normal(size=(120, 3, 64))
    X[(y == "task") ^ (subject == "f")] *= 2
    return Trials.from_arrays(X, y, sfreq=64, subject=subject)


@pytest.fixture
def decoder():
    return make_pipeline(FunctionTransformer(log_power), LogisticRegression())


class Spy(ClassifierMixin, BaseEstimator):
    """Remembers what it was fitted with in a list that clones share."""

    seen: list = []

    def fit(self, X, y):
        self.seen.append(X)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


class Warner(Spy):
    def fit(self, X, y):
        warnings.warn("the net stumbled", RuntimeWarning, stacklevel=2)
        return super().fit(X, y)


def test_rows_and_scores_are_those_of_a_loop_written_out(trials, decoder):
    results = evaluate(decoder, trials, **SETTINGS)
    table = results.table
    assert list(table.columns) == [
        "dataset", "pipeline", "seed", "fold", "subject", "n_train", "n_test", "n_train_subjects",
        "balanced_accuracy", "chance_balanced_accuracy", "accuracy", "chance_accuracy",
        "fit_time_s", "score_time_s", "peak_mb",
    ]  # fmt: skip
    assert len(table) == 6
    assert sorted(table["subject"]) == list("abcdef")
    assert (table["n_train"] == 80).all()
    assert (table["n_test"] == 20).all()
    assert (table["n_train_subjects"] == 4).all()
    for fold, rows in table.groupby("fold"):
        test = np.isin(trials.groups, rows["subject"])
        decoder.fit(trials.X[~test], trials.y[~test])
        for row in rows.itertuples():
            own = trials[trials.groups == row.subject]
            expected = balanced_accuracy_score(own.y, decoder.predict(own.X))
            assert row.balanced_accuracy == expected, fold
    people = results.per_subject().set_index("subject")
    assert people.loc["a", "accuracy"] > 0.9
    assert people.loc["f", "accuracy"] < 0.2


def test_what_a_pipeline_gets_knows_its_rate_channels_and_people(trials):
    Spy.seen.clear()
    spy = Spy()
    evaluate(spy, trials, cv="group-3", scoring="accuracy")
    assert not hasattr(spy, "classes_"), "the user's own object was fitted"
    assert len(Spy.seen) == 3
    for X in Spy.seen:
        assert isinstance(X, SignalArray)
        assert X.sfreq == 64
        assert X.ch_names == tuple(trials.ch_names)
        assert len(np.unique(X.groups)) == 4


def test_two_processes_give_the_same_table_in_the_same_order(trials, decoder):
    pipelines = {"decoder": decoder, "dummy": DummyClassifier(strategy="prior")}
    one, two = (evaluate(pipelines, trials, n_jobs=n, **SETTINGS).table for n in (1, 2))
    pd.testing.assert_frame_equal(one.drop(columns=COSTS), two.drop(columns=COSTS))
    assert list(one["pipeline"].unique()) == ["decoder", "dummy"]


def test_threads_give_the_same_table_and_probabilities(trials):
    net = Pipeline([("stft", STFT(nperseg=16, f_max=None)), ("net", CNNBiGRU(**SMALL_NET))])
    state, n_threads = torch.get_rng_state(), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        alone = evaluate(net, trials, **SETTINGS)
        with parallel_config(backend="threading"):
            beside = evaluate(net, trials, n_jobs=3, **SETTINGS)
    finally:
        torch.set_num_threads(n_threads)
    pd.testing.assert_frame_equal(alone.table.drop(columns=COSTS), beside.table.drop(columns=COSTS))
    name = alone.table["pipeline"].iloc[0]
    np.testing.assert_array_equal(*(r.predictions(name).proba for r in (alone, beside)))
    assert torch.equal(torch.get_rng_state(), state)


def test_a_backend_that_gives_nothing_back_before_the_end_is_refused(trials):
    with parallel_config(backend="multiprocessing"), pytest.raises(ValueError, match="loky"):
        evaluate(DummyClassifier(), trials, n_jobs=2, **SETTINGS)


def test_chance_is_the_best_answer_that_never_looks(trials):
    keep = (trials.y == "rest") | (np.arange(len(trials)) % 4 == 1)
    imbalanced = trials[keep]
    results = evaluate(
        DummyClassifier(strategy="most_frequent"),
        imbalanced,
        cv="loso",
        scoring=["accuracy", "balanced_accuracy", "roc_auc"],
    )
    row = results.table.iloc[0]
    assert row["chance_accuracy"] == row["accuracy"] == pytest.approx(10 / 15)
    assert row["chance_balanced_accuracy"] == 0.5
    assert row["chance_roc_auc"] == 0.5
    assert (results.summary()["n_above_chance"] == 0).all()


def test_a_metric_undefined_for_a_person_is_nan_with_one_warning(trials, decoder):
    keep = (trials.groups != "b") | (trials.y == "rest")
    with pytest.warns(UserWarning, match="roc_auc is undefined for 'b'") as caught:
        results = evaluate(
            decoder, trials[keep], cv="loso", scoring=["roc_auc", "accuracy", "balanced_accuracy"]
        )
    assert len(caught) == 1
    people = results.per_subject().set_index("subject")
    assert people["roc_auc"].isna().tolist() == [False, True, False, False, False, False]
    # One class shows nothing by itself: its chance is that of the six people's eleven classes.
    assert people.loc["b", "chance_accuracy"] == pytest.approx(6 / 11)
    summary = results.summary().set_index("metric")
    assert summary.loc["roc_auc", "n_subjects"] == 5
    assert summary.loc["accuracy", "n_subjects"] == 6


def test_within_subject_says_so(trials, decoder):
    results = evaluate(decoder, trials, cv="within-5", scoring="accuracy")
    assert len(results.table) == 30
    assert (results.table["n_train_subjects"] == 1).all()
    assert results.subject_overlap
    assert "same people" in repr(results)
    assert "same people" in results._repr_html_()
    # The person whose amplitudes are reversed is no problem within this person.
    assert results.per_subject().set_index("subject").loc["f", "accuracy"] > 0.9


def test_a_split_through_a_person_is_refused_unless_asked_for(trials, decoder):
    shuffled = KFold(4, shuffle=True, random_state=0)
    with pytest.raises(ValueError, match=r"leak was found.*\n- The same person is in training"):
        evaluate(decoder, trials, cv=shuffled)
    results = evaluate(decoder, trials, cv=shuffled, on_leak="mark")
    assert results.subject_overlap
    assert results.leaks
    assert "SOMETHING LEAKS" in repr(results)
    assert "SOMETHING LEAKS" in results._repr_html_()
    assert len(results.table) == 24
    apart = evaluate(decoder, trials, cv=GroupShuffleSplit(2, test_size=2, random_state=0))
    assert not apart.subject_overlap
    assert not apart.leaks
    assert len(apart.table) == 4


def test_pairs_of_indices_and_masks_are_taken_as_a_splitter(trials, decoder):
    test = trials.groups == "a"
    pairs = [(np.flatnonzero(~test), np.flatnonzero(test)), (test, ~test)]
    table = evaluate(decoder, trials, cv=pairs, scoring="accuracy").table
    assert table["fold"].tolist() == [0, 1, 1, 1, 1, 1]


def test_own_scorers(trials, decoder):
    def n_trials(estimator, X, y):
        return len(X)

    scoring = {"mine": n_trials, "acc": make_scorer(accuracy_score)}
    table = evaluate(decoder, trials, cv="group-3", scoring=scoring).table
    assert (table["mine"] == 20).all()
    listed = evaluate(
        decoder, trials, cv="group-3", scoring=[n_trials, make_scorer(accuracy_score)]
    )
    assert listed.metrics == ["n_trials", "accuracy_score"]
    with pytest.raises(ValueError, match="'bad' returned a dict"):
        evaluate(decoder, trials, scoring={"bad": lambda e, X, y: {}}, on_error="raise", cv="loso")


def test_an_error_of_a_scorer_is_not_hidden(trials):
    scoring = ["accuracy", lambda e, X, y: e.predict_proba(X)[0, 0]]
    with pytest.raises(AttributeError, match="predict_proba"):
        evaluate(Spy(), trials, cv="group-3", scoring=scoring, on_error="raise")
    with pytest.raises(ValueError, match=r"(?s)Every fold failed.*predict_proba.*Traceback"):
        evaluate(Spy(), trials, cv="group-3", scoring=scoring)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_warnings_of_the_fits_arrive_once(trials, n_jobs):
    with pytest.warns(RuntimeWarning) as caught:
        evaluate(Warner(), trials, cv="group-3", scoring="accuracy", n_jobs=n_jobs)
    assert [str(w.message) for w in caught] == ["the net stumbled"]


@pytest.mark.parametrize("on_error", ["record", "raise"])
def test_an_estimator_of_features_needs_a_transform(trials, on_error):
    hint = r"reads features, .* put a transform first, as Pipeline\(\[BandPower\(\), Logistic"
    with pytest.raises(ValueError, match="array with dim 3") as caught:
        evaluate(LogisticRegression(), trials, cv="group-3", on_error=on_error)
    assert re.search(hint, " ".join([str(caught.value), *getattr(caught.value, "__notes__", ())]))


@pytest.mark.parametrize(
    ("decoder", "words"),
    [
        (
            make_pipeline(STFT(f_max=None), EEGNet()),
            "EEGNet expects X of shape .* reads raw trials",
        ),
        (make_pipeline(STFT(f_max=None), Crop()), "Crop expects X of shape .* reads raw trials"),
        (TunedClassifier(make_pipeline(STFT(f_max=None), EEGNet())), "EEGNet expects X of shape"),
        (CNNBiGRU(), "CNNBiGRU expects X of shape .* It reads spectrograms"),
        (make_pipeline(Standardizer(), CNNBiGRU()), "CNNBiGRU expects X of .* put a time-freq"),
    ],
    ids=["net", "transform", "tuned", "net alone", "behind any"],
)
def test_a_step_of_another_kind_is_refused_before_any_fold(trials, decoder, words):
    Spy.seen.clear()
    with pytest.raises(ValueError, match=f"^Pipeline 'bad' fits in no fold: {words}"):
        evaluate({"good": Spy(), "bad": decoder}, trials, cv="group-3")
    assert not Spy.seen


class NeedsMany(Crop):
    def prepare(self, signals):
        if len(signals) < 20:
            raise IndexError("too few")
        super().prepare(signals)


def test_steps_that_need_many_trials_are_not_refused_for_the_few_they_are_tried_on(trials):
    decoder = make_pipeline(NeedsMany(), FunctionTransformer(log_power), LogisticRegression())
    assert len(evaluate(decoder, trials, cv="group-3").table) == 6


def test_an_error_in_fit_tells_pipeline_and_fold(trials):
    pipeline = FunctionTransformer(log_power)
    broken = Pipeline([pipeline, ("clf", LogisticRegression(C=-1.0))])
    with pytest.raises(ValueError, match="C") as caught:
        evaluate({"broken": broken}, trials, cv="group-3", on_error="raise")
    assert "'broken' on fold " in caught.value.__notes__[0]


def test_single_pipelines_are_named_after_their_steps(trials, decoder):
    results = evaluate(decoder, trials, **SETTINGS)
    assert results.pipelines == ["functiontransformer+logisticregression"]
    assert evaluate(DummyClassifier(), trials, **SETTINGS).pipelines == ["dummyclassifier"]


def test_progress_goes_to_standard_error(trials, capsys):
    evaluate(DummyClassifier(), trials, cv="group-3", verbose=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "3/3" in captured.err


def test_random_state_draws_the_people_of_a_fold(trials):
    def people(seed):
        table = evaluate(DummyClassifier(), trials, cv="group-3", random_state=seed).table
        return table.groupby("fold")["subject"].apply("".join).tolist()

    assert people(0) == people(0)
    assert len({tuple(people(seed)) for seed in range(5)}) > 1


def soft(trials):
    return Trials(trials.X, np.full((len(trials), 2), 0.6), trials.metadata, trials.info)


def nameless(trials):
    metadata = trials.metadata.assign(subject=[None, *trials.groups[1:]])
    return Trials(trials.X, trials.y, metadata, trials.info)


def mixed(trials):
    metadata = trials.metadata.assign(subject=pd.Series([1, *trials.groups[1:]], dtype=object))
    metadata.loc[1, "subject"] = "1"
    return Trials(trials.X, trials.y, metadata, trials.info)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda t: t.X, "trials is a SignalArray; expected Trials"),
        (lambda t: t[:0], "There are no trials"),
        (soft, r"labels have shape \(120, 2\), but their rows are no probabilities"),
        (lambda t: t[t.y == "rest"], r"All 60 trials are of one class \(rest\)"),
        (nameless, "1 of 120 trials have no subject"),
        (mixed, "the text '1' and the number 1, which may mean the same"),
        (
            lambda t: t[t.groups == "a"],
            r"3 folds needs at least 3 subjects.*of 1 \('a'\).*within-5",
        ),
    ],
)
def test_bad_trials_are_refused(trials, make, message):
    with pytest.raises(ValueError, match=message):
        evaluate(DummyClassifier(), make(trials), cv="group-3")


@pytest.mark.parametrize(
    ("pipelines", "message"),
    [
        ({}, "pipelines is empty"),
        ([DummyClassifier()], "pipelines is a sequence"),
        ("band_power+lr", r"is the text 'band_power\+lr'; .*experiment\.parse_pipeline\('band_"),
        (DummyClassifier, r"is the class DummyClassifier; expected an object"),
        ({"a": 3}, "Pipeline 'a' is a int"),
        ({1: DummyClassifier()}, "A pipeline is named 1"),
    ],
)
def test_bad_pipelines_are_refused(trials, pipelines, message):
    with pytest.raises(ValueError, match=message):
        evaluate(pipelines, trials)


@pytest.mark.parametrize(
    ("scoring", "message"),
    [
        ("acuracy", "No metric is named 'acuracy'; did you mean 'accuracy'"),
        ([], "scoring is empty"),
        (3, "scoring is 3"),
        ([3], "scoring holds 3"),
        ({"fold": "accuracy"}, "A metric is named 'fold'"),
        (["accuracy", "accuracy"], "A metric is named 'accuracy'"),
    ],
)
def test_bad_scoring_is_refused(trials, scoring, message):
    with pytest.raises(ValueError, match=message):
        evaluate(DummyClassifier(), trials, scoring=scoring)


def test_results_are_public():
    assert Results.__module__.startswith("eegkit.evaluation")
