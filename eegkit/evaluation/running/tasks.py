"""Carrying out the tasks of an evaluation: in processes, on a cluster, from a store."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

from joblib import effective_n_jobs, parallel_config
from sklearn.utils.parallel import Parallel, delayed

from eegkit.access import parts_of
from eegkit.evaluation.metrics.scoring import Scorer
from eegkit.evaluation.running.bars import count_bar
from eegkit.evaluation.running.fold import Data, Outcome, Task, fit_and_score
from eegkit.evaluation.running.store import Store
from eegkit.joint_work import run_jointly
from eegkit.libraries import install_command

WAIT_S = 0.2
# Times that work is handed out anew after workers of a cluster died with it.
MAX_LOSSES = 3
# Fits of nets that one worker runs at once.
MOST_JOINT = 32


class _Progress:
    """Which tasks of a run are finished, by this process or, with a store, by any."""

    def __init__(
        self,
        tasks: list[Task],
        keys: list[str],
        store: Store | None,
        pipelines: Mapping[tuple[str, int], Any],
        accept: Callable[[Task, Outcome], None],
    ) -> None:
        self.tasks = tasks
        self.keys = keys
        self.store = store
        self.pipelines = pipelines
        self.accept = accept
        self.outcomes: dict[int, Outcome] = {}

    def is_finished(self, task: Task) -> bool:
        """Look into the store as well."""
        if task.number not in self.outcomes and self.store is not None:
            outcome = self.store.load(self.keys[task.number], task, self.pipelines[task.fit])
            if outcome is not None:
                self.accept(task, outcome)
                self.outcomes[task.number] = outcome
        return task.number in self.outcomes

    def claim(self, task: Task) -> bool:
        """Whether this process is to work on it: it is not finished, and nobody else does."""
        if self.store is None:
            return True
        if not self.store.claim(self.keys[task.number]):
            return False
        # Another process may have finished it between our look and our claim.
        if self.is_finished(task):
            self.store.release(self.keys[task.number])
            return False
        return True

    def finish(self, outcome: Outcome) -> None:
        if self.store is not None:
            self.store.save(self.keys[outcome.task], outcome)
        self.accept(self.tasks[outcome.task], outcome)
        self.outcomes[outcome.task] = outcome

    def open_tasks(self) -> list[Task]:
        """Those to do, first those that could end the run."""
        tasks = [task for task in self.tasks if not self.is_finished(task)]
        return sorted(tasks, key=lambda task: not task.checks_access)


def run_tasks(
    tasks: list[Task],
    pipelines: Mapping[tuple[str, int], Any],
    data: Mapping[str, Data],
    scorers: Mapping[str, Scorer],
    *,
    store: Store | None,
    dask: Any,
    n_jobs: int | None,
    may_fail: bool,
    verbose: bool,
    accept: Callable[[Task, Outcome], None],
    together: Any = False,
) -> list[Outcome]:
    """The outcomes of all tasks, in their order; those in the store are not computed again.

    `pipelines` are by name and number of the seed. What `accept` raises of an outcome ends the run.
    """
    # Hashing the data takes time, which a run without a store saves.
    keys = store.keys(tasks, pipelines, data, scorers) if store else [""] * len(tasks)
    progress = _Progress(tasks, keys, store, pipelines, accept)
    waiting = progress.open_tasks()
    n_losses = 0
    with _bar(progress, verbose) as advance, _cluster(dask, data) as on_cluster:
        while waiting:
            advance()
            most = -1 if on_cluster else _at_most(n_jobs, len(waiting))
            groups = _groups(waiting, pipelines, most) if together else [[t] for t in waiting]
            claimed = _claimed(groups, progress)
            calls = _calls(claimed, pipelines, data, scorers, may_fail, bool(together))
            try:
                _compute(calls, progress, advance, most)
            # A worker that dies takes tasks with it. They still wait, and go round again.
            except Exception as error:
                n_losses += 1
                if not on_cluster or not _is_loss(error) or n_losses > MAX_LOSSES:
                    raise
            n_before, waiting = len(waiting), progress.open_tasks()
            if len(waiting) == n_before:
                time.sleep(WAIT_S)  # another process works on them
        advance()
    return [progress.outcomes[task.number] for task in tasks]


def _at_most(n_jobs: int | None, n_tasks: int) -> int | None:
    """More workers than tasks would be started for nothing."""
    return n_jobs if n_jobs is None or n_jobs < 0 else min(n_jobs, n_tasks)


def _calls(
    groups: Iterable[list[Task]],
    pipelines: Mapping[tuple[str, int], Any],
    data: Mapping[str, Data],
    *how: Any,
) -> Iterator[Any]:
    for group in groups:
        fits = {task.fit: pipelines[task.fit] for task in group}
        yield delayed(_outcomes)(group, fits, data[group[0].dataset], *how)


def _outcomes(
    tasks: list[Task],
    pipelines: Mapping[tuple[str, int], Any],
    data: Data,
    scorers: Mapping[str, Scorer],
    may_fail: bool,
    together: bool,
) -> list[Outcome]:
    """Those of tasks of one data set, whose nets train at once where they can."""
    calls = [
        partial(fit_and_score, task, pipelines[task.fit], data, scorers, may_fail) for task in tasks
    ]
    joint = together and _trains_jointly(pipelines[tasks[0].fit])
    return list(run_jointly(calls)) if joint else [call() for call in calls]


def _groups(
    tasks: list[Task], pipelines: Mapping[tuple[str, int], Any], n_jobs: int | None
) -> Iterator[list[Task]]:
    """Folds and seeds of one pipeline whose nets may train at once; others one by one."""
    n_workers = effective_n_jobs(n_jobs)
    by_pipeline: dict[Any, list[Task]] = {}
    for task in tasks:
        by_pipeline.setdefault((task.dataset, task.pipeline), []).append(task)
    for alike in by_pipeline.values():
        is_joint = _trains_jointly(pipelines[alike[0].fit])
        size = min(MOST_JOINT, -(-len(alike) // n_workers)) if is_joint else 1
        for start in range(0, len(alike), size):
            yield alike[start : start + size]


def _trains_jointly(pipeline: Any) -> bool:
    return any(getattr(part, "trains_jointly", False) for part in parts_of(pipeline))


def _claimed(groups: Iterable[list[Task]], progress: _Progress) -> Iterator[list[Task]]:
    """What of each group this process is to work on.

    A task is claimed when a worker is free for it, not all at the start, so that processes with
    one store share the tasks.
    """
    for group in groups:
        tasks = [task for task in group if progress.claim(task)]
        if tasks:
            yield tasks


def _compute(
    calls: Iterable[Any], progress: _Progress, advance: Callable[[], None], n_jobs: int | None
) -> None:
    # In the order in which they end: each is stored at once, and a run that is killed loses only
    # what it was computing.
    options: Any = {"return_as": "generator_unordered", "batch_size": 1}
    try:
        parallel = Parallel(n_jobs=n_jobs, **options)
    except ValueError as error:
        if "return_as" not in str(error):
            raise
        raise ValueError(
            "The joblib backend that is set (as 'multiprocessing') gives results back when all "
            "are there, but folds are kept one by one as they end. Take joblib's default, "
            "parallel_config(backend='loky'), or 'threading', or dask='local'."
        ) from error
    try:
        for outcomes in parallel(calls):
            for outcome in outcomes:
                progress.finish(outcome)
                advance()
    finally:
        if progress.store is not None:
            progress.store.release_all()


@contextmanager
def _cluster(dask: Any, data: Mapping[str, Data]) -> Iterator[bool]:
    """joblib on a dask cluster, every worker of which is sent the data once."""
    if dask is None:
        yield False
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError(
            f"Folds on a dask cluster need dask: {install_command('eegkit[dask]')}."
        ) from error
    client = dask if isinstance(dask, Client) else _connect(Client, dask)
    # Scattered once to each worker, the data do not travel with every task.
    with (
        # A client that was given stays open; one made here is closed here.
        nullcontext() if client is dask else client,
        parallel_config(
            backend="dask", client=client, scatter=list(data.values()), retries=MAX_LOSSES
        ),
    ):
        yield True


def _connect(client_class: Any, address: Any) -> Any:
    if address == "local":
        # dask lets workers give memory back at once, which costs nets half their time.
        for name in ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"):
            os.environ.setdefault(name, str(2**25))
        # A process for each worker: nets in threads of one process would wait for one another.
        return client_class(threads_per_worker=1, dashboard_address=None)
    try:
        return client_class(address, timeout="10s")
    except (OSError, ValueError, TimeoutError) as error:
        raise ValueError(
            f"There is no dask scheduler at {address!r} ({error}); expected its address, such as "
            "tcp://host:8786, or 'local' for workers on this machine."
        ) from error


def _is_loss(error: Exception) -> bool:
    """Whether the work was lost with a worker, not wrong."""
    # By name, so that dask need not be installed; joblib hands on its errors as they are.
    return type(error).__name__ in (
        "KilledWorker", "FutureCancelledError", "CancelledError", "CommClosedError",
    )  # fmt: skip


@contextmanager
def _bar(progress: _Progress, verbose: bool) -> Iterator[Callable[[], None]]:
    """A function to call when fits are finished; it moves the bar where one is shown."""
    if not verbose:
        yield lambda: None
        return
    with count_bar("Fitting", len(progress.tasks)) as move:
        yield lambda: move(len(progress.outcomes))
