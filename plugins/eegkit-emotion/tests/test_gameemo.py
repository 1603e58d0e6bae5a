import numpy as np
import pytest
from eegkit_emotion import GAMEEMO
from eegkit_emotion.gameemo import CHANNELS

from eegkit import load_dataset
from eegkit.datasets import MissingDataWarning, Recording


@pytest.fixture
def folder(write_game, tmp_path):
    for game in range(1, 5):
        write_game(tmp_path / "GAMEEMO", 1, game)
    return tmp_path


def file(folder, game=1):
    inside = folder / "GAMEEMO" / "(S01)" / "Preprocessed EEG Data" / ".csv format"
    return inside / f"S01G{game}AllChannels.csv"


def test_trials_and_their_metadata(write_game, tmp_path):
    signals = [write_game(tmp_path / "GAMEEMO", 12, game) for game in range(1, 5)]
    trials = load_dataset("gameemo", path=tmp_path, subjects=[12], window_s=2.0)
    assert trials.X.shape == (8, 14, 256)
    assert trials.ch_names == list(CHANNELS)
    assert all(np.isfinite(ch["loc"][:3]).all() for ch in trials.info["chs"])
    assert list(trials.y) == ["boring"] * 2 + ["calm"] * 2 + ["horror"] * 2 + ["funny"] * 2
    np.testing.assert_allclose(trials.X[3], signals[1][:, 256:512], atol=1e-3)
    table = trials.metadata
    assert set(table["subject"]) == {"S12"}
    assert list(table["run"]) == list("11223344")
    assert list(table["onset"]) == [0, 2] * 4
    assert table["recording"][7] == "S12G4AllChannels.csv"
    assert list(table["quadrant"][::2]) == ["LANV", "LAPV", "HANV", "HAPV"]


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("game", ["boring", "calm", "horror", "funny"]),
        ("quadrant", ["LANV", "LAPV", "HANV", "HAPV"]),
        ("valence", ["low", "high", "low", "high"]),
        ("arousal", ["low", "low", "high", "high"]),
    ],
)
def test_labels(label, expected, folder):
    trials = GAMEEMO(path=folder, subjects=[1], label=label, window_s=None).load()
    assert list(trials.y) == expected
    assert trials.X.shape == (4, 14, 640)


def test_channels_rate_overlap_and_filter(folder):
    trials = GAMEEMO(
        path=folder, subjects=[1], channels=["T4", "AF3"], target_sfreq=64.0, window_s=2.0,
        overlap=0.5, h_freq=20.0,
    ).load()  # fmt: skip
    assert trials.ch_names == ["T8", "AF3"]
    assert trials.X.shape == (16, 2, 128)
    assert list(trials.metadata["onset"][:4]) == [0, 1, 2, 3]


def test_raw_files_of_either_name(write_game, tmp_path):
    root = tmp_path / "GAMEEMO"
    for game in range(1, 5):
        name = "S01G2AllChannels.csv" if game == 2 else None
        write_game(root, 1, game, raw=True, name=name)
    trials = GAMEEMO(path=root, subjects=[1], version="raw").load()
    assert set(trials.metadata["run"]) == set("1234")
    assert np.asarray(trials.X).mean() == pytest.approx(4200, abs=50)
    filtered = GAMEEMO(path=root, subjects=[1], version="raw", l_freq=1.0).load()
    assert abs(np.asarray(filtered.X).mean()) < 5
    with pytest.raises(FileNotFoundError):
        GAMEEMO(path=root, subjects=[1]).load()


def test_folders_without_parentheses_and_lines_without_comma(folder):
    expected = GAMEEMO(path=folder, subjects=[1]).load()
    (folder / "GAMEEMO" / "(S01)").rename(folder / "GAMEEMO" / "S01")
    for path in (folder / "GAMEEMO" / "S01").rglob("*.csv"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b",\r\n", b"\n"))
    trials = GAMEEMO(path=folder, subjects=[1]).load()
    np.testing.assert_array_equal(trials.X, expected.X)


