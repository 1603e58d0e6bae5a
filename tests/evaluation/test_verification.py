"""Equal error rates, by hand and of results."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from eegkit import Pipeline, Trials, evaluate
from eegkit.classical import LeastSquaresClassifier
from eegkit.evaluation import FixedSplit, equal_error_rate, verification_table
from eegkit.testing import example_trials
from eegkit.transforms import BandPower


@pytest.mark.parametrize(
    ("genuine", "impostor", "rate"),
    [
        ([2, 3], [0, 1], 0),
        ([0, 1], [2, 3], 1),
        ([1, 1], [1, 1, 1], 0.5),
        ([0.9, 0.8, 0.7, 0.2], [0.1, 0.1, 0.15, 0.3], 0.25),
        # One genuine claim of two fails where one of four impostors passes: on the line between
        # (1/4, 1/2) and (1/4, 0) the rates are equal at 1/4.
        ([1.0, 3.0], [0, 0, 0, 2.0], 0.25),
    ],
)
def test_rates_by_hand(genuine, impostor, rate):
    assert equal_error_rate(genuine, impostor) == pytest.approx(rate)


def test_normal_scores_have_the_rate_of_their_distance():
    rng = np.random.default_rng(0)
    # Two standard deviations apart: the normal distribution function of -1.
    rate = equal_error_rate(rng.normal(2, 1, 20_000), rng.normal(0, 1, 20_000))
    assert rate == pytest.approx(0.1587, abs=0.01)


@pytest.mark.parametrize("genuine", [[], [np.nan, 1.0]])
def test_scores_that_are_none(genuine):
    with pytest.raises(ValueError, match=r"genuine has .* not finite; expected one finite score"):
        equal_error_rate(genuine, [0.0])


@pytest.fixture(scope="module")
def results():
    trials = example_trials(n_times=256)
    who = Trials(trials.X, trials.groups, trials.metadata, trials.info)
    half = np.arange(len(who)) % 2
    who.metadata["run"] = half.astype(str)
    decoders = {
        "power": Pipeline([BandPower(), LeastSquaresClassifier()]),
        "prior": DummyClassifier(strategy="prior"),
    }
    return evaluate(decoders, who, cv=FixedSplit(train=["0"], test=["1"], by="run"))


def test_the_table_counts_claims_and_has_the_rate_of_all(results):
    table = verification_table(results, n_resamples=50).set_index("pipeline")
    predictions = results.predictions(pipeline="power")
    is_true = predictions.y[:, None] == predictions.classes
    row = table.loc["power"]
    assert row["n_genuine"] == is_true.sum() == len(predictions)
    assert row["n_impostor"] == (~is_true).sum()
    wanted = equal_error_rate(predictions.proba[is_true], predictions.proba[~is_true])
    assert row["eer"] == pytest.approx(wanted)
    assert row["eer_low"] <= row["eer"] <= row["eer_high"]


def test_who_says_the_same_to_everybody_is_at_chance(results):
    table = verification_table(results, n_resamples=2).set_index("pipeline")
    assert table.loc["prior", "eer"] == pytest.approx(0.5)


def test_labels_that_are_no_people_are_refused():
    trials = example_trials(n_times=256)
    wrong = evaluate({"prior": DummyClassifier(strategy="prior")}, trials, cv="group-2")
    with pytest.raises(ValueError, match="the labels are not the people"):
        verification_table(wrong)
