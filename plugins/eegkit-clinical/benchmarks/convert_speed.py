"""How much faster a window of 50 s is read from converted HMS recordings.

Writes recordings like the published ones (by default 50 minutes at 200 Hz, 20 columns of float32,
Parquet as pandas writes it), converts them, and reads windows at random from both. The files
were just written, so both are read from memory where the machine has enough of it: what
differs is the work of decoding, which is what a training loop pays each time.

    python benchmarks/convert_speed.py [--files 3] [--minutes 50] [--folder DIR] [--at-least 10]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from eegkit_clinical import HMS
from eegkit_clinical._hms_files import COLUMNS, SFREQ, read_eeg

WINDOW = round(50 * SFREQ)


def write(folder: Path, n_files: int, minutes: float) -> None:
    """Recordings of noise that falls with frequency, as EEG does, and their table."""
    (folder / "train_eegs").mkdir(parents=True)
    rng = np.random.default_rng(0)
    n_times = round(60 * minutes * SFREQ)
    for eeg in range(n_files):
        steps = rng.normal(0, 8, (n_times, len(COLUMNS)))
        signals = steps.cumsum(axis=0) * 0.05 + steps
        table = pd.DataFrame(signals.astype(np.float32), columns=list(COLUMNS))
        table.to_parquet(folder / "train_eegs" / f"{eeg}.parquet", index=False)
    pd.DataFrame({"eeg_id": range(n_files)}).to_csv(folder / "train.csv", index=False)


def seconds_per_window(files: list[Path], n_windows: int) -> float:
    """The median time to read a window at random, opening its file each time."""
    rng = np.random.default_rng(1)
    taken = []
    for i in range(n_windows):
        start_time = time.perf_counter()
        signals = read_eeg(files[i % len(files)])
        start = int(rng.integers(0, signals.shape[1] - WINDOW + 1))
        window = np.array(signals[:, start : start + WINDOW])
        taken.append(time.perf_counter() - start_time)
        assert window.shape == (len(COLUMNS), WINDOW)
    return float(np.median(taken))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=50.0)
    parser.add_argument("--folder", help="where to write; by default the temporary folder")
    parser.add_argument("--at-least", type=float, default=10.0, help="fail below this ratio")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as made:
        source, target = Path(made, "parquet"), Path(made, "npy")
        write(source, asked.files, asked.minutes)
        start = time.perf_counter()
        HMS.conversions["parquet-to-npy"](source, target)
        converted_in = time.perf_counter() - start
        slow = sorted((source / "train_eegs").glob("*.parquet"))
        fast = sorted((target / "train_eegs").glob("*.npy"))
        for parquet, npy in zip(slow, fast, strict=True):
            np.testing.assert_array_equal(read_eeg(parquet), read_eeg(npy))
        before, after = seconds_per_window(slow, 12), seconds_per_window(fast, 200)
        sizes = [sum(file.stat().st_size for file in files) / 1e6 for files in (slow, fast)]
    print(f"{asked.files} recordings of {asked.minutes:g} min, converted in {converted_in:.2f} s")
    print(f"Parquet: {1e3 * before:8.2f} ms a window, {sizes[0]:.0f} MB")
    print(f"npy:     {1e3 * after:8.2f} ms a window, {sizes[1]:.0f} MB")
    print(f"ratio:   {before / after:8.1f}")
    if before / after < asked.at_least:
        raise SystemExit(f"expected a ratio of at least {asked.at_least:g}")


if __name__ == "__main__":
    main()
