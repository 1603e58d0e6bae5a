"""From the words of the command line to objects."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import Any

import click

from eegkit.text import suggest


def setting(text: str) -> tuple[str, Any]:
    """``key=value``, the value as Python writes it, or else a string."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise click.BadParameter(f"{text!r} is not of the form key=value.")
    return key.strip(), literal(value)


def subjects(text: str) -> list[Any]:
    """``1,2,5-9``: numbers, ranges of them, or names."""
    from eegkit.experiment import parse_subjects

    try:
        return parse_subjects(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def words(text: str) -> list[str]:
    """Words separated by commas."""
    parts = [word.strip() for word in text.split(",") if word.strip()]
    if not parts:
        raise click.BadParameter(f"{text!r} names nothing.")
    return parts


def split(text: str) -> Any:
    """The name of a split, or a fixed one: ``{"by": "session", "train": ["1"], "test": ["2"]}``."""
    cv = literal(text) if text.lstrip().startswith("{") else text
    if cv is text and text.lstrip().startswith("{"):
        raise click.BadParameter(
            f"{text!r} is no mapping; write "
            """'{"by": "session", "train": ["1"], "test": ["2"]}', in quotes as here."""
        )
    return cv


def literal(text: str) -> Any:
    """A number, tuple, True, None and so on as Python writes them; anything else is a string."""
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        return text


def as_typed(value: Any, hint: Any) -> Any:
    """A value of the command line as its type takes it: ``C3,Cz,C4`` as a list, where it is one."""
    from eegkit.parameters import check_for
    from eegkit.plain_values import takes_lists

    is_list = isinstance(value, str) and takes_lists(hint) and not check_for(hint).accepts(value)
    return words(value) if is_list else value


def make_pipelines(
    names: Iterable[str], settings: Iterable[tuple[str, Any]], random_state: int
) -> dict[str, Any]:
    """Pipelines by their names, with the settings and the seed that the command has.

    Raises
    ------
    ValueError
        A name is unknown, or a setting is none of theirs.
    """
    from eegkit.experiment import parse_pipeline, set_random_state

    pipelines = {name: parse_pipeline(name) for name in names}
    set_random_state(pipelines.values(), random_state)
    _set_params(list(pipelines.values()), settings)
    return pipelines


def _other_spelling(pipelines: Iterable[Any], key: str, value: Any) -> str:
    """The end of a sentence: how to write a parameter of a step, or which steps there are."""
    steps = {name: step for p in pipelines for name, step in p.named_steps.items()}
    for step, estimator in steps.items():
        for param in estimator.get_params(deep=False):
            if key in (param, f"{step}.{param}", f"{step}_{param}"):
                return f" names no step; write {step}__{param}={value}."
    step = key.partition("__")[0]
    return f": no step is named {step!r}{suggest(step, steps)} Write STEP__PARAMETER=VALUE."


def _set_params(pipelines: Sequence[Any], settings: Iterable[tuple[str, Any]]) -> None:
    """Set ``step__param=value`` in every pipeline that has the step."""
    from eegkit.parameters import ParameterError, Parametrized
    from eegkit.unknown_parameters import explain_unknown

    for key, value in settings:
        step, _, param = key.partition("__")
        matches = [pipeline for pipeline in pipelines if step in pipeline.named_steps]
        if not matches:
            raise ValueError(f"--set {key}{_other_spelling(pipelines, key, value)}")
        if not param:
            raise ValueError(f"--set {key} names a step; expected {step}__PARAMETER=VALUE.")
        for pipeline in matches:
            estimator = pipeline.named_steps[step]
            names = estimator.get_params()
            if param not in names:
                why = explain_unknown(type(estimator), param, names)
                raise ValueError(f"--set {key}: {step} has no parameter {param!r}{why}")
            types = getattr(estimator, "parameter_types", {})
            pipeline.set_params(**{key: as_typed(value, types.get(param))})
    for step, estimator in (item for p in pipelines for item in p.named_steps.items()):
        if isinstance(estimator, Parametrized):
            try:
                estimator.check_parameters()
            except ParameterError as error:
                raise ValueError(f"--set {step}__{error.parameter}: {error}") from error
