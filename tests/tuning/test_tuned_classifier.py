"""A decoder that searches for its settings: what it chooses by, and what it refuses."""

import pickle
import warnings

import numpy as np
import optuna
import pytest
from joblib import parallel_config
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from scipy.stats import loguniform, norm, randint, uniform
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

import eegkit
from eegkit import Pipeline, evaluate
from eegkit.classifiers import CNNBiGRU
from eegkit.evaluation.metrics.scoring import make_scorers
from eegkit.identity import identify
from eegkit.parameters import ParameterError
from eegkit.testing import example_trials
from eegkit.transforms import CWT, STFT, BandPower, MelSpectrogram
from eegkit.tuning import TunedClassifier, default_space, tune
from eegkit.tuning.folds import FoldsOfSpace
from eegkit.tuning.people import fit_and_score
from eegkit.tuning.spaces import Space
from eegkit.tuning.storage import quiet

C = "logisticregression__C"


def decoder():
    return Pipeline([StandardScaler(), LogisticRegression()])


@pytest.fixture
def data():
    """Six people, ten trials of five features each."""
    rng = np.random.default_rng(0)
    y = np.tile(["rest", "task"], 30)
    X = rng.normal(size=(60, 5))
    X[:, 0] += y == "task"
    return X, y, np.repeat(list("abcdef"), 10)


def tuned(space=None, estimator=None, **options):
    options = {"cv": "group-3", "n_trials": 4, "random_state": 0} | options
    return TunedClassifier(estimator or decoder(), space or {C: [1e-4, 1.0]}, **options)


def test_the_setting_is_that_which_scores_best_on_people_held_out(data):
    X, y, groups = data
    model = tuned(sampler="grid").fit(X, y, groups=groups)
    means = [
        cross_val_score(
            decoder().set_params(**{C: value}), X, y, groups=groups, cv=GroupKFold(3),
            scoring="accuracy",
        ).mean()
        for value in (1e-4, 1.0)
    ]  # fmt: skip
    # People have ten trials each, five of a class: the mean over folds is the mean over people.
    np.testing.assert_allclose(model.trials_["score"], means)
    assert model.best_params_ == {C: [1e-4, 1.0][int(np.argmax(means))]}
    assert model.best_score_ == pytest.approx(max(means))
    expected = decoder().set_params(**model.best_params_).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))
    assert model.n_features_in_ == 5
    assert model.classes_.tolist() == ["rest", "task"]


def test_the_mean_is_over_people_not_trials(data):
    X, y, groups = data
    rows = np.r_[0:60, np.arange(20, 30).repeat(9)]  # one person has ten times the trials
    few = tuned({C: [1.0]}, sampler="grid", cv="group-2", n_trials=1)
    score = few.fit(X[rows], y[rows], groups=groups[rows]).best_score_
    scores = []
    for train, test in GroupKFold(2).split(X[rows], y[rows], groups[rows]):
        fitted = decoder().fit(X[rows][train], y[rows][train])
        for person in np.unique(groups[rows][test]):
            of = test[groups[rows][test] == person]
            scores.append((fitted.predict(X[rows][of]) == y[rows][of]).mean())
    assert score == pytest.approx(np.mean(scores))


def test_the_same_seed_tries_the_same_settings(data):
    X, y, groups = data
    space = {C: loguniform(1e-4, 1e2), "standardscaler__with_mean": [True, False]}
    tables = [
        tuned(space, random_state=seed).fit(X, y, groups=groups).trials_.drop(columns="fit_time_s")
        for seed in (3, 3, 4)
    ]
    assert tables[0].equals(tables[1])
    assert not tables[0][C].equals(tables[2][C])


def test_people_come_from_x_or_groups_or_are_missed():
    trials = example_trials(24)
    model = tuned({C: [1.0]}, Pipeline([BandPower(), LogisticRegression()]), sampler="grid")
    assert model.fit(trials.X, trials.y).best_score_ > 0.5
    with pytest.raises(ParameterError, match=r"cv='group-3' keeps people apart, and nobody says"):
        model.fit(np.asarray(trials.X), trials.y)
    with pytest.raises(ValueError, match=r"at least 4 subjects, but the trials are of 3"):
        model.set_params(cv="group-4").fit(trials.X, trials.y)
    with pytest.raises(ParameterError, match="reads metadata, and fit is given people alone"):
        model.set_params(cv="cross-session").fit(trials.X, trials.y)


