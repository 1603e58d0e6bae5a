import mne
import numpy as np
import pandas as pd
import pytest
from eegkit_emotion import DEAP, GAMEEMO, SEEDIV, harmonize
from eegkit_emotion.gameemo import CHANNELS as FOURTEEN

from eegkit import Trials
from eegkit.datasets import Simulated


def make(names, y=("low", "high"), sfreq=128, n_times=256, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(0, 10, (len(y), len(names), n_times))
    return Trials.from_arrays(X, list(y), sfreq=sfreq, subject="S1", ch_names=names)


@pytest.fixture(scope="module")
def three(data):
    return {
        "deap": DEAP(path=data, subjects=[1, 2]).load(),
        "gameemo": GAMEEMO(path=data, subjects=[1, 2], label="valence").load(),
        "seed_iv": SEEDIV(path=data, subjects=[1, 2], window_s=1.0).load(),
    }


NEW = {"seed_iv": {"happy": "high", "sad": "low", "fear": "low", "neutral": None}}


def test_three_data_sets_become_one(three, tmp_path):
    made = harmonize(three, labels=NEW, window_s=1.0)
    assert made.sfreq == 128
    assert made.n_times == 128
    # The channels of all, as the first part orders them.
    assert made.ch_names == [c for c in three["deap"].ch_names if c in FOURTEEN]
    assert all(np.isfinite(ch["loc"][:3]).all() for ch in made.info["chs"])
    table = made.metadata
    assert list(dict.fromkeys(table["dataset"])) == ["deap", "gameemo", "seed_iv"]
    assert sorted(set(made.groups)) == [
        "deap/s01", "deap/s02", "gameemo/S01", "gameemo/S02", "seed_iv/S01", "seed_iv/S02",
    ]  # fmt: skip
    assert list(table.columns) == ["subject", "session", "run", "onset", "recording", "dataset"]
    counts = table["dataset"].value_counts()
    assert dict(counts) == {"deap": 2 * 4 * 2, "gameemo": 2 * 4 * 4, "seed_iv": 2 * 3 * 18}
    assert set(made.y) == {"low", "high"}
    made.save(tmp_path / "kept")
    assert np.array_equal(Trials.load(tmp_path / "kept").X, made.X)


def test_long_trials_are_cut_end_to_end(three):
    made = harmonize(three, labels=NEW, window_s=0.5)
    deap = made[(made.metadata["dataset"] == "deap").to_numpy()]
    assert list(deap.metadata["onset"][:8]) == [0, 0.5, 1, 1.5] * 2
    assert list(deap.metadata["run"][:8]) == ["1"] * 4 + ["2"] * 4
    assert list(deap.y[:8]) == ["low"] * 4 + ["high"] * 4
    picks = [three["deap"].ch_names.index(c) for c in made.ch_names]
    np.testing.assert_array_equal(deap.X[5], three["deap"].X[1][picks, 64:128])
    games = made[(made.metadata["dataset"] == "gameemo").to_numpy()]
    picks = [three["gameemo"].ch_names.index(c) for c in made.ch_names]
    np.testing.assert_array_equal(games.X[7], three["gameemo"].X[0][picks, 448:512])


def test_by_default_the_shortest_trial_and_the_lowest_rate():
    a, b = make(["Cz", "Pz"], sfreq=200, n_times=500), make(["Pz", "Cz"], sfreq=100, n_times=120)
    made = harmonize([a, b])
    assert (made.sfreq, made.n_times, len(made)) == (100, 120, 2 * 2 + 2)
    assert list(made.metadata["dataset"]) == ["0"] * 4 + ["1"] * 2
    assert "onset" not in made.metadata
    np.testing.assert_allclose(made.X[4:], b.X[:, ::-1], rtol=1e-6)
    other = harmonize([a, b], target_sfreq=50, window_s=0.5)
    assert (other.sfreq, other.n_times) == (50, 25)


def test_a_sine_is_the_same_sine_at_another_rate():
    times = np.arange(800) / 200
    X = np.tile(np.sin(2 * np.pi * 10 * times) * 20, (2, 1, 1))
    a = Trials.from_arrays(X, ["low", "high"], sfreq=200, subject="S1", ch_names=["Cz"])
    made = harmonize([a, make(["Cz"], n_times=512)], target_sfreq=128)
    expected = 20 * np.sin(2 * np.pi * 10 * np.arange(512) / 128)
    np.testing.assert_allclose(made.X[0, 0, 30:-30], expected[30:-30], atol=0.2)


def test_old_names_and_other_spellings_are_the_same_channels():
    a, b = make(["T3", "FP1", "T6", "X1"]), make(["x1", "p8", "Fp1", "T7"], seed=1)
    made = harmonize([a, b])
    assert made.ch_names == ["T7", "Fp1", "P8", "x1"]
    np.testing.assert_array_equal(made.X[:2], a.X)
    np.testing.assert_array_equal(made.X[2:], np.asarray(b.X)[:, [3, 2, 1, 0]])


def test_interpolated_channels_are_near_the_recorded_ones():
    # Trials of a head, so that neighbours resemble each other.
    whole = Simulated(n_subjects=1, n_trials=8, difficulty="easy").load()
    absent = ["C3", "Fz", "P4"]
    kept = [i for i, name in enumerate(whole.ch_names) if name not in absent]
    part = Trials(
        np.asarray(whole.X)[:, kept], whole.y, whole.metadata,
        mne.pick_info(whole.info, kept),
    )  # fmt: skip
    made = harmonize({"whole": whole, "part": part}, channels="interpolate")
    assert made.ch_names == whole.ch_names
    np.testing.assert_array_equal(made.X[:8], whole.X)
    picks = [whole.ch_names.index(name) for name in absent]
    for pick in picks:
        r = np.corrcoef(np.ravel(made.X[:8, pick]), np.ravel(made.X[8:, pick]))[0, 1]
        assert r > 0.8
    np.testing.assert_allclose(made.X[8:, kept], np.asarray(whole.X)[:, kept], rtol=1e-5)


def test_interpolation_as_mne_does_it(three):
    made = harmonize({"gameemo": three["gameemo"]}, channels=["Cz", "AF3", "PO4"])
    assert made.ch_names == ["Cz", "AF3", "PO4"]
    X = np.asarray(three["gameemo"].X, dtype=float)
    info = mne.create_info([*FOURTEEN, "Cz", "PO4"], 128.0, "eeg")
    info.set_montage("colin27_1005")
    info["bads"] = ["Cz", "PO4"]
    padded = np.concatenate([X, np.zeros((len(X), 2, X.shape[2]))], axis=1) * 1e-6
    epochs = mne.EpochsArray(padded, info, verbose="error").interpolate_bads(verbose="error")
    expected = epochs.get_data(picks=["Cz", "AF3", "PO4"], verbose="error") * 1e6
    np.testing.assert_allclose(made.X, expected, rtol=1e-4, atol=1e-3)


def test_channels_of_all_three_or_of_a_list(three):
    union = harmonize(three, labels=NEW, window_s=1.0, channels="interpolate")
    assert len(union.ch_names) == 60  # of 62 two have no position
    assert np.isfinite(np.asarray(union.X)).all()
    some = harmonize(three, labels=NEW, window_s=1.0, channels=["oz", "T4"])
    assert some.ch_names == ["Oz", "T8"]


def test_scale():
    a, b = make(["Cz"]), make(["Cz"], seed=3)
    b = Trials(np.asarray(b.X) * 1000, b.y, b.metadata, b.info)
    made = np.asarray(harmonize([a, b], scale="dataset").X)
    assert made[:2].std() == pytest.approx(1, rel=0.1)
    assert made[2:].std() == pytest.approx(1, rel=0.1)
    with pytest.raises(ValueError, match="scale is 'subject'"):
        harmonize([a, b], scale="subject")
    flat = Trials(np.zeros_like(a.X), a.y, a.metadata, a.info)
    with pytest.raises(ValueError, match="signals of 1 are constant"):
        harmonize([a, flat], scale="dataset")


def test_the_parts_are_left_as_they_were(three):
    before = {name: (np.array(t.X), list(t.y), t.metadata.copy()) for name, t in three.items()}
    harmonize(three, labels=NEW, window_s=0.5, scale="dataset")
    for name, (X, y, table) in before.items():
        np.testing.assert_array_equal(three[name].X, X)
        assert list(three[name].y) == y
        pd.testing.assert_frame_equal(three[name].metadata, table)


@pytest.mark.parametrize(
    ("parts", "options", "message"),
    [
        ([make(["Cz"]), make(["Pz"])], {}, "no channel in common .0: Cz; 1: Pz."),
        ([make(["Cz"]), make(["Pz"])], {"channels": "interpolate"}, "0 lacks Pz and has 1 chan"),
        ([make(["E1"]), make(["E1"])], {"channels": "interpolate"}, "No channel has a known"),
        ([make(["E1"]), make(["E1"])], {"channels": ["E2"]}, "0 lacks E2, whose position is unkn"),
        ([make(["Cz"])], {"channels": "all"}, "channels is 'all'; expected one of 'common'"),
        ([make(["Cz"])], {"channels": []}, r"channels is \[\]"),
        ([make(["Cz"])], {"channels": ["Cz", "CZ"]}, "each once"),
        ([make(["T3", "T7"])], {}, "0 has a channel twice"),
        ([make(["Cz"])], {"labels": {"deap": {}}}, "labels names 'deap', but the data sets are 0"),
        ([make(["Cz"])], {"labels": {"0": {"low": 1}}}, "does not say what high of 0 becomes"),
        ([make(["Cz"])], {"labels": {"0": {"low": None, "high": None}}}, "leaves no trial of 0"),
        ([make(["Cz"]), make(["Cz"], ["joy", "grief"])], {}, "occur in no other data set"),
        ([make(["Cz"]), make(["Cz"], n_times=64)], {"window_s": 1.0}, "trials of 1 last 0.5 s"),
        ([make(["Cz"])], {"window_s": 0}, "window_s is 0"),
        ([make(["Cz"])], {"window_s": 0.001}, "less than a sample"),
        ([make(["Cz"])], {"target_sfreq": 0}, "target_sfreq is 0"),
        ([make(["Cz"])], {"target_sfreq": "fast"}, "target_sfreq is 'fast'"),
        ([], {}, "nothing to harmonize in a list"),
        ({}, {}, "nothing to harmonize in a dict"),
        ([np.ones((2, 2, 2))], {}, "nothing to harmonize in a list"),
        (make(["Cz"]), {}, "nothing to harmonize in a Trials"),
        ([make(["Cz"])[:0]], {}, "0 has no trials"),
        ([make(["Cz"], np.full((2, 2), 0.5))], {}, "soft labels"),
    ],
)  # fmt: skip
def test_what_cannot_be(parts, options, message):
    with pytest.raises(ValueError, match=message):
        harmonize(parts, **options)
