"""Files of DEAP, GAMEEMO and SEED-IV, small ones, and damage to them, the same every time."""

import struct

import numpy as np
import pytest
import scipy.io

from eegkit.datasets import Recording


@pytest.fixture(autouse=True)
def _no_folder_from_outside(monkeypatch):
    monkeypatch.delenv("EEGKIT_DATA", raising=False)


def noise(seed, shape):
    """Something like EEG, in microvolts, with two decimals."""
    rng = np.random.default_rng(seed)
    slow = np.cumsum(rng.normal(0, 2, shape), axis=-1)
    return np.round(slow - slow.mean(axis=-1, keepdims=True) + rng.normal(0, 8, shape), 2)


def python2_array(values):
    """An array as cPickle of Python 2 writes it in protocol 2: a string holds the bytes."""
    content = np.ascontiguousarray(values, "<f8").tobytes()
    shape = b"".join(b"M" + struct.pack("<H", n) for n in values.shape)
    return (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01("
        + shape
        + b"tcnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff"
        + b"K\x00tb\x89T"
        + struct.pack("<i", len(content))
        + content
        + b"tb"
    )


def python2_pickle(**arrays):
    parts = [b"\x80\x02}("]
    for name, values in arrays.items():
        parts += [b"U" + bytes([len(name)]) + name.encode(), python2_array(values)]
    return b"".join([*parts, b"u."])


def ratings(subject, n_trials):
    """Half of the ratings low and half high, in every column."""
    values = np.random.default_rng(subject).uniform(1, 4.9, (n_trials, 4))
    values[1::2] += 4.1
    return values


def _write_deap(folder, subject, n_trials=4, seconds=5):
    """``sNN.dat``; `seconds` with the 3 s before the video."""
    data = noise(subject, (n_trials, 40, seconds * 128))
    data[:, 32:] *= 1000  # what is not EEG
    folder.mkdir(parents=True, exist_ok=True)
    labels = ratings(subject, n_trials)
    (folder / f"s{subject:02d}.dat").write_bytes(python2_pickle(labels=labels, data=data))
    return data, labels


GAMEEMO_HEADER = "AF3,AF4,F3,F4,F7,F8,FC5,FC6,O1,O2,P7,P8,T7,T8,"


def _write_game(root, subject, game, seconds=5, raw=False, name=None):
    """A CSV file with the comma at the end of its lines; the raw version has an offset."""
    signals = noise([subject, game], (14, seconds * 128)) + (4200 if raw else 0)
    version = "Raw EEG Data" if raw else "Preprocessed EEG Data"
    folder = root / f"(S{subject:02d})" / version / ".csv format"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [",".join(f"{value:.2f}" for value in row) + "," for row in signals.T]
    name = name or f"S{subject:02d}G{game}All{'Raw' if raw else ''}Channels.csv"
    (folder / name).write_bytes("\r\n".join([GAMEEMO_HEADER, *lines, ""]).encode())
    return signals


def _write_session(root, subject, session, n_times=250, compress=True, skip=(), **more):
    """``eeg_raw_data/<session>/<subject>_<date>.mat``; clips of lengths that differ a little."""
    folder = root / "eeg_raw_data" / str(session)
    folder.mkdir(parents=True, exist_ok=True)
    clips = {
        f"cz_eeg{i}": noise([subject, session, i], (62, n_times + i))
        for i in range(1, 25)
        if i not in skip
    }
    path = folder / f"{subject}_201605{17 + session}.mat"
    scipy.io.savemat(path, {**clips, **more}, do_compression=compress)
    return clips


@pytest.fixture(scope="session")
def write_deap():
    return _write_deap


@pytest.fixture(scope="session")
def write_game():
    return _write_game


@pytest.fixture(scope="session")
def write_session():
    return _write_session


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """The three data sets in one folder, two people each."""
    root = tmp_path_factory.mktemp("data")
    for subject in (1, 2):
        _write_deap(root / "DEAP" / "data_preprocessed_python", subject)
        for game in range(1, 5):
            _write_game(root / "GAMEEMO", subject, game)
        for session in (1, 2, 3):
            _write_session(root / "SEED_IV", subject, session)
    return root


def _damage(content, seed, structure):
    """Cut `content` off, or flip bytes of it, many of them where the structure is."""
    rng = np.random.default_rng(seed)
    if seed % 4 == 0:
        return content[: rng.integers(0, len(content))]
    made = bytearray(content)
    spots = structure if seed % 4 != 1 else range(len(made))
    for _ in range(rng.integers(1, 4)):
        made[spots[rng.integers(len(spots))]] ^= int(rng.integers(1, 256))
    return bytes(made)


@pytest.fixture
def try_damaged(tmp_path):
    """Read damaged copies of a file: trials of the same shape, or ValueError with its name."""

    def try_them(loader, recording, structure, n=80):
        content = recording.path.read_bytes()
        whole = loader.read(recording)
        refused = 0
        for seed in range(n):
            path = tmp_path / f"damaged {seed}{recording.path.suffix}"
            path.write_bytes(_damage(content, seed, structure(content)))
            try:
                trials = loader.read(Recording(recording.subject, recording.run, path))
            except ValueError as error:
                assert path.name in str(error)  # noqa: PT017
                refused += 1
            else:
                assert trials.X.shape[1:] == whole.X.shape[1:]
                assert 0 < len(trials) <= len(whole) + 1
                assert np.isfinite(np.asarray(trials.X)).all()
            path.unlink()
        return refused

    return try_them
