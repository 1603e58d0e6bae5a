"""EDF files for the tests of readers, people to explain, and how many nets train at once."""

import os
from pathlib import Path

import numpy as np
import pytest

from eegkit import Trials
from eegkit.classifiers import _together

# For mypy alone: its calls are there to be refused.
collect_ignore = ["typing"]


def _fields(values, width):
    return b"".join(str(value).ljust(width).encode("ascii")[:width] for value in values)


def _annotations(onsets_s, labels, clock, n_bytes):
    """Time-stamped annotation lists, all of them in the first record (EDF+)."""
    lists = [f"+{onset:.7g}\x14\x14\x00".encode() for onset in clock]
    for onset, label in zip(onsets_s, labels, strict=True):
        lists[0] += f"+{onset:g}\x154.1\x14{label}\x14\x00".encode()
    assert max(map(len, lists)) <= n_bytes
    return [one.ljust(n_bytes, b"\x00") for one in lists]


@pytest.fixture(scope="session")
def write_edf():
    def write(path: Path, names, signals, sfreq, events=(), *, clock=None, units="uV", rates=None):
        """Write signals, shape (n_channels, whole seconds * sfreq), in microvolts.

        `events` are pairs of onset in s and label; `clock` says when each record of 1 s began,
        in a recording with pauses; `units` is one unit, or one for each signal. `rates` are
        those of signals of other lengths.
        """
        events = events or ([(0, "start")] if clock is not None else ())
        sfreq = int(sfreq)
        n_records = len(signals[0]) // (rates[0] if rates else sfreq)
        per_record = list(rates or [sfreq] * len(names))
        names = list(names)
        digital = [np.round(signal * 10).astype("<i2") for signal in signals]
        rows = list(zip(digital, per_record, strict=True))
        blocks = [
            b"".join(signal[i * n : (i + 1) * n].tobytes() for signal, n in rows)
            for i in range(n_records)
        ]
        if events:
            names.append("EDF Annotations")
            per_record.append(1024)
            onsets = range(n_records) if clock is None else clock
            lists = _annotations(*zip(*events, strict=True), onsets, 2048)
            blocks = [block + one for block, one in zip(blocks, lists, strict=True)]
        n = len(names)
        header = b"0".ljust(8) + b"X X X X".ljust(80) + b"Startdate X X X X".ljust(80)
        header += b"01.01.1101.01.01" + _fields([256 * (n + 1)], 8)
        subtype = b"" if not events else b"EDF+C" if clock is None else b"EDF+D"
        units_of_all = [units] * n if isinstance(units, str) else [*units, ""][:n]
        header += subtype.ljust(44) + _fields([n_records, 1], 8)
        header += _fields([n], 4) + _fields(names, 16) + b" " * 80 * n
        header += b"".join(unit.encode("latin-1").ljust(8) for unit in units_of_all)
        header += _fields([-3276.8] * n + [3276.7] * n + [-32768] * n + [32767] * n, 8)
        header += b" " * 80 * n + _fields(per_record, 8) + b" " * 32 * n
        assert len(header) == 256 * (n + 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(header + b"".join(blocks))

    return write


@pytest.fixture(scope="session")
def eight_people():
    """Trials of eight people at rest or at a task, which is louder at O1."""
    rng = np.random.default_rng(0)
    y = np.tile(["rest", "task"], 80)
    X = rng.normal(scale=10, size=(160, 5, 64))
    X[y == "task", 3] *= 1.6
    names = ("C3", "Cz", "C4", "O1", "O2")
    subject = np.repeat(list("abcdefgh"), 20)
    return Trials.from_arrays(X, y, sfreq=64, ch_names=names, subject=subject)


@pytest.fixture
def joint_sizes(monkeypatch):
    """How many nets were trained at once, by epoch."""
    sizes = []
    run_epoch = _together._run_epoch

    def record(stack, optimizer, members):
        sizes.append(len(members))
        run_epoch(stack, optimizer, members)

    monkeypatch.setattr(_together, "_run_epoch", record)
    return sizes


@pytest.fixture
def real_folder():
    return Path(os.environ["EEGKIT_TEST_DATA"])


@pytest.fixture(autouse=True)
def _no_folder_from_outside(monkeypatch):
    monkeypatch.delenv("EEGKIT_DATA", raising=False)
