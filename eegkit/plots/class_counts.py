"""How many trials everybody has of every class."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from eegkit.labels import people_by_class
from eegkit.plots._styles import Display, colors, in_legend, tick_positions, tidy
from eegkit.trials import Trials

# Names of people are written next to their bars up to this many.
MAX_NAMED = 40
# Bars are coloured by class up to this many; more classes make a picture of counts.
MAX_COLOURED = 12


class ClassCountsDisplay(Display):
    """Trials of every person, coloured by class.

    Make it with `from_trials`. With more than 12 classes the counts are a picture instead, a
    row for each class.

    Parameters
    ----------
    counts : pandas.DataFrame, n_subjects rows, n_classes columns
        Numbers of trials.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from eegkit import load_dataset
    >>> from eegkit.plots import ClassCountsDisplay
    >>> trials = load_dataset("simulated", n_subjects=2, n_trials=8)
    >>> ClassCountsDisplay.from_trials(trials).counts.loc["S01"].to_dict()
    {'left_hand': 4, 'right_hand': 4}
    """

    counts: pd.DataFrame

    @classmethod
    def from_trials(cls, trials: Trials, ax: Axes | None = None) -> ClassCountsDisplay:
        """Count and plot.

        Parameters
        ----------
        trials : Trials
            Of soft labels the class with the largest part counts.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        ClassCountsDisplay
        """
        return cls(counts=people_by_class(trials.y, trials.groups)).plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> ClassCountsDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default, as large as people and classes ask for.

        Returns
        -------
        self
        """
        n_subjects, n_classes = self.counts.shape
        width = max(5.0, min(2.5 + 0.3 * n_subjects, 9.0))
        self._take_axes(ax, width, 3.2 if n_classes <= MAX_COLOURED else 6.0)
        if n_classes <= MAX_COLOURED:
            self._draw_bars()
        else:
            self._draw_picture()
        self._label_people()
        return self

    def _draw_bars(self) -> None:
        ax, n_subjects = self.ax_, len(self.counts)
        x, bottom = np.arange(n_subjects), np.zeros(n_subjects)
        # Without gaps where there are many: each would be narrower than a pixel.
        width = 0.8 if n_subjects <= MAX_NAMED else 1.0
        columns = zip(self.counts.items(), colors(self.counts.shape[1]), strict=True)
        for (label, column), color in columns:
            name = f"{label} ({column.sum()})"
            ax.bar(x, column, width, bottom, color=color, label=in_legend(name))
            bottom += column.to_numpy()
        ax.set(ylabel="Trials", xlim=(-0.7, n_subjects - 0.3))
        tidy(ax, grid="y")
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, frameon=False)

    def _draw_picture(self) -> None:
        ax, n_classes = self.ax_, self.counts.shape[1]
        image = ax.imshow(
            self.counts.to_numpy().T, aspect="auto", cmap="viridis", vmin=0, interpolation="none"
        )
        ticks = tick_positions(n_classes, 30)
        ax.set_yticks(ticks, [str(self.counts.columns[i]) for i in ticks], fontsize=8)
        ax.set_ylabel(f"{n_classes} classes")
        self.figure_.colorbar(image, ax=ax, label="Trials")

    def _label_people(self) -> None:
        ax, n_subjects = self.ax_, len(self.counts)
        if n_subjects > MAX_NAMED:
            ax.set(xticks=[], xlabel=f"{n_subjects} people")
            return
        names = [str(name) for name in self.counts.index]
        long = sum(map(len, names)) > 60
        ax.set_xticks(np.arange(n_subjects), names, rotation=90 if long else 0)
