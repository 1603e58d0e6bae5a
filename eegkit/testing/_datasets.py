"""Checks that every data set must pass."""

from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np

from eegkit.datasets import Dataset
from eegkit.testing._examples import assert_parameter_is_refused, refusal, refused_by
from eegkit.trials import Trials
from eegkit.trials_checks import METADATA_COLUMNS


def check_facts(dataset: Dataset) -> None:
    """Licence, citation, size, people, channels, rate and classes are told."""
    for name, value in type(dataset).facts().items():
        assert value not in ("", None), f"the fact {name!r} is not told"


def check_contract(dataset: Dataset) -> None:
    """X is finite float32, C-contiguous, in microvolts; labels and metadata fit it."""
    trials = dataset.load()
    X = np.asarray(trials.X)
    assert X.dtype == np.float32, f"X is {X.dtype}; expected float32"
    assert X.flags.c_contiguous, "X is not C-contiguous; expected np.ascontiguousarray(X)"
    assert X.ndim == 3, f"X has the shape {X.shape}; expected (n_trials, n_channels, n_times)"
    lengths = len(X), len(trials.y), len(trials.metadata)
    assert len(set(lengths)) == 1, f"X, y and metadata are of {lengths} trials; expected as many"
    assert lengths[0], "there are no trials; expected at least one"
    n_bad = int((~np.isfinite(X)).sum())
    assert not n_bad, f"{n_bad} samples of X are NaN or infinite; expected none"
    spread = float(np.median(X.std(axis=-1)))
    assert 0.5 < spread < 500, f"the median channel varies by {spread:g}, hardly microvolts"
    assert_metadata(trials)
    if trials.y.ndim == 1:
        classes = type(dataset).classes
        strange = set(map(str, trials.y)) - set(map(str, classes))
        assert not strange, f"y has {sorted(strange)}; expected some of classes, {classes}"


def check_facts_hold(dataset: Dataset) -> None:
    """There are no more people or channels than the facts say, and windows last `window_s`."""
    trials, cls = dataset.load(), type(dataset)
    for name, n in (("n_subjects", len(set(trials.groups))), ("n_channels", trials.X.shape[1])):
        told = getattr(cls, name)
        assert n <= told, f"{name} is {told}, but the trials have {n}; expected at most {told}"
    if getattr(dataset, "target_sfreq", None) is None:
        assert trials.sfreq <= cls.recorded_sfreq, (
            f"recorded_sfreq is {cls.recorded_sfreq:g} Hz, but the trials are at "
            f"{trials.sfreq:g} Hz, though target_sfreq asks for none"
        )
    window_s = getattr(dataset, "window_s", None)
    if window_s is not None:
        seen_s = trials.X.shape[2] / trials.sfreq
        assert abs(seen_s - window_s) * trials.sfreq <= 1, (
            f"window_s is {window_s:g} s, but trials of {trials.X.shape[2]} samples at "
            f"{trials.sfreq:g} Hz last {seen_s:.3g} s; expected the rate of the recordings, or the "
            "one they are resampled to"
        )


def assert_metadata(trials: Trials) -> None:
    """Refuse metadata that lack a column or a value, or say other people than X does."""
    columns = list(trials.metadata.columns)
    absent = [name for name in METADATA_COLUMNS if name not in columns]
    assert not absent, f"metadata has the columns {columns}; expected {METADATA_COLUMNS} among them"
    empty = [name for name in METADATA_COLUMNS if trials.metadata[name].isna().any()]
    assert not empty, f"metadata has no value somewhere in {empty}; expected one for every trial"
    rates = trials.X.sfreq, trials.sfreq
    assert rates[0] == rates[1], f"X says {rates[0]} Hz, and info {rates[1]}; expected the same"
    np.testing.assert_array_equal(
        trials.X.groups, trials.groups, err_msg="the people of X and of the metadata"
    )


def check_same_twice(dataset: Dataset) -> None:
    """Loading twice gives the same."""
    first, second = dataset.load(), dataset.load()
    np.testing.assert_array_equal(first.X, second.X, err_msg="X of the second load")
    np.testing.assert_array_equal(first.y, second.y, err_msg="y of the second load")
    assert first.metadata.equals(second.metadata), "the second load gives other metadata"


def check_subjects(dataset: Dataset) -> None:
    """Asking for no one, or for someone who does not exist, is refused by a `ValueError`."""
    for nobody in ([], ["no such person"]):
        refusal(partial(_load, dataset, nobody), f"subjects={nobody!r}")


def _load(dataset: Dataset, subjects: list[str]) -> None:
    dataclasses.replace(dataset, subjects=subjects).load()


def check_options_are_checked(dataset: Dataset) -> None:
    """What the annotation of an option excludes is refused by a `ParameterError` that names it."""
    for name, hint in dataset.parameter_types.items():
        for value in refused_by(hint):
            make = partial(dataclasses.replace, dataset, **{name: value})
            assert_parameter_is_refused(make, name, value)
