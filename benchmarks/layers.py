"""Layers of eegkit against torch's own: the same function, forward, and forward and backward.

    uv run --all-packages python benchmarks/layers.py
    uv run --all-packages python benchmarks/layers.py --threads 2 --clock --repeats 31

prints how many times as long torch's takes: dropout, EEGNet's filters, and CNNBiGRU with blocks of
torch's layers, as it was written before `ConvBlocks`. Layers of eegkit are trained with memory
kept from step to step, as a fit does it. The two take turns; of each turn, after a step that is not
counted, the ratio is taken, of the ratios the median. By default it counts processor time, which
tells layers apart on a busy machine too; time on the clock (``--clock``) is for a quiet one. What
it measures is written to ``results/layers.csv``, processor and versions to
``results/layers.json``; ``--page`` writes the table of ``docs/benchmarks/layers.md`` from them.
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from eegkit_convnets._layers import Depthwise, Pointwise
from explain import processor
from torch import nn

from eegkit.atomic import atomic_write
from eegkit.classifiers import CNNBiGRU, layers
from eegkit.classifiers._memory import kept_memory

PATH = Path(__file__).parent / "results" / "layers.csv"
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks" / "layers.md"
MARKS = "<!-- table: python benchmarks/layers.py --page -->", "<!-- end of table -->"
INSTRUCTIONS = "avx", "avx2", "fma", "avx512f", "avx512_bf16", "amx_tile"
# In one turn at least so many values go through a layer.
VALUES_PER_TURN = 10**5
SPECTROGRAMS = {
    "19 x 100 x 7, batch 32": (32, 19, 100, 7),
    "14 x 65 x 9, batch 32": (32, 14, 65, 9),
}
SETTINGS = {
    "CNNBiGRU": {},
    "CNNBiGRU, one CNN": {"share_cnn": True},
}
# Ten times the work.
LARGE = {'CNNBiGRU.published("emotion")': CNNBiGRU.published_settings["emotion"]}


class ChannelsLast(nn.Sequential):
    """Torch's layers, as CNNBiGRU had them."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.contiguous(memory_format=torch.channels_last))


def pairs(settings: dict[str, Any]) -> list[tuple[str, str, nn.Module, nn.Module, tuple[int, ...]]]:
    """Name, shape in words, ours, torch's, shape."""
    rows: list[Any] = []
    for shape in ((32, 8, 16), (32, 8, 128), (64, 16, 1, 250), (64, 16, 1, 1000)):
        rows.append(("Dropout", text(shape), layers.Dropout(0.5), nn.Dropout(0.5), shape))
    for shape in ((16, 16, 1, 47), (64, 16, 1, 265), (32, 64, 1, 300)):
        maps = shape[1]
        ours, theirs = Depthwise(maps, 16), nn.Conv2d(maps, maps, (1, 16), groups=maps, bias=False)
        rows.append(("EEGNet's depthwise filter", text(shape), ours, theirs, shape))
        ours, theirs = Pointwise(maps, maps), nn.Conv2d(maps, maps, 1, bias=False)
        rows.append(("EEGNet's pointwise filter", text(shape), ours, theirs, shape))
    for name, params in settings.items():
        for words, shape in SPECTROGRAMS.items():
            ours = CNNBiGRU(**params).build_module(shape[1:], 2)
            theirs = copy.deepcopy(ours)
            theirs.cnn = ChannelsLast(*theirs.cnn)
            rows.append((name, words, ours, theirs, shape))
    return rows


