"""Labels and people as people have them: one meaning everywhere, or a sentence."""

import datetime
import enum
from decimal import Decimal

import mne
import numpy as np
import pandas as pd
import pytest

from eegkit import SignalArray, Trials
from eegkit.datasets import from_folder, to_hdf5
from eegkit.evaluation import chance_level
from eegkit.labels import class_labels, one_kind, trial_names
from eegkit.signals import as_signals

X = np.random.default_rng(0).normal(0, 10, (4, 2, 32)).astype("f4")
WORDS = np.array(["rest", "task"] * 2)
CODES = np.array([0, 1] * 2)


Task = enum.Enum("Task", {"REST": "rest", "TASK": "task"}, type=str)


def make(y=WORDS, subject="a", **options):
    return Trials.from_arrays(X, y, sfreq=128, subject=subject, **options)


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (WORDS[:, None], WORDS),
        (CODES[:, None], CODES),
        (pd.DataFrame({"label": WORDS}), WORDS),
        (CODES.astype(object), CODES),
        ([np.int64(0), 1, 0, np.uint8(1)], CODES),
        (pd.Series(CODES, dtype="Int64"), CODES),
        (pd.Series(WORDS, dtype="category"), WORDS),
        (WORDS.astype("S4"), WORDS),
        ([b"rest", b"task"] * 2, WORDS),
        ([0, 1.0] * 2, CODES.astype(float)),
        ([Decimal(0), Decimal(1)] * 2, CODES.astype(float)),
        ([0, "task"] * 2, np.array(["0", "task"] * 2)),
        ([1.0, "3b"] * 2, np.array(["1", "3b"] * 2)),
        ([True, False] * 2, np.array([True, False] * 2)),
        ([Task.REST, Task.TASK] * 2, WORDS),
        (np.array([Task.REST, Task.TASK] * 2, dtype=object), WORDS),
        ([b"caf\xe9", b"caf\xe8"] * 2, np.array([r"caf\xe9", r"caf\xe8"] * 2)),
    ],
)
def test_labels_are_numbers_or_text(y, expected, tmp_path):
    trials = make(y)
    assert trials.y.tolist() == expected.tolist()
    assert trials.y.dtype.kind == expected.dtype.kind
    assert str(expected[0]) in repr(trials)
    trials.save(tmp_path / "trials")
    assert Trials.load(tmp_path / "trials").y.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (["a", None, "b", "a"], "1 of 4 trials have no label in y, trial 1"),
        (["a", np.nan, "b", "a"], "1 of 4 trials have no label"),
        ([0, 1, np.nan, 1], "1 of 4 trials have no label"),
        (np.array([0, 1, np.nan, 1]), "1 of 4 trials have no label"),
        (pd.Series([0, 1, None, 1], dtype="Int64"), "1 of 4 trials have no label"),
        ([[0.5, 0.5], [None, 1], [1, 0], [1, 0]], "1 of 4 trials have no label"),
        (pd.to_datetime(["2020-01-01"] * 4), "y holds .*2020.*text by y.astype"),
        ([datetime.date(2020, 1, 1)] * 4, r"y holds datetime.date\(2020"),
        ([0, "0", 1, "1"], "the text '[01]' and the number [01], which may mean the same"),
        (["1.0", 1, "b", "b"], "the text '1.0' and the number 1"),
        ([True, 1, 0, 1], "y holds bool, int; expected numbers alone, or text alone"),
        ([True, "a", "b", "a"], "y holds bool, str"),
        (np.array(["a", np.nan, "b", "a"]), "1 of 4 trials have no label in y, trial 1"),
        (pd.Series(["a", None, "b", "a"], dtype="string").astype(str), "1 of 4 trials have no"),
        (["\u00e9", "e\u0301"] * 2, "two encodings that look the same"),
        (np.array(["\u00e9", "e\u0301"] * 2), "two encodings that look the same"),
        ([("a",), ("b", "c"), ("a",), ("a",)], "y holds tuple"),
        ("rest", r"y has shape \(\)"),
        (None, r"y has shape \(\)"),
        (np.array([["a", "b"]] * 4), r"y has shape \(4, 2\); expected one label"),
        (np.ma.array(CODES, mask=[1, 0, 0, 0]), "masked"),
    ],
)
def test_labels_without_a_meaning_are_refused(y, words):
    with pytest.raises(ValueError, match=words):
        make(y)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (CODES, CODES.astype(str), "the text '[01]' and the number [01]"),
        (CODES, CODES == 1, "bool, int"),
        (CODES, np.full((4, 2), 0.5), r"shapes \(4,\), \(4, 2\)"),
        (np.full((4, 4), 0.25), np.full((4, 2), 0.5), r"shapes \(4, 4\), \(4, 2\)"),
    ],
)
def test_concatenate_merges_no_two_labels(first, second, words):
    with pytest.raises(ValueError, match=words):
        Trials.concatenate([make(first), make(second)])


def test_concatenate_merges_no_two_people():
    with pytest.raises(ValueError, match=r"subject.*the text '1' and the number 1"):
        Trials.concatenate([make(subject=1), make(subject="1")])
    assert set(Trials.concatenate([make(subject=1), make(subject="3b")]).groups) == {"1", "3b"}
    labels = Trials.concatenate([make(CODES), make(CODES.astype(float))]).y
    assert labels.tolist() == [0, 1] * 4