def test_folds_with_the_same_people_on_both_sides_are_told(data):
    X, y, groups = data
    model = tuned(cv=StratifiedKFold(3, shuffle=True, random_state=0), n_trials=1)
    with pytest.warns(UserWarning, match="the same people on both sides of its folds"):
        model.fit(X, y, groups=groups)
    model.fit(X, y)  # nobody is known, so nothing is said


class Blind(ClassifierMixin, BaseEstimator):
    """Fails where it is asked to; keeps who it was fitted on."""

    people = []

    def __init__(self, level=0.0, fails=False):
        self.level, self.fails = level, fails

    def fit(self, X, y, groups=None):
        if self.fails:
            raise RuntimeError("no such luck")
        self.classes_ = np.unique(y)
        Blind.people.append((len(y), None if groups is None else set(groups)))
        return self

    def predict(self, X):
        return self.classes_[(X[:, 0] > self.level).astype(int)]


def test_people_reach_the_fit_of_every_setting(data):
    X, y, groups = data
    Blind.people.clear()
    tuned({"level": [0.0]}, Blind(), sampler="grid").fit(X, y, groups=groups)
    assert [n for n, _ in Blind.people] == [40, 40, 40, 60]
    assert all(len(people) * 10 == n for n, people in Blind.people)


def test_a_setting_that_fails_is_told_and_not_chosen(data):
    X, y, groups = data
    model = tuned({"fails": [True, False]}, Blind(), sampler="grid").fit(X, y, groups=groups)
    assert model.trials_["state"].tolist() == ["failed", "whole"]
    assert model.trials_["error"][0] == "RuntimeError: no such luck"
    assert model.best_params_ == {"fails": False}
    assert model.trials_["score"].isna()[0]
    model = tuned({"fails": [True], "level": [0.0, 1.0]}, Blind(), sampler="grid")
    with pytest.raises(ValueError, match=r"of 2 settings\. The first error: RuntimeError: no such"):
        model.fit(X, y, groups=groups)


def test_a_setting_behind_on_the_same_people_is_stopped(data):
    X, y, groups = data
    space, options = {"level": [0.5, 9.0]}, {"sampler": "grid", "cv": "group-2"}
    y = np.where(X[:, 0] > 0.5, "task", "rest")  # so that the first setting is always right
    stopped = tuned(space, Blind(), **options).fit(X, y, groups=groups)
    assert stopped.trials_["state"].tolist() == ["whole", "whole"]  # three people are too few
    rows = np.tile(np.arange(60), 2)
    people = np.r_[groups, np.char.add(groups, "'")]
    stopped = tuned(space, Blind(), **options).fit(X[rows], y[rows], groups=people)
    assert stopped.trials_["state"].tolist() == ["whole", "stopped"]
    assert stopped.trials_["n_fits"].tolist() == [2, 1]
    assert np.isnan(stopped.trials_["score"][1])
    whole = tuned(space, Blind(), pruner=None, **options).fit(X[rows], y[rows], groups=people)
    assert whole.trials_["state"].tolist() == ["whole", "whole"]


