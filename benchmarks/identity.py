"""What it costs to know trials again: the digest of all their samples, from the disk's cache.

``python benchmarks/identity.py --gb 1 8``
"""

import argparse
import tempfile
import time
from pathlib import Path

import joblib
import numpy as np

from eegkit import SignalArray, tensor_file
from eegkit.identity import identify
from eegkit.transforms import STFT


def seconds(function, *args):
    """By the clock, and of the processor (all threads together)."""
    start = time.perf_counter(), time.process_time()
    function(*args)
    return time.perf_counter() - start[0], time.process_time() - start[1]


def read_back(X):
    """The checksum by which kept trials are compared."""
    return tensor_file.digest("", {"X": X})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gb", type=float, nargs="+", default=[1.0])
    sizes = parser.parse_args().gb
    identify(STFT())  # reads the versions of the libraries, once
    print(f"one estimator: {1e3 * seconds(identify, STFT())[1]:.1f} ms")
    with tempfile.TemporaryDirectory() as folder:
        for gb in sizes:
            shape = (int(gb * 1e9 / (4 * 22 * 1000)), 22, 1000)
            path = Path(folder, f"{gb}.npy")
            np.lib.format.open_memmap(path, "w+", np.float32, shape)  # a file of zeros
            X = SignalArray(np.load(path, mmap_mode="r"), sfreq=250)
            clock, processor = min(seconds(identify, X) for _ in range(3))
            print(f"{gb:g} GB: {clock:.2f} s, {processor:.2f} s of the processor")
            if gb == min(sizes):
                for peer in (joblib.hash, read_back):
                    clock, processor = seconds(peer, np.asarray(X))
                    print(f"  {peer.__name__}: {clock:.2f} s, {processor:.2f} s of the processor")


if __name__ == "__main__":
    main()
