"""Accuracy against confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from eegkit.evaluation import Results, expected_calibration_error, reliability_table
from eegkit.plots._styles import CHANCE_STYLE, Display, colors, in_legend, pick_pipelines, tidy


class ReliabilityDisplay(Display):
    """Accuracy against confidence: on the diagonal, a decoder is right as often as it says.

    Make it with `from_predictions` or `from_results`. Below the diagonal a decoder is surer than
    it should be. Steps below tell how many trials a bin holds; the legend, the expected
    calibration error.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        By pipeline, what `eegkit.evaluation.reliability_table` gives.

    Attributes
    ----------
    errors : dict of str to float
        The expected calibration error by pipeline.
    ax_ : matplotlib.axes.Axes
    counts_ax_ : matplotlib.axes.Axes
        Numbers of trials.
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from eegkit.plots import ReliabilityDisplay
    >>> proba = [[0.9, 0.1], [0.7, 0.3], [0.4, 0.6], [0.2, 0.8]]
    >>> display = ReliabilityDisplay.from_predictions(
    ...     ["rest", "task", "task", "task"], proba, ["rest", "task"], name="net"
    ... )
    >>> {name: round(error, 2) for name, error in display.errors.items()}
    {'net': 0.35}
    """

    tables: Mapping[str, pd.DataFrame]

    def __post_init__(self) -> None:
        if not self.tables:
            raise ValueError("tables is empty; expected a table for each pipeline.")

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        proba: ArrayLike,
        classes: ArrayLike,
        *,
        name: str = "decoder",
        n_bins: int = 15,
        strategy: str = "uniform",
        ax: Axes | None = None,
    ) -> ReliabilityDisplay:
        """Plot the probabilities of one decoder.

        Parameters
        ----------
        y_true : array-like, shape (n_trials,)
            Labels.
        proba : array-like, shape (n_trials, n_classes)
            Probabilities.
        classes : array-like, shape (n_classes,)
            The labels in the order of the columns of `proba`.
        name : str, default "decoder"
            For the legend.
        n_bins : int, default 15
        strategy : {"uniform", "quantile"}, default "uniform"
            Bins of equal width, or of equally many trials.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        ReliabilityDisplay

        Raises
        ------
        ValueError
            As `eegkit.evaluation.reliability_table` does.
        """
        table = reliability_table(y_true, proba, classes, n_bins, strategy)
        return cls(tables={name: table}).plot(ax=ax)

    @classmethod
    def from_results(
        cls,
        results: Results,
        pipelines: Sequence[str] | str | None = None,
        *,
        dataset: str | None = None,
        n_bins: int = 15,
        strategy: str = "uniform",
        ax: Axes | None = None,
    ) -> ReliabilityDisplay:
        """Plot the probabilities of pipelines, over all their test trials.

        Parameters
        ----------
        results : Results
            With predictions.
        pipelines : str or sequence of str, optional
            By default all that gave probabilities.
        dataset : str, optional
            Whose trials; the first one by default.
        n_bins, strategy, ax
            As in `from_predictions`.

        Returns
        -------
        ReliabilityDisplay

        Raises
        ------
        ValueError
            A pipeline is unknown, or gave no probabilities; or none did.
        """
        tables, mute = {}, []
        for name in pick_pipelines(results, pipelines):
            predictions = results.predictions(pipeline=name, dataset=dataset)
            if predictions.proba is None:
                mute.append(name)
                continue
            tables[name] = reliability_table(
                predictions.y, predictions.proba, predictions.classes, n_bins, strategy
            )
        if mute and (pipelines is not None or not tables):
            raise ValueError(
                f"{', '.join(map(repr, mute))} gave no probabilities; use a classifier with "
                "predict_proba."
            )
        return cls(tables=tables).plot(ax=ax)

    @property
    def errors(self) -> dict[str, float]:
        return {name: expected_calibration_error(table) for name, table in self.tables.items()}

    def plot(self, ax: Axes | None = None) -> ReliabilityDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default. The numbers of trials hang below it.

        Returns
        -------
        self
        """
        many = len(self.tables) > 4
        self._new_figure = None
        if ax is None:
            rows: dict[str, Any] = {
                "height_ratios": (4, 1),
                "sharex": True,
                "layout": "constrained",
            }
            self._new_figure, (ax, below) = plt.subplots(2, figsize=(5.0, 5.4), **rows)
        else:
            below = ax.inset_axes((0.0, -0.28, 1.0, 0.24), sharex=ax)
        self.ax_, self.counts_ax_, self.figure_ = ax, below, ax.figure
        ax.plot([0, 1], [0, 1], label="calibrated", **CHANCE_STYLE)
        markers = "osD^vP*Xhp<>"
        shades = colors(len(self.tables))
        for i, (name, table) in enumerate(self.tables.items()):
            full = table[table["n_trials"] > 0]
            # A bin of few trials says little: its mark is small.
            sizes = 8 + 50 * full["n_trials"] / full["n_trials"].max()
            x, y = full["confidence"], full["accuracy"]
            label = f"{name}, ECE {self.errors[name]:.3f}"
            marker = markers[i % len(markers)]
            ax.plot(x, y, color=shades[i], lw=1.3)
            ax.plot([], [], color=shades[i], lw=1.3, marker=marker, label=in_legend(label))
            ax.scatter(x, y, sizes, color=shades[i], marker=marker, zorder=3)
            edges = np.append(table["low"], table["high"].iloc[-1])
            below.stairs(table["n_trials"], edges, color=shades[i], lw=1.3)
        self._label()
        self._draw_legend(most=2 if many else 1, small=many)
        return self

    def _label(self) -> None:
        ax, below = self.ax_, self.counts_ax_
        ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), ylabel="accuracy")
        below.set(xlabel="confidence (the largest probability)", ylabel="trials")
        below.set(ylim=(0, None), xticks=np.linspace(0, 1, 6))
        ax.tick_params(axis="x", labelbottom=False)
        for panel in (ax, below):
            tidy(panel, grid="both")