def fold_of_net():
    """A net of four epochs, and a fold with six people held out of eight."""
    trials = eegkit.load_dataset("simulated", n_subjects=8, n_trials=8, random_state=0)
    net = CNNBiGRU(max_epochs=4, hidden_size=4, n_filters=(2,), random_state=0)
    decoder = Pipeline([STFT(window_s=0.25), net])
    space = Space(decoder, {"cnn_bigru__lr": [1e-3]})
    people = np.unique(trials.groups, return_inverse=True)[1]
    folds = [(np.flatnonzero(people < 2), np.flatnonzero(people >= 2))]
    data = FoldsOfSpace(space, folds, trials.X, trials.y, trials.groups)
    return data.behind(decoder), data(0), make_scorers("accuracy")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_net_reports_on_the_way_and_is_stopped_when_another_was_ahead():
    decoder, data, scorers = fold_of_net()
    alone = fit_and_score(decoder, data, scorers, rival=None)
    watched = fit_and_score(decoder, data, scorers, rival={})
    assert watched.people == alone.people  # looking at a net does not change it
    assert list(watched.quarters) == [1, 2, 3]
    assert not alone.quarters
    for scores in watched.quarters.values():
        assert scores.keys() == watched.people.keys() == set(range(2, 8))
    better = dict.fromkeys(range(8), 1.5)
    early = fit_and_score(decoder, data, scorers, rival={1: better, 2: better})
    assert early.people == alone.people  # it may learn late
    stopped = fit_and_score(decoder, data, scorers, rival={3: better})
    assert stopped.is_outpaced
    assert not stopped.people
    assert stopped.quarters == watched.quarters


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_the_best_net_had_on_the_way_is_what_others_are_held_to():
    trials = eegkit.load_dataset("simulated", n_subjects=8, n_trials=8, random_state=0)
    net = CNNBiGRU(max_epochs=4, hidden_size=4, n_filters=(2,), random_state=0)
    model = TunedClassifier(
        Pipeline([STFT(window_s=0.25), net]), {"cnn_bigru__lr": [1e-3, 1e-3]}, cv="group-2",
        sampler="grid",
    ).fit(trials.X, trials.y)  # fmt: skip
    first, second = model.study_.get_trials()
    assert first.user_attrs["quarters"].keys() == {"0", "1"}
    assert first.user_attrs["quarters"] == second.user_attrs["quarters"]
    assert list(first.intermediate_values) == list(range(8))


def test_the_best_settings_answer_together(data):
    X, y, groups = data
    model = tuned({C: [1e-4, 1e-2, 1.0]}, sampler="grid", refit=2, pruner=None)
    model.fit(X, y, groups=groups)
    order = model.trials_.sort_values("score", ascending=False, kind="stable")[C][:2]
    parts = [decoder().set_params(**{C: c}).fit(X, y).predict_proba(X) for c in order]
    np.testing.assert_allclose(model.predict_proba(X), np.mean(parts, axis=0))
    assert (model.classes_[model.predict_proba(X).argmax(axis=1)] == model.predict(X)).all()
    assert not hasattr(model, "decision_function")
    assert len(model.estimators_) == 2
    with pytest.warns(UserWarning, match="refit=9 asks for more settings than were tried"):
        model.set_params(refit=9).fit(X, y, groups=groups)
    with pytest.raises(ParameterError, match="LinearSVC has no predict_proba"):
        tuned({"C": [1.0]}, LinearSVC(), refit=2).fit(X, y, groups=groups)


def test_steps_before_the_first_tuned_one_are_fitted_once_for_each_fold(data):
    X, y, groups = data
    Counter.n = 0
    steps = [Counter(), StandardScaler(), PCA(3), LogisticRegression()]
    model = tuned({"pca__n_components": [2, 3], C: [0.1, 1.0]}, Pipeline(steps), sampler="grid")
    model.set_params(pruner=None).fit(X, y, groups=groups)
    assert Counter.n == 3 + 1  # the inner folds, and the last fit
    Counter.n = 0
    expected = tuned(
        {"counter__n_ignored": [0], "pca__n_components": [2, 3], C: [0.1, 1.0]}, Pipeline(steps),
        sampler="grid", pruner=None,
    ).fit(X, y, groups=groups)  # fmt: skip
    assert Counter.n == 4 * 3 + 1
    assert model.trials_["score"].tolist() == expected.trials_["score"].tolist()


class Counter(BaseEstimator):
    """Counts its fits."""

    n = 0

    def __init__(self, n_ignored=0):
        self.n_ignored = n_ignored

    def fit(self, X, y=None):
        Counter.n += 1
        self.is_fitted_ = True
        return self

    def transform(self, X):
        return X


