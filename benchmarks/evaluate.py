"""What `evaluate` costs beside scikit-learn's `cross_validate`, and what a second worker brings.

    uv run --all-packages python benchmarks/evaluate.py
    uv run --all-packages python benchmarks/evaluate.py --part dask --repeats 5
    uv run --all-packages python benchmarks/evaluate.py --part people --people 10000
    uv run --all-packages python benchmarks/evaluate.py --part epochs

Overhead: the same pipeline (STFT and CNNBiGRU), simulated trials, folds and metrics, by `evaluate`
and by a bare ``cross_validate``, each in a process of one thread. The two run at the same time on a
core each and change cores every turn, as the speed of a core varies by more from minute to minute
than what is measured. `evaluate` also audits the split, scores every person, finds the chance
levels and keeps the predictions; what each way does outside of ``fit`` and ``predict`` is timed
apart. With the defaults, a turn takes about a minute and a half.

People: the same trials of many people and dummies, with a bare ``cross_validate`` in the same run,
in CPU seconds of this process; what `evaluate` takes for each person and pipeline, and the ratio of
the audit to the whole. ``--people 10000 --pipelines 3`` is the largest that we look at.

Epochs: ``cross_val_score`` on `mne.Epochs` in place of ``trials.X``, and on half as many; indexing
them one by one, as scikit-learn does, is timed apart.

Dask: the same folds by one worker process of one thread, and by two. With
``MALLOC_TRIM_THRESHOLD_=65536``, dask's default, workers take about half as long again.
"""

from __future__ import annotations

# ruff: noqa: E402
import argparse
import os

# Before numpy and torch are imported, here and in the workers: a fold takes one thread.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"
# dask has its workers give memory back at every chance, which costs the training of a net much
# time (glibc's malloc; variables that are set already have precedence).
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(2**28))
os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(2**25))

import multiprocessing
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GroupKFold, KFold, cross_val_score, cross_validate

from eegkit import Pipeline, Trials, evaluate, load_dataset
from eegkit.classifiers import CNNBiGRU
from eegkit.evaluation import audit_split
from eegkit.transforms import STFT, BandPower

SCORING = ["balanced_accuracy", "accuracy"]


class Taken(NamedTuple):
    """Seconds in all and outside of the pipeline, and the mean accuracy over folds."""

    whole: float
    outside: float
    accuracy: float


class Clocked(Pipeline):
    """A pipeline that adds up the seconds spent in its ``fit`` and predictions."""

    inside = 0.0

    def fit(self, X: Any, y: Any = None, **params: Any) -> Clocked:
        return self._clocked(super().fit, X, y, **params)

    def predict(self, X: Any, **params: Any) -> np.ndarray:
        return self._clocked(super().predict, X, **params)

    def predict_proba(self, X: Any, **params: Any) -> np.ndarray:
        return self._clocked(super().predict_proba, X, **params)

    @staticmethod
    def _clocked(method: Callable[..., Any], *args: Any, **params: Any) -> Any:
        taken, made = timed(lambda: method(*args, **params))
        Clocked.inside += taken
        return made


