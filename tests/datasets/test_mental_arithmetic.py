import hashlib
import http.server
import threading
import warnings
from functools import partial

import numpy as np
import pytest

from eegkit.datasets import MentalArithmetic, MissingDataWarning, load_dataset, mental_arithmetic
from eegkit.datasets.mental_arithmetic import CHANNELS

# In another order than ours, and with what is not EEG.
NAMES = [f"EEG {name}" for name in reversed(CHANNELS)] + ["EEG A2-A1", "ECG ECG"]
TABLE = """Subject,Age,Gender,Recording year,Number of subtractions,Count quality
Subject00,21,F,2011,9.7,0
Subject01,18,M,2011,29.35,1
"""


@pytest.fixture
def write_recording(write_edf):
    def write(folder, subject, run, seconds, names=NAMES):
        rng = np.random.default_rng([subject, run])
        signals = rng.normal(0, 10, (len(names), seconds * 100))
        write_edf(folder / f"Subject{subject:02d}_{run}.edf", names, signals, 100)
        return signals

    return write


@pytest.fixture
def folder(write_recording, tmp_path):
    for subject in (0, 1):
        write_recording(tmp_path / "eegmat", subject, 1, 17)
        write_recording(tmp_path / "eegmat", subject, 2, 11)
    (tmp_path / "eegmat" / "subject-info.csv").write_text(TABLE)
    return tmp_path


def test_trials_and_their_metadata(folder):
    trials = load_dataset("mental_arithmetic", path=folder, subjects=[0, 1])
    assert trials.X.shape == (10, 19, 640)
    assert trials.X.dtype == np.float32
    assert trials.X.flags.c_contiguous
    assert trials.ch_names == list(CHANNELS)
    assert all(np.isfinite(ch["loc"][:3]).all() for ch in trials.info["chs"])
    assert list(trials.y) == (["rest"] * 3 + ["arithmetic"] * 2) * 2
    assert list(trials.groups) == ["S00"] * 5 + ["S01"] * 5
    table = trials.metadata
    assert list(table["run"][:5]) == ["1", "1", "1", "2", "2"]
    assert list(table["onset"][:5]) == [0, 5, 10, 0, 5]
    assert table["recording"][4] == "Subject00_2.edf"
    assert list(table.loc[[0, 5], "age"]) == [21, 18]
    assert list(table.loc[[0, 5], "gender"]) == ["F", "M"]
    assert list(table.loc[[0, 5], "count_quality"]) == [0, 1]


def test_windows_are_the_recorded_samples(write_recording, tmp_path):
    signals = write_recording(tmp_path, 3, 2, 11)
    with pytest.warns(MissingDataWarning, match=r"left out subject 3 run 1 \("):
        trials = MentalArithmetic(
            path=tmp_path, subjects=[3], target_sfreq=None, window_s=2.0, overlap=0.5
        ).load()
    assert list(trials.metadata["onset"]) == list(range(10))
    assert "age" not in trials.metadata  # no table beside the recordings
    for second, trial in enumerate(np.asarray(trials.X)):
        expected = signals[:19][::-1, second * 100 : second * 100 + 200]
        np.testing.assert_allclose(trial, expected, atol=0.06)


def test_people_the_table_does_not_have(folder, write_recording):
    write_recording(folder / "eegmat", 2, 1, 6)
    write_recording(folder / "eegmat", 2, 2, 6)
    ages = MentalArithmetic(path=folder, subjects=[1, 2]).load().metadata["age"]
    assert list(ages.isna()) == [False] * 5 + [True] * 2


def test_a_broken_table_is_refused_by_name(folder):
    (folder / "eegmat" / "subject-info.csv").write_text("<html>\n")
    with pytest.raises(ValueError, match=r"subject-info\.csv has the columns <html>"):
        MentalArithmetic(path=folder, subjects=[0]).load()


def test_the_folder_itself_and_the_environment_name_the_place(folder, monkeypatch):
    direct = MentalArithmetic(path=folder / "eegmat", subjects=[1]).load()
    monkeypatch.setenv("EEGKIT_DATA", str(folder))
    assert np.array_equal(MentalArithmetic(subjects=[1]).load().X, direct.X)
    renamed = (folder / "eegmat").rename(folder / "of another name")
    assert np.array_equal(MentalArithmetic(path=renamed, subjects=[1]).load().X, direct.X)


def test_what_is_absent_is_named_once(folder):
    with pytest.warns(MissingDataWarning) as caught:
        trials = MentalArithmetic(path=folder).load()
    assert len(caught) == 1
    assert "left out subjects 2-35 (not in" in str(caught[0].message)
    assert len(trials) == 10


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none of the 72 recordings.*download=True"):
        MentalArithmetic(path=tmp_path).load()


