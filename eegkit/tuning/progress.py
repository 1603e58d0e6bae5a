"""A bar with the settings tried, the best so far and the time that is left."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from eegkit.tuning.storage import attempts


@contextlib.contextmanager
def progress(verbose: bool, metric: str) -> Iterator[Callable[[Any], None]]:
    """What a `Search` is to call after every fold; nothing is shown unless `verbose`."""
    if not verbose:
        yield lambda search: None
        return
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()]
    columns += [TextColumn("{task.fields[best]}"), TimeElapsedColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("settings", total=None, best="")

        def advance(search: Any) -> None:
            best = search.best()
            n_done = sum(trial.state.is_finished() for trial in attempts(search.study).values())
            text = "" if best is None else f"best {metric} {best.value:.3f}"
            bar.update(task, total=search.n_trials, completed=n_done, best=text)

        yield advance
