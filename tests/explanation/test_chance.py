"""Maps by chance, with which those of few people are compared."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from eegkit import evaluate
from eegkit.explanation import explain_chance, explain_people
from eegkit.explanation.people import evidence
from eegkit.explanation.people_statistics import against_chance, corrected
from eegkit.pipeline import make_pipeline

HIDE = {"method": "occlusion", "space": "input", "by": "feature", "baseline": "mean"}
N_PEOPLE, N_TRIALS, N_POINTS = 8, 24, 8


def people_of(rng):
    """Trials of people, without an effect."""
    X = [rng.normal(loc=2 + rng.normal(), size=(N_TRIALS, N_POINTS)) for _ in range(N_PEOPLE)]
    return X, [rng.permutation(np.arange(N_TRIALS) % 2) for _ in X]


def maps_of(X, labels, fold):
    """The maps of linear decoders, which learn what differs between the classes of the others."""
    differences = np.array(
        [x[y == 1].mean(axis=0) - x[y == 0].mean(axis=0) for x, y in zip(X, labels, strict=True)]
    )
    weights = [differences[fold != number].mean(axis=0) for number in fold]
    return np.array(
        [
            evidence(np.stack([-w, w])[:, None] * x, y, np.arange(2))
            for w, x, y in zip(weights, X, labels, strict=True)
        ]
    )


def test_eight_people_without_an_effect_pass_one_time_in_twenty():
    rng = np.random.default_rng(0)
    fold = np.arange(N_PEOPLE) % 4
    n, alarms = 200, []
    for _ in range(n):
        X, labels = people_of(rng)
        chance = [maps_of(X, [rng.permutation(y) for y in labels], fold) for _ in range(19)]
        _, p = against_chance(maps_of(X, labels, fold), chance)
        alarms.append(p.min() <= 0.05)
    assert np.mean(alarms) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / n)


def test_t_is_that_of_the_sign_flips():
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(8, 3, 2))
    maps[:, 0, 0] += 5
    t, p = against_chance(maps, [rng.normal(size=(8, 3, 2)) for _ in range(9)])
    np.testing.assert_allclose(t, corrected(maps, ["channel", "time"], None, "max", 50, 0)[0])
    assert p[0, 0] == 0.1
    assert p.max() <= 1


def log_power(X):
    return np.log1p(np.var(np.asarray(X), axis=2))


def test_an_effect_is_found_at_its_place_and_the_trials_stay(eight_people):
    decoder = make_pipeline(FunctionTransformer(log_power), LogisticRegression())
    y = eight_people.y.copy()
    chance = explain_chance(decoder, eight_people, cv="group-2", n_shuffles=19, **HIDE)
    assert len(chance) == 19
    np.testing.assert_array_equal(eight_people.y, y)
    results = evaluate(decoder, eight_people, cv="group-2", keep_decoders=True)
    people = explain_people(results, eight_people, **HIDE)
    table = people.test(chance=chance)
    assert table.loc[table["p"] <= 0.05, "feature"].tolist() == [3]
    again = explain_chance(decoder, eight_people, cv="group-2", n_shuffles=1, **HIDE)
    np.testing.assert_array_equal(again[0].values, chance[0].values)
    with pytest.raises(ValueError, match="chance has maps of no shuffle"):
        people.test(chance=[])
    with pytest.raises(ValueError, match=r"maps of \(3,\)"):
        against_chance(people.values, [people.values[:, :3]])