def make_pipeline(n_epochs: int) -> Clocked:
    net = CNNBiGRU.published("emotion", max_epochs=n_epochs, random_state=0)
    return Clocked([STFT(window_s=1, f_max=40), net])


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds by the clock, and what was made."""
    started = time.perf_counter()
    made = work()
    return time.perf_counter() - started, made


def overhead(n_repeats: int, *size: int) -> dict[str, list[Taken]]:
    """What both ways took, side by side; their accuracies are seen to be the same."""
    found: dict[str, list[Taken]] = {"evaluate": [], "cross_validate": []}
    cores = sorted(os.sched_getaffinity(0))[:2] if hasattr(os, "sched_getaffinity") else []
    new = multiprocessing.get_context("spawn")
    for turn in range(n_repeats):
        with new.Manager() as manager, ProcessPoolExecutor(2, mp_context=new) as pool:
            start = manager.Barrier(2, timeout=300)
            made = []
            for i, way in enumerate(found):
                core = cores[(i + turn) % 2] if len(cores) == 2 else None
                made.append(pool.submit(one_way, way, core, size, start))
            for each, future in zip(found.values(), made, strict=True):
                each.append(future.result())
    scores = {round(made.accuracy, 9) for each in found.values() for made in each}
    if len(scores) > 1:
        raise RuntimeError(f"The two ways differ in their accuracies: {sorted(scores)}.")
    return found


def one_way(way: str, core: int | None, size: tuple[int, ...], start: Any) -> Taken:
    """In a process of its own: all folds by one of the two ways."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    warm_up()
    n_subjects, n_trials, n_folds, n_epochs = size
    trials = load_dataset("simulated", n_subjects=n_subjects, n_trials=n_trials)
    pipeline, splitter = make_pipeline(n_epochs), GroupKFold(n_folds)

    def with_eegkit() -> float:
        made = evaluate(pipeline, trials, cv=splitter, scoring=SCORING)
        of = made.predictions()
        return float(np.mean([(of.y == of.predicted)[of.fold == k].mean() for k in range(n_folds)]))

    def with_sklearn() -> float:
        made = cross_validate(
            pipeline, trials.X, trials.y, groups=trials.groups, cv=splitter, scoring=SCORING,
            error_score="raise",
        )  # fmt: skip
        return float(made["test_accuracy"].mean())

    start.wait()
    Clocked.inside = 0.0
    seconds, accuracy = timed(with_eegkit if way == "evaluate" else with_sklearn)
    return Taken(seconds, seconds - Clocked.inside, accuracy)


def on_dask(trials: Trials, n_folds: int, n_epochs: int, repeats: int) -> dict[int, list[float]]:
    """Seconds by the clock with one and with two workers; starting them does not count."""
    from distributed import Client

    seconds: dict[int, list[float]] = {1: [], 2: []}
    pipeline = make_pipeline(n_epochs)
    for turn in range(repeats):
        for n_workers in (1, 2) if turn % 2 else (2, 1):
            with Client(
                n_workers=n_workers, threads_per_worker=1, dashboard_address=None
            ) as client:
                client.run(warm_up)
                options: dict[str, Any] = {"cv": GroupKFold(n_folds), "dask": client}
                few = trials[np.isin(trials.groups, np.unique(trials.groups)[:n_folds])]
                evaluate(make_pipeline(1), few, **options)
                taken, _ = timed(partial(evaluate, pipeline, trials, **options))
                seconds[n_workers].append(taken)
    return seconds