def test_columns_are_found_by_name(folder):
    expected = GAMEEMO(path=folder, subjects=[1]).load()
    for path in (folder / "GAMEEMO").rglob("*.csv"):
        lines = [line.split(",") for line in path.read_text().splitlines()]
        made = [["1" if i else "Counter", *reversed(line)] for i, line in enumerate(lines)]
        path.write_text("\n".join(",".join(line) for line in made))
    trials = GAMEEMO(path=folder, subjects=[1]).load()
    np.testing.assert_array_equal(trials.X, expected.X)


def test_what_is_absent_is_named(folder):
    file(folder, 3).unlink()
    with pytest.warns(MissingDataWarning, match=r"left out subject 1 run 3"):
        trials = GAMEEMO(path=folder, subjects=[1]).load()
    assert set(trials.y) == {"boring", "calm", "funny"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: "", "lacks the channels AF3"),
        (lambda text: "\n\n", "lacks the channels AF3"),
        (lambda text: text.splitlines()[0], "holds no samples"),
        (lambda text: text.splitlines()[0] + "\r\n\r\n", "holds no samples"),
        (lambda text: text.replace("T7", "A1"), "lacks the channels T7"),
        (lambda text: text.replace("T7", "T8"), "lacks the channels T7, T8, or has them twice"),
        (lambda text: text[:-30], "not a table of numbers"),
        (lambda text: text.replace(".", ";", 1), "not a table of numbers"),
        (lambda text: text + ",,,,,,,,,,,,,,\r\n", "not a table of numbers"),
        (lambda text: text + "nan," * 14 + "\r\n", "values from nan"),
        (lambda text: text + "1e300," * 14 + "\r\n", "at most 1e\\+06"),
        (lambda text: '"' + text, ""),
        (lambda text: "\0" + text, "lacks|is not"),
        (lambda text: "<html></html>", "lacks the channels"),
    ],
)  # fmt: skip
def test_broken_tables_are_refused_by_name(change, told, folder):
    path = file(folder)
    path.write_bytes(change(path.read_bytes().decode()).encode())
    with pytest.raises(ValueError, match=rf"(?s)S01G1AllChannels\.csv .*{told}"):
        GAMEEMO(path=folder, subjects=[1]).load()


def test_bytes_that_are_no_text(folder):
    file(folder, 2).write_bytes(b"\xff\xfe\x00" * 1000)
    with pytest.raises(ValueError, match=r"S01G2AllChannels\.csv is not a table"):
        GAMEEMO(path=folder, subjects=[1]).load()
    with pytest.warns(MissingDataWarning, match=r"S01G2AllChannels\.csv"):
        trials = GAMEEMO(path=folder, subjects=[1], on_error="skip", n_jobs=2).load()
    assert len(trials) == 3


def test_damaged_files(folder, try_damaged):
    recording = Recording(1, 1, file(folder))
    assert try_damaged(GAMEEMO(window_s=1.0), recording, lambda content: range(200)) > 40


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label": "joy"}, "label is 'joy'; expected one of 'game'"),
        ({"version": "mat"}, "version is 'mat'"),
        ({"window_s": -1}, "window_s is -1"),
        ({"window_s": 9.0}, r"S01G1AllChannels\.csv lasts 5 s, less than one window of 9 s"),
        ({"overlap": -0.5}, "overlap is -0.5"),
        ({"channels": ["Cz"]}, "GAMEEMO has no channel Cz"),
        ({"l_freq": 30.0, "h_freq": 10.0}, "expected l_freq below h_freq"),
        ({"subjects": [29]}, "no subject 29; expected .* from 1 to 28"),
    ],
)
def test_bad_options(options, message, folder):
    with pytest.raises(ValueError, match=message):
        GAMEEMO(**{"path": folder, "subjects": [1], **options}).load()
