"""The scores of every person beside the chance level."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from eegkit.evaluation import Results
from eegkit.naming import spoken
from eegkit.plots._styles import CHANCE_STYLE, Display, in_legend, pick_one, tidy

# Names of people are written next to their dots up to this many.
MAX_NAMED = 40


class ScoresDisplay(Display):
    """Scores of every person, one dot for each pipeline, beside the chance level.

    Make it with `from_results`. People stand below each other, ordered by their score with
    the first pipeline, the best on top. A thin line of each pipeline's colour marks its mean
    over people; what is left of the chance marks is no better than not looking at the signals.

    Parameters
    ----------
    scores : pandas.DataFrame, n_subjects rows, n_pipelines columns
        Scores, by subject.
    chance : pandas.Series, n_subjects rows
        The chance level of every subject.
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
    >>> from sklearn.dummy import DummyClassifier
    >>> from eegkit import Trials, evaluate
    >>> from eegkit.plots import ScoresDisplay
    >>> trials = Trials.from_arrays(
    ...     np.zeros((8, 2, 64)), ["rest", "task"] * 4, sfreq=64, subject=list("aabbccdd")
    ... )
    >>> results = evaluate(DummyClassifier(), trials, cv="loso")
    >>> ScoresDisplay.from_results(results).ax_.get_xlabel()
    'balanced accuracy'
    """

    scores: pd.DataFrame
    chance: pd.Series
    metric: str

    @classmethod
    def from_results(
        cls, results: Results, metric: str | None = None, ax: Axes | None = None
    ) -> ScoresDisplay:
        """Plot the scores of every person.

        Parameters
        ----------
        results : Results
        metric : str, optional
            One of ``results.metrics``; the first by default.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        ScoresDisplay

        Raises
        ------
        ValueError
            The results do not have that metric.
        """
        metric = pick_one("metric", results.metrics, metric or results.metrics[0])
        people = results.per_subject()
        scores = people.pivot_table(
            index="subject", columns="pipeline", values=metric, dropna=False, sort=False
        )[results.pipelines]
        chance = people.groupby("subject")[f"chance_{metric}"].max()[scores.index]
        return cls(scores=scores, chance=chance, metric=metric).plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> ScoresDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default, as high as the number of people asks for.

        Returns
        -------
        self
        """
        order = self.scores.iloc[:, 0].sort_values(na_position="first", kind="stable").index
        scores, chance = self.scores.loc[order], self.chance.loc[order]
        n_subjects = len(scores)
        ax = self._take_axes(ax, 6.4, max(1.2 + min(0.26 * n_subjects, 9.0), 2.2))
        y = np.arange(n_subjects)
        size = 36 if n_subjects <= MAX_NAMED else 12
        self._draw_chance(y, chance)
        for i, (pipeline, column) in enumerate(scores.items()):
            shift = 0.0 if scores.shape[1] == 1 else 0.3 * (i / (scores.shape[1] - 1) - 0.5)
            label = in_legend(f"{pipeline}, mean {column.mean():.3f}")
            dots = ax.scatter(column, y - shift, s=size, color=f"C{i}", label=label, zorder=3)
            ax.axvline(column.mean(), color=dots.get_facecolor(), lw=1, alpha=0.7, zorder=1)
        self._label(scores.index)
        self._draw_legend(most=2)
        return self

    def _draw_chance(self, y: np.ndarray, chance: pd.Series) -> None:
        """One line where everybody has the same chance level, else a step for each person."""
        style = CHANCE_STYLE | {"zorder": 2}
        values = chance.to_numpy(dtype=float)
        finite = values[np.isfinite(values)]
        if not len(finite):
            return
        if np.ptp(finite) < 1e-9:
            self.ax_.axvline(finite[0], label=f"chance, {finite[0]:.3f}", **style)
            return
        edges = np.repeat(np.append(y - 0.5, y[-1] + 0.5), 2)[1:-1]
        label = f"chance, mean {finite.mean():.3f}"
        self.ax_.plot(np.repeat(values, 2), edges, label=label, **style)

    def _label(self, subjects: pd.Index) -> None:
        ax, n_subjects = self.ax_, len(subjects)
        ax.set(xlabel=spoken(self.metric), ylim=(-0.7, n_subjects - 0.3))
        if n_subjects <= MAX_NAMED:
            ax.set_yticks(np.arange(n_subjects), [str(subject) for subject in subjects])
        else:
            ax.set(yticks=[], ylabel=f"{n_subjects} people, the best on top")
        tidy(ax, grid="y" if n_subjects <= MAX_NAMED else None)
