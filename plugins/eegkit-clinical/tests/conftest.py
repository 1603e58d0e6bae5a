"""Files as published, small ones, and damage to them, the same every time."""

import warnings

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(autouse=True)
def _no_folder_from_outside(monkeypatch):
    monkeypatch.delenv("EEGKIT_DATA", raising=False)


@pytest.fixture(scope="session")
def write_segment():
    return _write_segment


def _write_segment(folder, letter, number, n=4097):
    """A text file as published: integers, one a line, \\r\\n; upper-case ending in set N."""
    rng = np.random.default_rng([ord(letter), number])
    values = np.clip(np.cumsum(rng.normal(0, 12, n)) * 0.3 + rng.normal(0, 20, n), -2048, 2047)
    values = np.round(values).astype(int)
    ending = "TXT" if letter == "N" else "txt"
    path = folder / f"{letter}{number:03d}.{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{value}\r\n" for value in values).encode())
    return values


def _fields(values, width):
    return b"".join(str(value).ljust(width).encode("ascii")[:width] for value in values)


def _write_edf(path, names, signals, sfreq=256, start="06.11.7611.42.54"):
    """A plain EDF file as in CHB-MIT: 16 bit, -800 to 800 microvolts, records of 1 s."""
    n, n_records = len(names), signals.shape[1] // sfreq
    digital = np.clip(np.round(signals[:, : n_records * sfreq] * 2047 / 800), -2048, 2047)
    digital = digital.astype("<i2")
    header = b"0".ljust(8) + b"X X X X".ljust(80) + b"Startdate X X X X".ljust(80)
    header += start.encode().ljust(16) + _fields([256 * (n + 1)], 8) + b" " * 44
    header += _fields([n_records, 1], 8) + _fields([n], 4) + _fields(names, 16) + b" " * 80 * n
    header += b"uV".ljust(8) * n + _fields([-800] * n + [800] * n + [-2048] * n + [2047] * n, 8)
    header += b" " * 80 * n + _fields([sfreq] * n, 8) + b" " * 32 * n
    blocks = (digital[:, i * sfreq : (i + 1) * sfreq].tobytes() for i in range(n_records))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header + b"".join(blocks))


@pytest.fixture(scope="session")
def write_edf():
    return _write_edf


EEG = (
    "Fp1", "F3", "C3", "P3", "F7", "T3", "T5", "O1", "Fz", "Cz",
    "Pz", "Fp2", "F4", "C4", "P4", "F8", "T4", "T6", "O2", "EKG",
)  # fmt: skip
VOTES = ["seizure_vote", "lpd_vote", "gpd_vote", "lrda_vote", "grda_vote", "other_vote"]
LABELS = ["Seizure", "LPD", "GPD", "LRDA", "GRDA", "Other"]


def _write_hms(folder, eegs):
    """The folder of the competition.

    `eegs` has for each recording: id, patient, length in s, and rows of (offset, votes).
    Gives the signals of each, shape (20, n_times).
    """
    rows, signals = [], {}
    (folder / "train_eegs").mkdir(parents=True, exist_ok=True)
    for eeg, patient, seconds, windows in eegs:
        noise = np.random.default_rng(eeg).normal(0, 40, (len(EEG), seconds * 200))
        signals[eeg] = noise.astype(np.float32)
        write_parquet(folder / "train_eegs" / f"{eeg}.parquet", signals[eeg])
        for sub, (offset, votes) in enumerate(windows):
            label = LABELS[int(np.argmax(votes))]
            ids = [eeg, sub, float(offset), 7 * eeg, sub, float(offset), 1000 * eeg + sub]
            rows.append([*ids, patient, label, *votes])
    columns = [
        "eeg_id", "eeg_sub_id", "eeg_label_offset_seconds", "spectrogram_id",
        "spectrogram_sub_id", "spectrogram_label_offset_seconds", "label_id", "patient_id",
        "expert_consensus", *VOTES,
    ]  # fmt: skip
    pd.DataFrame(rows, columns=columns).to_csv(folder / "train.csv", index=False)
    return signals


def write_parquet(path, signals, names=EEG):
    """As published: float columns, written by pandas."""
    pd.DataFrame(np.asarray(signals).T, columns=list(names)).to_parquet(path, index=False)


@pytest.fixture(scope="session")
def write_hms():
    return _write_hms


@pytest.fixture(scope="session")
def write_eeg():
    return write_parquet


@pytest.fixture
def damage():
    def damaged(content, seed):
        """Flip some bytes, cut the end off, or blank a stretch out."""
        rng = np.random.default_rng(seed)
        broken = bytearray(content)
        kind = seed % 4
        # Half of the damage is done to the beginning, where headers are.
        end = len(broken) if seed % 8 < 4 else min(len(broken), 2000)
        if kind == 0:
            del broken[int(rng.integers(0, end)) :]
        elif kind == 1:
            start = int(rng.integers(0, end))
            broken[start : start + 64] = b"\0" * len(broken[start : start + 64])
        else:
            for at in rng.integers(0, end, size=1 if kind == 2 else 20):
                broken[at] ^= int(rng.integers(1, 256))
        return bytes(broken)

    return damaged


def _load_or_refuse(load, name):
    """The trials; None where a ValueError names the file. Nothing else may be raised."""
    try:
        return load()
    except ValueError as error:
        if name not in str(error):
            raise AssertionError(f"{error!r} does not name {name}") from error
        return None


@pytest.fixture
def load_or_refuse():
    return _load_or_refuse


@pytest.fixture
def survives(damage):
    def check(path, load, shape, n=80, quiet=None):
        """Load damaged files: the trials are whole, or a ValueError names the file."""
        content = path.read_bytes()
        refused = 0
        for seed in range(n):
            path.write_bytes(damage(content, seed))
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                if quiet:
                    warnings.simplefilter("ignore", quiet)
                trials = _load_or_refuse(load, path.name)
            if trials is None:
                refused += 1
                continue
            assert trials.X.shape[1:] == shape
            assert np.isfinite(np.asarray(trials.X)).all()
        path.write_bytes(content)
        assert refused > 10
        assert len(load()) > 0

    return check
