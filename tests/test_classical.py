"""Steps of classical decoders."""

import numpy as np
import pytest
from scipy.linalg import logm
from sklearn.linear_model import Ridge
from sklearn.utils.estimator_checks import check_estimator

from eegkit.classical import LeastSquaresClassifier, MatrixLogarithm


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


def covariances(n_trials=5, n_channels=3):
    X = np.random.default_rng(0).normal(size=(n_trials, n_channels, 50))
    return X @ X.swapaxes(1, 2) / 50


def test_logarithms_of_matrices_keep_their_norms():
    X = covariances()
    features = MatrixLogarithm().fit_transform(X)
    logarithms = np.array([logm(matrix) for matrix in X])
    rows, columns = np.triu_indices(3)
    weights = np.where(rows == columns, 1, np.sqrt(2))
    np.testing.assert_allclose(features, logarithms[:, rows, columns] * weights, atol=1e-10)
    norms = np.linalg.norm(logarithms, axis=(1, 2))
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), norms)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda X: X[:, :2, :2], "matrices of 2 channels, but MatrixLogarithm was fitted on 3"),
        (lambda X: X[0], "expects covariances"),
        (lambda X: X[:, :2], "expects covariances"),
        (lambda X: X + np.triu(np.ones((3, 3)), 1), "not symmetric"),
        (lambda X: X * np.nan, "NaN or infinite"),
        (lambda X: X - 10 * np.eye(3), "5 of 5 matrices in X are not positive definite"),
        (lambda X: np.concatenate([X, np.zeros((1, 3, 3))]), "1 of 6 matrices in X are not"),
    ],
)
def test_what_has_no_logarithm_is_refused(spoil, message):
    X = covariances()
    with pytest.raises(ValueError, match=message):
        MatrixLogarithm().fit(X).transform(spoil(X))