def test_whole_steps_are_chosen_and_their_parameters_where_they_have_them():
    trials = example_trials(24)
    space = {
        "stft": [STFT(), MelSpectrogram(), CWT()],
        "stft__window_s": [0.25, 0.5],
        "stft__n_mels": [4, 8],
        "cnn_bigru__hidden_size": [4],
    }
    net = CNNBiGRU(max_epochs=1, n_filters=(2,), random_state=0)
    model = TunedClassifier(
        Pipeline([STFT(), net]), space, cv="group-3", sampler="grid", pruner=None
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(trials.X, trials.y)
    settings = model.trials_
    mel = settings["stft"].str.startswith("Mel")
    cwt = settings["stft"].str.startswith("CWT")
    assert settings[cwt][["stft__window_s", "stft__n_mels"]].isna().all(axis=None)
    assert settings[mel]["stft__n_mels"].notna().all()
    assert (settings["state"] == "whole").all()


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"logisticregression__D": [1]}, "no parameter of the decoder; did you mean 'logistic"),
        ({C: []}, r"space\['logisticregression__C'\] is \[\]; expected a list"),
        ({C: 1.0}, "is 1.0; expected a list of values"),
        ({C: "ab"}, "is 'ab'; expected a list of values"),
        ({}, "space is {}; expected a dict"),
        ([1], r"space is \[1\]; expected a dict"),
        ({"logisticregression__random_state": [0, 1]}, "a seed is no setting"),
    ],
)
def test_spaces_that_make_no_sense(data, space, message):
    X, y, groups = data
    model = TunedClassifier(decoder(), space, cv="group-3")
    with pytest.raises(ParameterError, match=message):
        model.fit(X, y, groups=groups)


def test_a_grid_takes_lists_and_as_many_trials(data):
    X, y, groups = data
    with pytest.raises(ParameterError, match="The grid has 5 settings and n_trials is 4"):
        tuned({C: [1, 2, 3, 4, 5]}, sampler="grid").fit(X, y, groups=groups)
    with pytest.raises(ParameterError, match='is a distribution, and sampler="grid" takes lists'):
        tuned({C: uniform(0, 1)}, sampler="grid").fit(X, y, groups=groups)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_trials": 0}, "n_trials is 0"),
        ({"sampler": "best"}, "sampler is 'best'"),
        ({"pruner": "median"}, "pruner is 'median'"),
        ({"refit": 0}, "refit is 0"),
        ({"scoring": ["accuracy", "f1"]}, "a search takes one metric"),
        ({"scoring": "acuracy"}, "No metric is named 'acuracy'; did you mean"),
        ({"timeout_s": -1}, "timeout_s is -1"),
        ({"decoder": LogisticRegression}, "expected a classifier, or a pipeline"),
    ],
)
def test_arguments_that_make_no_sense(data, params, message):
    X, y, groups = data
    with pytest.raises(ValueError, match=message):
        tuned().set_params(**params).fit(X, y, groups=groups)


def test_distributions_of_scipy_and_optuna(data):
    X, y, groups = data
    space = {
        C: FloatDistribution(1e-3, 1e3, log=True),
        "logisticregression__max_iter": randint(50, 60),
        "logisticregression__tol": loguniform(1e-6, 1e-3),
        "logisticregression__intercept_scaling": norm(5, 0.1),
        "standardscaler__with_std": np.array([True, False]),
    }
    model = tuned(space, sampler="random", n_trials=6, pruner=None).fit(X, y, groups=groups)
    drawn = model.trials_
    assert drawn["logisticregression__max_iter"].between(50, 59).all()
    assert drawn["logisticregression__tol"].between(1e-6, 1e-3).all()
    assert drawn["logisticregression__intercept_scaling"].between(4.5, 5.5).all()
    assert drawn[C].between(1e-3, 1e3).all()
    assert drawn["standardscaler__with_std"].dtype == bool


def test_distributions_of_optuna_are_kept_in_files(tmp_path):
    space = {
        "a": FloatDistribution(1e-3, 1e3, log=True),
        "b": FloatDistribution(0.0, 1.0, step=0.25),
        "c": IntDistribution(1, 64, log=True),
        "d": CategoricalDistribution(["x", None, 2]),
    }
    eegkit.save(TunedClassifier(decoder(), space), tmp_path / "search.eegkit")
    assert eegkit.load(tmp_path / "search.eegkit").space == space


def test_the_default_space_is_that_of_every_part():
    net = Pipeline([STFT(), CNNBiGRU()])
    assert default_space(net).keys() == {
        *(f"stft__{name}" for name in STFT.search_space()),
        *(f"cnn_bigru__{name}" for name in CNNBiGRU.search_space()),
    }
    with pytest.raises(ParameterError, match="No part of DummyClassifier says"):
        TunedClassifier(DummyClassifier()).fit([[0.0]] * 4, [0, 1] * 2, groups=list("aabb"))


