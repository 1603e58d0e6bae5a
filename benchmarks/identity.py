"""What it costs to know trials again: the digest of all their samples, from the disk's cache.

``python benchmarks/identity.py --gb 1 8``
"""

import argparse
import tempfile
import time
from pathlib import Path

import joblib
import numpy as np

from eegkit import SignalArray
from eegkit.identity import identify
from eegkit.transforms import STFT


def seconds(function, *args):
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gb", type=float, nargs="+", default=[1.0])
    sizes = parser.parse_args().gb
    identify(STFT())  # reads the versions of the libraries, once
    print(f"one estimator: {1e3 * seconds(identify, STFT()):.1f} ms")
    with tempfile.TemporaryDirectory() as folder:
        for gb in sizes:
            shape = (int(gb * 1e9 / (4 * 22 * 1000)), 22, 1000)
            path = Path(folder, f"{gb}.npy")
            np.lib.format.open_memmap(path, "w+", np.float32, shape)  # a file of zeros
            X = SignalArray(np.load(path, mmap_mode="r"), sfreq=250)
            times = [seconds(identify, X) for _ in range(3)]
            print(f"{gb:g} GB: {min(times):.2f} s, {gb / min(times):.2f} GB/s")
            if gb == min(sizes):
                peer = seconds(joblib.hash, np.asarray(X))
                print(f"  joblib.hash of it: {peer:.2f} s, {peer / min(times):.1f} times as long")


if __name__ == "__main__":
    main()
