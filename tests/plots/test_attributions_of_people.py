"""Pictures of a mean over people, with what the test says marked."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection

from eegkit.explanation import PeopleAttributions
from eegkit.plots import AttributionDisplay

mpl.use("agg")
NAMES = ("C3", "Cz", "C4", "Pz", "Fz")
BANDS = {"slow": (2, 6), "fast": (8, 16)}


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def people(axes=("channel", "freq", "frame"), shape=(5, 8, 4), n=12):
    """All look at C4, 10 Hz, the second frame, as far as there are these axes."""
    rng = np.random.default_rng(0)
    place = {"channel": 2, "freq": 4, "frame": 1, "time": 3, "band": 1}
    values = rng.normal(scale=0.1, size=(n, *shape)).astype(np.float32)
    values[(slice(None), *(place[axis] for axis in axes))] += 5
    label = np.full(n, "true")
    return PeopleAttributions(
        values=values, axes=axes, X=rng.normal(size=(n, *shape)).astype(np.float32),
        space="input", method="deep_lift", ch_names=NAMES, targets=label, predicted=label,
        classes=np.array(["left", "right"]), groups=np.array([f"S{i}" for i in range(n)]),
        n_trials=np.full(n, 20), freqs=np.arange(8) * 2.0 + 2, times=np.arange(shape[-1]) / 8,
        bands=BANDS if "band" in axes else None,
    )  # fmt: skip


def note(display):
    return " ".join(display.figure_.get_supxlabel().split())


def outline_of(panel):
    [lines] = [c for c in panel.collections if isinstance(c, LineCollection)]
    return np.concatenate(lines.get_segments())


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_the_place_that_passes_is_outlined_over_the_spectrogram(style):
    with plt.style.context(style):
        display = AttributionDisplay.from_attributions(people())
        display.figure_.canvas.draw()
    assert display.columns == ["all\n12 people"]
    [row] = display.rows
    assert np.argwhere(row.significant).tolist() == [[4, 1]]
    corners = outline_of(display.axes_[0, 0])
    assert (corners.min(axis=0), corners.max(axis=0)) == (
        pytest.approx([0.0625, 9]), pytest.approx([0.1875, 11])
    )  # fmt: skip
    text = "Marked is what passes the test over 12 people (p < 0.05, all points). Not checked"
    assert text in note(display)


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_electrodes_that_pass_are_marked_on_the_head(style):
    with plt.style.context(style):
        display = AttributionDisplay.from_attributions(people(), kind="topography")
        display.figure_.canvas.draw()
        ink = mpl.rcParams["text.color"]
    assert [np.flatnonzero(row.significant).tolist() for row in display.rows] == [[2]]
    marks = [line for line in display.axes_[0, 0].lines if line.get_markersize() == 7]
    assert [len(line.get_xdata()) for line in marks] == [1]
    assert mpl.colors.same_color(marks[0].get_markerfacecolor(), ink)


def test_topographies_of_bands_are_tested_together():
    display = AttributionDisplay.from_attributions(people(), kind="topography", bands=BANDS)
    assert [np.flatnonzero(row.significant).tolist() for row in display.rows] == [[], [2]]


def test_images_bars_and_traces():
    image = people(("channel", "band"), (5, 2))
    panel = AttributionDisplay.from_attributions(image, kind="grid").axes_[0, 0]
    assert outline_of(panel).min(axis=0).tolist() == [0.5, 1.5]
    panel = AttributionDisplay.from_attributions(people(("channel",), (5,)), kind="grid").axes_[
        0, 0
    ]
    [dots] = [line for line in panel.lines if line.get_marker() == "o"]
    assert dots.get_ydata().tolist() == [2]
    traces = AttributionDisplay.from_attributions(people(("channel", "time"), (5, 40)))
    assert np.argwhere(traces.rows[0].significant).tolist() == [[2, 3]]
    assert len(outline_of(traces.axes_[0, 0])) == 8


def test_nothing_is_marked_where_nothing_can_be_tested():
    few = AttributionDisplay.from_attributions(people(n=4))
    assert "Not tested over people: There are maps of 4 people" in note(few)
    assert not few.rows[0].significant.any()
    long = AttributionDisplay.from_attributions(people(("channel", "time"), (5, 1001)))
    assert "Not tested over people: 5,005 points are too many at once." in note(long)
    sizes = AttributionDisplay.from_attributions(people(), absolute=True)
    assert sizes.rows[0].significant is None
    assert "test" not in note(sizes)


def test_people_side_by_side_have_their_names():
    display = AttributionDisplay.from_attributions(people(), trials=[3, 0])
    assert display.columns == ["S3", "S0"]
    assert display.rows[0].significant is None
    display = AttributionDisplay.from_attributions(people(n=2), by="person")
    assert display.columns == ["S0", "S1"]


def test_where_nobody_agrees_that_is_said():
    noise = people()
    noise.values[:] = np.random.default_rng(1).normal(size=noise.values.shape)
    display = AttributionDisplay.from_attributions(noise)
    assert "Nothing passes the test over 12 people" in note(display)


def test_of_few_people_more_is_asked():
    display = AttributionDisplay.from_attributions(people(n=7))  # p is 1 / 64 at least
    assert "Nothing passes the test over 7 people (p < 0.01, all points)." in note(display)
    display = AttributionDisplay.from_attributions(people(n=9))
    assert "Marked is what passes the test over 9 people (p < 0.01" in note(display)
