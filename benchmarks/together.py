"""Folds and seeds of nets trained at once, against one after the other, by eegkit and braindecode.

    uv run --all-packages python benchmarks/together.py
    uv run --all-packages python benchmarks/together.py --people 32 --seeds 3 --part small

leaves one person out, with several seeds, and prints the seconds (of the processor, and on the
clock) of ``evaluate(together="auto")``, of ``evaluate(together=False)``, and of a loop over
braindecode's ``EEGClassifier``, the same net, trials, folds and epochs. The ways take turns.
"""

from __future__ import annotations

import argparse
import platform
import resource
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from braindecode import EEGClassifier
from braindecode.models import EEGNet as BraindecodeEEGNet
from eegkit_convnets import EEGNet
from rich.console import Console
from rich.table import Table
from torch import nn

from eegkit import NeuralClassifier, Trials, evaluate

SFREQ = 128.0
LR = 1e-3


class SmallNet(NeuralClassifier):
    """One convolution over time, batch norm, ELU, pooling and a linear layer."""

    fits_in_threads = True

    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        return small_net(*input_shape, n_classes)


def small_net(n_channels: int, n_times: int, n_classes: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(n_channels, 8, 9, padding=4),
        nn.BatchNorm1d(8),
        nn.ELU(),
        nn.AvgPool1d(8),
        nn.Flatten(),
        nn.Linear(8 * (n_times // 8), n_classes),
    )


def braindecode_net(n_channels: int, n_times: int, n_classes: int) -> nn.Module:
    return BraindecodeEEGNet(n_channels, n_classes, n_times)


# By part: channels, samples, trials of a batch, eegkit's net, and the module for braindecode.
PARTS: dict[str, tuple[int, int, int, Any, Callable[..., nn.Module]]] = {
    "EEGNet 8 x 128, batches of 16": (8, 128, 16, EEGNet, braindecode_net),
    "EEGNet 8 x 128, batches of 32": (8, 128, 32, EEGNet, braindecode_net),
    "EEGNet 19 x 640, batches of 32": (19, 640, 32, EEGNet, braindecode_net),
    "small net 8 x 128, batches of 32": (8, 128, 32, SmallNet, small_net),
}


def simulated(n_people: int, n_trials: int, n_channels: int, n_times: int) -> Trials:
    rng = np.random.default_rng(0)
    n = n_people * n_trials
    y = np.where(np.arange(n) % 2, "rest", "task")
    X = rng.standard_normal((n, n_channels, n_times), dtype=np.float32)
    X[y == "task", 0] *= 1.5
    subject = np.repeat([f"s{i:02d}" for i in range(n_people)], n_trials)
    return Trials.from_arrays(X, y, sfreq=SFREQ, subject=subject)


def with_eegkit(trials: Trials, net: Any, n_seeds: int, together: Any) -> None:
    evaluate(net, trials, cv="loso", n_seeds=n_seeds, together=together, scoring="accuracy")


def with_braindecode(
    trials: Trials, make: Callable[..., nn.Module], batch_size: int, n_epochs: int, n_seeds: int
) -> None:
    X, y = np.array(trials.X, dtype=np.float32), (trials.y == "task").astype(np.int64)
    for seed in range(n_seeds):
        for person in np.unique(trials.groups):
            test = trials.groups == person
            torch.manual_seed(seed)
            net = EEGClassifier(
                make(*X.shape[1:], 2), criterion=nn.CrossEntropyLoss, optimizer=torch.optim.AdamW,
                lr=LR, batch_size=batch_size, iterator_train__shuffle=True, train_split=None,
                verbose=0, max_epochs=n_epochs, classes=[0, 1],
            )  # fmt: skip
            net.fit(X[~test], y[~test]).predict(X[test])


def seconds(way: Callable[[], None]) -> tuple[float, float]:
    """Of the processor, and on the clock."""
    start = time.process_time(), time.perf_counter()
    way()
    return time.process_time() - start[0], time.perf_counter() - start[1]


def ways_of(part: str, options: argparse.Namespace) -> dict[str, Callable[[], None]]:
    n_channels, n_times, batch_size, cls, make = PARTS[part]
    trials = simulated(options.people, options.trials, n_channels, n_times)
    net = cls(max_epochs=options.epochs, batch_size=batch_size, lr=LR, random_state=0, device="cpu")
    return {
        "eegkit, together": lambda: with_eegkit(trials, net, options.seeds, "auto"),
        "eegkit, one by one": lambda: with_eegkit(trials, net, options.seeds, False),
        "braindecode, one by one": lambda: with_braindecode(
            trials, make, batch_size, options.epochs, options.seeds
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (
        ("people", 8),
        ("trials", 40),
        ("seeds", 2),
        ("epochs", 5),
        ("repeats", 3),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--part", default="", help="only what has this in its name")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(options.threads)
    table = Table("", "way", "s of the processor", "s", "times that of together")
    for part in (part for part in PARTS if options.part in part):
        ways = ways_of(part, options)
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for turn in range(options.repeats + 1):
            for name, way in ways.items():
                spent = seconds(way)
                if turn:  # the first is for warming up
                    times[name].append(spent)
        medians = {name: np.median(values, axis=0) for name, values in times.items()}
        for name, (cpu, clock) in medians.items():
            ratio = statistics.median(
                other[0] / first[0]
                for other, first in zip(times[name], times["eegkit, together"], strict=True)
            )
            table.add_row(part, name, f"{cpu:.1f}", f"{clock:.1f}", f"{ratio:.2f}")
            part = ""
        table.add_section()
    console = Console()
    console.print(table)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    capability = torch.backends.cpu.get_cpu_capability()
    console.print(
        f"{options.people} people, {options.seeds} seeds, {options.threads} threads; torch "
        f"{torch.__version__}, {platform.processor() or platform.machine()}, {capability}; at most "
        f"{megabytes:.0f} MB"
    )


if __name__ == "__main__":
    main()
