"""Scores of every person with people kept apart, beside those of a leaky split."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from eegkit.evaluation import Inflation
from eegkit.naming import spoken, wrap_name
from eegkit.plots._styles import CHANCE_STYLE, Display, tidy

# Above so many people their lines are drawn thinner and lighter.
MANY = 20
HONEST, LEAKY = "C0", "C1"
COLUMNS = {
    "shuffled": "trials\nshuffled",
    "session_wise": "sessions\nkept apart",
    "run_wise": "runs\nkept apart",
}


class InflationDisplay(Display):
    """What a leaky split, such as shuffling the trials, adds to the score of every person.

    Make it with `from_inflation`. Each pipeline has two columns: scores with people kept apart on
    the left, under the leaky split on the right, a dot for each person, the two dots of a
    person joined by a line. The large marks are means over people. The dashed line is the
    mean chance level, left out where it is 1, as it is of people with one class.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of ``Inflation.table`` of one split.
    summary : pandas.DataFrame
        Those of ``Inflation.summary()``.
    metric : str
        Name of the score.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import numpy as np
    >>> from eegkit import Trials, evaluate
    >>> from eegkit.plots.inflation import InflationDisplay
    >>> from sklearn.dummy import DummyClassifier
    >>> X = np.random.default_rng(0).normal(size=(24, 2, 64))
    >>> trials = Trials.from_arrays(
    ...     X, ["rest", "task"] * 12, sfreq=64, subject=np.repeat(["a", "b", "c"], 8)
    ... )
    >>> results = evaluate(DummyClassifier(), trials, cv="loso", twin=True)
    >>> InflationDisplay.from_inflation(results.inflation()).ax_.get_ylabel()
    'balanced accuracy'
    """

    table: pd.DataFrame
    summary: pd.DataFrame
    metric: str

    @classmethod
    def from_inflation(
        cls, inflation: Inflation, split: str = "shuffled", ax: Axes | None = None
    ) -> InflationDisplay:
        """Plot the scores of an honest split beside those of a leaky one.

        Parameters
        ----------
        inflation : Inflation
        split : str, default "shuffled"
            One of ``inflation.splits``.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        InflationDisplay

        Raises
        ------
        ValueError
            The twin has no such split.
        """
        if split not in inflation.splits:
            raise ValueError(
                f"split is {split!r}; the leaky twin has {', '.join(map(repr, inflation.splits))}."
            )
        rows, summary = (t[t["split"] == split] for t in (inflation.table, inflation.summary()))
        return cls(table=rows, summary=summary, metric=inflation.metric).plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> InflationDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        self
        """
        ax = self._take_axes(ax, max(2.4 + 2.0 * len(self.summary), 4.4), 4.4)
        ticks = []
        for i, row in enumerate(self.summary.itertuples()):
            rows = self.table[self.table["pipeline"] == row.pipeline]
            self._draw_people(3 * i, rows.dropna(subset="gap"))
            self._draw_means(3 * i, row, label=not i)
            ticks += [(3 * i, "people\nkept apart"), (3 * i + 1, COLUMNS[row.split])]
        chance = float(self.table["chance"].mean())
        # Of people with one class it is 1, and says nothing.
        if np.isfinite(chance) and chance < 1:
            ax.axhline(chance, zorder=1, label=f"chance {chance:.2f}", **CHANCE_STYLE)
        ax.set_xticks(*map(list, zip(*ticks, strict=True)))
        ax.set(xlim=(-0.75, 3 * len(self.summary) - 1.25), ylabel=spoken(self.metric))
        tidy(ax, grid="y")
        ax.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.1), ncols=3)
        return self

    def _draw_people(self, x: float, rows: pd.DataFrame) -> None:
        many = len(rows) > MANY
        style: dict[str, Any] = {"s": 10 if many else 30, "alpha": 0.55, "lw": 0, "zorder": 3}
        # People of the same score would lie on each other.
        aside = 0.16 * (np.arange(len(rows)) * 0.618 % 1 - 0.5) if many else 0.0
        left, right = x + np.zeros(len(rows)) + aside, x + 1 + np.zeros(len(rows)) + aside
        self.ax_.plot(
            [left, right], [rows["honest"], rows["leaky"]],
            color="0.6", lw=0.6 if many else 1.0, alpha=0.35 if many else 0.7, zorder=2,
        )  # fmt: skip
        self.ax_.scatter(left, rows["honest"], color=HONEST, **style)
        self.ax_.scatter(right, rows["leaky"], color=LEAKY, **style)

    def _draw_means(self, x: float, row: Any, *, label: bool) -> None:
        for at, value, side, color in (
            (x, row.honest, -1, HONEST),
            (x + 1, row.leaky, 1, LEAKY),
        ):
            self.ax_.plot(
                at + 0.22 * side, value, marker="D", ms=8, color=color, mec="white", ls="",
                zorder=4, label="mean of people" if label and side < 0 else None,
            )  # fmt: skip
            ha = "left" if side > 0 else "right"
            self._note(f"{value:.2f}", (at + 0.22 * side, value), (7 * side, 0), ha=ha, va="center")
        text = f"{wrap_name(row.pipeline, 24)}, gap {row.gap:+.2f}"
        if np.isfinite(row.gap_low):
            text += f"\n[{row.gap_low:+.2f}, {row.gap_high:+.2f}]"
        style = {"ha": "center", "va": "bottom", "fontsize": "small"}
        self._note(text, (x + 0.5, 1.0), (0, 4), xycoords=("data", "axes fraction"), **style)
