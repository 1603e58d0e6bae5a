import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from eegkit import load_dataset
from eegkit.experiment import parse_pipeline
from eegkit.explanation import Attributions
from eegkit.plots import AttributionDisplay
from eegkit.plots.attributions import NOT_CHECKED

mpl.use("agg")
NAMES = ("C3", "Cz", "C4", "Pz", "Fz")
CLASSES = np.array(["left", "right"])
AXES = {"spectrogram": ("channel", "freq", "frame"), "traces": ("channel", "time")}


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def attributions(axes=AXES["spectrogram"], shape=(5, 8, 4), **facts):
    """Of six trials; right speaks at C4, left at C3, from one trial to the next more."""
    targets = CLASSES[[0, 0, 0, 0, 1, 1]]
    values = np.full((6, *shape), -0.1, np.float32)
    for trial, target in enumerate(targets):
        values[trial, 0 if target == "left" else 2] += trial + 1
    X = np.random.default_rng(0).normal(size=(6, *shape)).astype(np.float32)
    known = {"freqs": np.arange(8) * 2.0 + 2, "times": np.arange(shape[-1]) / 8}
    return Attributions(
        values=values, axes=axes, X=X, space="input", ch_names=NAMES, targets=targets,
        predicted=targets, classes=CLASSES, y=np.resize(CLASSES, 6),
        groups=np.repeat(["S1", "S2"], 3), **{"method": "deep_lift", **known, **facts},
    )  # fmt: skip


def picture(values, **options):
    return AttributionDisplay.from_attributions(values, **options)


@pytest.mark.parametrize("style", ["default", "dark_background"])
@pytest.mark.parametrize("kind", ["spectrogram", "traces", "topography", "grid"])
def test_every_kind_is_drawn_on_light_and_dark(kind, style):
    shapes = {"spectrogram": (5, 8, 4), "traces": (5, 40)}
    axes = AXES.get(kind, AXES["traces"])
    with plt.style.context(style):
        display = picture(attributions(axes, shapes.get(kind, (5, 40))), kind=kind)
        display.figure_.canvas.draw()
    assert display.axes_.shape == (1, 2)
    lines = [line for ax in display.axes_.flat for line in ax.lines]
    ink = "white" if style == "dark_background" else "black"
    assert all(mpl.colors.same_color(line.get_color(), ink) for line in lines)
    assert bool(lines) is (kind in ("traces", "topography"))
    assert [ax.get_title() for ax in display.axes_[0]] == ["left\n4 trials", "right\n2 trials"]


def test_the_map_over_the_spectrogram_is_the_mean_of_its_class_over_channels():
    values = attributions()
    display = picture(values)
    under, over = display.axes_[0, 1].collections
    np.testing.assert_allclose(over.get_array(), values.values[4:].mean(axis=(0, 1)), atol=1e-6)
    np.testing.assert_allclose(under.get_array(), values.X[4:].mean(axis=(0, 1)), atol=1e-6)
    assert display.axes_[0, 0].get_ylabel() == "Frequency (Hz)"
    assert display.axes_[0, 0].get_ylim() == (1, 17)
    assert "Mean of 5 channels." in display.figure_.get_supxlabel()


def test_trials_and_channels_are_those_asked_for():
    values = attributions(AXES["traces"], (5, 40))
    display = picture(values, trials=[5, 2], channels=["C4", "C3"])
    assert display.columns == ["right\ntrial 5", "left\ntrial 2"]
    (strips,) = display.axes_[0, 1].collections
    np.testing.assert_allclose(strips.get_array(), values.values[2][[2, 0]], rtol=1e-6)
    labels = [tick.get_text() for tick in display.axes_[0, 0].get_yticklabels()]
    assert labels == ["C4", "C3"]


def test_methods_stand_below_each_other_each_with_its_own_colours():
    size = attributions(method="saliency")
    np.abs(size.values, out=size.values)
    display = picture({"one": attributions(), "other": size[:4]})
    assert display.axes_.shape == (2, 2)
    assert display.columns == ["left\n4 trials", "right\n0 to 2 trials"]
    assert [row.signed for row in display.rows] == [True, False]
    labels = [row.label for row in display.rows]
    assert labels == ["one (logit)", "other (logit per unit)"]
    assert [text.get_text() for text in display.axes_[1, 1].texts] == ["no trials"]


