"""Spectrograms of one trial, a panel for each channel or region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from eegkit.plots._axes import axis_values, cell_edges, is_geometric, set_logarithmic
from eegkit.plots._styles import Display
from eegkit.signals import SignalArray, as_signals
from eegkit.step_names import flat_steps
from eegkit.transforms import Cached, SpectrogramImage

# Colours span these percentiles of the values, so that one outlier does not darken the rest.
SHOWN_PERCENTILES = (5, 99)
# What a transform gives, by its `output`, and the unit of power and magnitude by its `scaling`.
QUANTITIES = {
    "power": ("Power", "{power}"),
    "magnitude": ("Magnitude", "{magnitude}"),
    "log": ("Log power", "ln {power}"),
    "db": ("Power", "dB re 1 {power}"),
    "phase": ("Phase", "rad"),
}
UNITS = {
    "density": {"power": "µV²/Hz", "magnitude": "µV/√Hz"},
    "spectrum": {"power": "µV²", "magnitude": "µV"},
}


class SpectrogramDisplay(Display):
    """Spectrograms of one trial, a panel for each channel or region.

    Make it with `from_trials` or `from_spectrogram`. Panels share their axes, in Hz and s
    where those are known, and their colours. Frequencies in geometric steps stand on a
    logarithmic axis.

    Parameters
    ----------
    spectrograms : ndarray, shape (n_panels, n_freqs, n_frames)
        The values, in the unit that `label` tells.
    names : sequence of str
        Titles of the panels.
    freqs : ndarray, shape (n_freqs,), optional
        Frequencies in Hz; without them, or where they do not increase, bins are counted.
    times : ndarray, shape (n_frames,), optional
        Centres of the frames in s; without them frames are counted.
    label : str, optional
        What the values are, with their unit: stands beside the colour bar.

    Attributes
    ----------
    figure_ : matplotlib.figure.Figure
    axes_ : ndarray of matplotlib.axes.Axes, shape (n_panels,)
    colorbar_ : matplotlib.colorbar.Colorbar or None

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from eegkit import load_dataset
    >>> from eegkit.plots import SpectrogramDisplay
    >>> from eegkit.transforms import STFT
    >>> trials = load_dataset("simulated")
    >>> display = SpectrogramDisplay.from_trials(
    ...     trials, STFT(nperseg=64, hop=8), channels=["C3", "Cz", "C4"]
    ... )
    >>> [ax.get_title(loc="left") for ax in display.axes_]
    ['C3', 'Cz', 'C4']
    """

    spectrograms: NDArray[Any]
    names: Sequence[str]
    freqs: NDArray[Any] | None = None
    times: NDArray[Any] | None = None
    label: str | None = None

    @classmethod
    def from_trials(
        cls,
        X: Any,
        transform: Any,
        *,
        trial: int | None = 0,
        label: str | None = None,
        **options: Any,
    ) -> SpectrogramDisplay:
        """Transform a trial and plot its spectrograms.

        Parameters
        ----------
        X : Trials, mne.Epochs or array-like, shape (n_trials, n_channels, n_times)
            Raw trials in microvolts.
        transform : transform or Pipeline
            What makes spectrograms of them. If it is not fitted, a copy is fitted to the trials
            that are shown.
        trial : int or None, default 0
            The trial to show; None is the mean of the spectrograms of all trials.
        label : str, optional
            What the values are; by default what the transform is known to give.
        **options
            ``channels``, ``regions``, ``ax`` and style, as in `from_spectrogram`.

        Returns
        -------
        SpectrogramDisplay

        Raises
        ------
        ValueError
            There is no such trial or channel, or `transform` makes no spectrograms.
        """
        X = as_signals(X)
        X = X if isinstance(X, SignalArray) else SignalArray(np.asarray(X))
        signals = X if trial is None else X[_row(trial, len(X))]
        try:
            check_is_fitted(transform)
        except NotFittedError:
            transform = clone(transform).fit(signals)
        return cls.from_spectrogram(
            transform.transform(signals),
            trial=None if trial is None else 0,
            label=_label_of(transform) if label is None else label,
            **options,
        )

    @classmethod
    def from_spectrogram(
        cls,
        X: NDArray[Any],
        *,
        trial: int | None = 0,
        channels: str | int | Sequence[str | int] | None = None,
        regions: Mapping[str, Sequence[str | int]] | None = None,
        label: str | None = None,
        ax: Any = None,
        **style: Any,
    ) -> SpectrogramDisplay:
        """Plot spectrograms that are there already.

        Parameters
        ----------
        X : SignalArray or ndarray, shape (n_trials, n_channels, n_freqs, n_frames)
            A plain array knows no channels, Hz or s: they are counted.
        trial : int or None, default 0
            The trial to show; None is the mean of the spectrograms of all trials.
        channels : list of str or int, optional
            Channels to show, by name or number; all by default.
        regions : mapping of str to list of str or int, optional
            Instead of channels, regions: each panel is the mean over its channels.
        label : str, optional
            What the values are.
        ax, **style
            As in `plot`.

        Returns
        -------
        SpectrogramDisplay

        Raises
        ------
        ValueError
            There is no such trial or channel, or X are no spectrograms.
        """
        X = X if isinstance(X, SignalArray) else SignalArray(np.asarray(X))
        if X.ndim != 4:
            raise ValueError(
                f"Expected spectrograms, shape (n_trials, n_channels, n_freqs, n_frames), but "
                f"got shape {X.shape}."
            )
        rows = slice(None) if trial is None else _row(trial, len(X))
        images = np.asarray(X[rows]).mean(axis=0)
        panels = _panels(X.shape[1], X.ch_names, channels, regions)
        return cls(
            spectrograms=np.stack([images[picks].mean(axis=0) for picks in panels.values()]),
            names=list(panels),
            freqs=X.freqs,
            times=X.times,
            label=label,
        ).plot(ax=ax, **style)

    def plot(
        self,
        ax: Axes | Sequence[Axes] | NDArray[Any] | None = None,
        *,
        vmin: float | None = None,
        vmax: float | None = None,
        cmap: Any = "viridis",
        colorbar: bool = True,
    ) -> SpectrogramDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or n_panels of them, optional
            Where to draw; a new figure by default.
        vmin, vmax : float, optional
            Values of the ends of the colours; by default the 5th and 99th percentile.
        cmap : str or matplotlib.colors.Colormap, default "viridis"
        colorbar : bool, default True
            Whether to draw the colour bar.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            `ax` are not as many axes as there are panels.
        """
        n_panels = len(self.spectrograms)
        new_figure = ax is None
        axes = self._take_panels(_new_axes(n_panels) if new_figure else ax, n_panels)
        low, high = np.percentile(self.spectrograms, SHOWN_PERCENTILES)
        vmin, vmax = (low if vmin is None else vmin), (high if vmax is None else vmax)
        freqs, freq_label = axis_values(
            self.freqs, self.spectrograms.shape[1], "Frequency (Hz)", "bin"
        )
        times, time_label = axis_values(self.times, self.spectrograms.shape[2], "Time (s)", "frame")
        geometric = self.freqs is freqs and is_geometric(freqs)
        x, y = cell_edges(times), cell_edges(freqs, geometric)
        if self.freqs is freqs:
            y = np.maximum(y, 0)
        for panel, image, name in zip(axes, self.spectrograms, self.names, strict=True):
            mesh = panel.pcolormesh(x, y, image, vmin=vmin, vmax=vmax, cmap=cmap, rasterized=True)
            panel.set_title(name, loc="left", fontsize="medium", pad=3)
            if geometric:
                set_logarithmic(panel)
        _label_axes(self.figure_, axes, time_label, freq_label, new_figure)
        self.axes_, self.colorbar_ = axes, None
        if colorbar:
            over, under = self.spectrograms.max() > vmax, self.spectrograms.min() < vmin
            extend = {(0, 0): "neither", (1, 0): "max", (0, 1): "min", (1, 1): "both"}[over, under]
            self.colorbar_ = self.figure_.colorbar(
                mesh, ax=list(axes), label=self.label or "", extend=extend, aspect=30, pad=0.02
            )
            self.colorbar_.outline.set_visible(False)
        return self


