"""What takes the time while nets train at once, and one after the other, by torch's profiler.

    uv run --all-packages python benchmarks/together_profile.py
    uv run --all-packages python benchmarks/together.py --page docs/benchmarks/together.md

carries out the parts of `together` for one epoch, eleven people and three seeds (of spectrograms
three and one, as these nets train one by one), under the profiler, and puts shares of time into the
results of `together`, by kind of operation. Seconds are those of the same run without the profiler,
which makes short operations longer than they are.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from together import OUT, PARTS, WAYS, Part, carry_out, simulated
from torch._C._profiler import _ExperimentalConfig
from torch.profiler import ProfilerActivity, profile

from eegkit import Trials
from eegkit.atomic import atomic_write

N_TRIALS = 40
# People and seeds: of nets that train at once more than of a group, of others few.
MANY, FEW = (11, 3), (3, 1)
# By kind: what the name of an operation has in it; the first that fits.
KINDS = {
    "optimiser": ("Optimizer", "adam", "lerp", "addcdiv", "addcmul"),
    "convolution": ("convolution", "conv1d", "conv2d"),
    "Fourier transform": ("fft", "conj"),
    "batch norm": ("batch_norm",),
    "pooling": ("pool",),
    "activation": ("elu", "softmax", "tanh", "sigmoid"),
    "matrix product": ("::mm", "bmm", "addmm", "matmul", "linear", "einsum"),
    "recurrent layer": ("gru", "lstm", "rnn"),
    "random numbers": ("uniform", "bernoulli", "random", "normal_", "randperm", "dropout"),
    "copies and new arrays": (
        *("copy", "empty", "zero", "fill", "clone", "_to_", "::to", "cat", "stack", "index"),
        *("view", "reshape", "stride", "slice", "select", "permute", "transpose", "unbind", "pad"),
    ),
}
OTHERS = "sums, products and all else"


def kind_of(operation: str) -> str:
    fits = (k for k, parts in KINDS.items() if any(part in operation for part in parts))
    return next(fits, OTHERS)


def profiled(part: Part, way: str, trials: Trials, n_seeds: int) -> dict[str, Any]:
    """Seconds without the profiler; operations and the share of their time by kind with it."""
    start = time.process_time()
    carry_out(part, way, trials, n_seeds)
    seconds = time.process_time() - start
    # Nets at once are trained by a thread of their own.
    threads = _ExperimentalConfig(profile_all_threads=True)
    with profile(activities=[ProfilerActivity.CPU], experimental_config=threads) as record:
        carry_out(part, way, trials, n_seeds)
    times: dict[str, float] = defaultdict(float)
    averages = record.key_averages()
    for row in averages:
        times[kind_of(row.key)] += row.self_cpu_time_total
    whole = sum(times.values())
    return {
        "cpu_s": seconds,
        "operations": sum(row.count for row in averages),
        "n_people": len(np.unique(trials.groups)),
        "n_seeds": n_seeds,
        "shares": {kind: value / whole for kind, value in sorted(times.items())},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", default="", help="only what has this in its name")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    content = json.loads(OUT.read_text())
    for name in (name for name in PARTS if options.part in name):
        part = replace(PARTS[name], n_epochs=1)
        n_people, n_seeds = FEW if part.spectrogram else MANY
        trials = simulated(n_people, N_TRIALS, part.n_channels, part.n_times)
        for way in WAYS:
            carry_out(part, way, simulated(2, 16, part.n_channels, part.n_times), 1)  # warm up
            found = profiled(part, way, trials, n_seeds)
            content.setdefault("profiles", {}).setdefault(name, {})[way] = found
            print(name, way, found, flush=True)
            with atomic_write(OUT) as path:
                path.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
