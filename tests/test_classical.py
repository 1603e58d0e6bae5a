"""Steps of classical decoders."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.utils.estimator_checks import check_estimator

from eegkit.classical import LeastSquaresClassifier


def example(n_classes=3, n_features=40):
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(n_classes), 10)
    return rng.normal(size=(len(y), n_features)) + 0.7 * rng.normal(size=(n_classes, n_features))[
        y
    ], y


@pytest.mark.parametrize("n_features", [5, 40])
def test_scores_are_those_of_ridge_regression(n_features):
    X, y = example(n_features=n_features)
    alpha = 0.2 * ((X - X.mean(axis=0)) ** 2).sum() / len(X)
    wanted = Ridge(alpha=alpha).fit(X, np.eye(3)[y]).predict(X)
    scores = LeastSquaresClassifier(shrinkage=0.2).fit(X, y).decision_function(X)
    np.testing.assert_allclose(scores, wanted, atol=1e-8)


def test_the_temperature_is_the_best_for_trials_that_are_left_out():
    X, y = example()
    alpha = 0.1 * ((X - X.mean(axis=0)) ** 2).sum() / len(X)
    rows = np.arange(len(X))
    left_out = []
    for i in rows:
        ridge = Ridge(alpha=alpha).fit(X[rows != i], np.eye(3)[y[rows != i]])
        left_out.append(ridge.predict(X[[i]])[0])
    best = LeastSquaresClassifier().fit(X, y).temperature_

    def loss(temperature):
        logits = np.array(left_out) / temperature
        return np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[rows, y])

    assert loss(best) <= min(loss(0.8 * best), loss(1.25 * best))


def test_probabilities_add_up_to_one_and_agree_with_the_answer():
    X, y = example()
    classifier = LeastSquaresClassifier().fit(X, y)
    proba = classifier.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_array_equal(classifier.classes_[proba.argmax(axis=1)], classifier.predict(X))


def test_scikit_learns_checks_pass():
    check_estimator(LeastSquaresClassifier(), on_skip=None)


def test_no_shrinkage_is_refused():
    with pytest.raises(ValueError, match="shrinkage is 0; expected a number above 0"):
        LeastSquaresClassifier(shrinkage=0).fit(*example())
