"""What every data set of recordings does, tried on the smallest one."""

import dataclasses
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from eegkit import Trials, libraries
from eegkit.datasets import Dataset, MissingDataWarning, RecordedDataset, Recording, cache_folder
from eegkit.kept_files import cached_files


class Lab(RecordedDataset):
    """One .npy file for each person."""

    folder_name = "lab"
    title = "Lab"
    licence = citation = url = "https://example.org"
    size_mb = 0.0
    n_subjects, n_channels, recorded_sfreq = 3, 2, 100.0
    classes = ("a", "b")

    scale: float = 1.0
    pause: float = 0.0

    def check_parameters(self):
        super().check_parameters()
        if self.scale <= 0:
            raise ValueError(f"scale is {self.scale}; expected a positive number.")

    def recordings(self):
        return [Recording(i, "0", self.folder() / f"p{i}.npy") for i in self.subjects or (1, 2, 3)]

    def read(self, recording):
        time.sleep(self.pause)
        try:
            X = np.load(recording.path)
        except Exception as error:
            raise ValueError(f"{recording.path} is broken: {error}") from error
        y = ["a", "b"] * (len(X) // 2)
        return Trials.from_arrays(self.scale * X, y, sfreq=100, subject=f"p{recording.subject}")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "lab").mkdir()
    for i in (1, 2, 3):
        np.save(tmp_path / "lab" / f"p{i}.npy", np.full((4, 2, 50), i, np.float32))
    return tmp_path


def n_reads(monkeypatch):
    """A list that grows with every recording that is read, by numpy: Lab's code stays as it is."""
    seen = []
    load = np.load
    monkeypatch.setattr(np, "load", lambda path: seen.append(path) or load(path))
    return seen


@pytest.mark.parametrize("n_jobs", [None, 1, 2, -1])
def test_recordings_in_their_order(folder, n_jobs):
    trials = Lab(path=folder, n_jobs=n_jobs).load()
    assert list(trials.groups) == ["p1"] * 4 + ["p2"] * 4 + ["p3"] * 4
    np.testing.assert_array_equal(np.asarray(trials.X)[:, 0, 0], np.repeat([1, 2, 3], 4))


def test_recordings_are_read_at_once(folder, monkeypatch):
    both = threading.Barrier(2, timeout=30)
    read = Lab.read
    monkeypatch.setattr(Lab, "read", lambda self, r: (both.wait() and None) or read(self, r))
    assert len(Lab(path=folder, subjects=[1, 2], n_jobs=2).load()) == 8


def test_broken_recordings_stop_or_are_skipped(folder):
    path = folder / "lab" / "p2.npy"
    path.write_bytes(path.read_bytes()[:150])
    with pytest.raises(ValueError, match=r"p2\.npy is broken"):
        Lab(path=folder).load()
    with pytest.warns(MissingDataWarning, match=r"left out .*p2\.npy is broken.*\(broken\)"):
        trials = Lab(path=folder, on_error="skip").load()
    assert set(trials.groups) == {"p1", "p3"}
    with pytest.raises(ValueError, match=r"every recording is broken; the first: .*p2\.npy"):
        Lab(path=folder, on_error="skip", subjects=[2]).load()


def test_options(folder):
    with pytest.raises(ValueError, match="on_error is 'ignore'"):
        Lab(path=folder, on_error="ignore").load()
    with pytest.raises(ValueError, match="cache is 3"):
        Lab(path=folder, cache=3).load()
    with pytest.raises(ValueError, match="scale is 0"):
        Lab(path=folder, scale=0).load()


def test_what_cannot_be_downloaded(folder, tmp_path, monkeypatch):
    (folder / "lab" / "p3.npy").unlink()
    with pytest.warns(MissingDataWarning, match=r"subject 3 .*cannot be downloaded by a program"):
        Lab(path=folder, download=True).load()
    with pytest.raises(
        FileNotFoundError, match=r"none of the 3 recordings .*empty.lab\)\. Set path="
    ):
        Lab(path=tmp_path / "empty").load()
    monkeypatch.delenv("EEGKIT_DATA", raising=False)
    monkeypatch.setattr(Lab, "usual_folder", lambda self: tmp_path / "usual")
    with pytest.raises(FileNotFoundError, match=r"there \(not in .*usual\)\. Set path="):
        Lab().load()


def test_how_to_get_what_can_and_what_cannot_be_downloaded():
    class Fetched(Lab):
        def fetch(self, recording):
            pass

    class Told(Fetched):
        how_to_get = "Ask me."

    class Plain(Dataset):
        def load(self):
            return Trials.from_arrays(np.zeros((1, 1, 8)), ["a"], sfreq=8, subject="1")

    class Loaded(Plain):
        download: bool = False

    for cls in (Lab, Plain):
        assert cls.how_to_get == "give path=, the folder that holds the recordings"
    for cls in (Fetched, Loaded):
        assert cls.how_to_get.startswith("download=True fetches")
    assert Told.how_to_get == "Ask me."


