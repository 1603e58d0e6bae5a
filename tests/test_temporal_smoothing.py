"""Answers averaged over time: the weights, what they may see, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import check_estimator

import eegkit
from eegkit import SignalArray
from eegkit.access import access_of
from eegkit.pipeline import Pipeline
from eegkit.subject_threshold import SubjectThreshold
from eegkit.temporal_smoothing import TemporalSmoothing
from eegkit.testing import example_trials
from eegkit.transforms import BandPower, SubjectStandardizer

RNG = np.random.default_rng(0)
ORDER_MATTERS = "trials of one person are answered together, in their order"


def signals(n_trials=12, n_people=2):
    """One feature of people whose trials stand in any order."""
    onsets = np.concatenate([RNG.permutation(5.0 * np.arange(n_trials)) for _ in range(n_people)])
    groups = np.repeat([f"S{i}" for i in range(n_people)], n_trials)
    return SignalArray(RNG.normal(size=(len(groups), 1)), groups=groups, onsets=onsets)


def fitted(labels=("a", "b"), **params):
    y = np.resize(labels, 60)
    X = RNG.normal(size=(60, 1)) + np.searchsorted(labels, y)[:, None]
    return TemporalSmoothing(LogisticRegression(), **params).fit(X, y)


def test_causal_exponential_weights_are_those_of_pandas():
    decoder, X = fitted(time_constant_s=7.0), signals(n_people=1)
    order = np.argsort(X.onsets)
    alone = pd.Series(decoder.estimator_.decision_function(X)[order])
    smooth = alone.ewm(alpha=1 - np.exp(-5 / 7.0), adjust=True).mean()
    np.testing.assert_allclose(decoder.decision_function(X)[order], smooth)


def test_a_boxcar_on_both_sides_is_the_mean_of_neighbours():
    decoder = fitted(access="transductive", kernel="boxcar", time_constant_s=5.0)
    X = signals(n_people=1)
    order = np.argsort(X.onsets)
    alone = pd.Series(decoder.estimator_.decision_function(X)[order])
    mean = alone.rolling(3, center=True, min_periods=2).mean()
    np.testing.assert_allclose(decoder.decision_function(X)[order], mean)


@pytest.mark.parametrize("access", ["causal", "transductive"])
@pytest.mark.parametrize("kernel", ["exponential", "boxcar"])
def test_it_sees_what_its_access_says(access, kernel):
    decoder, X = fitted(access=access, kernel=kernel), signals()
    assert access_of(decoder) == access
    later = (X.groups == "S0") & (X.onsets > 25)
    changed = SignalArray(np.where(later[:, None], 9.0, np.asarray(X)), **X.metadata)
    is_same = decoder.decision_function(X) == decoder.decision_function(changed)
    assert is_same[X.groups == "S1"].all()
    assert not is_same[later].any()
    before = (X.groups == "S0") & ~later
    assert is_same[before].all() == (access == "causal")


def test_a_long_pause_forgets():
    decoder = fitted(time_constant_s=5.0)
    X = SignalArray(np.array([[9.0], [0.0]]), groups=["S0"] * 2, onsets=[0.0, 600.0])
    np.testing.assert_allclose(
        decoder.decision_function(X), decoder.estimator_.decision_function(X)
    )


def test_states_that_last_are_told_better():
    decoder = fitted(time_constant_s=15.0, access="transductive")
    y = np.tile(np.repeat(["a", "b"], 20), 5)
    X = RNG.normal(size=(200, 1)) + (y == "b")[:, None]
    X = SignalArray(X, groups=np.repeat(list("VWXYZ"), 40), onsets=np.tile(5.0 * np.arange(40), 5))
    assert decoder.score(X, y) > decoder.estimator_.score(X, y) + 0.1


def test_probabilities_of_three_classes():
    decoder, X = fitted(("a", "b", "c"), interval_s=5.0), signals()
    probabilities = decoder.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    scores = decoder.decision_function(X)
    assert scores.shape == (len(X), 3)
    np.testing.assert_array_equal(scores.argmax(axis=1), probabilities.argmax(axis=1))
    np.testing.assert_array_equal(decoder.predict(X), np.array(list("abc"))[scores.argmax(axis=1)])


def test_trials_of_unknown_time():
    X = SignalArray(np.zeros((3, 1)), groups=["S0"] * 3)
    with pytest.raises(ValueError, match=r"does not say when its trials began.* set interval_s"):
        fitted().predict(X)
    assert len(fitted(interval_s=5.0).predict(X)) == 3
    with pytest.warns(UserWarning, match="does not say whose"):
        fitted(interval_s=5.0).predict(np.zeros((3, 1)))


def test_trials_tell_their_people_and_times():
    trials = example_trials(24)
    decoder = TemporalSmoothing(Pipeline([BandPower(), LogisticRegression()]), interval_s=2.0)
    decoder.fit(trials, trials.y)
    np.testing.assert_array_equal(decoder.predict_proba(trials), decoder.predict_proba(trials.X))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"access": "none"}, "access"),
        ({"kernel": "gauss"}, "kernel"),
        ({"time_constant_s": 0.0}, "time_constant_s"),
        ({"interval_s": -1.0}, "interval_s"),
        ({"estimator": LinearSVC()}, "LinearSVC has no predict_proba"),
    ],
)
def test_what_is_refused(params, message):
    decoder = TemporalSmoothing(LogisticRegression()).set_params(**params)
    with pytest.raises(ValueError, match=message):
        decoder.fit(np.zeros((4, 1)), [0, 1, 0, 1])


@pytest.mark.filterwarnings("ignore:X does not say whose")
def test_scikit_learns_checks():
    check_estimator(
        TemporalSmoothing(LogisticRegression(), interval_s=20.0),
        expected_failed_checks={
            "check_methods_subset_invariance": ORDER_MATTERS,
            "check_methods_sample_order_invariance": ORDER_MATTERS,
        },
        on_skip=None,
    )


def test_calibrate_is_that_of_the_estimator():
    X, y = signals(n_trials=20), np.resize(["a", "b"], 40)
    pipeline = Pipeline([("align", SubjectStandardizer()), ("lr", LogisticRegression())])
    decoder = TemporalSmoothing(pipeline).fit(X, y).calibrate(X, groups=["new"] * 40)
    assert list(decoder.estimator_.named_steps["align"].subjects_) == ["new"]
    assert not hasattr(fitted(), "calibrate")
    threshold = SubjectThreshold(TemporalSmoothing(LogisticRegression())).fit(X, y).calibrate(X)
    assert list(threshold.subjects_) == ["S0", "S1"]


def test_it_is_kept_in_a_file(tmp_path):
    X = signals()
    steps = [("smooth", TemporalSmoothing(LogisticRegression(), access="transductive"))]
    decoder = Pipeline(steps).fit(X, np.resize(["a", "b"], len(X)))
    eegkit.save(decoder, tmp_path / "decoder.eegkit")
    loaded = eegkit.load(tmp_path / "decoder.eegkit")
    np.testing.assert_allclose(loaded.predict_proba(X), decoder.predict_proba(X))
