"""A threshold for each person: where it lies, what it sees, and what it tells."""

import warnings

import numpy as np
import pytest
from skimage.filters import threshold_otsu
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import check_estimator

from eegkit import Pipeline, SignalArray, Trials
from eegkit.access import access_of
from eegkit.subject_threshold import SubjectThreshold, otsu_threshold
from eegkit.transforms import BandPower, SubjectStandardizer

RNG = np.random.default_rng(0)


def people(shifts, n_trials=(30, 10)):
    """One feature, in which people differ by a shift; the last trials of each are task."""
    y = np.tile(np.repeat(["rest", "task"], n_trials), len(shifts))
    X = RNG.normal(0, 0.3, len(y)) + 2.0 * (y == "task")
    X += np.repeat(shifts, sum(n_trials))
    groups = np.repeat([f"S{i}" for i in range(len(shifts))], sum(n_trials))
    return SignalArray(X[:, None], groups=groups), y


@pytest.fixture
def decoder():
    X, y = people([0.0, 0.0])
    return SubjectThreshold(LogisticRegression()).fit(X, y)


def test_the_threshold_is_otsus():
    values = np.concatenate([RNG.normal(0, 1, 4000), RNG.normal(5, 1, 2000)])
    assert otsu_threshold(values) == pytest.approx(threshold_otsu(values), abs=0.05)
    assert otsu_threshold(np.arange(6.0)) == 2.5
    with pytest.raises(ValueError, match="takes 6 trials or more; there are 5"):
        otsu_threshold(np.arange(5.0))


def test_shifts_of_people_do_not_matter(decoder):
    X, y = people([-5.0, 4.0])
    assert (decoder.predict(X) == y).mean() > 0.97
    assert (decoder.estimator_.predict(X) == y).mean() < 0.7
    probabilities = decoder.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (decoder.classes_[probabilities.argmax(axis=1)] == decoder.predict(X)).all()


def test_people_do_not_see_one_another(decoder):
    X, _ = people([-5.0, 4.0])
    first = X.groups == "S0"
    np.testing.assert_array_equal(
        decoder.decision_function(X)[first], decoder.decision_function(X[first])
    )
    assert access_of(decoder) == "transductive"


def test_too_few_trials_take_the_threshold_of_training(decoder):
    X, _ = people([4.0])
    with pytest.warns(UserWarning, match="too few trials of S0 .* call calibrate"):
        odds = decoder.decision_function(X[:9])
    np.testing.assert_array_equal(odds, decoder.estimator_.decision_function(X[:9]))


def test_calibrate_keeps_the_threshold(decoder):
    X, _ = people([4.0])
    expected = decoder.predict(X)
    decoder.calibrate(X)
    assert (decoder.predict(X[-3:]) == expected[-3:]).all()
    threshold = decoder.subjects_["S0"]
    decoder.calibrate(np.asarray(X), groups=["S9"] * len(X))
    assert decoder.subjects_ == {"S0": threshold, "S9": threshold}


def test_signals_of_nobody_are_of_one_person(decoder):
    X, y = people([4.0])
    with pytest.warns(UserWarning, match="does not say whose"):
        assert (decoder.predict(np.asarray(X)) == y).mean() > 0.97


def test_three_classes_are_refused():
    with pytest.raises(ValueError, match="Only binary classification"):
        SubjectThreshold(LogisticRegression()).fit(np.arange(6.0)[:, None], [0, 1, 2, 0, 1, 2])


def test_trials_tell_their_people(decoder):
    trials = Trials.from_arrays(
        RNG.normal(size=(24, 1, 64)), ["a", "b"] * 12, sfreq=64, subject=["S1", "S2"] * 12
    )
    decoder = SubjectThreshold(Pipeline([BandPower(bands={"all": (4, 30)}), LogisticRegression()]))
    decoder.fit(trials, trials.y)
    np.testing.assert_array_equal(
        decoder.decision_function(trials), decoder.decision_function(trials.X)
    )


def test_the_decoder_inside_is_calibrated_as_well():
    X, y = people([0.0, 0.0])
    new, _ = people([4.0])
    inner = Pipeline([SubjectStandardizer(), LogisticRegression()])
    decoder = SubjectThreshold(inner).fit(X, y).calibrate(new)
    alone = np.concatenate([decoder.decision_function(new[i : i + 1]) for i in range(len(new))])
    np.testing.assert_allclose(alone, decoder.decision_function(new), atol=1e-5)


def test_groups_reach_the_decoder_inside():
    X, y = people([0.0, 0.0])
    new, _ = people([-4.0, 4.0])
    inner = Pipeline([SubjectStandardizer(), LogisticRegression()])
    named = SubjectThreshold(inner).fit(X, y).calibrate(new)
    plain = SubjectThreshold(inner).fit(X, y).calibrate(np.asarray(new), groups=new.groups)
    assert plain.subjects_ == pytest.approx(named.subjects_)


def test_scores_that_are_no_log_odds_give_no_probabilities():
    X, y = people([0.0, 0.0])
    decoder = SubjectThreshold(LinearSVC())
    assert not hasattr(decoder, "predict_proba")
    assert (decoder.fit(X, y).predict(X) == y).mean() > 0.9
    with pytest.raises(AttributeError, match="no attribute 'predict_proba'") as refusal:
        decoder.predict_proba(X)
    assert "LinearSVC has no predict_proba, and its scores are no log-odds" in str(
        refusal.value.__cause__
    )


def test_probabilities_alone_are_enough():
    X, y = people([0.0, 0.0])
    new, truth = people([-0.8, 0.8])
    decoder = SubjectThreshold(GaussianNB()).fit(X, y)
    proba = decoder.predict_proba(new)
    assert (decoder.predict(new) == truth).mean() > 0.9
    np.testing.assert_array_equal(proba[:, 1] > 0.5, decoder.predict(new) == "task")
    assert np.isfinite(decoder.decision_function(new + 1e6)).all()


def test_an_estimator_without_scores_is_refused():
    X, y = people([0.0])
    with pytest.raises(ValueError, match="LinearRegression has neither decision_function nor"):
        SubjectThreshold(LinearRegression()).fit(X, y)


def test_scikit_learn():
    failures = {
        "check_methods_subset_invariance": "a person's threshold is that of all trials given",
        "check_classifiers_one_label_sample_weights": "it parts a person's trials in two",
    }
    with warnings.catch_warnings(action="ignore"):
        results = check_estimator(
            SubjectThreshold(LogisticRegression()),
            expected_failed_checks=failures,
            on_fail=None,
            on_skip=None,
        )
    by_status = {name: [] for name in ("failed", "xfail", "passed")}
    for result in results:
        by_status.setdefault(result["status"], []).append(result["check_name"])
    assert not by_status["failed"]
    assert set(by_status["xfail"]) == set(failures)
    assert len(by_status["passed"]) > 50


@pytest.mark.parametrize("y", [None, ["a"] * 40, [[0.5, 0.5]] * 40])
def test_labels_are_of_two_classes(decoder, y):
    X, _ = people([0.0])
    with pytest.raises(ValueError, match=r"target y is None|y has 1 class|continuous-multioutput"):
        decoder.fit(X, y)
