"""Parameters stated once: what every kind of annotation accepts, and what it says of the rest."""

import pickle
import timeit
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import eegkit
from eegkit import Dataset, NeuralClassifier, ParameterError, Transformer, registry
from eegkit.base import Estimator
from eegkit.classifiers import CNNBiGRU
from eegkit.parameters import (
    Constraint,
    Count,
    Counts,
    Interval,
    Length,
    NonNegative,
    PathLike,
    Positive,
    Predicate,
    Proportion,
    RandomState,
    check_for,
    check_heads,
)
from eegkit.testing._examples import assert_parameter_is_refused, refused_by

NAN, INF = float("nan"), float("inf")
ODD = Annotated[int, Predicate(lambda value: value % 2 == 1, "that is odd")]
SIZES = Annotated[Sequence[int], Length(2)]

# The type, what it accepts, what it refuses, and the words for what is expected.
KINDS: dict[str, tuple[Any, list[Any], list[Any], str]] = {
    "whole number": (int, [0, -3, np.int64(3), np.uint8(2)], [1.0, True, "1", None, np.float32(2)],
                     "a whole number"),
    "number": (float, [0, 0.5, INF, np.float32(0.5), np.int8(1)], ["1", True, None, [1.0], 1j],
               "a number"),
    "flag": (bool, [True, np.bool_(False)], [0, 1, "yes", None], "True or False"),
    "text": (str, ["", "a", np.str_("a")], [b"a", 1, None], "text"),
    "path": (PathLike, ["a", Path("a")], [1, None, b"a"], "a path"),
    "function": (Callable[..., Any], [len, lambda: 0], ["len", 3], "a function"),
    "none": (int | None, [3, None], ["3", 1.5], "a whole number, or None"),
    "union": (int | str, [3, "a"], [1.5, None], "a whole number or text"),
    "flag or path": (bool | PathLike, [True, "a"], [1, None], "True, False or a path"),
    "choice": (Literal["a", "b"], ["a", np.str_("b")], ["c", "A", None, ["a"], np.array(["a"])],
               "one of 'a', 'b'"),
    "choice of numbers": (Literal[10, 18], [10, np.int64(18)], [11, 10.0, "10", True],
                          "one of 10, 18"),
    "one is not True": (Literal[0, 1], [0, 1], [True, False], "one of 0, 1"),
    "choice or none": (Literal["a", "b"] | None, ["a", None], ["c", 0], "one of 'a', 'b', or None"),
    "choice with none": (Literal["a", None], ["a", None], ["c"], "'a', or None"),
    "number or choice": (Positive | Literal["max"], [1.0, "max"], [0, "min", NAN],
                         "a number above 0 or 'max'"),
    "list": (Sequence[int], [(), [1], (1, 2), range(3), np.arange(2)], [1, "12", {1}, (1.0,), None],
             "a list of whole numbers"),
    "list of lists": (Sequence[tuple[str, str]], [[("a", "b")], []], [["a", "b", "c"], [("a",)]],
                      "a list of lists of 2 texts"),
    "list of anything": (Sequence[Any], [[], ["a", 1]], ["a", 1], "a list"),
    "fixed length": (tuple[int, float], [(1, 2.0), [1, 2]], [(1,), (1.5, 2.0), (1, 2, 3), 1],
                     "a list of a whole number, a number"),
    "mapping": (Mapping[str, tuple[float, float]], [{"a": (1, 2)}, {}], [{"a": 1}, {1: (1, 2)}, []],
                "a mapping to lists of 2 numbers"),
    "any mapping": (Mapping[str, Any], [{"a": 1}], [[("a", 1)], "a"], "a mapping"),
    "class": (np.random.RandomState, [np.random.RandomState(0)], [0, None], "a RandomState"),
    "anything": (Any, [None, 3, "a", object()], [], "anything"),
    "count": (Count, [1, np.int32(7)], [0, -1, 1.0, True, None], "a whole number of at least 1"),
    "counts": (Counts, [(1,), [2, 3]], [(), (0,), (1.0,), 3, "3"],
               "a list of whole numbers of at least 1, with at least one entry"),
    "positive": (Positive, [1e-9, 3, np.float32(1)], [0, -1.0, NAN, INF, True],
                 "a number above 0"),
    "not negative": (NonNegative, [0, 0.0, 3], [-1e-9, NAN, INF], "a number of at least 0"),
    "proportion": (Proportion, [0, 0.99], [1, -0.1, NAN, INF],
                   "a number of at least 0 and below 1"),
    "both ends": (Annotated[int, Interval(ge=0, le=3)], [0, 3], [-1, 4],
                  "a whole number from 0 to 3"),
    "upper bound": (Annotated[float, Interval(le=3)], [3, -1e9], [3.1, -INF],
                    "a number of at most 3"),
    "infinity allowed": (Annotated[float, Interval(gt=0, finite=False)], [1, INF], [0, NAN],
                         "a number above 0"),
    "finite": (Annotated[float, Interval()], [0], [NAN, INF, -INF], "a number that is finite"),
    "huge": (Count, [10**400], [-(10**400)], "a whole number of at least 1"),
    "length": (SIZES, [(1, 2)], [(1,), ()], "a list of whole numbers, with at least 2 entries"),
    "predicate": (ODD, [1, 3], [2, 1.0], "a whole number that is odd"),
    "seed": (RandomState, [0, np.int64(5), np.random.RandomState(0), None], [-1, 1.5, 2**32, "0"],
             "a whole number from 0 to 4294967295 or a RandomState, or None"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_accepted(kind):
    hint, accepted, _, _ = KINDS[kind]
    for value in accepted:
        check_for(hint).require("size", value)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_refused_and_in_which_words(kind):
    hint, _, refused, expected = KINDS[kind]
    assert check_for(hint).expected == expected
    for value in refused:
        with pytest.raises(ParameterError, match=r"^size is .*; expected ") as caught:
            check_for(hint).require("size", value)
        assert caught.value.parameter == "size"
        assert str(caught.value).endswith(f"; expected {expected}.")


def test_the_error_is_a_value_error_that_travels_between_processes():
    assert issubclass(ParameterError, ValueError)
    assert eegkit.ParameterError is ParameterError
    error = pickle.loads(pickle.dumps(ParameterError("size is 0; expected more.", "size")))
    assert (str(error), error.parameter) == ("size is 0; expected more.", "size")


def test_a_long_value_is_cut_off():
    with pytest.raises(ParameterError) as caught:
        check_for(Positive).require("size", np.arange(10_000))
    assert len(str(caught.value)) < 300


def test_a_constraint_of_ones_own():
    class PowerOfTwo(Constraint):
        def accepts(self, value):
            return value & (value - 1) == 0

        def describe(self, expected):
            return f"{expected} that is a power of two"

    check = check_for(Annotated[int, Interval(ge=1), PowerOfTwo()])
    check.require("size", 8)
    with pytest.raises(
        ParameterError, match="size is 6; expected a whole number of at least 1 that"
    ):
        check.require("size", 6)


def test_heads():
    check_heads(4, hidden_size=64)
    with pytest.raises(ParameterError, match=r"n_heads is 3.*hidden_size = 64") as caught:
        check_heads(3, hidden_size=64)
    assert caught.value.parameter == "n_heads"


class Small(Estimator):
    size: Count = 3
    pooling: Literal["mean", "max"] = "mean"

    def check_parameters(self):
        super().check_parameters()
        if self.pooling == "max" and self.size > 5:
            raise ParameterError(f"size is {self.size}; expected at most 5 with 'max'.", "size")


def test_fields_are_checked_when_asked_and_not_when_made():
    small = Small(size=0)
    assert clone(small).set_params(pooling="median").size == 0
    with pytest.raises(ParameterError, match=r"^size is 0; expected a whole number of at least 1"):
        small.check_parameters()
    with pytest.raises(ParameterError, match="pooling is 'median'; expected one of 'mean', 'max'"):
        Small(pooling="median").check_parameters()
    with pytest.raises(ParameterError, match="at most 5"):
        Small(size=6, pooling="max").check_parameters()


def test_a_subclass_changes_a_default_by_the_value_alone():
    class Smaller(Small):
        size = 1
        extra: Positive = 0.5

    assert (Smaller().size, Smaller(size=2).size, Small().size) == (1, 2, 3)
    assert list(Smaller.parameter_types) == ["size", "pooling", "extra"]
    with pytest.raises(ParameterError, match="size is 0; expected a whole number of at least 1"):
        Smaller(size=0).check_parameters()


def test_a_parameter_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(TypeError, match=r"^Small has no parameter 'sise'; did you mean 'size'\?"):
        Small(sise=3)

    class Wave(Small):
        dropout = 0.5

    with pytest.raises(TypeError, match=r"no annotation in Wave; write dropout: float = 0.5"):
        Wave(dropout=0.1)

    class Shortened(Wave):
        def __init__(self):
            super().__init__(size=1)

    assert Shortened().size == 1


def test_a_data_set_is_checked_when_it_is_made():
    class Recordings(Dataset):
        window: Positive = 2.0

        def load(self):
            raise AssertionError

    Recordings(subjects=[1], path="x", window=1)
    with pytest.raises(ParameterError, match="window is -1; expected a number above 0") as caught:
        Recordings(window=-1)
    assert caught.value.parameter == "window"
    with pytest.raises(ParameterError, match="subjects is 3; expected a list, or None"):
        Recordings(subjects=3)
    with pytest.raises(ParameterError, match="path is 3; expected a path, or None"):
        Recordings(path=3)


@pytest.mark.parametrize("base", [Estimator, Transformer, NeuralClassifier])
def test_a_parameter_cannot_take_the_name_of_what_the_class_is_asked_for(base):
    with pytest.raises(TypeError, match=r"annotates input_kind as a parameter.*ClassVar"):
        type("Net", (base,), {"__annotations__": {"input_kind": "str"}, "input_kind": "raw"})
    with pytest.raises(TypeError, match="annotates get_params as a parameter"):
        type("Net", (base,), {"__annotations__": {"get_params": "int"}, "get_params": 1})
    fact = {"__annotations__": {"input_kind": ClassVar[str]}, "input_kind": "spectrogram"}
    assert type("Net", (base,), fact).input_kind == "spectrogram"
    assert type("Net", (base,), {"input_kind": "spectrogram"}).input_kind == "spectrogram"


def test_facts_of_a_data_set_cannot_be_options():
    with pytest.raises(TypeError, match=r"Mine annotates title as a parameter.*belongs to Dataset"):
        type("Mine", (Dataset,), {"__annotations__": {"title": "str"}, "title": "Mine"})


def test_an_annotation_that_cannot_be_read_is_refused_at_once():
    with pytest.raises(TypeError, match="An annotation of Net names Sequense"):
        type("Net", (Estimator,), {"__annotations__": {"sizes": "Sequense[int]"}, "sizes": ()})


CLASSES = {
    f"{entry.distribution}-{entry.name}": registry.get(kind, f"{entry.distribution}:{entry.name}")
    for kind in registry.KINDS
    for entry in registry.entries(kind)
}
STATED = {name: cls for name, cls in CLASSES.items() if hasattr(cls, "parameter_types")}


@pytest.mark.parametrize("name", STATED)
def test_every_registered_class_refuses_what_its_annotations_exclude(name):
    cls = STATED[name]
    n_refused = 0
    for parameter, hint in cls.parameter_types.items():
        for value in refused_by(hint):
            if issubclass(cls, Dataset):
                call = partial(cls, **{parameter: value})
            else:
                estimator = cls(**cls.conformance_params()).set_params(**{parameter: value})
                call = estimator.check_parameters
            assert_parameter_is_refused(call, parameter, value)
            n_refused += 1
    assert n_refused > 10


def test_checking_is_cheap():
    """A net of some thirty parameters is checked in well under a millisecond."""
    net = CNNBiGRU()
    net.check_parameters()
    seconds = min(timeit.repeat(net.check_parameters, number=20, repeat=5)) / 20
    assert seconds < 5e-3


NUMPY_KINDS = {bool: np.bool_, int: np.int64, float: np.float64, str: np.str_}


@pytest.mark.parametrize("name", [n for n, c in STATED.items() if not issubclass(c, Dataset)])
def test_numbers_of_numpy_become_plain_where_they_are_set(name):
    cls = STATED[name]
    estimator = cls(**cls.conformance_params())
    params = estimator.get_params(deep=False)
    of_numpy = {
        name: NUMPY_KINDS[type(value)](value)
        for name, value in params.items()
        if type(value) in NUMPY_KINDS
    }
    assert of_numpy
    copy = clone(clone(estimator).set_params(**of_numpy))
    for name, value in copy.get_params(deep=False).items():
        assert type(value) is type(params[name])
        assert value == params[name] or name not in of_numpy


class Listed(Estimator):
    sizes: Sequence[int] | None = None
    pairs: Sequence[tuple[str, str]] = ()
    weights: Mapping[str, Any] | None = None
    choice: Any = None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.array([3, 5]), [3, 5]),
        (pd.Series([3, 5], index=[7, 8]), [3, 5]),
        (pd.Index([3, 5]), [3, 5]),
        ((np.int64(3), 5), (3, 5)),
        ([np.uint8(3), np.int32(5)], [3, 5]),
        (np.array([3, 5], dtype=object), [3, 5]),
    ],
)
def test_arrays_become_lists_where_lists_are_expected(value, expected):
    sizes = clone(Listed(sizes=value)).sizes
    assert sizes == expected
    assert type(sizes) is type(expected)
    assert {type(size) for size in sizes} == {int}


