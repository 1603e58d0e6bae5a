"""Pipelines compared on the same people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from eegkit.evaluation import RankComparison, Results, bootstrap_interval, friedman_nemenyi
from eegkit.naming import spoken, wrap_name
from eegkit.parameters import check_for
from eegkit.plots._styles import (
    CHANCE_STYLE,
    Display,
    colors,
    pick_one,
    pick_pipelines,
    scores_by_person,
    tidy,
)


class ComparisonDisplay(Display):
    """Pipelines side by side, on the same people.

    Make it with `from_results`. ``kind="paired"`` draws a dot for every person and pipeline, joined
    by a line for each person, with the mean over people and its bootstrap interval.
    ``kind="ranks"`` is the critical-difference diagram [1]_: pipelines by their mean rank over
    people, with a bar over those that do not differ significantly.

    Parameters
    ----------
    scores : pandas.DataFrame, n_subjects rows, n_pipelines columns
        One score per person and pipeline, greater being better; NaN where there is none.
    chance : float, optional
        The mean chance level.
    metric : str, default "score"
        Name of the score.

    Attributes
    ----------
    ranks_ : RankComparison
        For ``kind="ranks"``; see `eegkit.evaluation.friedman_nemenyi`.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    References
    ----------
    .. [1] J. Demsar (2006), Statistical comparisons of classifiers over multiple data sets, Journal
       of Machine Learning Research 7, 1-30, section 3.2.4.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import pandas as pd
    >>> from eegkit.plots import ComparisonDisplay
    >>> scores = pd.DataFrame({"lda": [0.6, 0.7, 0.8], "net": [0.7, 0.7, 0.9]}, index=list("abc"))
    >>> display = ComparisonDisplay(scores=scores, chance=0.5, metric="accuracy").plot()
    >>> display.ax_.get_ylabel()
    'accuracy'
    """

    scores: pd.DataFrame
    chance: float | None = None
    metric: str = "score"

    @classmethod
    def from_results(
        cls,
        results: Results,
        metric: str | None = None,
        *,
        kind: str = "paired",
        pipelines: Sequence[str] | str | None = None,
        ax: Axes | None = None,
    ) -> ComparisonDisplay:
        """Plot the pipelines of some results.

        Parameters
        ----------
        results : Results
        metric : str, optional
            One of ``results.metrics``; the first by default.
        kind : {"paired", "ranks"}, default "paired"
            See above.
        pipelines : sequence of str, optional
            All by default, in their order.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        ComparisonDisplay

        Raises
        ------
        ValueError
            The metric, a pipeline or the kind is unknown; there are fewer than three pipelines to
            rank.
        """
        metric = pick_one("metric", results.metrics, metric or results.metrics[0])
        names = pick_pipelines(results, pipelines)
        people = results.per_subject()
        people = people[people["pipeline"].isin(names)]
        scores = scores_by_person(people, names, metric)
        if results.access_note:
            labels = {name: f"{name} ({results.settings.access_of(name)})" for name in names}
            scores = scores.rename(columns=labels)
        chance = float(people[f"chance_{metric}"].mean())
        return cls(scores=scores, chance=chance, metric=metric).plot(kind, ax=ax)

    def plot(self, kind: str = "paired", *, ax: Axes | None = None) -> ComparisonDisplay:
        """Draw.

        Parameters
        ----------
        kind : {"paired", "ranks"}, default "paired"
            See above.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default, as wide or high as the number of pipelines
            asks for.

        Returns
        -------
        self
        """
        check_for(Literal["paired", "ranks"]).require("kind", kind)
        draw = self._plot_paired if kind == "paired" else self._plot_ranks
        draw(ax)
        return self

    def _plot_paired(self, ax: Axes | None) -> None:
        n_subjects, n_pipelines = self.scores.shape
        ax = self._take_axes(ax, float(np.clip(1.6 + 1.15 * n_pipelines, 4.2, 14.0)), 4.8)
        positions = np.arange(n_pipelines)
        values = self.scores.to_numpy(dtype=float)
        faint = float(np.clip(4 / n_subjects, 0.08, 0.5))
        ax.plot(positions, values.T, color="0.4", lw=0.8, alpha=faint, zorder=1)
        size = 22 if n_subjects <= 40 else 9
        for x, column, shade in zip(positions, values.T, colors(n_pipelines), strict=True):
            finite = column[np.isfinite(column)]
            ax.scatter(np.full(len(column), x), column, s=size, color=shade, alpha=0.55, zorder=2)
            if len(finite):
                self._draw_mean(x + 0.18, finite, shade)
        if self.chance is not None and np.isfinite(self.chance):
            label = f"chance, {self.chance:.3f}"
            ax.axhline(self.chance, label=label, zorder=1, **CHANCE_STYLE)
            ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
        self._label_pipelines(positions)

    def _draw_mean(self, x: float, scores: NDArray[np.float64], shade: Any) -> None:
        mean, low, high, _ = bootstrap_interval(scores)
        reach = None if np.isnan(low) else [[mean - low], [high - mean]]
        marker: dict[str, Any] = {"fmt": "D", "ms": 6, "mfc": shade, "mew": 1.2}
        bars: dict[str, Any] = {"color": "black", "elinewidth": 1.8, "capsize": 4}
        self.ax_.errorbar([x], [mean], reach, zorder=4, **marker, **bars)
        box = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.75}
        text = f"{mean:.3f}"
        self._note(text, (x, mean), (9, 0), va="center", fontsize=9, zorder=5, bbox=box)

    def _label_pipelines(self, positions: NDArray[np.intp]) -> None:
        ax = self.ax_
        names = [wrap_name(name, 12) for name in self.scores]
        rotate = max(len(line) for name in names for line in name.split("\n")) > 13
        if rotate:
            names = [wrap_name(name, 26) for name in self.scores]
        ax.set_xticks(
            positions, names, rotation=35 if rotate else 0, ha="right" if rotate else "center"
        )
        ax.set(xlim=(-0.4, len(names) - 0.35), ylabel=spoken(self.metric))
        tidy(ax, grid="y")

    def _plot_ranks(self, ax: Axes | None) -> None:
        self.ranks_ = ranks = friedman_nemenyi(self.scores)
        k = len(ranks.mean_ranks)
        bars = [group for group in ranks.groups if len(group) > 1]
        n_left = (k + 1) // 2
        top = -(0.5 + 0.4 * len(bars))  # of the first name
        ax = self._take_axes(ax, 8.6, 1.8 + 0.32 * (n_left + len(bars)))
        shades = dict(zip(self.scores.columns, colors(k), strict=True))
        ax.hlines(0, 1, k, color="black", lw=1.2)
        ax.vlines(range(1, k + 1), 0, 0.18, color="black", lw=1.2)
        for rank in range(1, k + 1):
            ax.text(rank, 0.26, str(rank), ha="center", va="bottom", fontsize=10)
        self._draw_critical_difference(ranks, k)
        for i, group in enumerate(bars):
            best, worst = ranks.mean_ranks[group[0]], ranks.mean_ranks[group[-1]]
            ends, y = [best - 0.03, worst + 0.03], -0.3 - 0.4 * i
            ax.plot(ends, [y, y], color="black", lw=4, solid_capstyle="butt")
        margin = 0.06 * (k - 1)
        for i, (name, rank) in enumerate(ranks.mean_ranks.items()):
            left = i < n_left
            y = top - 0.75 * (i if left else k - 1 - i)
            x = 1 - margin if left else k + margin
            ax.plot([rank, rank, x], [0, y, y], color=shades[name], lw=1.3)
            text = f"{name}  {rank:.2f} " if left else f" {rank:.2f}  {name}"
            ax.text(x, y, text, fontsize=10, ha="right" if left else "left", va="center")
        lowest = top - 0.75 * (n_left - 1)
        ax.set(xlim=(1 - 0.45 * (k - 1), k + 0.45 * (k - 1)), ylim=(lowest - 0.5, 2.7))
        ax.axis("off")

    def _draw_critical_difference(self, ranks: RankComparison, k: int) -> None:
        ax, y = self.ax_, 1.25
        length = min(ranks.critical_difference, k - 1)
        ax.hlines(y, 1, 1 + length, color="black", lw=1.2)
        ax.vlines([1, 1 + length], y - 0.12, y + 0.12, color="black", lw=1.2)
        beyond = " (longer than drawn)" if length < ranks.critical_difference else ""
        label = f"critical difference {ranks.critical_difference:.2f}{beyond}"
        ax.text(1, y + 0.2, label, ha="left", va="bottom", fontsize=9)
        p = f"p = {ranks.p:.3f}" if ranks.p >= 0.001 else "p < 0.001"
        test = f"{spoken(self.metric)}, {ranks.n_subjects} people, Friedman {p}"
        ax.text(1, y + 0.8, test, ha="left", va="bottom", fontsize=10)