def test_it_pickles_clones_saves_and_loads(data, tmp_path):
    X, y, groups = data
    space = {C: loguniform(1e-3, 1.0)}
    model = tuned(space, storage=tmp_path / "study").fit(X, y, groups=groups)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    with pytest.raises(NotFittedError):
        clone(model).predict(X)
    eegkit.save(model, tmp_path / "model.eegkit")
    loaded = eegkit.load(tmp_path / "model.eegkit")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert loaded.trials_.equals(model.trials_)
    assert loaded.best_params_ == model.best_params_
    assert loaded.storage is None  # a file does not choose where to write
    assert loaded.space[C].args == (1e-3, 1.0)
    assert clone(loaded).fit(X, y, groups=groups).best_params_ == model.best_params_


def test_searches_of_evaluate_are_nested():
    trials = example_trials(48)
    search = TunedClassifier(
        Pipeline([BandPower(), LogisticRegression()]), {C: [1e-3, 1.0]}, cv="group-2",
        sampler="grid",
    )  # fmt: skip
    results = evaluate({"tuned": search, "plain": search.decoder}, trials, cv="loso")
    kinds = results.audits["trials"].findings["kind"]
    assert "inner_split" not in set(kinds)
    tuning = results.tuning()
    assert tuning.settings()["fold"].tolist() == [0, 1, 2]
    assert tuning.parameters == [C]
    assert tuning.claimed == pytest.approx(tuning.settings()["score"].mean())
    assert tuning.honest == pytest.approx(results.scores()["tuned"].mean())
    assert results.select(pipeline="plain").searches.empty
    with pytest.raises(ValueError, match="Nothing was tuned in these results"):
        results.select(pipeline="plain").tuning()
    with pytest.raises(ValueError, match="searches for the best random_state"):
        evaluate(TunedClassifier(LogisticRegression(), {"random_state": [0, 1]}), trials, cv="loso")


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_tune_in_two_workers_goes_on_where_it_was(backend, tmp_path):
    pipeline, trials = Pipeline([BandPower(), LogisticRegression()]), example_trials(48)

    def searches(n_trials, **options):
        results = tune(
            pipeline, trials, {C: loguniform(1e-3, 1e-1)}, cv_outer="loso", cv="group-2",
            baselines=False, random_state=0, n_trials=n_trials, **options,
        )  # fmt: skip
        return results.searches

    with parallel_config(backend):
        begun = searches(2, storage=tmp_path / "study", n_jobs=2)
        whole = searches(3, storage=tmp_path / "study", n_jobs=2)
    # Even the times are those of before: nothing was tried again.
    before = whole[whole["trial"] < 2].drop(columns="is_best").reset_index(drop=True)
    assert before.equals(begun.drop(columns="is_best"))
    assert whole.drop(columns="fit_time_s").equals(searches(3).drop(columns="fit_time_s"))
    assert optuna.logging.get_verbosity() == optuna.logging.INFO


@pytest.mark.parametrize(("backend", "n_jobs"), [("loky", 2), ("threading", 2), ("threading", 1)])
def test_the_bar_ends_with_all_settings(data, backend, n_jobs, capsys):
    X, y, groups = data
    with parallel_config(backend):
        model = tuned(sampler="random", n_trials=3, n_jobs=n_jobs, verbose=True)
        best = model.fit(X, y, groups=groups).best_score_
    bar = capsys.readouterr().err
    assert f"3/3 best balanced accuracy {best:.3f}" in " ".join(bar.split())


def test_searches_share_optunas_log_across_threads():
    first, second = quiet(), quiet()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert optuna.logging.get_verbosity() == optuna.logging.WARNING
    second.__exit__(None, None, None)
    assert optuna.logging.get_verbosity() == optuna.logging.INFO


def test_wrong_nestings_are_found():
    trials = example_trials(48)
    decoder = Pipeline([BandPower(), LogisticRegression()])
    mixed = StratifiedKFold(3, shuffle=True, random_state=0)
    search = TunedClassifier(decoder, {C: [1.0]}, cv=mixed, sampler="grid")
    with pytest.warns(UserWarning, match="the same people on both sides of its folds"):
        results = evaluate(search, trials, cv="loso", scoring="accuracy")
    assert "inner_split" in set(results.audits["trials"].findings["kind"])
    with pytest.warns(UserWarning, match="the same people on both sides of its folds"):
        search.fit(trials.X, trials.y)
    with pytest.raises(ValueError, match="leak"):
        evaluate(search.set_params(cv="group-2"), trials, cv=mixed)


