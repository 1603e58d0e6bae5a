"""Chance by permutation: against scikit-learn's scores, exact distributions, planted effects."""

import itertools
import warnings

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score

from eegkit.evaluation import permutation_chance

SCORES = {"accuracy": accuracy_score, "balanced_accuracy": balanced_accuracy_score}


def quiet(score):
    def call(y, made):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # predicted labels that the person does not have
            return score(y, made)

    return call


def predictions(n_subjects=6, n_trials=30, n_classes=3, skill=0.0, seed=0):
    """Labels of unequal classes, and predictions that are right a bit more often than by chance."""
    rng = np.random.default_rng(seed)
    n = n_subjects * n_trials
    y = rng.choice(n_classes, n, p=np.arange(1, n_classes + 1) / np.arange(n_classes + 1).sum())
    made = np.where(rng.random(n) < skill, y, rng.integers(0, n_classes, n))
    subjects = np.repeat([f"S{i}" for i in range(n_subjects)], n_trials)
    order = rng.permutation(n)
    return np.array(["a", "b", "c", "d"])[y][order], np.array(list("abcd"))[made][order], subjects


@pytest.mark.parametrize("score", SCORES)
def test_as_scikit_learn_scores(score):
    y, made, subjects = predictions(skill=0.1)
    slow = permutation_chance(y, made, subjects, quiet(SCORES[score]), 200)
    fast = permutation_chance(y, made, subjects, score, 200)
    people = np.unique(subjects)
    each = [quiet(SCORES[score])(y[subjects == s], made[subjects == s]) for s in people]
    assert fast.observed == pytest.approx(np.mean(each))
    assert slow.observed == pytest.approx(np.mean(each))
    assert fast.mean == pytest.approx(slow.mean, abs=0.01)
    assert fast.percentile_95 == pytest.approx(slow.percentile_95, abs=0.015)
    assert fast.null.std() == pytest.approx(slow.null.std(), rel=0.2)


def test_the_null_distribution_is_exact():
    y, made = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, 2])
    every = [np.mean(np.array(p) == made) for p in itertools.permutations(y)]
    found = permutation_chance(y, made, None, "accuracy", 20_000)
    values, counts = np.unique(np.round(every, 9), return_counts=True)
    seen = [(np.abs(found.null - value) < 1e-9).sum() for value in values]
    assert sum(seen) == 20_000
    assert stats.chisquare(seen, 20_000 * counts / counts.sum()).pvalue > 0.001


def test_the_mean_of_balanced_accuracy_is_one_over_the_classes():
    y, made, subjects = predictions(n_trials=60)
    assert permutation_chance(y, made, subjects).mean == pytest.approx(1 / 3, abs=0.005)


def test_permutations_stay_within_people():
    # Everybody always presses one button, and has mostly one class: a bias of each person,
    # which permuting over everybody would call skill.
    subjects = np.repeat(np.arange(10), 20)
    y = np.where(np.arange(200) % 20 < 4, 1 - subjects % 2, subjects % 2)
    made = subjects % 2
    assert permutation_chance(y, made, subjects, "accuracy").p == 1
    assert permutation_chance(y, made, None, "accuracy").p == pytest.approx(1 / 1001)


def test_p_is_uniform_without_skill_and_small_with_it():
    p = [permutation_chance(*predictions(seed=s), n_permutations=99).p for s in range(100)]
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert min(p) >= 0.01
    assert permutation_chance(*predictions(skill=0.3)).p == pytest.approx(1 / 1001)


def test_scores_of_probabilities():
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 60)
    score = y + rng.normal(size=120)
    found = permutation_chance(y, score, np.repeat([1, 2, 3], 40), roc_auc_score, 99)
    assert found.p == 0.01
    assert found.mean == pytest.approx(0.5, abs=0.03)


def test_the_seed_settles_it_and_blocks_change_nothing(monkeypatch):
    made = predictions()
    first = permutation_chance(*made)
    np.testing.assert_array_equal(permutation_chance(*made).null, first.null)
    assert (permutation_chance(*made, random_state=1).null != first.null).any()
    monkeypatch.setattr("eegkit.evaluation.statistics.permutation.BLOCK", 100)
    np.testing.assert_allclose(permutation_chance(*made).null, first.null)


def test_refused():
    y, made, subjects = predictions()
    with pytest.raises(ValueError, match="Nobody has trials of two classes"):
        permutation_chance(subjects, subjects, subjects)
    with pytest.raises(ValueError, match="one label, prediction and subject"):
        permutation_chance(y, made[1:], subjects)
    with pytest.raises(ValueError, match="score is 'f1'"):
        permutation_chance(y, made, subjects, "f1")
    with pytest.raises(ValueError, match="with predicted labels"):
        permutation_chance(y, np.ones((len(y), 3)), subjects)
    with pytest.raises(ValueError, match="n_permutations is 0"):
        permutation_chance(y, made, subjects, n_permutations=0)
    with pytest.raises(ValueError, match="undefined for some person"):
        permutation_chance([0, 1, 1, 1], [0, 1, 1, 1], [1, 1, 2, 2], lambda a, b: np.nan, 9)
