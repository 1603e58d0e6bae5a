"""Who trains and who is tested, fold by fold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from eegkit.evaluation import make_splitter
from eegkit.evaluation.splits.named import folds_of
from eegkit.plots._styles import Display
from eegkit.trials import Trials

# Names of people (and sessions) are written beside their trials up to this many.
MAX_NAMED = 40
MAX_TITLE = 60  # characters
NOT_USED, TRAIN, TEST = 0, 1, 2
COLOURS = {NOT_USED: ("not used", "0.9"), TRAIN: ("train", "#4477aa"), TEST: ("test", "#ee7733")}


class SplitDisplay(Display):
    """Which trials every fold trains on and which it tests.

    Make it with `from_splitter`. Rows are trials, ordered by subject, session and run;
    columns are folds. Black lines stand between people, white ones between their sessions, where
    there are few.

    Parameters
    ----------
    sides : ndarray of int, shape (n_trials, n_folds)
        0 where a fold does not use the trial, 1 where it trains on it, 2 where it tests it.
    metadata : pandas.DataFrame, n_trials rows
        At least ``subject`` and ``session``, in the order of `sides`.
    title : str, default ""
        Written above.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from eegkit import load_dataset
    >>> from eegkit.plots.splits import SplitDisplay
    >>> trials = load_dataset("simulated", n_subjects=3, n_trials=4, channels=["C3"])
    >>> SplitDisplay.from_splitter("loso", trials).sides.shape
    (12, 3)
    """

    sides: NDArray[Any]
    metadata: pd.DataFrame
    title: str = ""

    @classmethod
    def from_splitter(
        cls, cv: Any, trials: Trials, *, random_state: int | None = None, ax: Axes | None = None
    ) -> SplitDisplay:
        """Plot the folds of a split.

        Parameters
        ----------
        cv : str, mapping, splitter, or iterable of (train, test)
            See `make_splitter`.
        trials : Trials
        random_state : int, optional
            See `make_splitter`.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        SplitDisplay

        Raises
        ------
        ValueError
            The trials cannot be split that way.
        """
        splitter = make_splitter(cv, random_state=random_state)
        folds = folds_of(splitter, trials)
        sides = np.full((len(trials), len(folds)), NOT_USED, dtype=np.int8)
        for fold in folds:
            sides[fold.train, fold.number] = TRAIN
            sides[fold.test, fold.number] = TEST
        metadata = trials.metadata.sort_values(["subject", "session", "run"], kind="stable")
        title = cv if isinstance(cv, str) else repr(splitter)
        if len(title) > MAX_TITLE:
            title = type(splitter).__name__
        return cls(sides=sides[metadata.index], metadata=metadata, title=title).plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> SplitDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        self
        """
        ax = self._take_axes(ax, 6.4, 4.8)
        ax.imshow(
            self.sides,
            aspect="auto",
            interpolation="nearest",
            cmap=ListedColormap([colour for _, colour in COLOURS.values()]),
            vmin=NOT_USED - 0.5,
            vmax=TEST + 0.5,
        )
        self._mark_people()
        n_folds = self.sides.shape[1]
        for fold in range(1, n_folds if n_folds <= MAX_NAMED else 0):
            ax.axvline(fold - 0.5, color="white", lw=0.8)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        ax.set(xlabel="fold", title=self.title)
        sides = np.unique(self.sides)
        patches = [
            Patch(facecolor=colour, edgecolor="0.6", label=label)
            for side, (label, colour) in COLOURS.items()
            if side in sides
        ]
        ax.legend(handles=patches[::-1], loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
        return self

    def _mark_people(self) -> None:
        """Lines between people and between sessions; names where there is room for them."""
        ax, n_trials = self.ax_, len(self.sides)
        subject, session = (self.metadata[name].to_numpy() for name in ("subject", "session"))
        of_subject = np.append(np.flatnonzero(subject[1:] != subject[:-1]) + 1, n_trials)
        changes = (subject[1:] != subject[:-1]) | (session[1:] != session[:-1])
        of_session = np.append(np.flatnonzero(changes) + 1, n_trials)
        for end in np.setdiff1d(of_session, of_subject) if len(of_session) <= MAX_NAMED else ():
            ax.axhline(end - 0.5, color="white", lw=1.2)
        thin = 1.2 if len(of_subject) <= MAX_NAMED else 0.3
        for end in of_subject[:-1]:
            ax.axhline(end - 0.5, color="black", lw=thin)
        if len(of_session) > len(of_subject) and len(of_session) <= MAX_NAMED:
            ends, names = of_session, [f"{subject[i - 1]}, {session[i - 1]}" for i in of_session]
            ax.set_ylabel("subject, session")
        elif len(of_subject) <= MAX_NAMED:
            ends, names = of_subject, [str(subject[i - 1]) for i in of_subject]
            ax.set_ylabel("subject")
        else:
            ax.set_yticks([])
            ax.set_ylabel(f"{n_trials} trials of {len(of_subject)} people")
            return
        starts = np.append(0, ends[:-1])
        ax.set_yticks((starts + ends - 1) / 2, names)
        ax.tick_params(axis="y", length=0)