def test_topographies_of_bands():
    bands = {"slow": (2, 6), "fast": (8, 16)}
    display = picture(attributions(), kind="topography", bands=bands)
    assert display.axes_.shape == (2, 2)
    assert [np.array(NAMES)[row.maps[1].argmax()] for row in display.rows] == ["C4", "C4"]
    limits = {ax.images[0].get_clim() for ax in display.axes_.flat}
    assert len(limits) == 1  # a band of small values looks small
    assert display.rows[1].label == "deep_lift (logit)\nfast"
    sizes = picture(attributions(), kind="topography", absolute=True)
    assert not sizes.rows[0].signed


@pytest.mark.parametrize(
    ("by", "columns"),
    [
        ("person", ["S1\n3 trials", "S2\n3 trials"]),
        ("label", ["left\n3 trials", "right\n3 trials"]),
        (None, ["all\n6 trials"]),
    ],
)
def test_columns_of_people_labels_and_all(by, columns):
    assert picture(attributions(), by=by).columns == columns


def test_what_a_picture_says_of_its_check():
    class Failed:
        def describe(self):
            return "Not to be trusted: " + "with random weights the maps stay as they are; " * 4

    assert "Not checked" in picture(attributions()).figure_.get_supxlabel()
    checked = " ".join(picture(attributions(), check=Failed()).figure_.get_supxlabel().split())
    assert checked.endswith(Failed().describe().strip())
    values = attributions()
    object.__setattr__(values, "faithfulness", Failed())  # as `check` does
    checked = " ".join(picture(values).figure_.get_supxlabel().split())
    assert checked.endswith(Failed().describe().strip())
    assert picture(values).figure_.get_figheight() > picture(attributions()).figure_.get_figheight()
    both = picture({"one": values, "other": attributions()}).figure_.get_supxlabel()
    assert " ".join(both.split()) == (
        f"Mean of 5 channels. one: {Failed().describe().strip()} other: {NOT_CHECKED}"
    )
    _, axes = plt.subplots(1, 2)
    texts = [text.get_text() for text in picture(attributions(), axes=axes).axes_[0, 0].texts]
    assert "Not checked" in " ".join(texts)


def test_axes_that_are_given():
    _, axes = plt.subplots(1, 3)
    with pytest.raises(ValueError, match="There are 3 axes; expected 1 x 2"):
        picture(attributions(), axes=axes)


def test_a_pipeline_without_gradients_by_band_and_channel():
    trials = load_dataset("simulated", n_subjects=2, n_trials=8)
    decoder = parse_pipeline("band_power+lr").fit(trials.X, trials.y)
    display = AttributionDisplay.from_decoder(
        decoder, trials, method=["occlusion"], by=None, kind="grid"
    )
    assert [bar.get_height() for bar in display.axes_[0, 0].patches] == [0.8] * 19
    assert display.rows[0].label == "occlusion (probability)"
    text = " ".join(display.figure_.get_supxlabel().split())
    assert "trust" in text.lower()
    assert "only a net has weights" in text
    without = AttributionDisplay.from_decoder(decoder, trials, method="occlusion", check=False)
    assert without.note == NOT_CHECKED


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "map"}, "kind is 'map'; expected one of 'spectrogram'"),
        ({"kind": "traces"}, "these attributions are of channel x freq x frame"),
        ({"by": "session"}, "by is 'session'; of these trials are known: 'class'"),
        ({"trials": [6]}, "numbers from 0 to 5"),
        ({"trials": [0.5]}, "expected numbers of trials"),
        ({"channels": ["XY"]}, r"channels is \['XY'\]; expected some of C3"),
    ],
)
def test_what_is_not_there_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        picture(attributions(), **options)


def test_too_many_columns_and_nothing_at_all():
    with pytest.raises(ValueError, match="There are 7 maps to show side by side"):
        picture(attributions(), trials=[0, 1, 2, 3, 4, 5, 5])
    with pytest.raises(ValueError, match="no attributions to show"):
        picture({})
