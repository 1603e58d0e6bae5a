"""From the words of the command line to objects."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import Any

import click

from eegkit.text import suggest


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
        from eegkit.experiment import parse_subjects

        if not isinstance(value, str):
            return value
        try:
            return parse_subjects(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


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


def set_params(pipelines: Sequence[Any], settings: Iterable[tuple[str, Any]]) -> None:
    """Set ``step__param=value`` in every pipeline that has the step.

    Raises
    ------
    ValueError
        No pipeline has the step, or the step has no such parameter; the nearest is suggested. Or
        the value makes no sense.
    """
    from eegkit.parameters import ParameterError, Parametrized

    for key, value in settings:
        step, _, param = key.partition("__")
        having = [pipeline for pipeline in pipelines if step in pipeline.named_steps]
        if not having or not param:
            steps = dict.fromkeys(name for p in pipelines for name in p.named_steps)
            raise ValueError(
                f"--set {key}: no step is named {step!r}{suggest(step, steps)}"
                if not having
                else f"--set {key} names a step; expected {step}__PARAMETER=VALUE."
            )
        for pipeline in having:
            estimator = pipeline.named_steps[step]
            known = estimator.get_params()
            if param not in known:
                raise ValueError(
                    f"--set {key}: {step} has no parameter {param!r}{suggest(param, known)}"
                )
            pipeline.set_params(**{key: value})
    for step, estimator in (item for p in pipelines for item in p.named_steps.items()):
        if isinstance(estimator, Parametrized):
            try:
                estimator.check_parameters()
            except ParameterError as error:
                raise ValueError(f"--set {step}__{error.parameter}: {error}") from error
