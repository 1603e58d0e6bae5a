"""`person_identification`, and what its docstring says of it."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eegkit.access import access_of
from eegkit.decoders import person_identification
from eegkit.testing import example_trials

TABLE = Path(__file__).parents[2] / "benchmarks/accuracy/results/person_identification.csv"
SCORE = re.compile(
    r"``(person_identification\(.*?\))``, (\w+ to \w+): accuracy ([\d.]+) \[([\d.]+), ([\d.]+)\], "
    r"equal error rate ([\d.]+) \[([\d.]+), ([\d.]+)\]"
)


def test_its_docstring_has_the_scores_of_the_table():
    table = pd.read_csv(TABLE).set_index(["decoder", "task", "metric"])
    text = re.sub(r"\s+", " ", person_identification.__doc__)
    scores = SCORE.findall(text)
    assert len(scores) == 4
    for decoder, task, *numbers in scores:
        for metric, values in (("accuracy", numbers[:3]), ("equal_error_rate", numbers[3:])):
            row = table.loc[(decoder, task, metric)]
            assert values == [f"{row[column]:.3f}" for column in ("mean", "ci_low", "ci_high")]


@pytest.mark.parametrize("classifier", ["least_squares", "net"])
def test_it_tells_people_apart_by_single_trials(classifier):
    trials = example_trials(n_times=256)
    decoder = person_identification(classifier, random_state=0)
    proba = decoder.fit(trials.X[::2], trials.groups[::2]).predict_proba(trials.X[1:4])
    assert access_of(decoder) == "none"
    np.testing.assert_allclose(decoder.predict_proba(trials.X[1:2]), proba[:1], atol=1e-5)
    np.testing.assert_array_equal(decoder.classes_, np.unique(trials.groups))


def test_the_net_has_the_seed():
    assert person_identification("net", random_state=3).named_steps["net"].random_state == 3


def test_another_classifier_is_refused():
    with pytest.raises(ValueError, match="classifier is 'svm'"):
        person_identification("svm")
