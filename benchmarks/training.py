"""Training with eegkit, skorch, braindecode and a loop by hand: the same net, data and batches.

    uv run --all-packages python benchmarks/training.py
    uv run --all-packages python benchmarks/training.py --device cuda --compile

prints, as medians of fits of three epochs that take turns, the seconds of an epoch:

* EEGNet (eegkit's module in all four) on 1024 trials of 22 x 1000 in batches of 64;
* a small net (convolution, batch norm, ELU, pooling, linear) on 8192 trials of 8 x 128 in
  batches of 32;
* the same for braindecode's own EEGNet in braindecode's ``EEGClassifier``, against eegkit's
  EEGNet in eegkit, training and prediction;
* what ``predict_proba`` of one trial costs beside the bare module.
"""

from __future__ import annotations

import argparse
import copy
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import skorch
import torch
from braindecode import EEGClassifier
from braindecode.models import EEGNet as BraindecodeEEGNet
from eegkit_convnets import EEGNet
from rich.console import Console
from rich.table import Table
from sklearn.base import clone
from torch import nn

from eegkit import NeuralClassifier

N_THREADS = 2
LR = 1e-3
# In one turn: what a fit does once, such as looking at all trials for NaN, belongs to it.
N_EPOCHS = 3


class SmallNet(NeuralClassifier):
    """One convolution over time, batch norm, ELU, pooling and a linear layer."""

    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        n_channels, n_times = input_shape
        return nn.Sequential(
            nn.Conv1d(n_channels, 8, 9, padding=4),
            nn.BatchNorm1d(8),
            nn.ELU(),
            nn.AvgPool1d(8),
            nn.Flatten(),
            nn.Linear(8 * (n_times // 8), n_classes),
        )


def trials(n: int, n_channels: int, n_times: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, n_channels, n_times), dtype=np.float32)
    return X, rng.integers(4, size=n)


def by_hand(module: nn.Module, X: Any, y: Any, batch_size: int, device: str) -> Callable[[], None]:
    """The loop people write: plain Adam, a permutation, slices of a tensor."""
    module = copy.deepcopy(module).to(device)
    optimizer = torch.optim.Adam(module.parameters(), lr=LR)
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    loss_of = nn.CrossEntropyLoss()

    def epoch() -> None:
        module.train()
        order = torch.randperm(len(X))
        total = 0.0
        for start in range(0, len(X), batch_size):
            index = order[start : start + batch_size]
            optimizer.zero_grad()
            loss = loss_of(module(X[index].to(device)), y[index].to(device))
            loss.backward()
            optimizer.step()
            total += loss.item()

    return lambda: [epoch() for _ in range(N_EPOCHS)] and None


def with_skorch(
    cls: Any, module: nn.Module, X: Any, y: Any, batch_size: int, device: str
) -> Callable[[], None]:
    """skorch's or braindecode's classifier, told to be silent and not to hold trials out."""
    net = cls(
        copy.deepcopy(module), criterion=nn.CrossEntropyLoss, optimizer=torch.optim.Adam, lr=LR,
        batch_size=batch_size, iterator_train__shuffle=True, train_split=None, verbose=0,
        max_epochs=N_EPOCHS, device=device, classes=list(range(4)),
    ).initialize()  # fmt: skip
    return lambda: net.partial_fit(X, y)


def with_eegkit(
    estimator: NeuralClassifier, X: Any, y: Any, batch_size: int, device: str, compiled: bool
) -> Callable[[], None]:
    estimator.set_params(batch_size=batch_size, optimizer="adam", weight_decay=0.0, lr=LR)
    estimator.set_params(device=device, random_state=0, compile=compiled)
    estimator.set_params(max_epochs=N_EPOCHS, warm_start=True)
    return lambda: estimator.fit(X, y)


def medians(
    ways: dict[str, Callable[[], Any]], n_runs: int, device: str, n_inside: int = 1
) -> dict[str, float]:
    """Median seconds of each; they take turns, and the first turn is for warming up.

    `n_inside` is how often a turn does what is to be timed.
    """
    times: dict[str, list[float]] = {name: [] for name in ways}
    for run in range(n_runs + 1):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            if device.startswith("cuda"):
                torch.cuda.synchronize()
            if run:
                times[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) / n_inside for name, values in times.items()}