def test_broken_recordings_are_refused_by_name(folder, write_recording):
    write_recording(folder / "eegmat", 1, 2, 6, names=NAMES[1:])
    with pytest.raises(ValueError, match=r"Subject01_2\.edf lacks 1 of 19 channels .*: Pz"):
        MentalArithmetic(path=folder, subjects=[1]).load()
    path = folder / "eegmat" / "Subject00_1.edf"
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(ValueError, match=r"Subject00_1\.edf is cut short"):
        MentalArithmetic(path=folder, subjects=[0]).load()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window_s": 0}, "window_s is 0"),
        ({"window_s": 12.0}, r"Subject00_2\.edf lasts 11 s, less than one window of 12 s"),
        ({"overlap": 1.0}, "overlap is 1.0"),
        ({"overlap": -0.1}, "overlap is -0.1"),
        ({"subjects": [36]}, "no subject 36; expected .* from 0 to 35"),
        ({"l_freq": 20.0, "h_freq": 10.0}, "expected l_freq below h_freq"),
    ],
)
def test_bad_options(options, message, folder):
    with pytest.raises(ValueError, match=message):
        MentalArithmetic(**{"path": folder, "subjects": [0], **options}).load()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server(folder, monkeypatch):
    """The recordings of two people with their checksums, to be downloaded."""
    served = folder / "eegmat"
    sums = [f"{hashlib.sha256(p.read_bytes()).hexdigest()} {p.name}" for p in served.iterdir()]
    (served / "SHA256SUMS.txt").write_text("\n".join(sums) + "\n")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(_Quiet, directory=served)
    ) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        monkeypatch.setattr(mental_arithmetic, "URL", f"http://127.0.0.1:{httpd.server_port}/")
        yield served
        httpd.shutdown()
        thread.join()


def test_download(server, tmp_path):
    there = tmp_path / "mine"
    trials = MentalArithmetic(path=there, subjects=[1], download=True).load()
    assert {p.name for p in (there / "eegmat").iterdir()} == {
        "Subject01_1.edf",
        "Subject01_2.edf",
        "subject-info.csv",
    }
    assert trials.metadata["age"].iloc[0] == 18
    again = MentalArithmetic(path=there, subjects=[1]).load()
    assert np.array_equal(trials.X, again.X)


def test_without_a_folder_what_is_missing_is_downloaded(server, tmp_path, monkeypatch):
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    with pytest.raises(FileNotFoundError):
        MentalArithmetic(subjects=[1], download=False).load()
    assert not (tmp_path / "cache").exists()
    assert len(MentalArithmetic(subjects=[1]).load()) == 5
    assert (tmp_path / "cache" / "eegkit" / "eegmat" / "Subject01_1.edf").is_file()


def test_a_download_with_another_checksum_is_not_kept(server, tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between pooch's attempts
    path = server / "Subject01_2.edf"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"(?s)Subject01_2\.edf.*does not match"):
        MentalArithmetic(path=tmp_path / "mine", subjects=[1], download=True).load()
    assert not (tmp_path / "mine" / "eegmat" / "Subject01_2.edf").exists()


NO_ANSWER = r"127\.0\.0\.1 could not be reached \(ConnectionError\); look whether"


def test_a_failed_download_is_told(folder, monkeypatch):
    monkeypatch.setattr(mental_arithmetic, "URL", "http://127.0.0.1:1/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.warns(MissingDataWarning, match=f"subject 5 .*failed: {NO_ANSWER}"):
        trials = MentalArithmetic(path=folder, subjects=[0, 5], download=True).load()
    assert set(trials.groups) == {"S00"}


@pytest.mark.realdata("eegmat")
class TestRealRecordings:
    def test_people(self, real_folder):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MissingDataWarning)
            trials = MentalArithmetic(path=real_folder, subjects=[0, 10, 31]).load()
        table = trials.metadata.assign(y=trials.y)
        # Rest of 182, 188 and 80 s; arithmetic of 62 s.
        assert list(table.query("y == 'rest'").groupby("subject").size()) == [36, 37, 16]
        assert list(table.query("y == 'arithmetic'").groupby("subject").size()) == [12, 12, 12]
        assert trials.X.shape[1:] == (19, 640)
        rms = np.asarray(trials.X).std(axis=2)
        assert 3 < np.median(rms) < 30  # microvolts
        assert table.loc[table["subject"] == "S31", "age"].iloc[0] == 19

    def test_resampling_keeps_the_recorded_spectrum(self, real_folder):
        kept, resampled = (
            MentalArithmetic(path=real_folder, subjects=[3], target_sfreq=rate).load()
            for rate in (None, 125.0)
        )
        assert kept.sfreq == 500
        assert kept.X.shape[2] == 2500
        # Published with a low-pass at 45 Hz, so every fourth sample tells the same.
        error = np.asarray(kept.X)[:, :, ::4] - np.asarray(resampled.X)
        assert error.std() < 0.05 * kept.X.std()
