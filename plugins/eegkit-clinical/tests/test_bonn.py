import re

import numpy as np
import pytest
from eegkit_clinical import Bonn

from eegkit import load_dataset
from eegkit.datasets import MissingDataWarning

LETTERS = {"A": "Z", "B": "O", "C": "N", "D": "F", "E": "S"}
HALF = {"subjects": ["volunteers"], "sets": ["A"]}


@pytest.fixture(scope="module")
def whole(tmp_path_factory, write_segment):
    root = tmp_path_factory.mktemp("data")
    for letter in LETTERS.values():
        for number in range(1, 101):
            write_segment(root / "bonn" / letter, letter, number)
    return root


def test_all_segments(whole, write_segment):
    trials = load_dataset("bonn", path=whole)
    assert trials.X.shape == (500, 1, 4097)
    assert trials.X.dtype == np.float32
    assert trials.sfreq == 173.61
    assert list(np.unique(trials.y, return_counts=True)[1]) == [100] * 5
    table = trials.metadata
    assert list(table.columns) == ["subject", "session", "run", "onset", "recording", "state"]
    assert set(table.loc[trials.y == "B", "subject"]) == {"volunteers"}
    assert set(table.loc[trials.y == "E", "subject"]) == {"patients"}
    assert table["run"].iloc[-1] == "100"
    assert table["recording"].iloc[200] == "N001.TXT"
    assert (np.asarray(trials.X[0, 0]) == write_segment(whole / "x", "Z", 1)).all()


@pytest.mark.parametrize(
    ("label", "sets", "expected"),
    [
        ("seizure", "AE", {"rest": 100, "seizure": 100}),
        ("states", "ABDE", {"healthy": 200, "interictal": 100, "ictal": 100}),
    ],
)
def test_labels(whole, label, sets, expected):
    trials = Bonn(path=whole, label=label, sets=tuple(sets)).load()
    assert dict(zip(*np.unique(trials.y, return_counts=True), strict=True)) == expected


def test_windows(whole, write_segment):
    trials = Bonn(path=whole, sets=["E"], window_s=5.0, overlap=0.5).load()
    segment = write_segment(whole / "x", "S", 1)
    n = round(5 * 173.61)
    assert trials.X.shape == (800, 1, n)
    at = n // 2
    np.testing.assert_allclose(trials.metadata["onset"][:3] * 173.61, [0, at, n])
    np.testing.assert_array_equal(trials.X[1, 0], segment[at : at + n])


@pytest.mark.filterwarnings("ignore::eegkit.datasets.MissingDataWarning")
def test_resampling_and_filtering(tmp_path):
    times = np.arange(4097) / 173.61
    waves = 100 * np.sin(2 * np.pi * 10 * times) + 300 * np.sin(2 * np.pi * 70 * times) + 50
    (tmp_path / "bonn").mkdir()
    np.savetxt(tmp_path / "bonn" / "S007.txt", np.round(waves), "%d")
    data = Bonn(
        path=tmp_path, sets=["E"], window_s=20.0, target_sfreq=128.0, l_freq=2.0, h_freq=40.0
    )
    trials = data.load()
    assert trials.sfreq == 128
    assert trials.X.shape == (1, 1, 2560)
    expected = 100 * np.sin(2 * np.pi * 10 * np.arange(2560) / 128)
    error = (np.asarray(trials.X[0, 0]) - expected)[256:-256]
    assert np.abs(error).max() < 3


def test_files_in_other_folders(whole, tmp_path):
    (tmp_path / "set a").mkdir()
    for file in sorted((whole / "bonn" / "Z").iterdir())[:3]:
        (tmp_path / "set a" / file.name).write_bytes(file.read_bytes())
    with pytest.warns(MissingDataWarning, match=r"left out subject A runs 4-100"):
        trials = Bonn(path=tmp_path, **HALF).load()
    assert list(trials.metadata["recording"]) == ["Z001.txt", "Z002.txt", "Z003.txt"]


def test_the_folder_of_its_name_comes_first(whole, tmp_path):
    folder = tmp_path / "bonn"
    folder.symlink_to(whole / "bonn")
    (tmp_path / "another").mkdir()
    (tmp_path / "another" / "Z001.txt").write_text("not of Bonn")
    assert len(Bonn(path=tmp_path, **HALF).load()) == 100


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="none of the 500 recordings"):
        Bonn(path=tmp_path).load()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label": "five"}, "label is 'five'; expected one of 'sets', 'seizure', 'states'"),
        ({"sets": ["A", "F"]}, "has no 'F'"),
        ({"sets": []}, "sets is empty"),
        ({"subjects": ["A"]}, "has no 'A'; expected .*'volunteers', 'patients'"),
        ({"subjects": [["volunteers"]]}, "has no"),
        ({"subjects": ["patients", "patients"]}, "names one twice"),
        ({"subjects": ["patients"], "sets": ["A"]}, "None of the sets A is from the patients"),
        ({"window_s": 0}, "window_s is 0; expected a number above 0"),
        ({"window_s": 24.0}, "a segment lasts 23.6 s"),
        ({"overlap": 1.0}, "overlap is 1.0"),
        ({"h_freq": 90.0}, "h_freq is 90 Hz; expected less than 86.805 Hz"),
        ({"target_sfreq": -1.0}, "target_sfreq is -1.0"),
    ],
)
def test_bad_options(whole, options, message):
    with pytest.raises(ValueError, match=message):
        Bonn(**{"path": whole, **options}).load()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"Z002\.txt holds 0 numbers; expected the 4097"),
        (b"1\n" * 4096, r"Z002\.txt holds 4096 numbers"),
        (b"1,2\n" * 4097, r"Z002\.txt holds something else than numbers"),
        (b"\xff\xfe1\n" * 4097, r"Z002\.txt holds something else than numbers"),
        (b"nan\n" * 4097, r"Z002\.txt holds values from nan"),
        (b"1e300\n" * 4097, r"Z002\.txt holds values from 1e\+300"),
    ],
)
def test_broken_segments(tmp_path, write_segment, content, message):
    for number in range(1, 4):
        write_segment(tmp_path / "bonn", "Z", number)
    (tmp_path / "bonn" / "Z002.txt").write_bytes(content)
    with pytest.warns(MissingDataWarning), pytest.raises(ValueError, match=message):
        Bonn(path=tmp_path, **HALF).load()
    with pytest.warns(MissingDataWarning) as caught:
        trials = Bonn(path=tmp_path, on_error="skip", **HALF).load()
    assert re.search(message, str(caught[1].message))
    assert list(trials.metadata["run"]) == ["001", "003"]


def test_damaged_files(tmp_path, write_segment, survives):
    data = Bonn(path=tmp_path, **HALF, window_s=5.0)
    write_segment(tmp_path / "bonn", "Z", 1)
    recording = data.recordings()[0]
    survives(recording.path, lambda: data.read(recording), (1, 868), n=100)