def add(table: Table, title: str, found: dict[str, float], unit: float = 1.0) -> None:
    for name, seconds in found.items():
        ratio = seconds / found["eegkit"]
        table.add_row(title, name, f"{seconds * unit:.3f}", f"{ratio:.2f}")
        title = ""
    table.add_section()


def epochs(
    options: argparse.Namespace, ours: dict[str, NeuralClassifier], shape: Any, batch_size: int
) -> Any:
    """The ways to train for an epoch: with eegkit, and the last net's module with the others."""
    X, y = trials(*shape)
    device = options.device
    peers = {
        name: with_eegkit(clone(net), X, y, batch_size, device, options.compile)
        for name, net in ours.items()
    }
    last = list(ours.values())[-1]
    last.set_params(max_epochs=1, random_state=0).fit(X[:8], np.arange(8) % 4)
    module = last.net_.module_.cpu()
    peers["by hand"] = by_hand(module, X, y, batch_size, device)
    for name, cls in (("skorch", skorch.NeuralNetClassifier), ("braindecode", EEGClassifier)):
        peers[name] = with_skorch(cls, module, X, y, batch_size, device)
    return peers


def single_trial(n_runs: int) -> dict[str, float]:
    """Seconds of ``predict_proba`` of one trial, and of the bare module."""
    X, y = trials(64, 8, 128)
    net = SmallNet(max_epochs=1, device="cpu", random_state=0).fit(X, y)
    module, one = net.net_.module_.eval(), torch.from_numpy(X[:1])

    def bare() -> None:
        with torch.inference_mode():
            module(one)

    def many(way: Callable[[], Any]) -> Callable[[], None]:
        return lambda: [way() for _ in range(200)] and None

    ways = {"eegkit": many(lambda: net.predict_proba(X[:1])), "bare module": many(bare)}
    return medians(ways, n_runs, "cpu", 200)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7, help="fits of each (default: 7)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--compile", action="store_true", help="eegkit compiles its nets")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(N_THREADS)
    device = options.device
    name = torch.cuda.get_device_name() if device == "cuda" else platform.processor()
    console = Console(width=100)
    console.print(f"{device} ({name}), torch {torch.__version__}, skorch {skorch.__version__}")

    table = Table("an epoch of", "trained by", "median (s)", "times eegkit's")
    large, small = (1024, 22, 1000), (8192, 8, 128)
    eegnets: Any = {"eegkit": EEGNet()}
    small_nets: Any = {"eegkit": SmallNet()}
    for title, ours, shape, batch_size in (
        ("EEGNet, 1024 trials of 22 x 1000, batches of 64", eegnets, large, 64),
        ("small net, 8192 trials of 8 x 128, batches of 32", small_nets, small, 32),
    ):
        ways = epochs(options, ours, shape, batch_size)
        add(table, title, medians(ways, options.runs, device, N_EPOCHS))

    X, y = trials(*large)
    theirs = BraindecodeEEGNet(n_chans=22, n_outputs=4, n_times=1000)
    own = EEGNet()
    ways = {
        "eegkit": with_eegkit(own, X, y, 64, device, options.compile),
        "braindecode": with_skorch(EEGClassifier, theirs, X, y, 64, device),
    }
    found = medians(ways, options.runs, device, N_EPOCHS)
    add(table, "each one's own EEGNet, training", found)
    trained = EEGClassifier(
        theirs, criterion=nn.CrossEntropyLoss, batch_size=256, device=device, classes=list(range(4))
    ).initialize()
    ways = {
        "eegkit": lambda: own.predict_proba(X),
        "braindecode": lambda: trained.predict_proba(X),
    }
    add(table, "each one's own EEGNet, predict_proba", medians(ways, options.runs, device))
    console.print(table)

    found = single_trial(max(7, options.runs))
    more = 1e3 * (found["eegkit"] - found["bare module"])
    console.print(
        f"predict_proba of one trial: {1e3 * found['eegkit']:.3f} ms, {more:.3f} ms more than the "
        f"bare module ({1e3 * found['bare module']:.3f} ms)"
    )


if __name__ == "__main__":
    main()
