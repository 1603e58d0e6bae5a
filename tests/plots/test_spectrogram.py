import matplotlib as mpl
import numpy as np
import pytest
from sklearn.base import clone

from eegkit import Pipeline, SignalArray, Trials
from eegkit.plots import SpectrogramDisplay
from eegkit.transforms import STFT, Cached, SpectrogramImage

mpl.use("agg")
plt = pytest.importorskip("matplotlib.pyplot")
NAMES = ["C3", "Cz", "C4", "Pz"]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture
def trials():
    """A 12.5 Hz rhythm on C3, in every trial stronger than in the one before."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3, 4, 640))
    X[:, 0] += np.array([[5], [10], [20]]) * np.sin(2 * np.pi * 12.5 * np.arange(640) / 128)
    return Trials.from_arrays(X, ["rest"] * 3, sfreq=128, subject="a", ch_names=NAMES)


def image_of(ax):
    (mesh,) = ax.collections
    return np.asarray(mesh.get_array())


def edges_of(ax):
    corners = ax.collections[0].get_coordinates()
    return corners[0, :, 0], corners[:, 0, 1]


def test_a_panel_for_each_channel_in_hz_and_s(trials):
    stft = STFT(output="db", window_s=2.0)
    display = SpectrogramDisplay.from_trials(trials, stft, trial=1)
    expected = np.asarray(clone(stft).fit_transform(trials.X))[1]
    assert [ax.get_title(loc="left") for ax in display.axes_] == NAMES
    for ax, image in zip(display.axes_, expected, strict=True):
        np.testing.assert_allclose(image_of(ax), image, rtol=1e-5, atol=1e-5)
    x, y = edges_of(display.axes_[0])
    assert (x[0], x[-1]) == (0.75, 4.25)
    assert (y[0], y[-1]) == (0.25, 50.25)
    peak = image_of(display.axes_[0])[:, 0].argmax()
    assert y[peak] < 12.5 < y[peak + 1]
    assert display.figure_.get_supxlabel() == "Time (s)"
    assert display.figure_.get_supylabel() == "Frequency (Hz)"
    assert display.colorbar_.ax.get_ylabel() == "Power (dB re 1 µV²/Hz)"
    assert not hasattr(stft, "freqs_")


def test_a_fitted_transform_is_used_as_it_is(trials):
    stft = STFT(f_max=20).fit(trials.X)
    stft.fit = None
    display = SpectrogramDisplay.from_trials(trials, stft, trial=-1)
    np.testing.assert_array_equal(display.freqs, stft.freqs_)
    np.testing.assert_allclose(display.spectrograms, stft.transform(trials.X)[2], atol=1e-5)


def test_the_mean_over_trials(trials):
    display = SpectrogramDisplay.from_trials(trials, STFT(), trial=None)
    mean = np.asarray(STFT().fit_transform(trials.X)).mean(axis=0)
    np.testing.assert_allclose(display.spectrograms, mean, rtol=1e-5, atol=1e-5)


def test_channels_by_name_and_number(trials):
    display = SpectrogramDisplay.from_trials(trials, STFT(), channels=["C4", 0])
    assert display.names == ["C4", "C3"]
    single = SpectrogramDisplay.from_trials(trials, STFT(), channels="C4")
    assert single.axes_[0].get_xlabel() == "Time (s)"
    np.testing.assert_array_equal(single.spectrograms[0], display.spectrograms[0])


def test_regions_are_means_over_their_channels(trials):
    regions = {"central": ["C3", "Cz", "C4"], "parietal": ["Pz"]}
    display = SpectrogramDisplay.from_trials(trials, STFT(), regions=regions)
    every = SpectrogramDisplay.from_trials(trials, STFT()).spectrograms
    assert display.names == ["central", "parietal"]
    np.testing.assert_allclose(display.spectrograms[0], every[:3].mean(axis=0))
    np.testing.assert_allclose(display.spectrograms[1], every[3])


def test_epochs_and_plain_arrays(trials):
    epochs = SpectrogramDisplay.from_trials(trials.to_epochs(), STFT(), channels="Cz")
    array = SpectrogramDisplay.from_trials(np.asarray(trials.X), STFT(sfreq=128), channels=1)
    np.testing.assert_allclose(epochs.spectrograms, array.spectrograms, atol=1e-2)
    assert array.names == ["channel 1"]
    one = SpectrogramDisplay.from_trials(np.asarray(trials.X)[:, 1], STFT(sfreq=128))
    np.testing.assert_allclose(one.spectrograms, array.spectrograms)


def test_geometric_frequencies_stand_on_a_logarithmic_axis():
    freqs = np.geomspace(2, 64, 31)
    X = SignalArray(np.random.default_rng(0).normal(size=(1, 2, 31, 9)), freqs=freqs)
    ax = SpectrogramDisplay.from_spectrogram(X).axes_[0]
    assert ax.get_yscale() == "log"
    y = edges_of(ax)[1]
    np.testing.assert_allclose(np.sqrt(y[1:] * y[:-1]), freqs)
    ax.figure.canvas.draw()
    shown = [t.get_text() for t in ax.get_yticklabels() if 2 <= t.get_position()[1] <= 64]
    assert shown == ["2", "5", "10", "20", "50"]


def test_uneven_frequencies_keep_their_places():
    freqs = np.array([1.0, 2.0, 4.0, 5.0, 9.0])
    X = SignalArray(np.zeros((1, 1, 5, 2)), freqs=freqs, times=[1.0, 2.0])
    ax = SpectrogramDisplay.from_spectrogram(X).axes_[0]
    assert ax.get_yscale() == "linear"
    np.testing.assert_allclose(edges_of(ax)[1], [0.5, 1.5, 3, 4.5, 7, 11])
    np.testing.assert_allclose(edges_of(ax)[0], [0.5, 1.5, 2.5])


def test_no_cell_lies_below_zero_hz():
    X = SignalArray(np.zeros((1, 1, 3, 2)), freqs=[0.0, 2.0, 4.0])
    np.testing.assert_allclose(
        edges_of(SpectrogramDisplay.from_spectrogram(X).axes_[0])[1], [0, 1, 3, 5]
    )


@pytest.mark.parametrize("freqs", [None, [1.0, 2.0, 1.0]])
def test_what_is_not_known_is_counted(freqs):
    X = SignalArray(np.zeros((1, 1, 3, 2)), freqs=freqs)
    display = SpectrogramDisplay.from_spectrogram(X)
    assert display.axes_[0].get_ylabel() == "Bin number"
    assert display.axes_[0].get_xlabel() == "Frame number"
    np.testing.assert_allclose(edges_of(display.axes_[0])[1], [-0.5, 0.5, 1.5, 2.5])


@pytest.mark.parametrize("n_panels", [*range(1, 10), 19])
def test_every_number_of_panels(n_panels):
    X = np.random.default_rng(0).normal(size=(1, n_panels, 1, 1))
    display = SpectrogramDisplay.from_spectrogram(X)
    assert display.axes_.shape == (n_panels,)
    visible = [ax for ax in display.figure_.axes if ax.get_visible()]
    assert len(visible) == n_panels + 1
    assert len({ax.get_subplotspec().num1 for ax in display.axes_}) == n_panels


def test_outliers_do_not_stretch_the_colours():
    X = np.random.default_rng(0).uniform(size=(1, 1, 50, 50))
    X[0, 0, 0, 0] = 1e6
    display = SpectrogramDisplay.from_spectrogram(X)
    assert display.colorbar_.mappable.get_clim()[1] < 1
    assert display.colorbar_.extend == "both"
    whole = display.plot(vmin=0, vmax=1e6, colorbar=True)
    assert whole.colorbar_.extend == "neither"


def test_one_panel_among_others_keeps_its_own_labels(trials):
    _, axes = plt.subplots(2, 2)
    SpectrogramDisplay.from_trials(trials, STFT(), channels="C4", ax=axes[0, 1])
    axes[0, 1].figure.canvas.draw()
    assert axes[0, 1].get_ylabel() == "Frequency (Hz)"
    assert any(tick.get_text() for tick in axes[0, 1].get_yticklabels())
    assert any(tick.get_text() for tick in axes[0, 1].get_xticklabels())


def test_it_draws_where_it_is_told(trials):
    figure, axes = plt.subplots(1, 2)
    display = SpectrogramDisplay.from_trials(
        trials, STFT(), channels=["C3", "C4"], ax=axes, colorbar=False
    )
    assert display.figure_ is figure
    assert display.colorbar_ is None
    assert len(figure.axes) == 2
    assert axes[0].get_ylabel() == "Frequency (Hz)"
    with pytest.raises(ValueError, match="There are 2 axes; expected 4"):
        SpectrogramDisplay.from_trials(trials, STFT(), ax=axes)


@pytest.mark.parametrize(
    ("transform", "label"),
    [
        (STFT(output="power"), "Power (µV²/Hz)"),
        (STFT(), "Log power (ln µV²/Hz)"),
        (STFT(output="magnitude"), "Magnitude (µV/√Hz)"),
        (STFT(output="db", scaling="spectrum"), "Power (dB re 1 µV²)"),
        (STFT(normalize="trial"), "Log power, standardised"),
        (Pipeline([STFT()]), "Log power (ln µV²/Hz)"),
        (Cached(STFT(), "folder"), "Log power (ln µV²/Hz)"),
        (Pipeline([STFT(), SpectrogramImage()]), "Log power (ln µV²/Hz)"),
        (Pipeline([STFT(), SpectrogramImage(normalize="zscore")]), None),
    ],
)
def test_the_label_says_what_is_shown(trials, tmp_path, transform, label):
    if isinstance(transform, Cached):
        transform.set_params(folder=tmp_path)
    display = SpectrogramDisplay.from_trials(trials, transform, channels=0)
    assert display.label == label
    other = SpectrogramDisplay.from_trials(trials, transform, channels=0, label="mine")
    assert other.colorbar_.ax.get_ylabel() == "mine"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"trial": 3}, "trial is 3, but there are 3 trials"),
        ({"channels": "Fz"}, "no channel 'Fz'; there are C3, Cz, C4, Pz"),
        ({"channels": [7]}, "no channel 7"),
        ({"channels": []}, "channels is empty"),
        ({"regions": {}}, "No channels in regions"),
        ({"regions": {"left": []}}, "No channels in left"),
        ({"regions": {"left": ["F3"]}}, "no channel 'F3'"),
        ({"regions": {"left": ["C3"]}, "channels": "C3"}, "channels or regions, not both"),
    ],
)
def test_what_is_not_there_is_refused(trials, params, message):
    with pytest.raises(ValueError, match=message):
        SpectrogramDisplay.from_trials(trials, STFT(), **params)


def test_raw_trials_are_no_spectrograms(trials):
    with pytest.raises(ValueError, match=r"Expected spectrograms.*\(3, 4, 640\)"):
        SpectrogramDisplay.from_spectrogram(trials.X)