def cpu_of(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of the processor, and what was made: others on the machine do not count."""
    started = time.process_time()
    made = work()
    return time.process_time() - started, made


def with_people(n_people: int, n_pipelines: int = 3, n_trials: int = 4) -> dict[str, float]:
    """CPU seconds of `evaluate`, of its audit, and of ``cross_validate``, with dummies."""
    rng, n = np.random.default_rng(0), n_people * n_trials
    trials = Trials.from_arrays(
        rng.normal(size=(n, 2, 64)).astype(np.float32), np.tile(["a", "b"], n // 2), sfreq=64,
        subject=np.repeat([f"P{i}" for i in range(n_people)], n_trials),
    )  # fmt: skip
    dummies = {f"dummy {i}": DummyClassifier() for i in range(n_pipelines)}
    splitter = GroupKFold(5)
    evaluate(dummies, trials[:40], cv=splitter)
    seconds = {"audit": cpu_of(lambda: audit_split(trials, splitter))[0]}
    seconds["evaluate"], results = cpu_of(lambda: evaluate(dummies, trials, cv=splitter))
    seconds["summary"] = cpu_of(results.summary)[0]
    seconds["cross_validate"] = sum(
        cpu_of(
            partial(
                cross_validate, dummy, trials.X, trials.y, groups=trials.groups, cv=splitter,
                scoring=SCORING,
            )
        )[0]
        for dummy in dummies.values()
    )  # fmt: skip
    return seconds


def on_epochs(n_trials: int) -> dict[str, float]:
    """CPU seconds of ``cross_val_score`` on signals, on epochs, and of MNE's indexing in that."""
    trials = load_dataset("simulated", n_subjects=4, n_trials=n_trials // 4)
    epochs = trials.to_epochs()
    decoder = Pipeline([BandPower(), LinearDiscriminantAnalysis()])
    work = partial(cross_val_score, decoder, y=trials.y, cv=3)
    work(trials.X)
    folds = KFold(3).split(trials.y)
    rows = [row for fold in folds for part in fold for row in part]
    return {
        "trials.X": cpu_of(lambda: work(trials.X))[0],
        "mne.Epochs": cpu_of(lambda: work(epochs))[0],
        "MNE's indexing": cpu_of(lambda: [epochs[int(row)] for row in rows])[0],
    }


def warm_up() -> None:
    """In a worker: whatever is done once only."""
    torch.set_num_threads(1)
    few = load_dataset("simulated", n_subjects=2, n_trials=8)
    make_pipeline(1).fit(few.X, few.y).predict(few.X)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--part", choices=("overhead", "dask", "both", "people", "epochs"), default="both"
    )
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--pipelines", type=int, default=3, help="Dummies of --part people.")
    parser.add_argument("--trials", type=int, default=40, help="Of a person.")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=4)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    if chosen.part == "people":
        show_people(Console(), chosen.people, chosen.pipelines)
        return
    if chosen.part == "epochs":
        show_epochs(Console())
        return
    trials = load_dataset("simulated", n_subjects=chosen.people, n_trials=chosen.trials)
    console = Console()
    console.print(f"{trials!r}; {chosen.folds} folds, {chosen.epochs} epochs", highlight=False)
    if chosen.part != "dask":
        show_overhead(
            console,
            overhead(chosen.repeats, chosen.people, chosen.trials, chosen.folds, chosen.epochs),
        )
    if chosen.part != "overhead":
        show_dask(console, on_dask(trials, chosen.folds, chosen.epochs, chosen.repeats))


def show_overhead(console: Console, found: dict[str, list[Taken]]) -> None:
    table = Table("medians", "evaluate (s)", "cross_validate (s)")
    whole = [statistics.median(made.whole for made in each) for each in found.values()]
    outside = [statistics.median(made.outside for made in each) for each in found.values()]
    table.add_row("in all", *(f"{median:.2f}" for median in whole))
    table.add_row("outside of fit and predict", *(f"{median:.3f}" for median in outside))
    console.print(table)
    ratios = [one.whole / other.whole for one, other in zip(*found.values(), strict=True)]
    console.print(
        f"Ratio of the whole, every turn: {' '.join(f'{ratio:.3f}' for ratio in ratios)}; "
        f"median {statistics.median(ratios):.3f}. Outside of fit and predict: "
        f"{(outside[0] - outside[1]) / whole[1]:.2%} of the bare run.",
        highlight=False,
    )


def show_people(console: Console, n_people: int, n_pipelines: int) -> None:
    seconds = with_people(n_people, n_pipelines)
    table = Table(f"{n_people} people, {n_pipelines} dummies", "CPU (s)", "to cross_validate")
    for name, taken in seconds.items():
        table.add_row(name, f"{taken:.2f}", f"{taken / seconds['cross_validate']:.2f}")
    console.print(table)
    each = (seconds["evaluate"] - seconds["audit"]) / (n_people * n_pipelines)
    console.print(f"Beside the audit {1000 * each:.2f} ms for each person and pipeline.")


def show_epochs(console: Console) -> None:
    table = Table("cross_val_score", "200 trials, CPU (s)", "400 trials, CPU (s)", "ratio")
    half, whole = on_epochs(200), on_epochs(400)
    for name, taken in whole.items():
        table.add_row(name, f"{half[name]:.2f}", f"{taken:.2f}", f"{taken / half[name]:.2f}")
    console.print(table)


def show_dask(console: Console, seconds: dict[int, list[float]]) -> None:
    one, two = (statistics.median(each) for each in seconds.values())
    table = Table("one worker (s)", "two workers (s)", "times as fast")
    table.add_row(f"{one:.2f}", f"{two:.2f}", f"{one / two:.2f}")
    console.print(table)


if __name__ == "__main__":
    main()
