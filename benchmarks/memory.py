"""Peak memory of working on a large array that lies in a file.

    python benchmarks/memory.py --gb 8
    python benchmarks/memory.py --gb 8 --train --limit-mb 1500

writes trials to a file and prints the peak resident memory of a fresh process that reads them
as a memmap: the first transforms them with ``STFT(nperseg=256).transform(X, out=...)``, and it is
then checked that parts of the file are, byte for byte, what the transform makes of those trials
in one go; the second trains a net for an epoch. Needs up to 2.2 times as much room on the disk;
the files are removed again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from eegkit.blocks import release, row_blocks
from eegkit.signals import SignalArray
from eegkit.transforms import STFT

N_CHANNELS, N_TIMES, SFREQ = 22, 1000, 250.0
N_COMPARED = 40
MB = 2**20

# Both programs begin with this.
BEGIN = """
import json, resource, sys, time
import numpy as np
from eegkit import NeuralClassifier, SignalArray
from eegkit.transforms import STFT
from torch import nn

def peak_mb():
    try:
        status = open("/proc/self/status").read()
    except FileNotFoundError:  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    # Not ru_maxrss, which on Linux begins at the memory of the process that started this one.
    return int(status.split("VmHWM:")[1].split()[0]) / 1024

source, sfreq = sys.argv[1], float(sys.argv[2])
X = SignalArray(np.load(source, mmap_mode="r"), sfreq=sfreq)
"""
TRANSFORM = """
target, n_jobs = sys.argv[3], int(sys.argv[4])
STFT(nperseg=256).fit_transform(X[:1])
start, at_rest = time.perf_counter(), peak_mb()
made = STFT(nperseg=256, n_jobs=n_jobs).fit(X).transform(X, out=target)
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "at_rest_mb": at_rest, "peak_mb": peak_mb(),
                  "out_bytes": made.nbytes}))
"""
TRAIN = """
class SmallNet(NeuralClassifier):
    def build_module(self, input_shape, n_classes):
        n_channels, n_times = input_shape
        return nn.Sequential(
            nn.Conv1d(n_channels, 8, 9), nn.BatchNorm1d(8), nn.ELU(), nn.AvgPool1d(n_times // 8),
            nn.Flatten(), nn.LazyLinear(n_classes),
        )

y = np.arange(len(X)) % 2
SmallNet(max_epochs=1, device="cpu").fit(X[:64], y[:64])
start, at_rest = time.perf_counter(), peak_mb()
SmallNet(max_epochs=1, batch_size=64, validation_split=0.1, device="cpu").fit(X, y)
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "at_rest_mb": at_rest, "peak_mb": peak_mb()}))
"""


def write_trials(path: Path, n_bytes: int) -> int:
    """Write random trials to a ``.npy`` file, without holding them; give their number."""
    row_bytes = 4 * N_CHANNELS * N_TIMES
    n_trials = max(1, n_bytes // row_bytes)
    shape = (n_trials, N_CHANNELS, N_TIMES)
    X = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    rng = np.random.default_rng(0)
    for rows in row_blocks(n_trials, row_bytes):
        rng.standard_normal(out=X[rows], dtype=np.float32)
        release(X)
    return n_trials


def in_a_new_process(program: str, *arguments: object) -> dict[str, float]:
    """What a program tells: the seconds, and the peak memory before and after the work."""
    command = [sys.executable, "-c", BEGIN + program, *map(str, arguments)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(told)


def differing_rows(source: Path, target: Path) -> list[int]:
    """Trials at the start, in the middle and at the end whose bytes differ from those in one go."""
    X, made = np.load(source, mmap_mode="r"), np.load(target, mmap_mode="r")
    differing = []
    for start in (0, max(0, len(X) // 2 - N_COMPARED), max(0, len(X) - N_COMPARED)):
        rows = slice(start, start + N_COMPARED)
        signals = SignalArray(np.array(X[rows]), sfreq=SFREQ)
        stft = STFT(nperseg=256).fit(signals)
        # Not `transform`, which would go block by block.
        expected = stft.transform_block(np.asarray(signals))
        same = [a.tobytes() == b.tobytes() for a, b in zip(expected, made[rows], strict=True)]
        differing += [start + i for i, equal in enumerate(same) if not equal]
    return differing


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gb", type=float, default=1.0, help="size of the array, in GB (10^9 B)")
    parser.add_argument("--limit-mb", type=float, default=1000.0, help="memory allowed, in MB")
    parser.add_argument("--n-jobs", type=int, default=1, help="threads of the transform")
    parser.add_argument("--train", action="store_true", help="train a net instead")
    parser.add_argument("--folder", help="where to write; a temporary folder by default")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        source, target = Path(folder) / "trials.npy", Path(folder) / "spectrograms.npy"
        start = time.perf_counter()
        n_trials = write_trials(source, int(options.gb * 1e9))
        size = source.stat().st_size / 1e9
        print(f"wrote {n_trials} trials x {N_CHANNELS} channels x {N_TIMES} samples, "
              f"{size:.2f} GB, in {time.perf_counter() - start:.0f} s")  # fmt: skip
        differing: list[int] = []
        if options.train:
            told = in_a_new_process(TRAIN, source, SFREQ)
            what = "an epoch of training from a memmap"
        else:
            told = in_a_new_process(TRANSFORM, source, SFREQ, target, options.n_jobs)
            what = f"STFT from memmap to memmap ({told['out_bytes'] / 1e9:.2f} GB)"
            differing = differing_rows(source, target)
            print(f"bytes as in one go, {3 * N_COMPARED} trials compared: {not differing}")
        print(f"{what}: {told['seconds']:.0f} s, {1e3 * size / told['seconds']:.0f} MB/s")
        print(f"resident memory: {told['at_rest_mb']:.0f} MB after the imports and a few trials, "
              f"peak {told['peak_mb']:.0f} MB (limit {options.limit_mb:.0f} MB)")  # fmt: skip
    return int(told["peak_mb"] > options.limit_mb or bool(differing))


if __name__ == "__main__":
    sys.exit(main())
