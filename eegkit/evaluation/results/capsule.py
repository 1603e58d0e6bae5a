"""Results that can be replayed: what has to be known for that."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from typing import Any

from eegkit.evaluation.results.settings import source_of
from eegkit.evaluation.splits.metadata import listed


def check_replayable(results: Any) -> None:
    """Refuse results of which it is not known how to get them again.

    Raises
    ------
    ValueError
        It says what is not known, and what to do about it.
    """
    reasons = list(_obstacles(results))
    if reasons:
        raise ValueError(f"These results cannot be replayed. {' '.join(reasons)}")


def unseeded(results: Any) -> list[str]:
    """Pipelines in which a ``random_state`` is None; those of `baselines` draw nothing by it."""
    settings = results.settings
    return [
        name
        for name in results.pipelines
        if any(None in values for values in settings.seeds.get(name, {}).values())
        and name not in settings.baselines
    ]


def warn_unseeded(results: Any) -> None:
    """Tell of pipelines that may give other scores each time."""
    names = unseeded(results)
    if names:
        warnings.warn(
            f"A random_state in {listed(names)} is None, so that what draws random numbers there "
            "gives other scores when it is replayed. Set it, or evaluate(..., n_seeds=3).",
            UserWarning,
            stacklevel=3,
        )


def _obstacles(results: Any) -> Iterator[str]:
    settings = results.settings
    if settings.runs or settings.draws:
        kind = "several runs put together" if settings.runs else "a learning curve"
        yield f"They are of {kind}: a capsule is of one call of evaluate."
        return
    if settings.not_code:
        yield (
            f"{listed(settings.not_code)} cannot be written as code that makes it again, for it "
            "holds something of your own script: put what is yours in a module, and give splits by "
            "name or as a splitter."
        )
    for name in results.datasets:
        source = source_of(settings, name)
        if source is None:
            yield (
                f"Where the trials {name!r} came from is not known: load them with load_dataset "
                "or a Dataset, and evaluate them all."
            )
        elif not all(map(_is_plain, source.options.values())):
            yield f"The trials {name!r} were loaded with options that are no plain values."
        if name not in settings.digests:
            yield f"They were computed by an eegkit that took no digest of the trials {name!r}."


def _is_plain(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return False
    return True
