"""Some trials as they were recorded, channels below each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from eegkit.labels import hard_labels
from eegkit.plots._axes import usual_spacing
from eegkit.plots._power import pick_channels
from eegkit.plots._styles import Display
from eegkit.trials import Trials

# One trial of each class is shown by default, of so many classes.
MAX_SHOWN = 4
# Between two trials, in parts of a trial.
GAP = 0.06


class TracesDisplay(Display):
    """Some trials next to each other, their channels below each other, with a scale bar.

    Make it with `from_trials`. Every channel is drawn around its own median.

    Parameters
    ----------
    signals : ndarray, shape (n_shown, n_channels, n_times)
        In microvolts.
    titles : sequence of str, n_shown of them
        Above each trial.
    ch_names : sequence of str
        Beside each trace.
    sfreq : float
        Sampling rate in Hz.
    spacing : float
        From one channel to the next, in microvolts.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from eegkit import load_dataset
    >>> from eegkit.plots import TracesDisplay
    >>> trials = load_dataset("simulated", n_subjects=2, n_trials=8)
    >>> display = TracesDisplay.from_trials(trials, channels=["C3", "Cz", "C4"])
    >>> display.titles
    ['left_hand, S01, trial 1', 'right_hand, S01, trial 0']
    """

    signals: NDArray[Any]
    titles: Sequence[str]
    ch_names: Sequence[str]
    sfreq: float
    spacing: float

    @classmethod
    def from_trials(
        cls,
        trials: Trials,
        rows: ArrayLike | None = None,
        *,
        channels: Sequence[str] | None = None,
        spacing: float | None = None,
        ax: Axes | None = None,
    ) -> TracesDisplay:
        """Plot some trials.

        Parameters
        ----------
        trials : Trials
        rows : sequence of int, optional
            Numbers of the trials to show; by default the first of each class, of at most four
            classes.
        channels : sequence of str, optional
            All by default.
        spacing : float, optional
            From one channel to the next, in microvolts; by default so that most samples of
            most channels stay apart.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        TracesDisplay

        Raises
        ------
        ValueError
            There is no such trial or channel, or the spacing is not positive.
        """
        picks = pick_channels(trials, channels)
        trial_rows = np.atleast_1d(_first_of_each_class(trials) if rows is None else rows)
        if not trial_rows.size or trial_rows.dtype.kind not in "iu":
            raise ValueError(f"rows is {rows!r}; expected numbers of trials.")
        if trial_rows.min() < 0 or trial_rows.max() >= len(trials):
            raise ValueError(f"rows is {rows!r}; expected numbers from 0 to {len(trials) - 1}.")
        signals = np.asarray(trials.X[trial_rows])[:, picks].astype(float)
        if spacing is None:
            spacing = usual_spacing(signals)
        elif not spacing > 0:
            raise ValueError(f"spacing is {spacing!r}; expected a positive number of microvolts.")
        titles = [_title(trials, row) for row in trial_rows]
        names = [trials.ch_names[i] for i in picks]
        return cls(
            signals=signals, titles=titles, ch_names=names, sfreq=trials.sfreq, spacing=spacing
        ).plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> TracesDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default, as large as trials and channels ask for.

        Returns
        -------
        self
        """
        n_shown, n_channels, n_times = self.signals.shape
        height = 1.4 + min(max(0.3 * n_channels, 1.2), 9.0)
        ax = self._take_axes(ax, min(3.0 + 2.4 * n_shown, 16.0), height)
        duration = n_times / self.sfreq
        times = np.arange(n_times) / self.sfreq
        heights = -self.spacing * np.arange(n_channels)
        starts = duration * (1 + GAP) * np.arange(n_shown)
        centred = self.signals - np.nanmedian(self.signals, axis=2, keepdims=True)
        for start, trial in zip(starts, centred, strict=True):
            ax.plot(start + times, (trial + heights[:, None]).T, color="0.15", lw=0.6)
        self._label(starts, heights, duration)
        self._scale_bar(starts[-1] + duration, heights)
        return self

    def _label(
        self, starts: NDArray[np.floating], heights: NDArray[np.floating], duration: float
    ) -> None:
        ax, n_channels = self.ax_, len(heights)
        small = 10 if n_channels <= 24 else max(5.0, 240 / n_channels)
        ax.set_yticks(heights, list(self.ch_names), fontsize=small)
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(heights[-1] - self.spacing, self.spacing)
        for start, title in zip(starts, self.titles, strict=True):
            label, _, details = title.partition(", ")
            ax.text(
                start + duration / 2, 1.0, f"{label}\n{details}", ha="center", va="bottom",
                transform=ax.get_xaxis_transform(), fontsize=9,
            )  # fmt: skip
        step = _nice(duration / 3)
        ticks = np.arange(0, 0.95 * duration, step)  # the end is the next one's beginning
        places = (starts[:, None] + ticks).ravel()
        ax.set_xticks(places, [f"{t:g}" for t in np.tile(ticks, len(starts))])
        ax.set_xlabel("Time (s)")
        ax.spines[["top", "right", "left", "bottom"]].set_visible(False)

    def _scale_bar(self, end: float, heights: NDArray[np.floating]) -> None:
        length = _nice(max(self.spacing, -heights[-1] / 20))
        bottom = heights[-1] - 0.5 * self.spacing
        x = end * 1.02
        self.ax_.plot([x, x], [bottom, bottom + length], color="C3", lw=2, clip_on=False)
        self.ax_.text(
            x + end * 0.01, bottom + length / 2, f"{length:g} µV", color="C3", va="center",
            fontsize=9,
        )  # fmt: skip
        self.ax_.set_xlim(-0.01 * end, end * 1.1)


def _first_of_each_class(trials: Trials) -> NDArray[np.intp]:
    return np.unique(hard_labels(trials.y), return_index=True)[1][:MAX_SHOWN]


def _title(trials: Trials, row: int) -> str:
    label = trials.y[row] if trials.y.ndim == 1 else np.round(trials.y[row], 2).tolist()
    subject = trials.metadata["subject"].iloc[row]
    return f"{str(label).replace(', ', '; ')}, {subject}, trial {row}"


def _nice(value: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not larger."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(max(step for step in (1, 2, 5) if step * power <= value * 1.0001) * power)