def test_progress(folder, capsys):
    Lab(path=folder, progress=True).load()
    assert "Lab" in capsys.readouterr().err


def test_kept_trials_are_mapped(folder, tmp_path, monkeypatch):
    reads = n_reads(monkeypatch)
    lab = Lab(path=folder, cache=tmp_path / "cache")
    first, second = lab.load(), lab.load()
    assert len(reads) == 3
    np.testing.assert_array_equal(first.X, second.X)
    assert first.metadata.equals(second.metadata)
    assert len(cached_files(tmp_path / "cache")) == 1
    # How it is loaded does not matter, what is loaded does.
    dataclasses.replace(lab, n_jobs=2, on_error="skip", progress=False, download=False).load()
    assert len(reads) == 3
    dataclasses.replace(lab, scale=2.0).load()
    dataclasses.replace(lab, subjects=[1]).load()
    assert len(reads) == 7
    np.save(folder / "lab" / "p1.npy", np.full((4, 2, 50), 9, np.float32))
    assert np.asarray(lab.load().X).max() == 9


def test_the_usual_folder(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("EEGKIT_CACHE", str(tmp_path / "mine"))
    Lab(path=folder, cache=True).load()
    assert len(cached_files(tmp_path / "mine")) == 1
    monkeypatch.delenv("EEGKIT_CACHE")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "user" / name)
    assert cache_folder() == tmp_path / "user" / "eegkit" / "trials"


@pytest.mark.parametrize("how", ["cut off", "changed"])
def test_a_damaged_kept_file_is_made_again(folder, tmp_path, how):
    lab = Lab(path=folder, cache=tmp_path / "cache")
    expected = np.array(lab.load().X)
    (kept,) = (tmp_path / "cache").iterdir()
    data = bytearray(kept.read_bytes())
    damaged = bytes(data[:-5]) if how == "cut off" else data.replace(b"subject", b"subjekt", 1)
    kept.write_bytes(damaged)
    with pytest.warns(UserWarning, match="damaged.*It is made again"):
        np.testing.assert_array_equal(lab.load().X, expected)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lab.load()


def test_what_was_skipped_is_not_kept(folder, tmp_path):
    path = folder / "lab" / "p2.npy"
    good = path.read_bytes()
    path.write_bytes(good[:150])
    lab = Lab(path=folder, cache=tmp_path / "cache", on_error="skip")
    with pytest.warns(MissingDataWarning):
        lab.load()
    assert not cached_files(tmp_path / "cache")
    path.write_bytes(good)
    assert len(lab.load()) == 12


def test_a_full_disk_is_told_and_leaves_nothing(folder, tmp_path, monkeypatch):
    lab = Lab(path=folder, cache=tmp_path / "cache")

    def full(path, *args):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("eegkit.tensor_file._write", full)
    with pytest.warns(UserWarning, match="could not be kept.*No space left"):
        trials = lab.load()
    assert len(trials) == 12
    assert not list((tmp_path / "cache").iterdir())


FILL = """
import importlib.util, sys, warnings
import numpy as np
spec = importlib.util.spec_from_file_location("tried", sys.argv[1])
tried = sys.modules["tried"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tried)
small = tried.Lab(path=sys.argv[2], cache=sys.argv[3], subjects=[1])
expected = np.array(small.load().X)
(kept,) = tried.cached_files(small.cache)
large = tried.Lab(path=sys.argv[2], cache=sys.argv[3], subjects=[1, 2, 3])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    assert len(large.load()) == 84
assert any("could not be kept" in str(w.message) and "No space" in str(w.message) for w in caught)
assert [file.path for file in tried.cached_files(small.cache)] == [kept.path], "it left a part"
np.testing.assert_array_equal(small.load().X, expected)
print("as it was")
"""


def test_a_disk_that_is_full(folder, tmp_path):
    """A file system of 300 KB, on which a small cache fits and a larger one does not."""
    for i in (2, 3):
        np.save(folder / "lab" / f"p{i}.npy", np.ones((40, 20, 50), np.float32))
    np.save(folder / "lab" / "p1.npy", np.ones((4, 20, 50), np.float32))
    small = tmp_path / "small"
    small.mkdir()
    mount = 'mount -t tmpfs -o size=300k tmpfs "$0" && exec "$@"'
    own = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, str(small)]
    if shutil.which("unshare") is None or subprocess.run([*own, "true"], check=False).returncode:
        pytest.skip("no file system of one's own can be mounted here")
    program = [sys.executable, "-c", FILL, __file__, str(folder), str(small)]
    done = subprocess.run([*own, *program], capture_output=True, text=True, check=False)
    assert done.stdout == "as it was\n", done.stderr