def test_people_whose_names_look_the_same_are_refused():
    with pytest.raises(ValueError, match=r"subject holds .* in two encodings"):
        make(subject=["Ren\u00e9", "Rene\u0301", "a", "a"])
    assert make(subject=["Ren\u00e9", "Rene", "a", "a"]).groups[0] == "Ren\u00e9"


def test_people_are_numbers_or_text():
    table = pd.DataFrame({"subject": [1, "3b"] * 2, "session": [1, "x"] * 2, "run": 1})
    trials = Trials(X, WORDS, table, make().info)
    assert trials.groups.tolist() == trials.X.groups.tolist() == ["1", "3b"] * 2
    assert trials.metadata["session"].tolist() == ["1", "x"] * 2
    assert table["subject"].tolist() == [1, "3b"] * 2  # the caller's own
    trials.metadata["subject"] = [2, "a"] * 2
    assert trials.groups.tolist() == ["2", "a"] * 2
    assert make(subject=[1, "3b"] * 2).groups.tolist() == ["1", "3b"] * 2
    with pytest.raises(ValueError, match=r"subject.*the text '1' and the number 1"):
        make(subject=[1, "1"] * 2)


def test_names_of_trials_are_complete():
    assert trial_names(CODES[:, None], "groups").tolist() == CODES.tolist()
    for values in (["a", None], [np.nan, 1.0], np.array(["2020", "NaT"], "M8[D]")):
        with pytest.raises(ValueError, match="1 of 2 trials have no subject in groups"):
            trial_names(values, "groups")
    with pytest.raises(ValueError, match=r"groups has shape \(2, 2\)"):
        trial_names([[1, 2], [3, 4]], "groups")


def test_what_is_absent_stays_absent():
    assert one_kind([1, None, "b"], "subject").tolist() == ["1", None, "b"]
    assert one_kind([], "subject").shape == class_labels([]).shape == (0,)


@pytest.mark.parametrize("kind", [np.array, pd.Index, pd.Series, tuple])
def test_channel_names_of_any_kind(kind):
    names = kind(["C3", "Cz"])
    assert make(ch_names=names).ch_names == ["C3", "Cz"]
    assert SignalArray(X, ch_names=names).ch_names == ("C3", "Cz")


def test_epochs_that_reject_leaves_out():
    samples = np.random.default_rng(0).normal(0, 1e-5, (2, 1000))
    samples[:, 210:290] *= 100
    info = mne.create_info(["C3", "C4"], 100.0, "eeg", verbose="error")
    raw = mne.io.RawArray(samples, info, verbose="error")
    events = np.column_stack([np.arange(0, 900, 100), np.zeros(9, int), np.arange(9) % 2 + 1])
    epochs = mne.Epochs(
        raw, events, tmin=0, tmax=0.99, baseline=None, reject={"eeg": 3e-4}, verbose="error",
        metadata=pd.DataFrame({"subject": list("abcdefghi")}),
    )  # fmt: skip
    assert list(as_signals(epochs).groups) == list("abdefghi")
    trials = Trials.from_epochs(epochs)
    assert (len(trials), list(trials.groups)) == (8, list("abdefghi"))
    assert trials.y.tolist() == ["1", "2", "2", "1", "2", "1", "2", "1"]
    assert not epochs.preload


def test_labels_that_are_set_later_are_read_alike():
    trials = make()
    trials.y = np.array([[0], ["task"]] * 2, dtype=object)
    assert repr(trials).endswith("0 2, task 2>")
    with pytest.raises(ValueError, match="1 of 4 trials have no label"):
        trials.y = ["a", None, "b", "b"]


def test_a_list_of_people_keeps_what_they_are():
    assert SignalArray(X, groups=[1, "1", None, 2]).groups.tolist() == [1, "1", None, 2]
    assert SignalArray(X, groups=[1, 2, 1, 2]).groups.dtype.kind == "i"


@pytest.mark.parametrize(
    "take", [lambda: make(ch_names="C3"), lambda: SignalArray(X, ch_names="C3")]
)
def test_one_text_is_no_list_of_names(take):
    with pytest.raises(ValueError, match="ch_names is 'C3'; expected a list of names"):
        take()


def test_chance_of_labels_of_any_kind():
    assert chance_level("accuracy", CODES.astype(object), CODES[:, None]) == 0.5
    with pytest.raises(ValueError, match="1 of 2 trials have no label in y_train"):
        chance_level("accuracy", [0, None], [0, 1])
    with pytest.raises(ValueError, match="may mean the same"):
        chance_level("accuracy", [0, 1], ["0", "1"])


def test_hdf5_holds_no_people_without_a_name(tmp_path):
    with pytest.raises(ValueError, match=r"1 of 4 trials have no subject in metadata\['subject'\]"):
        to_hdf5(make(subject=["a", None, "b", "b"]), tmp_path / "people.h5")


def test_a_table_of_recordings_names_people_once(tmp_path):
    table = {"file": ["a.edf", "b.edf"], "label": ["x", "y"]}
    with pytest.raises(ValueError, match="subject, holds the text '1' and the number 1"):
        from_folder(tmp_path, pd.DataFrame(table | {"subject": [1, "1"]}), window_s=2)
