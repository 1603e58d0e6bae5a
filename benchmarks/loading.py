"""Loading prepared trials: eegkit cold and from its cache, MNE by hand, braindecode's windowers.

    EEGKIT_DATA=... uv run --all-packages python benchmarks/loading.py
    python benchmarks/loading.py --path eegmat --jobs 2 --runs 3

loads all recordings of PhysioNet's "EEG During Mental Arithmetic Tasks" that are in the folder:
19 channels, resampled from 500 to 128 Hz, cut into windows of 5 s, float32 in one array. Every
run is a fresh process that has loaded one person before, ways take turns; printed are medians of
seconds and of peak memory; all ways have to agree. Exits with 1 where cached loading is less
than 20 times as fast as cold, or cold is slower than MNE by hand divided by the number of jobs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

LEAST_GAIN = 20.0

BEGIN = """
import json, sys, time, warnings
from pathlib import Path
import numpy as np
warnings.simplefilter("ignore")
folder, n_jobs, cache = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
CHANNELS = ("Fp1", "Fp2", "F3", "F4", "F7", "F8", "T3", "T4", "C3", "C4",
            "T5", "T6", "P3", "P4", "O1", "O2", "Fz", "Cz", "Pz")
NAMES = [f"EEG {name}" for name in CHANNELS]
files = sorted(folder.glob("Subject??_?.edf"))
people = sorted({int(file.name[7:9]) for file in files})
"""
EEGKIT = """
from eegkit import load_dataset

def load(people):
    trials = load_dataset(
        "mental_arithmetic", path=folder, subjects=people, download=False, n_jobs=n_jobs,
        cache=CACHE,
    )
    return trials.X, trials.y

load(people[:1])
started = time.perf_counter()
X, y = load(people)
total = float(np.asarray(X).sum(dtype=np.float64))
"""
MNE = """
import mne

def load(files):
    parts, y = [], []
    for file in files:
        raw = mne.io.read_raw_edf(file, include=NAMES, preload=True, verbose="error")
        raw.reorder_channels(NAMES).rename_channels(lambda name: name.removeprefix("EEG "))
        raw.set_montage("colin27_1005", match_case=False, verbose="error")
        raw.resample(128.0, method="polyphase", verbose="error")
        epochs = mne.make_fixed_length_epochs(raw, 5.0, preload=True, verbose="error")
        parts.append((epochs.get_data(copy=False) * 1e6).astype(np.float32))
        y += [file.stem[-1]] * len(parts[-1])
    return np.concatenate(parts), y

load(files[:1])
started = time.perf_counter()
X, y = load(files)
total = float(X.sum(dtype=np.float64))
"""
BRAINDECODE = """
import mne
from braindecode.datasets import BaseConcatDataset, RawDataset
from braindecode.preprocessing import Preprocessor, create_fixed_length_windows, preprocess
mne.set_log_level("error")

def load(files):
    raws = [
        RawDataset(mne.io.read_raw_edf(file, include=NAMES, preload=True, verbose="error"),
                   {"target": file.stem[-1]}, target_name="target")
        for file in files
    ]
    recordings = preprocess(
        BaseConcatDataset(raws),
        [Preprocessor("reorder_channels", ch_names=NAMES),
         Preprocessor("resample", sfreq=128.0, method="polyphase")],
        n_jobs=n_jobs,
    )
    windows = create_fixed_length_windows(
        recordings, window_size_samples=640, window_stride_samples=640, drop_last_window=True,
        n_jobs=n_jobs,
    )
    X = np.stack([windows[i][0] for i in range(len(windows))]) * np.float32(1e6)
    return X, [windows[i][1] for i in range(len(windows))]

load(files[:2])
started = time.perf_counter()
X, y = load(files)
total = float(X.sum(dtype=np.float64))
"""
END = """
seconds = time.perf_counter() - started
peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
print(json.dumps({"seconds": seconds, "peak_mb": peak, "shape": list(X.shape), "total": total,
                  "first": np.asarray(X[0, 0, :3]).tolist()}))
"""


def run(program: str, path: Path, n_jobs: int, cache: str) -> dict[str, float]:
    arguments = [sys.executable, "-c", BEGIN + program + END, str(path), str(n_jobs), cache]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--path", type=Path, default=os.environ.get("EEGKIT_DATA"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if options.path is None:
        parser.error("name the folder of the recordings: --path, or EEGKIT_DATA")
    path = options.path if options.path.name == "eegmat" else options.path / "eegmat"
    jobs = options.jobs
    with tempfile.TemporaryDirectory() as cache:
        ways = {
            f"eegkit, n_jobs={jobs}": (EEGKIT.replace("CACHE", "False"), jobs),
            "eegkit, cached": (EEGKIT.replace("CACHE", "cache"), jobs),
            "eegkit, n_jobs=1": (EEGKIT.replace("CACHE", "False"), 1),
            "MNE by hand": (MNE, 1),
            f"braindecode, n_jobs={jobs}": (BRAINDECODE, jobs),
        }
        run(*ways["eegkit, cached"][:1], path, jobs, cache)  # fills the cache
        found: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
        for _ in range(options.runs):
            for name, (program, n_jobs) in ways.items():
                found[name].append(run(program, path, n_jobs, cache))
    seconds = {n: statistics.median(r["seconds"] for r in rows) for n, rows in found.items()}
    cold = seconds[f"eegkit, n_jobs={jobs}"]
    table = Table("way", "s", "times eegkit cold", "peak MB", "array", "sum (µV)")
    for name, rows in found.items():
        peak = statistics.median(row["peak_mb"] for row in rows)
        shape = " x ".join(map(str, rows[0]["shape"]))
        ratio = f"{seconds[name] / cold:.2f}"
        table.add_row(name, f"{seconds[name]:.2f}", ratio, f"{peak:.0f}", shape,
                      f"{rows[0]['total']:.0f}")  # fmt: skip
    Console(width=110).print(table)
    gain = cold / seconds["eegkit, cached"]
    allowed = seconds["MNE by hand"] / jobs
    print(
        f"from the cache {gain:.0f} times as fast as cold; cold {cold:.2f} s, MNE by hand / "
        f"{jobs} {allowed:.2f} s"
    )
    reference = np.array(found["MNE by hand"][0]["first"])
    for name, rows in found.items():
        if not np.allclose(rows[0]["first"], reference, rtol=1e-3, atol=1e-2):
            raise SystemExit(f"{name} gives other numbers: {rows[0]['first']}, not {reference}")
    return int(gain < LEAST_GAIN or cold > allowed)


if __name__ == "__main__":
    sys.exit(main())