def test_fractions_become_numbers_that_torch_takes():
    assert type(Listed(choice=Fraction(1, 4)).choice) is float
    assert Listed(sizes=[Fraction(1, 4), 3]).sizes == [0.25, 3]


def test_what_is_plain_stays_the_object_it_was():
    for value in ([1, 2], (1, 2), range(3), None):
        assert Listed(sizes=value).sizes is value
    weights, split = {"a": np.zeros(2)}, (np.zeros((2, 1)), np.zeros(2))
    listed = Listed(weights=weights, choice=split)
    assert listed.weights is weights
    assert listed.choice is split
    assert Listed(choice=np.datetime64("2020")).choice == np.datetime64("2020")
    assert Listed(choice=np.array(3)).choice == 3
    frame = pd.DataFrame({"anode": ["C3"], "cathode": ["C4"]})
    assert Listed(pairs=frame).pairs == [["C3", "C4"]]


def test_a_net_is_made_of_numbers_of_numpy():
    X = np.random.default_rng(0).normal(size=(8, 3, 17, 9)).astype("f4")
    net = CNNBiGRU(
        max_epochs=np.int64(1), hidden_size=np.int16(8), n_fused=np.uint8(4), lr=np.float32(0.01),
        batch_size=np.int64(4), early_stopping=np.bool_(True), optimizer=np.str_("adam"),
        validation_split=np.float32(0.25), random_state=np.int64(0),
    )  # fmt: skip
    assert clone(net).fit(X, [0, 1] * 4, groups=list("aabbccdd")).predict(X).shape == (8,)
