"""What a search may choose among, and how scores over folds are put together."""

import re

import numpy as np
import pytest
from scipy.stats import loguniform, poisson
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline as SkPipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from eegkit import Pipeline
from eegkit.parameters import ParameterError
from eegkit.testing import example_trials
from eegkit.tuning import TunedClassifier, nested, tune
from eegkit.tuning.search import number_of_settings, over_folds
from eegkit.tuning.spaces import Space

C = "logisticregression__C"
DECODER = Pipeline([StandardScaler(), LogisticRegression()])


def data():
    rng = np.random.default_rng(0)
    y = np.tile(["rest", "task"], 30)
    X = rng.normal(size=(60, 5))
    X[:, 0] += y == "task"
    return X, y, np.repeat(list("abcdef"), 10)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({1: [0.1, 1.0]}, "space names 1; expected text"),
        ({"C": [0.1, 1.0]}, "did you mean 'logisticregression__C'?"),
        ({C: loguniform(1.0, 0.1)}, "nothing can be drawn from; the lower end"),
    ],
)
def test_a_space_that_makes_no_sense_is_refused_in_a_sentence(space, message):
    with pytest.raises(ParameterError, match=re.escape(message)):
        Space(DECODER, space)


def test_a_distribution_of_whole_numbers_gives_whole_numbers():
    name = "logisticregression__max_iter"
    [dimension] = Space(DECODER, {name: poisson(100)}).dimensions
    value = dimension.value(0.5)
    assert isinstance(value, int)
    assert value == 100


def test_a_log_uniform_that_is_shifted_keeps_its_median():
    shifted = loguniform(0.1, 10, loc=5)
    [dimension] = Space(DECODER, {C: shifted}).dimensions
    assert dimension.value(0.5) == pytest.approx(shifted.median())


def test_a_grid_larger_than_memory_is_counted_and_refused():
    names = [C, "logisticregression__tol", "logisticregression__intercept_scaling"]
    space = Space(DECODER, {name: list(range(1, 3001)) for name in names})
    with pytest.raises(ParameterError, match=r"The grid has 27,000,000,000 settings"):
        number_of_settings(space, "grid", 30)


def test_the_size_of_a_grid_knows_which_step_has_which_parameter():
    choices = {
        "logisticregression": [LogisticRegression(), SVC()],
        C: [0.1, 1.0, 10.0],
        "logisticregression__kernel": ["linear", "rbf"],
        "standardscaler__with_mean": [True, False],
    }
    space = Space(DECODER, choices)
    assert space.grid_size() == len(space.grid()) == 2 * (3 + 3 * 2)


def test_somebody_tested_in_several_folds_has_the_mean_of_these():
    nan = float("nan")
    assert over_folds([{1: 0.5, 2: nan}, {1: 1.0, 2: 0.25}]) == {1: 0.75, 2: 0.25}


@pytest.mark.filterwarnings("ignore:cv=KFold")
def test_folds_that_mix_people_all_count():
    X, y, groups = data()
    folds = list(KFold(3, shuffle=True, random_state=0).split(X))
    model = TunedClassifier(
        KNeighborsClassifier(), {"n_neighbors": [3]}, cv=folds, n_trials=1, scoring="accuracy"
    )
    with pytest.warns(UserWarning, match="same people on both sides"):
        model.fit(X, y, groups=groups)
    right = np.full(60, np.nan)
    means = []
    for train, test in folds:
        answers = KNeighborsClassifier(3).fit(X[train], y[train]).predict(X[test])
        right = np.full(60, np.nan)
        right[test] = answers == y[test]
        means.append([np.nanmean(right[groups == person]) for person in "abcdef"])
    assert model.best_score_ == pytest.approx(np.mean(means))


def test_the_best_settings_that_are_kept_differ():
    X, y, groups = data()
    model = TunedClassifier(
        DECODER, {C: [1e-4, 1.0]}, cv="group-2", n_trials=8, random_state=0, pruner=None, refit=5
    )
    with pytest.warns(UserWarning, match="the answer is the mean of 2 settings"):
        model.fit(X, y, groups=groups)
    assert {estimator[-1].C for estimator in model.estimators_} == {1e-4, 1.0}


@pytest.mark.parametrize("options", [{"random_state": -1}, {"random_state": "x"}, {"n_jobs": "2"}])
def test_what_is_no_number_is_refused_by_name(options):
    X, y, groups = data()
    [name] = options
    with pytest.raises(ParameterError, match=f"{name} is "):
        TunedClassifier(DECODER, {C: [1.0]}, cv="group-2", **options).fit(X, y, groups=groups)


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        ([], "gave no folds for 60 trials"),
        ([(range(30), range(30, 90))], "names the test trials 30 to 89"),
        ([(range(30), [])], "Fold 0 has no test trials"),
        ([(range(40), range(30, 60))], "trains on 10 trials that it tests, trial 30 for one"),
    ],
)
def test_folds_that_are_none_are_refused(cv, message):
    X, y, groups = data()
    with pytest.raises(ValueError, match=message):
        TunedClassifier(DECODER, {C: [1.0]}, cv=cv, n_trials=1).fit(X, y, groups=groups)


@pytest.mark.parametrize("cv", ["group5", 5])
def test_outer_folds_that_are_none_are_named_as_they_are_given(cv):
    with pytest.raises(ParameterError, match=f"cv_outer is {cv!r}; expected") as raised:
        tune(DECODER, example_trials(12), {C: [1.0]}, cv_outer=cv)
    assert raised.value.parameter == "cv_outer"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"space": {f"{C}C": [0.1, 1.0]}}, f"no parameter of the decoder; did you mean '{C}'"),
        ({"space": {C: 1.0}}, "is 1.0; expected a list of values"),
        ({"space": {C: [0.1, 1.0]}, "sampler": "grid", "n_trials": 1}, "The grid has 2 settings"),
        ({"n_trials": 0}, "n_trials is 0"),
        ({"scoring": ["accuracy", "f1"]}, "a search takes one metric"),
        ({"cv": "within-2"}, "which reads metadata"),
        ({"cv": "group-3"}, "needs at least 3 subjects, but the trials are of 2"),
        ({"cv_outer": "group-2", "cv": "loso"}, "cannot be made of those who train in fold"),
    ],
)
def test_what_no_fold_could_do_is_refused_before_any_fit(change, message, monkeypatch):
    monkeypatch.setattr(nested, "evaluate", lambda *a, **k: pytest.fail("evaluated"))
    options = {"space": {C: [1.0]}, "cv_outer": "loso", "cv": "group-2", **change}
    trials = example_trials(24)  # of three people
    with pytest.raises(ParameterError, match=message):
        tune(DECODER, trials, **options)


@pytest.mark.parametrize("decoder", [StandardScaler(), Ridge(), "lr", None, LogisticRegression])
def test_what_is_no_classifier_is_refused(decoder):
    X, y, groups = data()
    with pytest.raises(ParameterError, match="expected a classifier, or a pipeline that ends"):
        TunedClassifier(decoder, {C: [1.0]}, cv="group-2").fit(X, y, groups=groups)


def test_a_classifier_may_be_left_to_the_search():
    X, y, groups = data()
    decoder = SkPipeline([("scale", StandardScaler()), ("classifier", "passthrough")])
    space = {"classifier": [LogisticRegression(), SVC()], "classifier__C": [1e-4, 1.0]}
    model = TunedClassifier(decoder, space, cv="group-2", sampler="grid")
    assert model.fit(X, y, groups=groups).predict(X).shape == (60,)