def text(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def prediction(layer: nn.Module, x: torch.Tensor) -> Callable[[], Any]:
    def run() -> None:
        layer.train(isinstance(layer, nn.Dropout))
        with torch.inference_mode():
            layer(x)

    return run


def training(layer: nn.Module, x: torch.Tensor) -> Callable[[], Any]:
    x = x.clone().requires_grad_(x.ndim < 4 or x.shape[2] == 1)  # nets do not need the input's
    weight = torch.randn_like(layer.train()(x))

    def run() -> None:
        layer.train()
        x.grad = None
        layer.zero_grad()
        layer(x).backward(weight)

    return run


def ratio(
    ways: list[tuple[Callable[[], Any], Callable[[], AbstractContextManager[None]]]],
    n: int,
    repeats: int,
    clock: Callable[[], float],
) -> float:
    """How many times as long torch's takes; the median."""
    times: list[list[float]] = []
    for _ in range(repeats + 1):
        turn = []
        for way, memory in ways:
            with memory():
                way()
                started = clock()
                for _ in range(n):
                    way()
                turn.append((clock() - started) / n)
        times.append(turn)
    kept = [turn for turn in times[1:] if turn[0] > 0]
    return statistics.median(theirs / own for own, theirs in kept)


def measure(options: argparse.Namespace) -> None:
    clock = time.perf_counter if options.clock else time.process_time
    torch.set_num_threads(options.threads)
    rows = []
    for name, words, ours, theirs, shape in pairs(SETTINGS | LARGE if options.large else SETTINGS):
        torch.manual_seed(0)
        x = torch.randn(shape)
        n = max(1, VALUES_PER_TURN // x.numel())
        row = {"layer": name, "input": words, "threads": options.threads}
        for kind, way, memory in (
            ("prediction", prediction, nullcontext),
            ("training", training, partial(kept_memory, "cpu")),
        ):
            both = [(way(ours, x), memory), (way(theirs, x), nullcontext)]
            row[kind] = ratio(both, n, options.repeats, clock)
        rows.append(row)
        with atomic_write(PATH) as part:
            pd.DataFrame(rows).round(2).to_csv(part, index=False)
        print(f"{name:32} {words:24} {row['prediction']:.2f} {row['training']:.2f}", flush=True)
    write_facts(options)


def write_facts(options: argparse.Namespace) -> None:
    """What it was measured on."""
    flags = Path("/proc/cpuinfo")
    words = flags.read_text(encoding="utf-8").split() if flags.exists() else []
    facts = {
        "cpu": processor(),
        "instructions": [name for name in INSTRUCTIONS if name in words],
        "torch_uses": torch.backends.cpu.get_cpu_capability(),
        "time": "on the clock" if options.clock else "of the processor",
        "threads": options.threads,
        "repeats": options.repeats,
        "versions": {name: version(name) for name in ("eegkit", "torch")},
    }
    with atomic_write(PATH.with_suffix(".json")) as part:
        part.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def table() -> str:
    facts = json.loads(PATH.with_suffix(".json").read_text(encoding="utf-8"))
    lines = [
        f"{facts['cpu']} ({', '.join(facts['instructions'])}; torch uses "
        f"{facts['torch_uses']}), torch {facts['versions']['torch']}, threads: {facts['threads']}; "
        f"medians of {facts['repeats']} turns, time {facts['time']}.",
        "",
        "| layer | input | prediction, torch's takes | step of training, torch's takes |",
        "| --- | --- | --- | --- |",
    ]
    for row in pd.read_csv(PATH).itertuples():
        ratios = f"{row.prediction:.2f} x | {row.training:.2f} x"
        lines.append(f"| {row.layer} | {row.input} | {ratios} |")
    return "\n".join([MARKS[0], *lines, MARKS[1]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--clock", action="store_true", help="time on the clock")
    parser.add_argument("--large", action="store_true", help="the published setting, too")
    parser.add_argument(
        "--page", action="store_true", help="write the page's table, measure nothing"
    )
    options = parser.parse_args()
    if not options.page:
        measure(options)
        return
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(MARKS[0])
    with atomic_write(PAGE) as part:
        part.write_text(before + table() + rest.split(MARKS[1])[1], encoding="utf-8")


if __name__ == "__main__":
    main()
