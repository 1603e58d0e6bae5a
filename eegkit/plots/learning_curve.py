"""What more people to train on would bring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from eegkit.evaluation import Interval, Results, bootstrap_interval
from eegkit.naming import spoken
from eegkit.plots._styles import (
    CHANCE_STYLE,
    Display,
    colors,
    in_legend,
    pick_one,
    pick_pipelines,
    tidy,
)

KEYS = ["pipeline", "n_train_subjects"]


class LearningCurveDisplay(Display):
    """The score against the number of people trained on: mean over people, and its interval.

    Make it with `from_results`. Every person counts once for each number of training people: folds
    that test a person with equally many are averaged first.

    Parameters
    ----------
    curves : pandas.DataFrame
        One row per pipeline and number of people: ``pipeline``, ``n_train_subjects``, ``mean``,
        ``low`` and ``high`` (its bootstrap interval), ``n_subjects`` and ``chance``, the mean
        chance level.
    metric : str
        Name of the score.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    See Also
    --------
    eegkit.evaluation.bootstrap_interval : the interval; too narrow of few people.
    eegkit.evaluation.learning_curve : makes the results, with an example.
    """

    curves: pd.DataFrame
    metric: str

    @classmethod
    def from_results(
        cls,
        results: Results,
        metric: str | None = None,
        *,
        pipelines: Sequence[str] | str | None = None,
        dataset: str | None = None,
        confidence: float = 0.95,
        ax: Axes | None = None,
    ) -> LearningCurveDisplay:
        """Plot scores by the number of people trained on.

        Parameters
        ----------
        results : Results
            Of folds that train on different numbers of people.
        metric : str, optional
            One of ``results.metrics``; the first by default.
        pipelines : str or sequence of str, optional
            All by default.
        dataset : str, optional
            Whose people; may be left out where there is one only.
        confidence : float, default 0.95
            Of the interval.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        LearningCurveDisplay

        Raises
        ------
        ValueError
            All folds train on equally many people; the metric, a pipeline or the data set is
            unknown, or the metric is undefined for everybody.
        """
        metric = pick_one("metric", results.metrics, metric or results.metrics[0])
        names = pick_pipelines(results, pipelines)
        table = results.table[results.table["pipeline"].isin(names)]
        if "dataset" in table:
            name = pick_one("dataset", list(table["dataset"].unique()), dataset)
            table = table[table["dataset"] == name]
        sizes = table["n_train_subjects"].unique()
        if len(sizes) < 2:
            raise ValueError(
                f"Every fold trains on {sizes[0]} people; a learning curve needs folds that train "
                "on different numbers of them."
            )
        people = table.groupby([*KEYS, "subject"], sort=False)[[metric, f"chance_{metric}"]].mean()
        rows = [
            (*key, *bootstrap_interval(group[metric], confidence), group[f"chance_{metric}"].mean())
            for key, group in people.dropna(subset=[metric]).groupby(KEYS)
        ]
        if not rows:
            raise ValueError(f"{metric} is undefined for everybody; there is no curve to draw.")
        rows.sort(key=lambda row: names.index(row[0]))
        curves = pd.DataFrame(rows, columns=[*KEYS, *Interval._fields, "chance"])
        return cls(curves=curves.rename(columns={"n": "n_subjects"}), metric=metric).plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> LearningCurveDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        self
        """
        ax = self._take_axes(ax, 6.8, 4.4)
        names = list(self.curves["pipeline"].unique())
        faint = 0.15 if len(names) <= 5 else 0.07
        for name, shade in zip(names, colors(len(names)), strict=True):
            curve = self.curves[self.curves["pipeline"] == name]
            sizes = curve["n_train_subjects"].to_numpy()
            style = {"marker": "o", "ms": 4, "color": shade, "zorder": 3}
            ax.plot(sizes, curve["mean"], label=in_legend(name), **style)
            ax.fill_between(sizes, curve["low"], curve["high"], color=shade, alpha=faint)
        chance = self.curves.groupby("n_train_subjects")["chance"].mean().dropna()
        if len(chance):
            ax.plot(chance.index, chance, label="chance", zorder=2, **CHANCE_STYLE)
        self._label()
        self._draw_legend(most=3, small=len(names) > 5)
        return self

    def _label(self) -> None:
        ax, counts = self.ax_, self.curves["n_subjects"]
        least, most = counts.min(), counts.max()
        count = f"{most}" if least == most else f"{least} to {most}"
        ylabel = f"{spoken(self.metric)}, mean of {count} people"
        ax.set(xlabel="people trained on", ylabel=ylabel)
        sizes = np.unique(self.curves["n_train_subjects"])
        if sizes[-1] >= 10 * sizes[0]:
            ax.set_xscale("log", base=2)
        if len(sizes) <= 10:
            ax.set_xticks(sizes, [str(size) for size in sizes])
            ax.minorticks_off()
        else:
            ax.xaxis.set_major_formatter("{x:g}")
        tidy(ax, grid="y")
