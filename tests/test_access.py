"""What a decoder may see of the people it is used on."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from eegkit import SignalArray, Trials
from eegkit.access import (
    access_of,
    calibration_rows,
    first_trials,
    trials_of_subjects,
    with_access,
)
from eegkit.trials_onsets import onsets_of


class Peeking(BaseEstimator):
    def __sklearn_tags__(self) -> Any:
        return with_access(super().__sklearn_tags__(), "transductive")

    def fit(self, X: Any, y: Any = None) -> Any:
        return self

    def transform(self, X: Any) -> Any:
        return X

    def calibration_rows(self, signals: SignalArray) -> Any:
        return np.arange(len(signals)) < 2


def test_the_widest_access_of_all_steps_counts() -> None:
    assert access_of(LogisticRegression()) == "none"
    assert (
        access_of(make_pipeline(make_pipeline(Peeking()), LogisticRegression())) == "transductive"
    )


def test_calibration_rows_of_any_step_count() -> None:
    pipeline = make_pipeline(Peeking(), LogisticRegression())
    X = SignalArray(np.zeros((4, 1, 8)))
    assert calibration_rows(pipeline, X).tolist() == [True, True, False, False]
    assert not calibration_rows(LogisticRegression(), X).any()


def test_trials_come_in_the_order_of_their_onsets() -> None:
    X = SignalArray(np.zeros((5, 1, 8)), groups=list("babab"), onsets=[4, 2, 0, 1, 3])
    orders = {subject: rows.tolist() for subject, rows in trials_of_subjects(X)}
    assert orders == {"a": [3, 1], "b": [2, 4, 0]}
    orders = dict(trials_of_subjects(SignalArray(np.zeros((3, 1, 8)))))
    assert orders[None].tolist() == [0, 1, 2]


def test_the_first_seconds_of_a_person() -> None:
    X = SignalArray(np.zeros((4, 1, 100)), sfreq=50.0, onsets=[6.0, 0.0, 2.0, 4.0])
    (_, rows), *_ = trials_of_subjects(X)
    assert first_trials(X, rows, None, 4.0).tolist() == [1, 2]
    assert first_trials(X, rows, 3, 4.0).tolist() == [1, 2, 3]
    plain = SignalArray(np.zeros((4, 1, 100)), sfreq=50.0)
    assert first_trials(plain, np.arange(4), None, 5.0).tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="give the number of trials, n_calibration"):
        first_trials(SignalArray(np.zeros((4, 3))), np.arange(4), None, 5.0)


def test_runs_follow_each_other_in_the_natural_order_of_their_names() -> None:
    table = pd.DataFrame({"subject": list("aabab"), "session": "0", "run": list("22121")})
    table.loc[[0, 1], "run"] = "10"
    table["onset"] = [0.0, 2.0, 100.0, 7.0, 104.0]
    onsets = onsets_of(table, 2.0)
    assert onsets is not None
    assert onsets.tolist() == [2.0, 4.0, 0.0, 0.0, 4.0]


@pytest.mark.parametrize("onset", [None, [0.0, np.nan, 1.0]])
def test_onsets_are_unknown_where_metadata_do_not_say_all(onset: Any) -> None:
    table = pd.DataFrame({"subject": list("aab"), "session": "0", "run": "1"})
    assert onsets_of(table if onset is None else table.assign(onset=onset), 1.0) is None


def test_onsets_travel_with_the_trials() -> None:
    trials = Trials.from_arrays(np.zeros((3, 1, 64)), list("xyx"), sfreq=64, subject="a")
    assert trials.X.onsets is None
    trials.metadata["onset"] = pd.to_timedelta([5, 7, 9], unit="s")
    assert trials.X.onsets.tolist() == [0.0, 2.0, 4.0]
    assert trials.X[[2, 0]].onsets.tolist() == [4.0, 0.0]
    assert trials.X[:, :, ::2].onsets.tolist() == [0.0, 2.0, 4.0]


def test_what_a_search_chooses_among_counts() -> None:
    pipeline = make_pipeline("passthrough", LogisticRegression())
    search = GridSearchCV(pipeline, {"passthrough": ["passthrough", Peeking()]})
    assert access_of(search) == "transductive"
    assert calibration_rows(search, SignalArray(np.zeros((4, 1, 8)))).sum() == 2


@pytest.mark.parametrize("absent", [None, np.nan])
def test_people_without_a_name_are_refused(absent: Any) -> None:
    groups = np.array(["a", "a", absent], dtype=object)
    signals = SignalArray(np.zeros((3, 1, 8)), groups=groups)
    with pytest.raises(ValueError, match="1 of 3 trials have no subject in groups"):
        list(trials_of_subjects(signals))
