"""The split that names everybody."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV

from eegkit.classifiers import CNNBiGRU
from eegkit.evaluation import FixedSplit, make_splitter

GROUPS = np.repeat(list("abcdef"), 2)
SPLIT = FixedSplit(train=["a", "d"], validation=["b"], test=["f", "c"])


def test_everybody_is_where_the_split_says():
    ((train, test),) = SPLIT.split(np.zeros(12), groups=GROUPS)
    assert GROUPS[train].tolist() == ["a", "a", "b", "b", "d", "d"]
    assert GROUPS[test].tolist() == ["c", "c", "f", "f"]
    assert SPLIT.get_n_splits() == 1
    assert SPLIT.keeps_apart == "subject"


def test_inside_training_the_validation_people_are_held_out():
    ((train, _),) = SPLIT.split(np.zeros(12), groups=GROUPS)
    ((inner, held_out),) = SPLIT.inner().split(np.zeros(6), groups=GROUPS[train])
    assert set(GROUPS[train][inner]) == {"a", "d"}
    assert set(GROUPS[train][held_out]) == {"b"}
    with pytest.raises(ValueError, match="names nobody for validation"):
        FixedSplit(["a"], ["b"]).inner()


def test_a_net_trains_and_watches_as_if_the_validation_people_were_given_to_it():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2, 8, 6)).astype(np.float32)
    y, groups = np.tile(["rest", "task"], 15), np.repeat(list("abc"), 10)
    split = FixedSplit(train=["a", "c"], validation=["b"], test=["d"])
    options = {"max_epochs": 2, "random_state": 0}
    net = clone(CNNBiGRU(validation_split=split.inner(), **options)).fit(X, y, groups=groups)
    held_out = groups == "b"
    given = CNNBiGRU(validation_split=(X[held_out], y[held_out]), **options)
    given.fit(X[~held_out], y[~held_out])
    columns = ["train_loss", "valid_loss", "valid_acc"]
    pd.testing.assert_frame_equal(net.history_[columns], given.history_[columns])


def test_runs_may_be_named_instead_of_people():
    table = pd.DataFrame({"subject": GROUPS, "run": ["1", "2"] * 6})
    split = FixedSplit(train=["1"], test=["2"], by="run")
    ((train, test),) = split.split(np.zeros(12), y=GROUPS, groups=table)
    np.testing.assert_array_equal(train, np.arange(0, 12, 2))
    np.testing.assert_array_equal(test, np.arange(1, 12, 2))
    ((again, _),) = split.split(np.zeros(12), groups=table["run"])
    np.testing.assert_array_equal(again, train)
    assert split.keeps_apart == "run"


@pytest.mark.parametrize("names", [[1, 4], np.array([1, 4]), (1, 4), pd.Series([1, 4])])
def test_any_sequence_of_names_will_do(names):
    ((train, test),) = FixedSplit(names, [2]).split(np.zeros(4), groups=[1, 2, 3, 4])
    assert train.tolist() == [0, 3]
    assert test.tolist() == [1]


def test_its_repr_is_complete_and_makes_it_again():
    people = [f"S{i:03d}" for i in range(109)]
    split = FixedSplit(people[:80], people[90:], validation=people[80:90])
    again = eval(repr(split))
    assert again.train == people[:80]
    assert again.validation == people[80:90]
    assert again.test == people[90:]
    assert repr(FixedSplit(np.array([1, 2]), [3], by="run")) == (
        "FixedSplit(train=[1, 2], test=[3], by='run')"
    )


def test_a_search_on_a_fixed_split_fits_once_for_each_candidate():
    y = ["rest", "task"] * 6
    search = GridSearchCV(DummyClassifier(), {"strategy": ["prior", "uniform"]}, cv=SPLIT)
    assert search.fit(np.zeros((12, 1)), y, groups=GROUPS).n_splits_ == 1


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (
            FixedSplit(["a", "B"], ["c"]),
            "train names 'B', but no trial has subject 'B'; did you mean 'b'",
        ),
        (FixedSplit(["a"], ["c"], ["x", "y"]), "validation names 'x', 'y', but no trial has"),
        (FixedSplit(["a", "b"], ["b", "c"]), "'b' stands in train and in test; name every subject"),
        (FixedSplit(["a"], ["c"], ["c"]), "'c' stands in validation and in test"),
        (FixedSplit(["a"], ["c"], ["a"]), "'a' stands in train and in validation"),
        (FixedSplit([], ["c"]), "train names no subject; expected at least one"),
        (FixedSplit(["a"], []), "test names no subject"),
        (FixedSplit("a", ["c"]), "train is 'a'; expected a list of names of subjects"),
        (FixedSplit(["a"], ["c"], by="run"), "no column 'run', only subject, half"),
        (FixedSplit(["a"], ["c"], by="half"), "no trial has half 'a'; there are 1, 2"),
    ],
)
def test_names_that_make_no_sense_are_refused(split, message):
    table = pd.DataFrame({"subject": GROUPS, "half": [1, 2] * 6})
    with pytest.raises(ValueError, match=message):
        list(split.split(np.zeros(12), groups=table))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("s03", "did you mean 'S03'"),
        ("S3", "did you mean 'S03'"),
        ("subject-3", "there are 'S01', 'S02', 'S03', 'S04', 'S05' and 7 more"),
    ],
)
def test_the_nearest_names_are_told(name, message):
    groups = [f"S{i + 1:02d}" for i in range(12)]
    with pytest.raises(ValueError, match=message):
        list(FixedSplit(["S01"], [name]).split(np.zeros(12), groups=groups))


def test_numbers_are_no_strings():
    with pytest.raises(ValueError, match=r"train names '1', but no trial .*; did you mean 1"):
        list(FixedSplit(["1"], [2]).split(np.zeros(3), groups=[1, 2, 3]))


def test_training_on_one_class_is_refused():
    with pytest.raises(ValueError, match=r"training has one class only \('rest'\)"):
        list(SPLIT.split(np.zeros(12), np.where(GROUPS < "e", "rest", "task"), GROUPS))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"train": ["a"]}, "lacks 'test'"),
        (
            {"train": ["a"], "test": ["b"], "valid": ["c"]},
            "has the key 'valid'; expected the keys",
        ),
    ],
)
def test_a_dict_needs_the_right_keys(names, message):
    with pytest.raises(ValueError, match=message):
        make_splitter(names)