def _row(trial: int, n_trials: int) -> slice:
    if not -n_trials <= trial < n_trials:
        raise ValueError(f"trial is {trial}, but there are {n_trials} trials.")
    trial %= n_trials
    return slice(trial, trial + 1)


def _panels(
    n_channels: int, ch_names: Sequence[str] | None, channels: Any, regions: Any
) -> dict[str, list[int]]:
    """The title of every panel, and the channels it shows."""
    names = list(ch_names or [f"channel {i}" for i in range(n_channels)])
    if channels is not None and regions is not None:
        raise ValueError("Give channels or regions, not both.")

    def number(channel: str | int) -> int:
        if isinstance(channel, str) and channel in names:
            return names.index(channel)
        if isinstance(channel, int | np.integer) and -n_channels <= channel < n_channels:
            return int(channel) % n_channels
        raise ValueError(f"There is no channel {channel!r}; there are {', '.join(names)}.")

    if regions is not None:
        empty = [name for name, picks in regions.items() if not len(picks)]
        if empty or not regions:
            raise ValueError(f"No channels in {', '.join(empty) or 'regions'}.")
        return {name: [number(c) for c in picks] for name, picks in regions.items()}
    if isinstance(channels, str | int | np.integer):
        channels = [channels]
    picks = [number(name) for name in (range(n_channels) if channels is None else channels)]
    if not picks:
        raise ValueError("channels is empty; expected at least one.")
    return {names[i]: [i] for i in picks}