def test_steps_that_know_people_are_told_people_not_what_the_split_keeps_apart():
    trials = example_trials(48)
    seen = []

    class Watch(BaseEstimator):
        def fit(self, X, y=None):
            seen.append(set(X.groups))
            self.is_fitted_ = True
            return self

        def transform(self, X):
            return np.asarray(X).reshape(len(X), -1)

    search = TunedClassifier(
        Pipeline([Watch(), LogisticRegression()]), {C: [1.0]}, cv="group-2", sampler="grid"
    )
    search.fit(trials.X, trials.y, groups=np.tile(np.repeat(["a", "b"], 2), 12))
    assert all(people <= set(trials.groups) for people in seen)


def test_the_file_of_results_keeps_what_was_tried(tmp_path):
    decoder = Pipeline([BandPower(), LogisticRegression()])
    results = tune(
        decoder, example_trials(24), {C: [1e-3, 1.0]}, cv_outer="loso", cv="group-2",
        sampler="grid", baselines=False, store=tmp_path / "folds",
    )  # fmt: skip
    results.save(tmp_path / "results.eegkit")
    loaded = type(results).load(tmp_path / "results.eegkit")
    assert loaded.searches.equals(results.searches)
    assert loaded.tuning().describe() == results.tuning().describe()
    assert results.pipelines == ["tuned", "default"]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("values", [[0.1, 1.0], loguniform(1e-3, 1.0), uniform(loc=0.5, scale=1)])
def test_a_search_is_replayed_and_not_looked_up(values, tmp_path):
    trials = eegkit.load_dataset("simulated", n_subjects=6, n_trials=8)
    results = tune(
        Pipeline([BandPower(), LogisticRegression()]), trials, {C: values}, cv_outer="group-3",
        cv="group-2", n_trials=3, random_state=0, storage=tmp_path / "study", baselines=False,
    )  # fmt: skip
    results.capsule(tmp_path / "capsule")
    (tmp_path / "study").unlink()
    assert eegkit.replay(tmp_path / "capsule").verdict == "exact"
    assert not (tmp_path / "study").exists()


def test_where_a_search_is_kept_is_nothing_of_what_it_is(tmp_path):
    search = TunedClassifier(decoder(), {C: [1.0]})
    (tmp_path / "study").write_text("something")
    elsewhere = clone(search).set_params(storage=str(tmp_path / "study"), verbose=True)
    assert identify(elsewhere) == identify(search)
    assert identify(elsewhere) != identify(clone(search).set_params(n_trials=3))


def test_whoever_chooses_by_people_it_knows_claims_more_than_is_so():
    """Labels are random, with a share of each person; people can be told apart."""
    trials = eegkit.load_dataset(
        "simulated", condition="identity", n_subjects=16, n_trials=24, random_state=0
    )
    rng = np.random.default_rng(0)
    people = np.unique(trials.groups, return_inverse=True)[1]
    share = rng.permutation(np.resize([0.15, 0.85], 16))[people]
    y = np.where(rng.random(len(trials)) < share, "yes", "no")
    trials = eegkit.Trials(trials.X, y, trials.metadata, trials.info)
    decoder = Pipeline([BandPower(sfreq=128.0), StandardScaler(), KNeighborsClassifier()])
    space, grid = {"kneighborsclassifier__n_neighbors": [1, 5]}, {"sampler": "grid"}
    mixed = StratifiedKFold(4, shuffle=True, random_state=0)
    claimed = TunedClassifier(decoder, space, cv=mixed, **grid).fit(np.asarray(trials.X), y)
    assert claimed.best_score_ > 0.7
    results = tune(decoder, trials, space, cv_outer="group-4", baselines=False, **grid)
    row = results.summary().set_index("pipeline").loc["tuned"]
    assert row["ci_low"] < 0.5 < row["ci_high"]
    assert abs(results.tuning().optimism) < 0.1