def edition(scale):
    """The class of a notebook, as it is after an edit."""
    space = {"Lab": Lab, "__name__": "nowhere"}
    exec(f"class Mine(Lab):\n    def read(self, r):\n        t = super().read(r)\n"
         f"        return type(t)({scale} * t.X, t.y, t.metadata, t.info)", space)  # fmt: skip
    return space["Mine"]


def test_edited_code_of_a_class_of_ones_own_is_another_file(folder, tmp_path):
    for scale, n_files in ((1, 1), (1, 1), (2, 2)):
        trials = edition(scale)(path=folder, cache=tmp_path / "cache").load()
        assert np.asarray(trials.X).max() == 3 * scale
        assert len(cached_files(tmp_path / "cache")) == n_files


def test_what_cannot_be_identified_is_not_kept(folder, tmp_path):
    odd = type("Odd", (Lab,), {"rows": (i for i in range(3))})
    with pytest.raises(ValueError, match=r"Odd makes cannot be kept.*'rows' of 'Odd' is a gen"):
        odd(path=folder, cache=tmp_path / "cache").load()


@pytest.mark.parametrize("how", ["renamed", "one bit of a sample"])
def test_a_kept_file_is_checked_in_full_and_by_its_key(folder, tmp_path, how):
    for i in (1, 2, 3):
        np.save(folder / "lab" / f"p{i}.npy", np.full((40, 20, 500), i, np.float32))
    lab = Lab(path=folder, cache=tmp_path / "cache")
    expected = np.array(lab.load().X)
    (kept,) = (tmp_path / "cache").iterdir()
    assert expected.nbytes > 2**20
    if how == "renamed":
        other = dataclasses.replace(lab, scale=2.0, cache=tmp_path / "other")
        other.load()
        (source,) = (tmp_path / "other").iterdir()
        kept.write_bytes(source.read_bytes())
    else:
        data = bytearray(kept.read_bytes())
        data[-5] ^= 64
        kept.write_bytes(data)
    with pytest.warns(UserWarning, match=r"(damaged|name of another).*It is made again"):
        np.testing.assert_array_equal(lab.load().X, expected)


def test_a_file_whose_time_was_set_back_is_read_again(folder, tmp_path):
    lab = Lab(path=folder, cache=tmp_path / "cache")
    lab.load()
    file = folder / "lab" / "p1.npy"
    stat = file.stat()
    np.save(file, np.full((4, 2, 50), 9, np.float32))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert np.asarray(lab.load().X).max() == 9


def load_and_die(lab, delay):
    threading.Timer(delay, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
    while True:
        lab.load()
        for file in cached_files(lab.cache):
            if file.complete:
                file.path.unlink()


def test_kills_leave_a_whole_file_or_none(folder, tmp_path):
    rng = np.random.default_rng(0)
    for i in (1, 2, 3):
        np.save(folder / "lab" / f"p{i}.npy", rng.normal(size=(40, 20, 500)).astype(np.float32))
    lab = Lab(path=folder, cache=tmp_path / "cache")
    expected = np.array(Lab(path=folder).load().X)
    context = multiprocessing.get_context("fork")
    for delay in rng.uniform(0.05, 0.4, size=12):
        # Two at a time: they share the folder.
        killed = [context.Process(target=load_and_die, args=(lab, delay)) for _ in range(2)]
        for process in killed:
            process.start()
        for process in killed:
            process.join(60)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of a damaged file
            np.testing.assert_array_equal(lab.load().X, expected)


def test_leftovers_go_after_a_day(folder, tmp_path):
    lab = Lab(path=folder, cache=tmp_path / "cache")
    lab.load()
    (kept,) = (tmp_path / "cache").iterdir()
    old, new = (kept.with_name(f".{kept.name}.{'0' * 31}{i}.part") for i in (1, 2))
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    dataclasses.replace(lab, scale=3.0).load()
    assert not old.exists()
    assert new.exists()


def test_another_reader_is_another_file(folder, tmp_path, monkeypatch):
    lab = Lab(path=folder, cache=tmp_path / "cache")
    lab.load()
    monkeypatch.setattr(libraries, "eegkit_itself", lambda: "eegkit 99")
    libraries.versions.cache_clear()
    lab.load()
    libraries.versions.cache_clear()
    assert len(cached_files(tmp_path / "cache")) == 2
