"""Pipelines of registered names."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sklearn.base import clone

from eegkit import registry
from eegkit._compat import constrains_parameters
from eegkit.naming import numbered
from eegkit.parameters import Parametrized
from eegkit.signals import SignalArray

# More than any data set has; a range of more would fill the memory.
MOST_PEOPLE = 100_000
_RANGE = re.compile(r"(\d+)-(\d+)")


def parse_pipeline(text: str) -> Any:
    """The pipeline that ``stft+cnn_bigru`` stands for; steps bear their registered names.

    Parameters
    ----------
    text : str
        Registered transforms and at last a classifier, joined by ``+``; or the name of one of
        `eegkit.evaluation.baselines`.

    Returns
    -------
    Pipeline

    Raises
    ------
    ValueError
        A name is unknown, or stands where it cannot.

    Examples
    --------
    >>> from eegkit.experiment import parse_pipeline
    >>> list(parse_pipeline("stft+cnn_bigru").named_steps)
    ['stft', 'cnn_bigru']
    """
    words = [word.strip() for word in text.split("+")]
    if not all(words):
        raise ValueError(
            f"The pipeline {text!r} has an empty step; expected transforms and at last a "
            "classifier, such as stft+cnn_bigru."
        )
    if words[-1] not in registry.names("classifiers"):
        from eegkit.evaluation import baselines

        classical = baselines()
        if text in classical:
            return classical[text]
    classes = [step_class(word, i == len(words) - 1, text) for i, word in enumerate(words)]
    return join_steps([(word, make_step(cls)) for word, cls in zip(words, classes, strict=True)])


def step_class(name: str, last: bool, text: str) -> type:
    """The class of a step; `text` is the pipeline, for messages.

    Raises
    ------
    ValueError
        The name is unknown, or stands where it cannot.
    """
    kind, other = ("classifiers", "transforms") if last else ("transforms", "classifiers")
    if name not in registry.names(kind) and name in registry.names(other):
        if last:
            raise ValueError(
                f"The pipeline {text!r} ends with the transform {name!r}; put a classifier behind "
                f"it, such as {text}+cnn_bigru."
            )
        raise ValueError(
            f"{name!r} is a classifier, so it can only be the last step of the pipeline {text!r}."
        )
    try:
        return registry.get(kind, name)
    except ValueError as error:
        from eegkit.evaluation import baselines

        raise ValueError(f"{error} Baselines stand whole: {', '.join(baselines())}.") from error


def make_step(cls: type, **params: Any) -> Any:
    """An estimator of the class.

    Raises
    ------
    ValueError
        A parameter that has no default is not given.
    """
    for name, parameter in inspect.signature(cls).parameters.items():
        is_optional = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if parameter.default is parameter.empty and not is_optional and name not in params:
            raise ValueError(f"{cls.__name__} needs the parameter {name}, which has no default.")
    return cls(**params)


def join_steps(steps: Sequence[tuple[str, Any]]) -> Any:
    """A pipeline whose steps bear their registered names; the same ones are numbered."""
    from eegkit.pipeline import Pipeline

    names = numbered([word.rpartition(":")[2] for word, _ in steps])
    return Pipeline([(name, step) for name, (_, step) in zip(names, steps, strict=True)])


def set_random_state(pipelines: Iterable[Any], random_state: int) -> None:
    """Set every ``random_state`` in the pipelines.

    Parameters
    ----------
    pipelines : iterable of pipelines
    random_state : int
    """
    for pipeline in pipelines:
        names = pipeline.get_params()
        pipeline.set_params(
            **{name: random_state for name in names if name.endswith("__random_state")}
        )


def says_what_it_takes(step: Any) -> bool:
    """Whether an estimator can check its parameters before it sees data."""
    return isinstance(step, Parametrized) or constrains_parameters(step)


def try_on_noise(pipeline: Any) -> None:
    """Fit a copy on noise: what steps that say nothing of their parameters refuse, if anything.

    Raises
    ------
    ValueError
        It cannot be fitted.
    """
    X = np.random.default_rng(0).normal(0, 10, (24, 19, 512)).astype(np.float32)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            clone(pipeline).fit(SignalArray(X, sfreq=128.0), np.tile(["a", "b"], 12)).predict(X)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise ValueError(f"with these parameters it cannot be fitted: {reason}") from error


def parse_subjects(text: str) -> list[Any]:
    """People in few words: ``"1,2,5-9"`` are numbers, ranges of them, or names, as ``"01"`` is.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of int or str

    Raises
    ------
    ValueError
        A range runs backwards, nobody is named, or more than 100,000 people are by ranges.

    Examples
    --------
    >>> from eegkit.experiment import parse_subjects
    >>> parse_subjects("1,4-6")
    [1, 4, 5, 6]
    """
    subjects: list[Any] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _RANGE.fullmatch(part)
        if match is None:
            is_number = part.isdecimal() and part == str(int(part))
            subjects.append(int(part) if is_number else part)
            continue
        first, last = int(match[1]), int(match[2])
        if last < first:
            raise ValueError(f"the range {part!r} runs backwards.")
        if last - first >= MOST_PEOPLE - len(subjects):
            raise ValueError(f"the range {part!r} names more than {MOST_PEOPLE:,} people.")
        subjects += range(first, last + 1)
    if not subjects:
        raise ValueError(f"{text!r} names nobody.")
    return subjects
