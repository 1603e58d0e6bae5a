"""A bar with the settings tried, the best so far and the time that is left."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from eegkit.evaluation.running.bars import bar_console
from eegkit.naming import spoken
from eegkit.tuning.storage import attempts, open_storage

LOOK_S = 1.0


@contextlib.contextmanager
def progress(verbose: bool, metric: str) -> Iterator[Callable[[Any], None]]:
    """What a `Search` is to call after every fold; nothing is shown unless `verbose`."""
    if not verbose:
        yield lambda search: None
        return
    with _bar(metric) as show:
        yield lambda search: show(list(attempts(search.study).values()), search.n_trials)


@contextlib.contextmanager
def watch(files: Sequence[Path], n_settings: int | None, metric: str) -> Iterator[None]:
    """Show how far searches are, wherever they run, by the files that keep them.

    Parameters
    ----------
    files : sequence of path
        The storages of the searches, which need not be there yet.
    n_settings : int, optional
        So many settings are to be tried by all together.
    metric : str
        What they are chosen by.
    """
    storages: dict[Path, BaseStorage] = {}
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(LOOK_S):
            show(_attempts_in(files, storages), n_settings)

    with _bar(metric) as show:
        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()
            show(_attempts_in(files, storages), n_settings)


@contextlib.contextmanager
def _bar(metric: str) -> Iterator[Callable[[list[FrozenTrial], int | None], None]]:
    """A function that shows how many settings were tried, of how many."""
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()]
    columns += [TextColumn("{task.fields[best]}"), TimeElapsedColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=bar_console()) as bar:
        task = bar.add_task("Settings", total=None, best="")

        def show(tried: list[FrozenTrial], total: int | None) -> None:
            n_done = sum(trial.state.is_finished() for trial in tried)
            whole = [trial for trial in tried if trial.state == TrialState.COMPLETE]
            scores = [trial.value for trial in whole if trial.value is not None]
            text = f"best {spoken(metric)} {max(scores):.3f}" if scores else ""
            bar.update(task, total=total, completed=n_done, best=text)

        yield show


def _attempts_in(files: Sequence[Path], storages: dict[Path, BaseStorage]) -> list[FrozenTrial]:
    """The last attempt at every trial of every study that files keep."""
    tried: list[FrozenTrial] = []
    for file in filter(Path.exists, files):
        if file not in storages:
            storages[file] = open_storage(file)
        storage = storages[file]
        for name in optuna.get_all_study_names(storage):
            tried += attempts(optuna.load_study(study_name=name, storage=storage)).values()
    return tried
