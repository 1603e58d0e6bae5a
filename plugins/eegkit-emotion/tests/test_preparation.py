"""A decoder gets of a recording the windows that the data set cut, sample by sample."""

import mne
import numpy as np
import pytest
from eegkit_emotion import DEAP, GAMEEMO, SEEDIV, harmonize
from eegkit_emotion.deap import BASELINE

from eegkit.testing import check_preparation

FILTERED = {"l_freq": 4.0, "h_freq": 25.0, "target_sfreq": 64.0}
OPTIONS = [{}, {"overlap": 0.5}, FILTERED]


def write_fif(path, names, signals, sfreq):
    info = mne.create_info(list(names), sfreq, "eeg")
    raw = mne.io.RawArray(np.asarray(signals, float) * 1e-6, info, verbose="error")
    raw.save(path, fmt="double", verbose="error")
    return path


@pytest.mark.parametrize("options", OPTIONS)
def test_deap(write_deap, tmp_path, options):
    data, _ = write_deap(tmp_path / "DEAP", 1, seconds=8)
    trials = DEAP(path=tmp_path, subjects=[1], window_s=2.0, **options).load()
    video = trials[(trials.metadata["run"] == "2").to_numpy()]
    path = write_fif(tmp_path / "video_raw.fif", trials.ch_names, data[1, :32], 128.0)
    check_preparation(video, path, video.metadata["onset"] + BASELINE)


def test_what_deap_subtracts_is_said(write_deap, tmp_path):
    write_deap(tmp_path / "DEAP", 1)
    trials = DEAP(path=tmp_path, subjects=[1], subtract_baseline=True).load()
    assert trials.preparation.other_steps == ("the mean of the 3 s before a video subtracted",)


@pytest.mark.parametrize("options", OPTIONS)
def test_gameemo(write_game, tmp_path, options):
    signals = [write_game(tmp_path / "GAMEEMO", 1, game) for game in range(1, 5)]
    trials = GAMEEMO(path=tmp_path, subjects=[1], window_s=1.5, **options).load()
    game = trials[(trials.metadata["run"] == "3").to_numpy()]
    path = write_fif(tmp_path / "game_raw.fif", trials.ch_names, signals[2], 128.0)
    check_preparation(game, path)


@pytest.mark.parametrize("options", OPTIONS)
def test_seed_iv(write_session, tmp_path, options):
    clips = write_session(tmp_path / "SEED_IV", 1, 2, n_times=900)
    data = SEEDIV(path=tmp_path, subjects=[1], sessions=[2], window_s=1.0, **options)
    trials = data.load()
    clip = trials[(trials.metadata["run"] == "7").to_numpy()]
    path = write_fif(tmp_path / "clip_raw.fif", trials.ch_names, clips["cz_eeg7"], 200.0)
    check_preparation(clip, path)


def test_harmonized_trials(write_game, write_deap, tmp_path):
    signals = [write_game(tmp_path / "GAMEEMO", 1, game) for game in range(1, 5)]
    write_deap(tmp_path / "DEAP", 1, seconds=8)
    parts = {
        "gameemo": GAMEEMO(path=tmp_path, subjects=[1], label="valence", h_freq=30.0).load(),
        "deap": DEAP(path=tmp_path, subjects=[1], h_freq=30.0).load(),
    }
    both = harmonize(parts, window_s=2.0)
    assert both.preparation.other_steps == ()
    chosen = (both.metadata["recording"] == "S01G2AllChannels.csv").to_numpy()
    path = write_fif(tmp_path / "game_raw.fif", parts["gameemo"].ch_names, signals[1], 128.0)
    check_preparation(both[chosen], path)
    assert harmonize(parts, target_sfreq=64, scale="dataset").preparation.other_steps == (
        "trials resampled one by one",
        "divided by the median standard deviation of the data set",
    )
    parts["deap"] = DEAP(path=tmp_path, subjects=[1], h_freq=20.0).load()
    with pytest.warns(UserWarning, match="low-pass 30 Hz.*; low-pass 20 Hz"):
        assert harmonize(parts).preparation is None
