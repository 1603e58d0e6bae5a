"""Power spectra of every class, over people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from eegkit.parameters import Positive, check_for
from eegkit.plots._power import class_spectra, pick_channels, to_decibel
from eegkit.plots._styles import Display, colors, in_legend, tidy
from eegkit.text import count
from eegkit.trials import Trials


class SpectraDisplay(Display):
    """Power spectra of every class: the median over people, and their quartiles as a band.

    Make it with `from_trials`. A person's spectrum is the mean over trials (Welch, Hann windows
    of 2 s, or a trial's length where that is shorter), in decibels, and then the mean over
    channels.

    Parameters
    ----------
    freqs : ndarray, shape (n_freqs,)
        In Hz.
    decibels : ndarray, shape (n_subjects, n_classes, n_freqs)
        In dB re 1 µV²/Hz; NaN where a person has no trial of a class.
    classes : sequence
        Labels.
    title : str
        Whose channels' mean it is.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from eegkit import load_dataset
    >>> from eegkit.plots import SpectraDisplay
    >>> trials = load_dataset("simulated", n_subjects=3, n_trials=8)
    >>> SpectraDisplay.from_trials(trials, channels=["C3"]).decibels.shape
    (3, 2, 90)
    """

    freqs: NDArray[np.floating]
    decibels: NDArray[np.float64]
    classes: Sequence[Any]
    title: str = ""

    @classmethod
    def from_trials(
        cls,
        trials: Trials,
        *,
        channels: Sequence[str] | None = None,
        classes: Sequence[Any] | None = None,
        f_max: float | None = 45.0,
        ax: Axes | None = None,
    ) -> SpectraDisplay:
        """Estimate and plot the spectra.

        Parameters
        ----------
        trials : Trials
            Read block by block; a memmap never comes into memory whole.
        channels : sequence of str, optional
            All by default.
        classes : sequence, optional
            Labels to show; all by default, if they are at most ten.
        f_max : float or None, default 45
            Highest frequency to show, in Hz; None is half the sampling rate.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        SpectraDisplay

        Raises
        ------
        ValueError
            There is no such channel or class, too many classes, soft labels, or samples are
            missing.
        """
        picks = pick_channels(trials, channels)
        check_for(Positive | None).require("f_max", f_max)
        freqs, power, labels = class_spectra(trials, classes)
        # The bin at 0 Hz holds what is left of the offset.
        inside = (freqs > 0) & (freqs <= (f_max or np.inf))
        decibels = to_decibel(power[:, :, picks][..., inside]).mean(axis=2)
        names = [trials.ch_names[i] for i in picks]
        title = ", ".join(names) if len(names) <= 6 else f"Mean of {len(names)} channels"
        return cls(freqs=freqs[inside], decibels=decibels, classes=labels, title=title).plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> SpectraDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        self
        """
        ax = self._take_axes(ax, 6.4, 3.8)
        for i, color in enumerate(colors(len(self.classes))):
            of_class = self.decibels[:, i]
            of_class = of_class[~np.isnan(of_class).all(axis=1)]
            low, median, high = np.percentile(of_class, (25, 50, 75), axis=0)
            label = f"{self.classes[i]} ({count(len(of_class), 'person', 'people')})"
            ax.plot(self.freqs, median, color=color, lw=1.5, label=in_legend(label))
            if len(of_class) > 1:
                ax.fill_between(self.freqs, low, high, color=color, alpha=0.15, lw=0)
        ax.set(xlabel="Frequency (Hz)", ylabel="Power (dB re 1 µV²/Hz)", xlim=(0, self.freqs[-1]))
        ax.set_title(self.title, loc="left", fontsize=10)
        tidy(ax, grid="both")
        ax.legend(frameon=False)
        return self
