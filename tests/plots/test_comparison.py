import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from eegkit.evaluation import bootstrap_interval, friedman_nemenyi
from eegkit.plots import ComparisonDisplay

mpl.use("agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def people(n_subjects, n_pipelines, seed=0):
    rng = np.random.default_rng(seed)
    scores = rng.normal(0.7, 0.1, (n_subjects, 1)) + rng.normal(0, 0.04, (n_subjects, n_pipelines))
    scores += np.linspace(0, 0.1, n_pipelines)
    return pd.DataFrame(scores, columns=[f"mel_spectrogram+net_{i}" for i in range(n_pipelines)])


def test_every_person_is_a_line_and_every_mean_has_its_interval(results):
    display = ComparisonDisplay.from_results(results)
    scores = display.scores
    assert scores.shape == (8, 2)
    assert list(scores.columns) == results.pipelines
    drawn = [line.get_ydata() for line in display.ax_.get_lines() if len(line.get_xdata()) == 2]
    for row in scores.to_numpy():
        assert any(np.array_equal(row, line) for line in drawn)
    for bars, name in zip(display.ax_.containers, scores, strict=True):
        mean, low, high, _ = bootstrap_interval(scores[name])
        assert list(bars.lines[0].get_ydata()) == [mean]
        np.testing.assert_allclose(bars.lines[2][0].get_segments()[0][:, 1], [low, high])
    assert display.ax_.get_legend().get_texts()[0].get_text() == "chance, 0.333"
    assert ComparisonDisplay.from_results(results, pipelines=["bad"]).scores.shape == (8, 1)


def test_people_of_two_data_sets_are_kept_apart(results):
    table = results.per_subject().assign(dataset="A")
    results.per_subject = lambda: pd.concat([table, table.assign(dataset="B", accuracy=0.5)])
    scores = ComparisonDisplay.from_results(results).scores
    assert scores.shape == (16, 2)
    assert (scores.loc["B"] == 0.5).all(axis=None)


def test_ranks():
    scores = people(40, 5)
    display = ComparisonDisplay(scores=scores, metric="accuracy").plot("ranks")
    expected = friedman_nemenyi(scores)
    pd.testing.assert_series_equal(display.ranks_.mean_ranks, expected.mean_ranks)
    said = [text.get_text() for text in display.ax_.texts]
    for name, rank in expected.mean_ranks.items():
        assert any(name in text and f"{rank:.2f}" in text for text in said)
    assert f"critical difference {expected.critical_difference:.2f}" in said
    assert "accuracy, 40 people, Friedman p < 0.001" in said
    bars = [line for line in display.ax_.get_lines() if line.get_linewidth() == 4]
    groups = [group for group in expected.groups if len(group) > 1]
    assert len(bars) == len(groups) > 0
    for bar, group in zip(bars, groups, strict=True):
        best, worst = expected.mean_ranks[group[0]], expected.mean_ranks[group[-1]]
        np.testing.assert_allclose(bar.get_xdata(), [best - 0.03, worst + 0.03])


@pytest.mark.parametrize("kind", ["paired", "ranks"])
@pytest.mark.parametrize("n_pipelines", [3, 12])
@pytest.mark.parametrize("n_subjects", [8, 109])
def test_nothing_overlaps_or_is_cut_off(kind, n_pipelines, n_subjects):
    display = ComparisonDisplay(scores=people(n_subjects, n_pipelines), chance=0.5).plot(kind)
    figure, ax = display.figure_, display.ax_
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    box = ax.get_tightbbox(renderer)
    assert box.x0 >= -1
    assert box.y0 >= -1
    assert box.x1 <= figure.bbox.x1 + 1
    assert box.y1 <= figure.bbox.y1 + 1
    boxes = [text.get_window_extent(renderer) for text in ax.texts]
    if kind == "ranks":
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_one_person_and_missing_scores():
    scores = people(3, 2)
    scores.iloc[0, 0] = np.nan
    ComparisonDisplay(scores=scores).plot()
    ComparisonDisplay(scores=scores.iloc[:1]).plot()


def test_given_axes_are_used(results):
    axes = mpl.figure.Figure().subplots()
    assert ComparisonDisplay.from_results(results, "accuracy", ax=axes).ax_ is axes


def test_refused(results):
    with pytest.raises(ValueError, match="metric is 'f1'"):
        ComparisonDisplay.from_results(results, "f1")
    with pytest.raises(ValueError, match="kind is 'bars'"):
        ComparisonDisplay.from_results(results, kind="bars")
    with pytest.raises(ValueError, match="compare_paired"):
        ComparisonDisplay.from_results(results, kind="ranks")
    with pytest.raises(ValueError, match="the results have 'good', 'bad'"):
        ComparisonDisplay.from_results(results, pipelines=["ugly"])
