"""What nets are labelled by and hold out of training, however few trials there are."""

import warnings
from typing import ClassVar

import numpy as np
import pytest
from sklearn.model_selection import LeaveOneGroupOut, StratifiedKFold
from torch import nn

from eegkit import NeuralClassifier, ParameterError, Trials, evaluate
from eegkit.classifiers._targets import hold_out

X = np.random.default_rng(0).normal(size=(24, 2, 16)).astype("f4")
Y = np.arange(24) % 2
PEOPLE = np.arange(24) // 4


class Linear(NeuralClassifier):
    input_kind: ClassVar[str] = "raw"

    def build_module(self, input_shape, n_classes):
        return nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(input_shape)), n_classes))


def net(**params):
    return Linear(**({"max_epochs": 1, "random_state": 0} | params))


def divided(codes, people=None, split=0.2):
    """What is held out, checked: all of the trials, no class gone, and the warnings."""
    codes = np.asarray(codes)
    people = None if people is None else np.asarray(people)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        train, valid = hold_out(split, codes, people, 0)
    assert sorted([*train, *valid]) == list(range(len(codes)))
    assert set(codes[train]) == set(codes)
    assert len(valid)
    return train, valid, [str(w.message) for w in caught]


@pytest.mark.parametrize(
    ("codes", "people"),
    [
        (np.arange(20) % 2, np.arange(20)),  # one trial for each person
        ([0, 1, 0], [0, 1, 2]),
        (np.repeat(np.arange(6) % 2, 4), np.repeat(np.arange(6), 4)),  # a class for each person
        ([0] * 19 + [1], np.repeat(np.arange(5), 4)),  # a class with one trial
        (np.arange(80) % 40, np.repeat(np.arange(4), 20)),  # 40 classes, twice each
        (np.arange(120) % 40, np.repeat(np.arange(3), 40)),
    ],
)
def test_people_are_held_out_whole_where_every_class_stays(codes, people):
    train, valid, messages = divided(codes, people)
    assert not set(np.asarray(people)[train]) & set(np.asarray(people)[valid])
    assert not messages


@pytest.mark.parametrize(
    ("codes", "people"),
    [
        (np.repeat([0, 1, 2], 8), np.repeat([0, 1, 2], 8)),  # the class is the person
        ([0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1]),  # a patient and a control
    ],
)
def test_trials_of_all_people_are_held_out_where_else_a_class_is_gone(codes, people):
    _, _, messages = divided(codes, people)
    assert [m for m in messages if "validation_split, a class is gone from training" in m]


@pytest.mark.parametrize(
    "codes",
    [
        [0, 1, 0],  # few trials
        [0, 0, 0, 0, 0, 1],  # a class with one
        np.arange(100) % 40,  # fewer held out than there are classes
        np.arange(41) % 40,
    ],
)
def test_few_trials_are_held_out_without_regard_to_classes(codes):
    _, valid, messages = divided(codes)
    assert len(valid) <= max(1, np.ceil(0.2 * len(codes)))
    assert [m for m in messages if "too few trials of some class" in m]


def test_plenty_of_trials_are_held_out_by_class():
    _, valid, messages = divided(np.arange(40) % 2)
    assert np.bincount(valid % 2).tolist() == [4, 4]
    assert not messages


def test_nothing_to_hold_out_names_the_parameter():
    with pytest.raises(ParameterError, match="hold out none of 2 trials") as error:
        hold_out(0.2, np.array([0, 1]), None, 0)
    assert error.value.parameter == "validation_split"
    with pytest.raises(ParameterError, match=r"StratifiedKFold.*cannot split") as error:
        net(validation_split=StratifiedKFold(5)).fit(X[:6], Y[:6])
    assert error.value.parameter == "validation_split"


@pytest.mark.parametrize(
    "y",
    [
        [f"class {i % 12}" for i in range(24)],
        ["a"] * 6 + ["b"] * 17 + ["rare"],
        [f"of {person}" for person in PEOPLE],
    ],
)
def test_early_stopping_costs_no_fold(y):
    trials = Trials.from_arrays(X, y, sfreq=128, subject=PEOPLE)
    rows = np.arange(24)
    folds = [(rows[rows % 4 < 3], rows[rows % 4 == 3]), (rows[rows % 4 > 0], rows[rows % 4 == 0])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = evaluate(
            net(early_stopping=True), trials, cv=folds, scoring="accuracy", on_leak="mark"
        )
    assert results.failures.empty


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"groups": [None] * 6 + ["a"] * 18}, "6 of 24 trials have no subject in groups"),
        ({"groups": np.where(Y, np.nan, PEOPLE)}, "12 of 24 trials have no subject in groups"),
        ({"groups": [1, "1"] * 12}, "groups holds the text '1' and the number 1"),
        ({"groups": PEOPLE[:5]}, "groups has shape"),
        ({"domains": ["x", None] * 12}, "12 of 24 trials have no domain in domains"),
        ({"y": [None] + ["a"] * 12 + ["b"] * 11}, "1 of 24 trials have no label in y"),
        ({"y": [0, "0"] * 12}, "y holds the text '0' and the number 0"),
        ({"y": np.ma.array(Y, mask=Y == 1)}, "y is a masked array"),
    ],
)
def test_fit_refuses_what_is_absent_or_has_two_meanings(options, words):
    with pytest.raises(ValueError, match=words):
        net(early_stopping=True).fit(X, **({"y": Y, "groups": PEOPLE} | options))


@pytest.mark.parametrize("people", [[1, 2, "3b", 4, 5, 6], PEOPLE[::4, None].astype(object)])
def test_people_of_any_kind_are_kept_apart(people):
    groups = np.array(people, dtype=object).repeat(4, axis=0)
    fitted = net(early_stopping=True).fit(X, Y.astype(object), groups=groups)
    assert fitted.predict(X).dtype.kind == "i"
    net(validation_split=LeaveOneGroupOut()).fit(X, Y, groups=groups)


def test_unknown_people_of_x_are_told_where_they_matter():
    table = Trials.from_arrays(X, Y, sfreq=128, subject=[None, "a"] * 12)
    net().fit(table.X, Y)
    with pytest.raises(ValueError, match="12 of 24 trials have no subject"):
        net(early_stopping=True).fit(table.X, Y)


def test_groups_and_weights_are_named():
    with pytest.raises(TypeError, match="positional"):
        net().fit(X, Y, np.ones(24))
    with pytest.raises(TypeError, match="positional"):
        net().partial_fit(X, Y, [0, 1], np.ones(24))
