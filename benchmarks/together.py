"""Folds and seeds of nets trained at once, against one after the other, by eegkit and braindecode.

    uv run --all-packages python benchmarks/together.py
    uv run --all-packages python benchmarks/together.py --people 8 --part small --out /tmp/few.json
    uv run --all-packages python benchmarks/together.py --page docs/benchmarks/together.md

leaves one person out, with several seeds, by ``evaluate(together="auto")``, by
``evaluate(together=False)``, and by a loop over braindecode's ``EEGClassifier``: the same net,
trials, folds and epochs. The ways take turns, each in a process of its own, which gives its memory.
What is measured is stored as it comes, and a run that was stopped goes on; the page is made of it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from braindecode import EEGClassifier
from braindecode.models import EEGNet as BraindecodeEEGNet
from eegkit_convnets import EEGNet
from sklearn.pipeline import make_pipeline
from torch import nn

from eegkit import NeuralClassifier, Trials, evaluate
from eegkit.atomic import atomic_write
from eegkit.classifiers import CNNBiGRU
from eegkit.transforms import STFT

OUT = Path(__file__).parent / "results" / "together.json"
SFREQ = 128.0
LR = 1e-3
WAYS = ("eegkit, together", "eegkit, one by one", "braindecode, one by one")
INSTRUCTIONS = ("sse4_2", "fma", "avx", "avx2", "avx512f", "avx512_bf16", "amx_tile")

PROFILES = """\
`python benchmarks/together_profile.py`: one epoch of each way under torch's profiler. Shares are of
the time inside of torch's operations, by kind of operation; the profiler makes short operations
longer than they are, so the seconds are those of the same run without it. What is computed is the
same in all ways. At once it takes far fewer operations, each of them larger: what is saved is what
an operation costs however small its arrays are. What is left is the arithmetic, the spectra and
products of EEGNet's filters and the convolution of the small net above all, and copies. With
large trials the arithmetic is nearly everything, and nothing is saved."""


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


@dataclass(frozen=True)
class Part:
    """Trials, and the net that is trained on them."""

    n_channels: int
    n_times: int
    batch_size: int
    n_epochs: int
    net: Any
    # The module for braindecode; None is eegkit's own.
    make: Callable[..., nn.Module] | None
    spectrogram: bool = False


PARTS = {
    "EEGNet 8 x 128, batches of 16": Part(8, 128, 16, 5, EEGNet, braindecode_net),
    "EEGNet 8 x 128, batches of 32": Part(8, 128, 32, 5, EEGNet, braindecode_net),
    "EEGNet 19 x 640, batches of 32": Part(19, 640, 32, 1, EEGNet, braindecode_net),
    "small net 8 x 128, batches of 32": Part(8, 128, 32, 5, SmallNet, small_net),
    "STFT + CNNBiGRU 19 x 640": Part(19, 640, 32, 1, CNNBiGRU, None, spectrogram=True),
}


def simulated(n_people: int, n_trials: int, n_channels: int, n_times: int) -> Trials:
    rng = np.random.default_rng(0)
    n = n_people * n_trials
    y = np.where(np.arange(n) % 2, "rest", "task")
    X = rng.standard_normal((n, n_channels, n_times), dtype=np.float32)
    X[y == "task", 0] *= 1.5
    subject = np.repeat([f"s{i:02d}" for i in range(n_people)], n_trials)
    return Trials.from_arrays(X, y, sfreq=SFREQ, subject=subject)


def estimator(part: Part) -> Any:
    net = part.net(
        max_epochs=part.n_epochs, batch_size=part.batch_size, lr=LR, random_state=0, device="cpu"
    )
    return make_pipeline(STFT(), net) if part.spectrogram else net


def with_braindecode(part: Part, trials: Trials, n_seeds: int) -> None:
    X, y = np.array(trials.X, dtype=np.float32), (trials.y == "task").astype(np.int64)
    if part.spectrogram:  # it learns nothing, so once serves all folds
        X = np.asarray(STFT().fit_transform(trials.X), dtype=np.float32)
    make = part.make or (lambda *sizes: part.net().build_module(sizes[:-1], sizes[-1]))
    for seed in range(n_seeds):
        for person in np.unique(trials.groups):
            test = trials.groups == person
            torch.manual_seed(seed)
            net = EEGClassifier(
                make(*X.shape[1:], 2), criterion=nn.CrossEntropyLoss, optimizer=torch.optim.AdamW,
                lr=LR, batch_size=part.batch_size, iterator_train__shuffle=True, train_split=None,
                verbose=0, max_epochs=part.n_epochs, classes=[0, 1],
            )  # fmt: skip
            net.fit(X[~test], y[~test]).predict(X[test])


def carry_out(part: Part, way: str, trials: Trials, n_seeds: int) -> str:
    """What the results say of nets that were trained one after the other."""
    if way.startswith("braindecode"):
        with_braindecode(part, trials, n_seeds)
        return ""
    together: Any = "auto" if way == WAYS[0] else False
    return evaluate(
        estimator(part), trials, cv="loso", n_seeds=n_seeds, scoring="accuracy", together=together
    ).training_note


def measure(part: Part, way: str, n_people: int, n_trials: int, n_seeds: int) -> dict[str, Any]:
    """Seconds of the processor and on the clock, and the largest memory, of this process."""
    few = simulated(2, 2 * part.batch_size, part.n_channels, part.n_times)
    carry_out(part, way, few, 2)  # to warm up
    trials = simulated(n_people, n_trials, part.n_channels, part.n_times)
    start = time.process_time(), time.perf_counter()
    note = carry_out(part, way, trials, n_seeds)
    return {
        "cpu_s": time.process_time() - start[0],
        "clock_s": time.perf_counter() - start[1],
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "note": note,
    }


def machine() -> dict[str, Any]:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    facts = {n.strip(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
    return {
        "cpu": facts.get("model name", platform.processor()),
        "instructions": [n for n in INSTRUCTIONS if n in facts.get("flags", "").split()],
        "cores": os.cpu_count(),
        "versions": {n: version(n) for n in ("eegkit", "torch", "numpy", "braindecode")},
    }


def in_process(part: str, way: str, settings: dict[str, int]) -> dict[str, Any]:
    arguments = [f"--{name}={value}" for name, value in settings.items()]
    command = [sys.executable, __file__, *arguments, "--measure", part, way]
    return dict(json.loads(subprocess.check_output(command, text=True).splitlines()[-1]))


def run(options: argparse.Namespace, settings: dict[str, int]) -> None:
    content = json.loads(options.out.read_text()) if options.out.exists() else {}
    content = content or {"settings": settings, "machine": machine(), "runs": {}}
    if content["settings"] != settings:
        raise SystemExit(f"{options.out} has {content['settings']}; give another --out.")
    for turn in range(options.repeats):
        for part in (name for name in PARTS if options.part in name):
            for way in WAYS:
                runs = content["runs"].setdefault(part, {}).setdefault(way, [])
                if len(runs) > turn:
                    continue
                runs.append(in_process(part, way, settings))
                with atomic_write(options.out) as path:
                    path.write_text(json.dumps(content, indent=1) + "\n")
                print(part, way, runs[-1], flush=True)


def page(content: dict[str, Any]) -> str:
    """The tables, as Markdown."""
    facts, settings = content["machine"], content["settings"]
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    rows, notes = [], []
    for part, ways in content["runs"].items():
        medians = {
            way: {name: np.median([r[name] for r in runs]) for name in ("cpu_s", "clock_s", "mb")}
            for way, runs in ways.items()
        }
        first = medians[WAYS[0]]
        rows += [
            f"| {part} | {way} | {m['cpu_s']:.1f} | {m['clock_s']:.1f} | {m['mb']:.0f} | "
            f"{m['cpu_s'] / first['cpu_s']:.2f} |"
            for way, m in medians.items()
        ]
        notes += [f"- {part}: {note}" for note in {r["note"] for r in ways[WAYS[0]]} if note]
    return "\n".join([
        "# Nets trained at once", "",
        f"`python benchmarks/together.py`: one person of {settings['people']} left out, "
        f"{settings['seeds']} seeds, {settings['trials']} simulated trials of each person, "
        f"{settings['threads']} thread of torch; {facts['cpu']}, {facts['cores']} cores, "
        f"{', '.join(facts['instructions'])}; {versions}. Medians of the runs of each way, "
        "every run in a process of its own. `together` is `evaluate(..., together=\"auto\")`.", "",
        "| Net | Way | s of the processor | s | MB | times that of together |",
        "| --- | --- | ---: | ---: | ---: | ---: |", *rows, "",
        *(["Trained one after the other all the same:", "", *notes, ""] if notes else []),
        *profile_tables(content.get("profiles", {})),
    ])  # fmt: skip


def profile_tables(profiles: dict[str, dict[str, Any]]) -> list[str]:
    """What `together_profile` found, a table for each part."""
    if not profiles:
        return []
    lines = ["## What takes the time", "", *PROFILES.splitlines(), ""]
    for part, ways in profiles.items():
        first = ways[WAYS[0]]
        counts = f"{first['n_people']} people, seeds: {first['n_seeds']}"
        lines += [
            f"{part}, {counts}:",
            "",
            f"| | {' | '.join(ways)} |",
            "| --- |" + " ---: |" * len(ways),
        ]
        for title, name, form in (
            ("s of the processor", "cpu_s", "{:.1f}"),
            ("operations of torch", "operations", "{:,}"),
        ):
            cells = [form.format(found[name]) for found in ways.values()]
            lines.append(f"| {title} | {' | '.join(cells)} |")
        kinds = {kind: share for found in ways.values() for kind, share in found["shares"].items()}
        for kind in sorted(kinds):
            cells = [f"{found['shares'].get(kind, 0):.0%}" for found in ways.values()]
            lines.append(f"| {kind} | {' | '.join(cells)} |")
        lines.append("")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser()
    defaults = {"people": 32, "trials": 40, "seeds": 3, "threads": 1}
    for name, default in (*defaults.items(), ("repeats", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--part", default="", help="only what has this in its name")
    parser.add_argument("--out", type=Path, default=OUT, help="where results are stored")
    parser.add_argument("--page", type=Path, help="write the page of what is stored, and end")
    parser.add_argument("--measure", nargs=2, metavar=("PART", "WAY"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    settings = {name: getattr(options, name) for name in defaults}
    if options.page:
        with atomic_write(options.page) as path:
            path.write_text(page(json.loads(options.out.read_text())))
    elif options.measure:
        warnings.simplefilter("ignore")
        torch.set_num_threads(options.threads)
        part, way = options.measure
        counts = options.people, options.trials, options.seeds
        print(json.dumps(measure(PARTS[part], way, *counts)))
    else:
        run(options, settings)


if __name__ == "__main__":
    main()
