import json

import numpy as np
import pytest
from click.testing import CliRunner
from eegkit_clinical import HMS, _hms_convert

from eegkit.cli import main

EEGS = [
    (11, 1, 60, [(0, [3, 0, 0, 0, 0, 0]), (10, [0, 0, 1, 0, 0, 0])]),
    (12, 1, 50, [(0, [0, 0, 0, 0, 2, 1])]),
    (13, 2, 55, [(5, [0, 0, 0, 0, 0, 1])]),
]  # fmt: skip
convert = HMS.conversions["parquet-to-npy"]


@pytest.fixture
def source(write_hms, write_eeg, tmp_path):
    folder = tmp_path / "hms-harmful-brain-activity-classification"
    signals = write_hms(folder, EEGS)[12]
    signals[4, 100:300] = np.nan
    write_eeg(folder / "train_eegs" / "12.parquet", signals)
    return folder


@pytest.fixture
def counted(monkeypatch):
    """The names of the files that are converted."""
    names = []
    one = _hms_convert._convert
    monkeypatch.setattr(
        _hms_convert, "_convert", lambda file, to: (names.append(file.stem), one(file, to))[1]
    )
    return names


def test_the_same_trials(source, tmp_path):
    target = tmp_path / "new" / "npy"
    convert(source, target, n_jobs=2)
    assert sorted(p.name for p in (target / "train_eegs").iterdir()) == [
        "11.npy", "12.npy", "13.npy", "converted.jsonl",
    ]  # fmt: skip
    for options in ({"windows": "all"}, {"h_freq": 30.0}, {"label": "soft", "subjects": [2]}):
        before, after = (HMS(path=path, **options).load() for path in (source, target))
        np.testing.assert_array_equal(before.X, after.X)
        np.testing.assert_array_equal(before.y, after.y)
        assert set(after.metadata["recording"]) <= {"11.npy", "12.npy", "13.npy"}
        columns = [name for name in before.metadata if name != "recording"]
        assert before.metadata[columns].equals(after.metadata[columns])


def test_beside_the_published_files(source):
    convert(source, source)
    assert set(HMS(path=source).load().metadata["recording"]) == {"11.npy", "12.npy", "13.npy"}


def test_by_command(source, tmp_path):
    arguments = ["convert", "hms", "parquet-to-npy", str(source), str(tmp_path / "npy")]
    for told in ("HMS recordings", "3 of 3 recordings are converted already"):
        result = CliRunner().invoke(main, [*arguments, "--n-jobs", "2"], catch_exceptions=False)
        assert result.exit_code == 0
        assert told in result.output
    assert len(HMS(path=tmp_path / "npy").load()) == 3


def test_only_what_is_not_done_is_done(source, tmp_path, counted, write_eeg):
    target = tmp_path / "npy"
    convert(source, target, n_jobs=1)
    convert(source, target, n_jobs=1)
    assert sorted(counted) == ["11", "12", "13"]
    counted.clear()
    # One was removed, one cut off, and of one there is a new source.
    (target / "train_eegs" / "11.npy").unlink()
    path = target / "train_eegs" / "12.npy"
    path.write_bytes(path.read_bytes()[:-4])
    write_eeg(source / "train_eegs" / "13.parquet", np.ones((20, 11_000), dtype=np.float32))
    convert(source, target, n_jobs=1)
    assert sorted(counted) == ["11", "12", "13"]
    trials = HMS(path=target).load()
    assert (trials.X[2] == 1).all()


def test_after_an_interruption(source, tmp_path, counted, monkeypatch):
    target = tmp_path / "npy"
    save, calls = np.save, []

    def interrupted(file, array, **options):
        calls.append(1)
        if len(calls) == 2:
            file.write(b"half")
            raise KeyboardInterrupt
        save(file, array, **options)

    monkeypatch.setattr(np, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        convert(source, target, n_jobs=1)
    there = {p.name for p in (target / "train_eegs").glob("*.npy")}
    assert there == {"11.npy"}
    # Killed outright, it leaves more behind: half a file, and half a line.
    (target / "train_eegs" / ".12.npy.part").write_bytes(b"half")
    with (target / "train_eegs" / "converted.jsonl").open("a") as record:
        record.write('{"file": "12.npy", "sou')
    counted.clear()
    convert(source, target, n_jobs=1)
    assert sorted(counted) == ["12", "13"]
    assert not list((target / "train_eegs").glob(".*"))
    counted.clear()
    convert(source, target, n_jobs=1)
    assert counted == []


def test_broken_files_do_not_stop_the_others(source, tmp_path):
    path = source / "train_eegs" / "11.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"1 of 3 recordings are broken .*11\.parquet"):
        convert(source, tmp_path / "npy")
    assert sorted(p.name for p in (tmp_path / "npy" / "train_eegs").glob("*.npy")) == [
        "12.npy",
        "13.npy",
    ]


def test_what_reads_otherwise_than_written_is_not_kept(source, tmp_path, monkeypatch):
    load = np.load
    monkeypatch.setattr(np, "load", lambda *args, **options: load(*args, **options) + 1)
    with pytest.raises(OSError, match="reads otherwise than it was written"):
        convert(source, tmp_path / "npy", n_jobs=1)
    assert not list((tmp_path / "npy" / "train_eegs").glob("*npy*"))


def test_not_the_competition(tmp_path, source):
    with pytest.raises(ValueError, match=r"does not hold the HMS competition's train\.csv"):
        convert(tmp_path, tmp_path / "npy")


def test_notes_of_another_kind(source, tmp_path, counted):
    folder = tmp_path / "npy" / "train_eegs"
    folder.mkdir(parents=True)
    lines = ["[]", "5", "{}", json.dumps({"file": "11.npy"}), "\0"]
    (folder / "converted.jsonl").write_text("\n".join(lines))
    convert(source, tmp_path / "npy")
    assert len(counted) == 3


def test_damaged_arrays(source, tmp_path, survives):
    convert(source, tmp_path / "npy")
    data = HMS(path=tmp_path / "npy", subjects=[1])
    recording = data.recordings()[0]
    survives(recording.path, lambda: data.read(recording), (19, 10_000), n=100)
