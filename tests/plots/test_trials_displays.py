"""Pictures of trials: traces, counts, spectra, maps."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from eegkit import Trials, load_dataset
from eegkit.plots import ClassCountsDisplay, SpectraDisplay, TopographyDisplay, TracesDisplay

mpl.use("agg")

ALL = (TracesDisplay, ClassCountsDisplay, SpectraDisplay, TopographyDisplay)


@pytest.fixture(scope="module")
def trials():
    return load_dataset("simulated", n_subjects=4, n_trials=16, difficulty="easy")


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def soft(trials):
    parts = np.random.default_rng(0).dirichlet(np.ones(2), len(trials))
    return Trials(trials.X, parts, trials.metadata, trials.info)


@pytest.mark.parametrize("display", ALL)
def test_a_figure_can_be_drawn(display, trials):
    made = display.from_trials(trials)
    made.figure_.canvas.draw()


@pytest.mark.parametrize("display", ALL[:3])
def test_given_axes_are_used(display, trials):
    axes = mpl.figure.Figure().subplots()
    assert display.from_trials(trials, ax=axes).ax_ is axes


class TestTraces:
    def test_first_trial_of_each_class_by_default(self, trials):
        display = TracesDisplay.from_trials(trials)
        assert display.signals.shape == (2, 19, 384)
        shown = [title.partition(",")[0] for title in display.titles]
        assert shown == ["left_hand", "right_hand"]
        labels = [tick.get_text() for tick in display.ax_.get_yticklabels()]
        assert labels == trials.ch_names

    def test_what_is_drawn(self, trials):
        display = TracesDisplay.from_trials(trials, [5], channels=["C3", "Cz"], spacing=80)
        line = display.ax_.get_lines()[1].get_ydata()
        expected = np.asarray(trials.X)[5, trials.ch_names.index("Cz")]
        np.testing.assert_allclose(line, expected - np.median(expected) - 80, atol=1e-3)
        assert "50 µV" in [text.get_text() for text in display.ax_.texts]
        bar = display.ax_.get_lines()[-1].get_ydata()
        assert np.ptp(bar) == pytest.approx(50)

    def test_missing_and_flat_samples(self):
        X = np.zeros((2, 2, 100))
        X[0, 0, :50] = np.nan
        TracesDisplay.from_trials(Trials.from_arrays(X, [0, 1], sfreq=100, subject="a"))

    def test_soft_labels(self, trials):
        assert len(TracesDisplay.from_trials(soft(trials)).titles) == 2

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"rows": [99]}, "numbers from 0 to 63"),
            ({"rows": [-1]}, "numbers from 0 to 63"),
            ({"rows": []}, "expected numbers of trials"),
            ({"rows": [0.5]}, "expected numbers of trials"),
            ({"channels": ["XY"]}, r"channels is \['XY'\]; expected some of Fp1"),
            ({"spacing": 0}, "spacing is 0"),
        ],
    )
    def test_bad_options(self, trials, options, message):
        with pytest.raises(ValueError, match=message):
            TracesDisplay.from_trials(trials, **options)


class TestClassCounts:
    def test_bars(self, trials):
        display = ClassCountsDisplay.from_trials(trials)
        assert (display.counts == 8).to_numpy().all()
        heights = [bar.get_height() for bars in display.ax_.containers for bar in bars]
        assert heights == [8] * 8

    def test_people_who_lack_a_class(self, trials):
        part = trials[(trials.groups != "S01") | (trials.y == "left_hand")]
        assert ClassCountsDisplay.from_trials(part).counts.loc["S01", "right_hand"] == 0

    def test_many_people_and_classes(self):
        many = load_dataset("simulated", condition="identity", n_subjects=60, n_trials=1)
        display = ClassCountsDisplay.from_trials(many)
        assert display.ax_.get_xlabel() == "60 people"
        assert display.ax_.images[0].get_array().shape == (60, 60)


class TestSpectra:
    def test_the_rhythm_is_where_it_is(self):
        rng, times = np.random.default_rng(0), np.arange(400) / 200
        X = rng.normal(size=(40, 2, 400))
        y = np.resize(["rest", "task"], 40)
        X[y == "task", 1] += 3 * np.sin(2 * np.pi * 12 * times)
        trials = Trials.from_arrays(
            X, y, sfreq=200, subject=np.repeat(list("ab"), 20), ch_names=["C3", "C4"]
        )
        display = SpectraDisplay.from_trials(trials, channels=["C4"])
        rest, task = display.decibels.mean(axis=0)
        assert display.freqs[task.argmax()] == 12
        # White noise of a variance of 1 over 100 Hz; a sine's 4.5 in Hann's 1.5 bins of 0.5 Hz.
        assert np.median(rest) == pytest.approx(10 * np.log10(1 / 100), abs=0.5)
        assert task.max() == pytest.approx(10 * np.log10(4.5 / 0.75), abs=0.3)
        assert display.freqs[-1] == 45
        left = SpectraDisplay.from_trials(trials, channels=["C3"]).decibels.mean(axis=0)
        assert np.abs(left[1] - left[0]).max() < 5

    def test_blocks_give_the_same(self, trials, monkeypatch):
        whole = SpectraDisplay.from_trials(trials).decibels
        monkeypatch.setattr("eegkit.plots._power.BLOCK_BYTES", 100_000)
        np.testing.assert_allclose(SpectraDisplay.from_trials(trials).decibels, whole, rtol=1e-5)

    def test_people_who_lack_a_class_are_left_out(self, trials):
        part = trials[(trials.groups != "S01") | (trials.y == "left_hand")]
        display = SpectraDisplay.from_trials(part, f_max=None)
        legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
        assert legend == ["left_hand (4 people)", "right_hand (3 people)"]
        assert display.freqs[-1] == 64

    def test_too_many_classes(self):
        many = load_dataset("simulated", condition="identity", n_subjects=11, n_trials=1)
        with pytest.raises(ValueError, match="11 classes, too many"):
            SpectraDisplay.from_trials(many)
        assert SpectraDisplay.from_trials(many, classes=["S01", "S11"]).classes == ["S01", "S11"]

    def test_bad_input(self, trials):
        with pytest.raises(ValueError, match=r"classes is \['foot'\]; expected"):
            SpectraDisplay.from_trials(trials, classes=["foot"])
        with pytest.raises(ValueError, match="f_max is 0"):
            SpectraDisplay.from_trials(trials, f_max=0)
        with pytest.raises(ValueError, match="soft"):
            SpectraDisplay.from_trials(soft(trials))
        X = np.array(trials.X)
        X[3, 0, 0] = np.nan
        with pytest.raises(ValueError, match="missing or infinite"):
            SpectraDisplay.from_trials(Trials(X, trials.y, trials.metadata, trials.info))


class TestTopography:
    def test_the_desynchronisation_is_over_the_other_hand(self, trials):
        display = TopographyDisplay.from_trials(trials, bands={"mu": (8, 13)}, contrast=True)
        left, right = display.decibels[0]
        names = np.array(trials.ch_names)
        assert display.classes == ["left_hand", "right_hand"]
        assert names[left.argmin()] == "C4"
        assert names[right.argmin()] == "C3"
        np.testing.assert_allclose(left + right, 0, atol=2)

    def test_power_is_the_density(self):
        X = np.random.default_rng(0).normal(0, 10, (40, 5, 400))
        trials = Trials.from_arrays(
            X, np.resize([0, 1], 40), sfreq=200, subject=np.repeat(list("ab"), 20),
            ch_names=["C3", "Cz", "C4", "Pz", "Fz"],
        )  # fmt: skip
        display = TopographyDisplay.from_trials(trials)
        assert display.axes_.shape == (3, 2)
        np.testing.assert_allclose(display.decibels, 0, atol=1)  # 100 µV² over 100 Hz

    def test_given_axes(self, trials):
        axes = mpl.figure.Figure().subplots(1, 2)
        display = TopographyDisplay.from_trials(trials, bands={"mu": (8, 13)}, axes=axes)
        assert display.axes_[0, 1] is axes[1]
        with pytest.raises(ValueError, match="There are 2 axes; expected 3 x 2"):
            TopographyDisplay.from_trials(trials, axes=axes)

    def test_no_positions(self):
        X = np.random.default_rng(0).normal(size=(4, 5, 200))
        trials = Trials.from_arrays(X, [0, 1] * 2, sfreq=100, subject="a")
        with pytest.raises(ValueError, match=r"5 of 5 channels have no position .*set_montage"):
            TopographyDisplay.from_trials(trials)

    def test_too_few_channels(self):
        few = load_dataset("simulated", n_subjects=1, n_trials=4, channels=["C3", "C4"])
        with pytest.raises(ValueError, match="at least 4"):
            TopographyDisplay.from_trials(few)

    def test_bad_bands(self, trials):
        with pytest.raises(ValueError, match="'high', 70 to 90 Hz, holds no frequency bin"):
            TopographyDisplay.from_trials(trials, bands={"high": (70, 90)})
        with pytest.raises(ValueError, match="bands is empty"):
            TopographyDisplay.from_trials(trials, bands={})

    def test_a_contrast_needs_people_with_all_classes(self, trials):
        rows = (trials.y == "left_hand") == pd.Series(trials.groups).isin(["S01", "S02"])
        with pytest.raises(ValueError, match="Nobody has trials of all classes"):
            TopographyDisplay.from_trials(trials[rows.to_numpy()], contrast=True)
