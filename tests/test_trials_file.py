import os
import re

import mne
import numpy as np
import pandas as pd
import pytest
import safetensors.numpy

from eegkit import Trials, load_dataset, tensor_file
from eegkit.tensor_file import CorruptFileError
from eegkit.testing import example_trials


@pytest.fixture
def trials():
    made = load_dataset("simulated", n_subjects=2, n_trials=8, channels=["C3", "Cz", "C4"])
    made.metadata["onset"] = np.where(np.arange(16) == 3, np.nan, np.arange(16.0))
    made.metadata["note"] = ["ä", None] * 8
    made.metadata["sure"] = np.arange(16) % 3 == 0
    return made


def test_everything_comes_back(trials, tmp_path):
    trials.save(tmp_path / "trials.safetensors")
    again = Trials.load(tmp_path / "trials.safetensors")
    np.testing.assert_array_equal(again.X, trials.X)
    np.testing.assert_array_equal(again.y, trials.y)
    assert again.y.dtype == trials.y.dtype
    pd.testing.assert_frame_equal(again.metadata, trials.metadata)
    assert again.ch_names == trials.ch_names
    for mine, other in zip(again.info["chs"], trials.info["chs"], strict=True):
        np.testing.assert_array_equal(mine["loc"], other["loc"])
    np.testing.assert_array_equal(again.X.groups, trials.groups)
    again.to_epochs().compute_psd(verbose="error")  # the info is a whole one


def test_dates_and_times_come_back(trials, tmp_path):
    days = pd.Series(pd.date_range("2024-05-01 10:00:00.25", periods=16, freq="D"))
    days[2] = pd.NaT
    trials.metadata["recorded"] = days
    trials.metadata["abroad"] = days.astype("datetime64[ns]").dt.tz_localize("Asia/Tokyo")
    trials.metadata["lasted"] = days - days[0]
    trials.save(tmp_path / "trials.safetensors")
    again = Trials.load(tmp_path / "trials.safetensors")
    pd.testing.assert_frame_equal(again.metadata, trials.metadata)


def test_signals_stay_in_the_file(trials, tmp_path):
    path = tmp_path / "trials.safetensors"
    trials.save(path)
    again = Trials.load(path)
    owner = again.X
    while not isinstance(owner, np.memmap):
        owner = owner.base
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(again.X)[0] = 0
    # Any reader of safetensors reads it.
    np.testing.assert_array_equal(safetensors.numpy.load_file(path)["X"], trials.X)


@pytest.mark.parametrize("y", [np.arange(13) % 3, np.full((13, 2), 0.5), ["a", "bc"] * 6 + ["a"]])
def test_labels_of_every_kind(tmp_path, y):
    trials = example_trials()
    Trials(np.asarray(trials.X), y, trials.metadata, trials.info).save(tmp_path / "t.safetensors")
    again = Trials.load(tmp_path / "t.safetensors")
    np.testing.assert_array_equal(again.y, y)
    assert again.y.dtype == np.asarray(y).dtype


def test_what_cannot_be_kept_is_refused(trials, tmp_path):
    trials.metadata["odd"] = [object()] * 16
    with pytest.raises(ValueError, match="numbers and text only"):
        trials.save(tmp_path / "t.safetensors")
    trials.metadata = trials.metadata.drop(columns="odd").rename(columns={"note": 7})
    with pytest.raises(ValueError, match="column named 7"):
        trials.save(tmp_path / "t.safetensors")
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_refused(trials, tmp_path):
    path = tmp_path / "t.safetensors"
    trials.save(path)
    good = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(100):
        bad = bytearray(good)
        where = rng.integers(len(bad), size=3)
        for at in where:
            bad[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(bad if rng.random() < 0.7 else bad[: where[0]])
        with pytest.raises(CorruptFileError, match=re.escape(str(path))):
            Trials.load(path)


def test_another_file_of_eegkits_is_refused(tmp_path):
    path = tmp_path / "t.safetensors"
    tensor_file.write(path, {"X": np.zeros(3)}, {"something": "else"})
    with pytest.raises(CorruptFileError, match="holds no trials"):
        Trials.load(path)
    with pytest.raises(FileNotFoundError, match=r"did you mean 't\.safetensors'"):
        Trials.load(tmp_path / "tt.safetensors")


def test_a_save_that_fails_leaves_the_old_file(trials, tmp_path, monkeypatch):
    path = tmp_path / "t.safetensors"
    trials.save(path)

    def full(*args):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        trials[:2].save(path)
    assert len(Trials.load(path)) == 16
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_info_of_epochs(tmp_path):
    info = mne.create_info(["Fz", "Oz"], 100.0, "eeg")
    info["bads"] = ["Oz"]
    info["line_freq"] = 50.0
    table = pd.DataFrame({"subject": ["a"], "session": "0", "run": "0"})
    Trials(np.ones((1, 2, 10)), ["x"], table, info).save(tmp_path / "t.safetensors")
    again = Trials.load(tmp_path / "t.safetensors").info
    assert (again["bads"], again["line_freq"]) == (["Oz"], 50.0)


def test_categories_and_dates_come_back(trials, tmp_path):
    load = pd.CategoricalDtype(["low", "high", "never"], ordered=True)
    trials.metadata["load"] = pd.Series(["high", "low", None, "low"] * 4).astype(load)
    trials.metadata["hand"] = pd.Categorical(["right", "left"] * 8)
    trials.metadata["level"] = pd.Categorical([3, 1] * 8, categories=[3, 1], ordered=True)
    dates = pd.Series(pd.to_datetime(["2024-05-01", None] * 8))
    trials.metadata["recorded"] = dates
    trials.metadata["local"] = dates.dt.tz_localize("Europe/Berlin")
    trials.metadata["pause"] = pd.to_timedelta(np.arange(16), unit="s")
    trials.metadata["count"] = pd.Series([np.int64(3), "many"] * 8, dtype=object)
    trials.save(tmp_path / "trials")
    again = Trials.load(tmp_path / "trials").metadata
    pd.testing.assert_frame_equal(again, trials.metadata)
    assert again["load"].max() == "high"