def _label_of(transform: Any) -> str | None:
    """What the transform gives, where it says so by its `output`."""
    *steps, transform = flat_steps(transform)
    while steps and isinstance(transform, SpectrogramImage) and transform.normalize is None:
        transform = steps.pop()
    if isinstance(transform, Cached):
        return _label_of(transform.transformer)
    quantity, unit = QUANTITIES.get(str(getattr(transform, "output", "")), (None, ""))
    if quantity is None or getattr(transform, "ref", 1.0) != 1.0:
        return None
    if getattr(transform, "normalize", None) is not None:
        return f"{quantity}, standardised"
    units = UNITS.get(str(getattr(transform, "scaling", "")), UNITS["spectrum"])
    return f"{quantity} ({unit.format(**units)})"


def _new_axes(n_panels: int) -> NDArray[Any]:
    n_columns = n_panels if n_panels <= 3 else int(np.ceil(np.sqrt(n_panels)))
    n_rows = -(-n_panels // n_columns)
    width, height = (5.6, 3.6) if n_panels == 1 else (1.4 + 2.4 * n_columns, 1.0 + 1.6 * n_rows)
    scale = min(1.0, 14 / width, 10 / height)
    _, grid = plt.subplots(
        n_rows, n_columns, squeeze=False, sharex=True, sharey=True, layout="constrained",
        figsize=(scale * width, scale * max(height, 3.2)),
    )  # fmt: skip
    for panel in grid.flat[n_panels:]:
        panel.set_visible(False)
    for panel in grid.flat[max(0, n_panels - n_columns) : n_panels]:
        panel.tick_params(labelbottom=True)
    return grid.ravel()[:n_panels]


def _label_axes(figure: FigureBase, axes: NDArray[Any], x: str, y: str, new_figure: bool) -> None:
    """Label the axes, once for the figure where all of it is ours."""
    if new_figure and len(axes) > 1:
        figure.supxlabel(x, fontsize="medium")
        figure.supylabel(y, fontsize="medium")
        return
    for panel in axes:
        panel.set(xlabel=x, ylabel=y)
        if len(axes) > 1:
            panel.label_outer()
