"""Where on the head which class has how much power."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import pyplot as plt
from numpy.typing import NDArray

from eegkit.plots._power import class_spectra, to_decibel
from eegkit.plots._styles import Display
from eegkit.text import shortlist
from eegkit.transforms.band_power import BANDS
from eegkit.trials import Trials

if TYPE_CHECKING:
    import mne

SHOWN_BANDS = {name: BANDS[name] for name in ("theta", "alpha", "beta")}
# A map needs some places to interpolate between.
MIN_CHANNELS = 4


class TopographyDisplay(Display):
    """Maps of the power in frequency bands, a row for each band and a column for each class.

    Make it with `from_trials`. A map is the median over people of their mean power density.

    Parameters
    ----------
    decibels : ndarray, shape (n_bands, n_classes, n_channels)
        In dB re 1 µV²/Hz, or against the mean over classes.
    bands : sequence of str
        Names of the rows.
    classes : sequence
        Labels, of the columns.
    info : mne.Info
        Where the channels are.
    contrast : bool
        Whether the maps are against the mean over classes.

    Attributes
    ----------
    axes_ : ndarray of matplotlib.axes.Axes, shape (n_bands, n_classes)
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from eegkit import load_dataset
    >>> from eegkit.plots import TopographyDisplay
    >>> trials = load_dataset("simulated", n_subjects=3, n_trials=8)
    >>> TopographyDisplay.from_trials(trials, bands={"mu": (8, 13)}, contrast=True).axes_.shape
    (1, 2)
    """

    decibels: NDArray[np.float64]
    bands: Sequence[str]
    classes: Sequence[Any]
    info: mne.Info
    contrast: bool = False

    @classmethod
    def from_trials(
        cls,
        trials: Trials,
        *,
        bands: Mapping[str, tuple[float, float]] | None = None,
        classes: Sequence[Any] | None = None,
        contrast: bool = False,
        axes: Any = None,
    ) -> TopographyDisplay:
        """Estimate the power and plot the maps.

        Parameters
        ----------
        trials : Trials
            Its ``info`` holds the positions. Read block by block.
        bands : mapping of str to (float, float), optional
            Lower (included) and upper (excluded) edge in Hz; by default theta, alpha and beta.
        classes : sequence, optional
            Labels to show; all by default, if they are at most ten.
        contrast : bool, default False
            Show what of a person's power differs from this person's mean over the classes: people
            differ much more than classes.
        axes : matplotlib.axes.Axes, n_bands * n_classes of them, optional
            Where to draw; a new figure by default.

        Returns
        -------
        TopographyDisplay

        Raises
        ------
        ValueError
            Channels have no position or the same, are too few, a band holds no frequency bin,
            there is no such class, labels are soft, or samples are missing.
        """
        check_positions(trials.info)
        band_edges = SHOWN_BANDS if bands is None else dict(bands)
        if not band_edges:
            raise ValueError("bands is empty; expected at least one band.")
        freqs, power, labels = class_spectra(trials, classes)
        maps = []
        for name, (low, high) in band_edges.items():
            inside = (freqs >= low) & (freqs < high)
            if not inside.any():
                raise ValueError(
                    f"The band {name!r}, {low:g} to {high:g} Hz, holds no frequency bin: they lie "
                    f"every {freqs[1]:g} Hz up to {freqs[-1]:g} Hz."
                )
            of_people = to_decibel(power[..., inside].mean(axis=-1))
            if contrast:
                of_people = of_people - of_people.mean(axis=1, keepdims=True)
            complete = np.asarray(np.isfinite(of_people).all(axis=2))
            if not complete.any(axis=0).all():
                raise ValueError(
                    "Nobody has trials of all classes, so nothing can be told against their mean; "
                    "set contrast=False."
                )
            of_classes = zip(of_people.swapaxes(0, 1), complete.T, strict=True)
            maps.append([np.median(people[rows], axis=0) for people, rows in of_classes])
        return cls(
            decibels=np.array(maps),
            bands=[f"{name}\n{low:g}-{high:g} Hz" for name, (low, high) in band_edges.items()],
            classes=labels,
            info=trials.info,
            contrast=contrast,
        ).plot(axes=axes)

    def plot(self, axes: Any = None) -> TopographyDisplay:
        """Draw.

        Parameters
        ----------
        axes : matplotlib.axes.Axes, n_bands * n_classes of them, optional
            Where to draw; a new figure by default.

        Returns
        -------
        self
        """
        n_bands, n_classes, _ = self.decibels.shape
        if axes is None:
            size = (1.6 + 1.9 * n_classes, 0.5 + 1.8 * n_bands)
            figure, axes = plt.subplots(n_bands, n_classes, figsize=size, squeeze=False)
            # Room for the names of the bands, beside axes that the layout takes for wider.
            figure.set_layout_engine("constrained", rect=(0.06, 0, 0.94, 1))
        panels = self._take_panels(axes, n_bands * n_classes, f"{n_bands} x {n_classes}")
        self.axes_ = panels.reshape(n_bands, n_classes)
        for row, values in enumerate(self.decibels):
            image = self._draw_row(row, values, self._limits(values))
            label = "dB against the mean" if self.contrast else "dB re 1 µV²/Hz"
            self.figure_.colorbar(image, ax=list(self.axes_[row]), label=label, shrink=0.8)
        for ax, label in zip(self.axes_[0], self.classes, strict=True):
            ax.set_title(str(label), fontsize=10)
        return self

    def _limits(self, values: NDArray[np.float64]) -> tuple[float, float]:
        """What the colours of a row span; the same in all rows of contrasts: noise looks small."""
        if self.contrast:
            largest = max(float(np.abs(self.decibels).max()), 1e-6)
            return -largest, largest
        low, high = float(values.min()), float(values.max())
        return low, max(high, low + 1e-6)

    def _draw_row(self, row: int, values: NDArray[np.float64], limits: tuple[float, float]) -> Any:
        import mne

        levels = np.linspace(*limits, 6)[1:-1]
        image = None
        for ax, column in zip(self.axes_[row], values, strict=True):
            image, _ = mne.viz.plot_topomap(
                column, self.info, axes=ax, show=False, contours=levels, vlim=limits,
                cmap="RdBu_r" if self.contrast else "viridis",
            )  # fmt: skip
        first = self.axes_[row, 0]
        first.text(
            -0.08, 0.5, self.bands[row], transform=first.transAxes, ha="right", va="center",
            fontsize=9,
        )  # fmt: skip
        return image


def check_positions(info: mne.Info) -> None:
    """Refuse channels of which no map can be drawn."""
    places = np.array([ch["loc"][:3] for ch in info["chs"]])
    no_position = ~np.isfinite(places).all(axis=1) | ~places.any(axis=1)
    if no_position.any():
        names = np.array(info.ch_names)[no_position]
        raise ValueError(
            f"{no_position.sum()} of {len(no_position)} channels have no position "
            f"({shortlist(names)}); name them as in the 10-05 system, or set a montage: "
            "trials.info.set_montage(...)."
        )
    if len(places) < MIN_CHANNELS or len(np.unique(places, axis=0)) < len(places):
        raise ValueError(
            f"There are {len(places)} channels at {len(np.unique(places, axis=0))} places; a map "
            f"needs at least {MIN_CHANNELS}, each at its own."
        )
