from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from sklearn.metrics import confusion_matrix

from eegkit.plots import ConfusionMatrixDisplay

mpl.use("agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def predictions(n_classes, seed=0):
    """Labels, and predictions in which class 1 is often taken for class 0."""
    rng = np.random.default_rng(seed)
    names = np.array([f"S{i:03d}" for i in range(n_classes)])
    y = np.repeat(np.arange(n_classes), 20)
    made = np.where(rng.random(len(y)) < 0.8, y, rng.integers(0, n_classes, len(y)))
    made[20:35] = 0
    return names[y], names[made]


def texts(display):
    return [text.get_text() for text in display.ax_.texts]


def overlaps(labels, figure):
    boxes = [label.get_window_extent(figure.canvas.get_renderer()) for label in labels]
    return any(a.overlaps(b) for a, b in pairwise(boxes))


@pytest.mark.parametrize("n_classes", [2, 4, 12, 40, 109])
def test_readable(n_classes):
    y, made = predictions(n_classes)
    display = ConfusionMatrixDisplay.from_predictions(y, made)
    np.testing.assert_array_equal(display.counts, confusion_matrix(y, made))
    figure, ax = display.figure_, display.ax_
    figure.canvas.draw()
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert 2 <= len(labels) <= 40
        assert not overlaps(labels, figure)
    assert ax.get_yticklabels()[0].get_text() == "S000"
    box = ax.get_tightbbox(figure.canvas.get_renderer())
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= figure.bbox.x1
    assert box.y1 <= figure.bbox.y1
    numbers = len(texts(display)) == n_classes**2
    assert numbers == (n_classes <= 12)
    if not numbers:
        (listed,) = texts(display)
        assert listed.splitlines()[3].startswith("S001 → S000")
        assert len(listed.splitlines()) == 3 + 10


def test_numbers_are_shares_of_the_true_class_or_counts():
    y, made = ["a"] * 4 + ["b"], ["a", "a", "a", "b", "b"]
    assert texts(ConfusionMatrixDisplay.from_predictions(y, made)) == [
        "0.75\n3",
        "0.25\n1",
        "0",
        "1.00\n1",
    ]
    counts = ConfusionMatrixDisplay.from_predictions(y, made, normalize=None)
    assert texts(counts) == ["3", "1", "0", "1"]


def test_the_most_confused_pairs():
    y = ["a"] * 10 + ["b"] * 2 + ["c"] * 4
    made = ["b"] * 3 + ["a"] * 7 + ["a", "b"] + ["c"] * 3 + ["a"]
    pairs = ConfusionMatrixDisplay.from_predictions(y, made).confusions
    assert pairs[["true", "predicted"]].to_numpy().tolist() == [["b", "a"], ["a", "b"], ["c", "a"]]
    np.testing.assert_allclose(pairs["share"], [0.5, 0.3, 0.25])
    assert pairs["n_trials"].tolist() == [1, 3, 1]


def test_similar_classes_come_together():
    rng = np.random.default_rng(0)
    family = rng.permutation(np.repeat(np.arange(5), 4))  # five families of four classes
    y = np.repeat(np.arange(20), 50)
    kin = [np.flatnonzero(family == family[label]) for label in y]
    made = np.array([rng.choice(k) for k in kin])
    made = np.where(rng.random(len(y)) < 0.5, made, y)
    display = ConfusionMatrixDisplay.from_predictions(y, made, order="similarity")
    assert (np.diff(family[display.classes]) != 0).sum() == 4
    expected = confusion_matrix(y, made, labels=display.classes)
    np.testing.assert_array_equal(display.counts, expected)
    assert "similar ones together" in display.ax_.get_xlabel()


def test_classes_without_trials_are_kept():
    display = ConfusionMatrixDisplay.from_predictions([1, 2], [1, 1], classes=[3, 2, 1])
    assert display.counts.tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 1]]
    assert texts(display)[:3] == ["0"] * 3


def test_from_results(results):
    display = ConfusionMatrixDisplay.from_results(results, "good")
    made = results.predictions(pipeline="good")
    expected = confusion_matrix(made.y, made.predicted, labels=made.classes)
    np.testing.assert_array_equal(display.counts, expected)
    with pytest.raises(ValueError, match="give pipeline=, one of 'good', 'bad'"):
        ConfusionMatrixDisplay.from_results(results)
    with pytest.raises(ValueError, match="pipeline is 'other'"):
        ConfusionMatrixDisplay.from_results(results, "other")


def test_given_axes_are_used():
    axes = mpl.figure.Figure().subplots()
    assert ConfusionMatrixDisplay.from_predictions([0, 1], [0, 1], ax=axes).ax_ is axes


@pytest.mark.parametrize(
    ("y", "made", "options", "message"),
    [
        ([0, 1], [0], {}, r"shapes \(2,\) and \(1,\)"),
        ([], [], {}, "one label each"),
        ([0, 1], [0, 7], {"classes": [0, 1]}, "not one of the 2 classes"),
        ([0, 1], [0, 1], {"normalize": "all"}, "normalize is 'all'"),
        ([0, 1], [0, 1], {"order": "size"}, "order is 'size'"),
    ],
)
def test_refused(y, made, options, message):
    with pytest.raises(ValueError, match=message):
        ConfusionMatrixDisplay.from_predictions(y, made, **options)
