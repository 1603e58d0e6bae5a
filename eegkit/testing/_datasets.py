"""Checks that every data set must pass."""

from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np

from eegkit.datasets import Dataset
from eegkit.testing._examples import assert_parameter_is_refused, refusal, refused_by
from eegkit.trials_checks import METADATA_COLUMNS


def check_facts(dataset: Dataset) -> None:
    """Licence, citation, size, people, channels, rate and classes are told."""
    for name, value in type(dataset).facts().items():
        assert value not in ("", None), f"the fact {name!r} is not told"


def check_contract(dataset: Dataset) -> None:
    """X is finite float32, C-contiguous, in microvolts; labels and metadata fit it."""
    trials = dataset.load()
    X = np.asarray(trials.X)
    assert X.dtype == np.float32
    assert X.flags.c_contiguous
    assert X.ndim == 3
    assert len(X) == len(trials.y) == len(trials.metadata) > 0
    assert np.isfinite(X).all()
    spread = float(np.median(X.std(axis=-1)))
    assert 0.5 < spread < 500, f"the median channel varies by {spread:g}, hardly microvolts"
    assert set(METADATA_COLUMNS) <= set(trials.metadata.columns)
    assert not trials.metadata[list(METADATA_COLUMNS)].isna().any().any()
    assert trials.X.sfreq == trials.sfreq
    np.testing.assert_array_equal(trials.X.groups, trials.groups)
    if trials.y.ndim == 1:
        assert set(map(str, trials.y)) <= set(map(str, type(dataset).classes))


def check_same_twice(dataset: Dataset) -> None:
    """Loading twice gives the same."""
    first, second = dataset.load(), dataset.load()
    np.testing.assert_array_equal(first.X, second.X)
    np.testing.assert_array_equal(first.y, second.y)
    assert first.metadata.equals(second.metadata)


def check_subjects(dataset: Dataset) -> None:
    """Asking for no one, or for someone who does not exist, is refused."""
    for nobody in ([], ["no such person"]):
        refusal(partial(_load, dataset, nobody), f"subjects={nobody!r}")


def _load(dataset: Dataset, subjects: list[str]) -> None:
    dataclasses.replace(dataset, subjects=subjects).load()


def check_options_are_checked(dataset: Dataset) -> None:
    """What the annotation of an option excludes is refused, by the option's name."""
    for name, hint in dataset.parameter_types.items():
        for value in refused_by(hint):
            make = partial(dataclasses.replace, dataset, **{name: value})
            assert_parameter_is_refused(make, name, value)
