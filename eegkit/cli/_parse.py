"""From the words of the command line to objects."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from eegkit import registry

if TYPE_CHECKING:
    from eegkit.pipeline import Pipeline

_RANGE = re.compile(r"(\d+)-(\d+)")


class Setting(click.ParamType):
    """``key=value``, the value as Python writes it, or else a string."""

    name = "key=value"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, Any]:
        if isinstance(value, tuple):
            return value
        key, equals, text = value.partition("=")
        if not equals or not key.strip():
            self.fail(f"{value!r} is not of the form key=value.", param, ctx)
        return key.strip(), literal(text)


class Subjects(click.ParamType):
    """``1,2,5-9``: numbers, ranges of them, or names."""

    name = "1,2,5-9"

    def convert(self, value: Any, param: Any, ctx: Any) -> list[Any]:
        if not isinstance(value, str):
            return value
        subjects: list[Any] = []
        for part in filter(None, (part.strip() for part in value.split(","))):
            match = _RANGE.fullmatch(part)
            if match is None:
                subjects.append(int(part) if part.isdecimal() else part)
                continue
            first, last = int(match[1]), int(match[2])
            if last < first:
                self.fail(f"the range {part!r} runs backwards.", param, ctx)
            subjects += range(first, last + 1)
        if not subjects:
            self.fail(f"{value!r} names nobody.", param, ctx)
        return subjects


class Words(click.ParamType):
    """Words separated by commas."""

    name = "name,name"

    def convert(self, value: Any, param: Any, ctx: Any) -> list[str]:
        if not isinstance(value, str):
            return value
        words = [word.strip() for word in value.split(",") if word.strip()]
        if not words:
            self.fail(f"{value!r} names nothing.", param, ctx)
        return words


def literal(text: str) -> Any:
    """A number, tuple, True, None and so on as Python writes them; anything else is a string."""
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        return text


def make_pipeline(text: str) -> Pipeline:
    """The pipeline that ``stft+cnn_bigru`` stands for; steps bear their registered names.

    Raises
    ------
    ValueError
        A name is unknown, or stands where it cannot.
    """
    from eegkit.pipeline import Pipeline

    words = [word.strip() for word in text.split("+")]
    if not all(words):
        raise ValueError(
            f"The pipeline {text!r} has an empty step; expected transforms and at last a "
            "classifier, such as stft+cnn_bigru."
        )
    steps: list[tuple[str, Any]] = []
    for i, word in enumerate(words):
        kind = "classifiers" if i == len(words) - 1 else "transforms"
        _check_place(word, kind, text)
        cls = registry.get(kind, word)
        plain = word.rpartition(":")[2]
        n_same = sum(name.partition("-")[0] == plain for name, _ in steps)
        steps.append((f"{plain}-{n_same + 1}" if n_same else plain, cls()))
    return Pipeline(steps)


def _check_place(word: str, kind: str, text: str) -> None:
    other = "transforms" if kind == "classifiers" else "classifiers"
    if word in registry.names(kind) or word not in registry.names(other):
        return
    if kind == "classifiers":
        raise ValueError(
            f"The pipeline {text!r} ends with the transform {word!r}; put a classifier behind it, "
            f"such as {text}+{_any_classifier()}."
        )
    raise ValueError(
        f"{word!r} is a classifier, so it can only be the last step of the pipeline {text!r}."
    )


def _any_classifier() -> str:
    names = registry.names("classifiers")
    return "cnn_bigru" if "cnn_bigru" in names or not names else names[0]


def seed(pipelines: Iterable[Pipeline], random_state: int) -> None:
    """Set every ``random_state`` in the pipelines."""
    for pipeline in pipelines:
        names = pipeline.get_params()
        pipeline.set_params(
            **{name: random_state for name in names if name.endswith("__random_state")}
        )


def set_params(pipelines: Sequence[Pipeline], settings: Iterable[tuple[str, Any]]) -> None:
    """Set ``step__param=value`` in every pipeline that has the step.

    Raises
    ------
    ValueError
        No pipeline has the step, or the step has no such parameter; the nearest is suggested.
    """
    for key, value in settings:
        step, _, param = key.partition("__")
        having = [pipeline for pipeline in pipelines if step in pipeline.named_steps]
        if not having or not param:
            steps = dict.fromkeys(name for p in pipelines for name in p.named_steps)
            raise ValueError(
                f"--set {key}: no step is named {step!r}; {nearest(step, steps)}"
                if not having
                else f"--set {key} names a step; expected {step}__PARAMETER=VALUE."
            )
        for pipeline in having:
            known = pipeline.named_steps[step].get_params()
            if param not in known:
                raise ValueError(
                    f"--set {key}: {step} has no parameter {param!r}; {nearest(param, known)}"
                )
            pipeline.set_params(**{key: value})


def nearest(word: str, known: Iterable[str]) -> str:
    """ "did you mean ...?", or everything there is."""
    known = list(known)
    near = difflib.get_close_matches(word, known, n=2, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(map(repr, near))}?"
    return f"there are {', '.join(known)}."
