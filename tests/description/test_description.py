import numpy as np
import pandas as pd
import pytest

from eegkit import Trials, load_dataset

SFREQ = 200.0


def noise(n_trials=40, n_channels=3, n_times=400, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 10, (n_trials, n_channels, n_times)).astype(np.float32)


def made(X, y=None, subject=None, **columns):
    """Trials of four people, two classes, two runs."""
    n = len(X)
    y = np.resize(["rest", "task"], n) if y is None else y
    subject = np.repeat(list("abcd"), -(-n // 4))[:n] if subject is None else subject
    names = ["C3", "Cz", "C4", "Pz"][: X.shape[1]]
    trials = Trials.from_arrays(X, y, sfreq=SFREQ, subject=subject, ch_names=names)
    trials.metadata["run"] = np.resize(["0", "0", "1", "1"], n)
    for name, column in columns.items():
        trials.metadata[name] = column
    return trials


def the_warning(described, *words):
    """The one warning that holds all words."""
    found = [text for text in described.warnings if all(word in text for word in words)]
    assert len(found) == 1, described.warnings
    return found[0]


def test_nothing_is_wrong_with_clean_trials():
    described = made(noise()).describe()
    assert described.warnings == []
    assert "No warnings." in repr(described)
    assert "No warnings." in described._repr_html_()


def test_overview_and_tables():
    trials = made(noise(46))
    described = trials.describe()
    assert described.overview["people"] == 4
    assert described.overview["trials"] == "46, 10 to 12 per person"
    assert described.overview["channels"] == "3, 3 with a position"
    assert described.overview["length"] == "400 samples at 200 Hz, 2 s"
    assert list(described.people["trials"]) == [12, 12, 12, 10]
    assert list(described.people["runs"]) == [2] * 4
    assert list(described.people["classes"]) == [2] * 4
    assert described.classes.loc["rest"].to_dict() == {
        "trials": 23, "people": 4, "fewest_per_person": 5, "most_per_person": 6
    }  # fmt: skip
    assert list(described.channels.index) == ["C3", "Cz", "C4"]
    assert len(described.copies) == 0


def test_amplitudes_are_those_that_numpy_finds():
    X = noise(200) + np.array([0, 3, -40], np.float32)[:, None]
    channels = made(X).describe().channels
    np.testing.assert_allclose(channels["min"], X.min((0, 2)))
    np.testing.assert_allclose(channels["max"], X.max((0, 2)))
    for name, percent in (("p0.1", 0.1), ("p1", 1), ("median", 50), ("p99", 99), ("p99.9", 99.9)):
        expected = np.percentile(X, percent, axis=(0, 2))
        np.testing.assert_allclose(channels[name], expected, rtol=0.005, atol=0.05)
    np.testing.assert_allclose(channels["spread"], 10, rtol=0.02)


def test_percentiles_of_more_samples_than_are_counted(monkeypatch):
    monkeypatch.setattr("eegkit.description._scan.MAX_SAMPLES", 20000)
    monkeypatch.setattr("eegkit.description._scan.BLOCK_BYTES", 30000)
    X = noise(300)
    channels = made(X).describe().channels
    np.testing.assert_allclose(channels["p99"], np.percentile(X, 99, axis=(0, 2)), rtol=0.05)
    np.testing.assert_allclose(channels["max"], X.max((0, 2)))


@pytest.mark.filterwarnings("error")
def test_missing_and_infinite_samples():
    X = noise()
    X[3, 1, 10:15] = np.nan
    X[7, 2, 0] = np.inf
    X[8, 2, :] = np.nan
    described = made(X).describe()
    assert list(described.channels["missing"]) == [0, 5, 400]
    assert list(described.channels["infinite"]) == [0, 0, 1]
    text = the_warning(described, "405 samples are missing")
    assert "1 infinite, in 3 of 40 trials (Cz, C4)" in text
    assert described.channels["max"].max() == np.nanmax(np.where(np.isinf(X), np.nan, X))


@pytest.mark.filterwarnings("error")
def test_nothing_but_missing_samples():
    described = made(np.full((8, 2, 400), np.nan, np.float32)).describe()
    assert described.channels["spread"].isna().all()
    the_warning(described, "6400 samples are missing")
    repr(described)


def test_flat_channels():
    X = noise()
    X[:, 1] = 0
    X[:5, 2] = 7
    described = made(X).describe()
    assert list(described.channels["flat_trials"]) == [0, 40, 5]
    assert "Cz" in the_warning(described, "Flat in every trial")
    assert "C4 (5 of 40)" in the_warning(described, "Flat in some trials")


def test_clipped_channels():
    X = noise()
    X[:4, 0] = np.clip(3 * X[:4, 0], -60, 45)
    described = made(X).describe()
    assert list(described.channels["clipped_trials"]) == [4, 0, 0]
    assert "C3 (4 of 40)" in the_warning(described, "Clipped")


def test_every_recording_has_a_rail_of_its_own():
    X = noise()
    X[:4, 0] = np.clip(X[:4, 0], -15, 99)
    X[4:7, 0] = np.clip(X[4:7, 0], -99, 12)
    assert list(made(X).describe().channels["clipped_trials"]) == [7, 0, 0]


@pytest.mark.parametrize("step", [1, 4, 10])
def test_coarse_samples_are_not_clipped(step):
    # As an amplifier of few bits gives them: the extremes come several times.
    X = np.round(noise() / step).astype(np.float32) * step
    assert not made(X).describe().channels["clipped_trials"].any()
    X[:4, 0] = np.clip(X[:4, 0], -20, 10)
    clipped = made(X).describe().channels["clipped_trials"]
    # Where a step is a large part of the signal, a rail looks like the other values.
    assert clipped.to_dict() == {"C3": 4 if step == 1 else 0, "Cz": 0, "C4": 0}


@pytest.mark.parametrize("line", [50, 60])
def test_line_noise(line):
    X = noise()
    times = np.arange(400) / SFREQ
    X[:, 1] += 5 * np.sin(2 * np.pi * line * times + 1)
    described = made(X).describe()
    other = 110 - line
    columns = described.channels
    # A sine of 5 has 12.5 µV², white noise of 10 has 0.75 µV² in the 0.75 Hz that the window of
    # 2 s takes in; the stronger of the two sides is somewhat more than that.
    assert 8 < columns.loc["Cz", f"line_{line}_hz"] < 1 + 12.5 / 0.75
    assert columns.loc["C3", f"line_{line}_hz"] < 2
    assert (columns[f"line_{other}_hz"] < 2).all()
    text = the_warning(described, f"Line noise at {line} Hz on 1 of 3 channels", "(Cz)")
    assert f"Notch({line})" in text


def test_line_noise_of_one_person():
    X = noise()
    X[:10] += 10 * np.sin(2 * np.pi * 50 * np.arange(400) / SFREQ).astype(np.float32)
    the_warning(made(X).describe(), "Line noise at 50 Hz on 3 of 3 channels in 1 of 4 people (a)")


@pytest.mark.parametrize("n_times", [SFREQ, 2 * SFREQ])
@pytest.mark.parametrize("n_trials", [1, 6])
def test_pure_noise_has_no_line(n_times, n_trials):
    rng = np.random.default_rng(0)
    for _ in range(3):
        X = rng.normal(scale=10, size=(10 * n_trials, 64, int(n_times))).astype(np.float32)
        people = np.repeat(np.arange(10), n_trials).astype(str)
        described = Trials.from_arrays(X, ["a"] * len(X), sfreq=SFREQ, subject=people).describe()
        assert not [text for text in described.warnings if "ine noise" in text]


def test_line_noise_of_most_people_is_that_of_those_who_have_it():
    rng = np.random.default_rng(0)
    X = rng.normal(scale=10, size=(60, 4, 640)).astype(np.float32)
    # Near the Nyquist frequency.
    X[:40] += 5 * np.sin(2 * np.pi * 60 * np.arange(640) / 160).astype(np.float32)
    people = [f"s{i // 4:02d}" for i in range(60)]
    described = Trials.from_arrays(X, ["a"] * len(X), sfreq=160, subject=people).describe()
    text = the_warning(described, "Line noise at 60 Hz", "in 10 of 15 people (s00, s01")
    assert "s10" not in text


def test_clipping_in_short_runs():
    X = noise(n_times=4000)
    for start in range(100, 1000, 100):
        X[0, 1, start : start + 6] = 80
    assert list(made(X).describe().channels["clipped_trials"]) == [0, 1, 0]


@pytest.mark.parametrize("offset", [5_000, -20_000, 150_000])
def test_an_offset_changes_no_spread(offset):
    X = noise(200)
    plain, described = made(X).describe(), made(X + np.float32(offset)).describe()
    np.testing.assert_allclose(described.channels["spread"], plain.channels["spread"], rtol=1e-3)
    expected = np.percentile(X, 1, axis=(0, 2)) + offset
    np.testing.assert_allclose(described.channels["p1"], expected, atol=0.2)
    the_warning(described, "Far from zero", "C3, Cz, C4")


def test_an_offset_of_one_person():
    X = noise()
    X[:10] += 20_000
    described = made(X).describe()
    np.testing.assert_allclose(described.channels["spread"], 10, rtol=0.05)
    the_warning(described, "Far from zero", "in some people (a)")


@pytest.mark.parametrize(
    ("scale", "unit"), [(1e-6, "volts; multiply by 1e6"), (1e3, "nanovolts; multiply by 1e-3")]
)
def test_one_person_in_another_unit(scale, unit):
    X = noise()
    X[:10] *= np.float32(scale)
    the_warning(made(X).describe(), "The trials of a (1 of 4)", unit)


def test_an_offset_is_no_line_noise():
    described = made(noise() + np.float32(5000)).describe()
    assert (described.channels["line_50_hz"] < 2).all()
    the_warning(described, "Far from zero", "high-pass")


def test_no_line_where_the_rate_does_not_show_it():
    X = noise(n_times=200)
    slow = Trials.from_arrays(X, ["a", "b"] * 20, sfreq=100, subject="s")
    assert not [name for name in slow.describe().channels if name.startswith("line")]
    short = Trials.from_arrays(X[..., :150], ["a", "b"] * 20, sfreq=200, subject="s")
    assert not [name for name in short.describe().channels if name.startswith("line")]


@pytest.mark.parametrize(
    ("factor", "words"),
    [(1e-6, "volts; multiply X by 1e6"), (1e-3, "millivolts"), (1e4, "nanovolts"), (0.1, "stand")],
)
def test_units(factor, words):
    the_warning(made(noise() * np.float32(factor)).describe(), words)


def test_copies():
    X = noise()
    X[20] = X[3]
    X[30] = X[3]
    X[31] = 0
    X[32] = 0  # flat, not copies
    X[33], X[34] = X[5], -X[5]
    described = made(X).describe()
    copies = described.copies
    assert list(copies["trial"]) == [20, 30, 33]
    assert list(copies["same_as"]) == [3, 3, 5]
    assert list(copies["same_subject"]) == [False, False, False]
    assert list(copies["same_label"]) == [False, False, True]
    text = the_warning(described, "repeat an earlier one")
    assert text.startswith("3 of 40 trials")
    assert "3 of another person, 2 under another label" in text


def test_trials_with_the_same_extremes_are_no_copies():
    X = np.random.default_rng(0).integers(-2, 3, (40, 1, 400)).astype(np.float32)
    X[9] = X[2]
    assert list(made(10 * X).describe().copies["trial"]) == [9]


def test_overlap_that_onsets_tell():
    onset = np.tile(np.arange(10) * 1.5, 4)  # windows of 2 s
    described = made(noise(), onset=onset).describe()
    text = the_warning(described, "overlap the next one")
    # The runs take turns, two trials each: every other trial is followed by one of its run.
    assert text.startswith("20 of 40")
    assert "by up to 25 %" in text
    apart = made(noise(), onset=np.tile(np.arange(10) * 2.0, 4)).describe()
    assert apart.warnings == []
    rounded = made(noise(), onset=np.tile(np.arange(10) * 1.999, 4)).describe()
    assert rounded.warnings == []


def test_overlap_of_sliding_windows():
    from eegkit.transforms import SlidingWindows

    trials = made(noise(8))
    described = SlidingWindows(window_s=1.0, step_s=0.5).transform(trials).describe()
    assert "50 %" in the_warning(described, "overlap the next one")


def test_classes_people_and_runs():
    X = noise()
    described = made(X, y=["task"] * 30 + ["rest"] * 10).describe()
    the_warning(described, "Every person has trials of one class only")
    the_warning(described, "task has 3 times the trials of rest", "balanced_accuracy")
    lacking = made(X, y=(["task", "rest"] * 15) + ["rest"] * 10).describe()
    the_warning(lacking, "1 of 4 people lack a class (d)")
    blocks = made(X, y=np.resize(["rest", "rest", "task", "task"], 40)).describe()
    the_warning(blocks, "Every run holds one class only")
    alone = made(X, subject="me").describe()
    the_warning(alone, "All trials are of one person")
    the_warning(made(X, y=["rest"] * 40).describe(), "one class only: nothing can be decoded")


def test_the_label_may_be_the_person():
    subject = np.repeat(list("abcd"), 10)
    assert made(noise(), y=subject).describe().warnings == []


def test_missing_labels_are_no_trials_to_describe():
    y = np.resize([0.0, 1.0], 40)
    y[:3] = np.nan
    with pytest.raises(ValueError, match="3 of 40 trials have no label in y"):
        made(noise(), y=y)


def test_soft_labels():
    soft = np.random.default_rng(0).dirichlet(np.ones(3), 40)
    described = made(noise(), y=soft).describe()
    assert described.classes["trials"].sum() == 40
    assert described.overview["classes"] == "3 (soft labels)"


def test_a_memmap_is_not_read_at_once(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, noise(64))
    X = np.load(path, mmap_mode="r")
    described = made(X).describe()
    pd.testing.assert_frame_equal(described.channels, made(noise(64)).describe().channels)


def test_memory_is_bounded(tmp_path):
    import tracemalloc

    X = np.lib.format.open_memmap(
        tmp_path / "x.npy", mode="w+", dtype=np.float32, shape=(400, 8, 8000)
    )
    X[:] = np.random.default_rng(0).normal(0, 10, (1, 8, 8000))
    X += np.arange(400, dtype=np.float32)[:, None, None] / 100
    y, subject = np.resize(["a", "b"], 400), np.repeat(list("abcd"), 100)
    trials = Trials.from_arrays(X, y, sfreq=200, subject=subject)
    tracemalloc.start()
    trials.describe()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.nbytes / 2.5


def test_representations_name_every_table_and_stay_short():
    trials = load_dataset("simulated", condition="identity", n_subjects=20, n_trials=4)
    described = trials.describe()
    text = repr(described)
    assert "The first of 20 classes" in text
    assert len(text.splitlines()) < 50
    assert max(map(len, text.splitlines())) <= 100
    assert "<table>" in described._repr_html_()
    named = made(noise(), y=np.resize(["<b>", "a&b"], 40)).describe()._repr_html_()
    assert "&lt;b&gt;" in named
    assert "<td><b>" not in named


def test_nothing_to_describe():
    with pytest.raises(ValueError, match="nothing to describe"):
        made(noise(0)).describe()
