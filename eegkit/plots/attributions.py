"""What a decoder looks at, over what it reads or on the head."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from numpy.typing import ArrayLike, NDArray

from eegkit.plots import _attribution_panels as panels_of
from eegkit.plots._attribution_rows import MapRow, columns_of, rows_of, with_channels
from eegkit.plots._styles import Display

if TYPE_CHECKING:
    import mne

    from eegkit.explanation import Attributions

NOT_CHECKED = "Not checked: nothing here says that this map follows the decoder."
# Width and height of a panel in inches.
SIZES = {"spectrogram": (2.9, 2.3), "traces": (3.4, 0.0), "topography": (2.0, 2.0)}
SIZES |= {"grid": (2.8, 2.8)}
DRAW = {
    "spectrogram": panels_of.draw_spectrogram,
    "traces": panels_of.draw_traces,
    "grid": panels_of.draw_grid,
}


class AttributionDisplay(Display):
    """Attributions of some classes, people or trials side by side, a row for each method.

    Make it with `from_attributions` or `from_decoder`. Red speaks for the class, blue against it.
    Colours are the same within a row. Under the picture stands whether the maps were checked. In
    the mean of people's maps it is marked where their `PeopleAttributions.test` has p < 0.05, or
    0.01 with fewer than twelve people, of whom it finds too much.

    Parameters
    ----------
    rows : sequence of MapRow
        Maps, and what they lie over.
    columns : sequence of str
        Titles.
    note : str
        What stands under the picture.
    info : mne.Info, optional
        Where the channels are; by default where the 10-05 system has them.

    Attributes
    ----------
    axes_ : ndarray of matplotlib.axes.Axes, shape (n_rows, n_columns)
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from sklearn.linear_model import LogisticRegression
    >>> from eegkit import Pipeline, load_dataset
    >>> from eegkit.plots import AttributionDisplay
    >>> from eegkit.transforms import BandPower
    >>> trials = load_dataset("simulated", n_subjects=2, n_trials=8)
    >>> decoder = Pipeline([BandPower(), LogisticRegression()])
    >>> decoder = decoder.fit(trials.X, trials.y)
    >>> AttributionDisplay.from_decoder(decoder, trials, method="occlusion").axes_.shape
    (1, 2)
    """

    rows: Sequence[MapRow]
    columns: Sequence[str]
    note: str = NOT_CHECKED
    info: mne.Info | None = None

    @classmethod
    def from_decoder(
        cls,
        decoder: Any,
        X: Any,
        y: ArrayLike | None = None,
        *,
        method: str | Sequence[str] = "integrated_gradients",
        kind: str | None = None,
        by: str | None = "class",
        check: bool = True,
        axes: Any = None,
        **options: Any,
    ) -> AttributionDisplay:
        """Explain a decoder's answers by one or several methods, and plot the maps.

        Parameters
        ----------
        decoder, X, y
            As in `eegkit.explain`.
        method : str or sequence of str, default "integrated_gradients"
            A row for each.
        kind, by, axes
            As in `from_attributions`, which has more.
        check : bool, default True
            Whether to try if the maps can be trusted, by `Attributions.check`; what it says stands
            under the picture. Some trials are explained several times again for that.
        **options
            Of `eegkit.explain`.

        Returns
        -------
        AttributionDisplay

        Raises
        ------
        ValueError
            As `eegkit.explain` and `from_attributions` do.
        """
        from eegkit.explanation import explain

        methods = [method] if isinstance(method, str) else list(method)
        several = {name: explain(decoder, X, y, method=name, **options) for name in methods}
        for attributions in several.values() if check else ():
            attributions.check(n_stages=1)
        return cls.from_attributions(several, kind=kind, by=by, axes=axes)

    @classmethod
    def from_attributions(
        cls,
        attributions: Attributions | Mapping[str, Attributions],
        *,
        kind: str | None = None,
        by: str | None = "class",
        trials: ArrayLike | None = None,
        channels: Sequence[str] | None = None,
        bands: Mapping[str, tuple[float, float]] | None = None,
        absolute: bool = False,
        check: Any = None,
        info: mne.Info | None = None,
        axes: Any = None,
    ) -> AttributionDisplay:
        """Plot attributions that are there already.

        Parameters
        ----------
        attributions : Attributions, or mapping of str to Attributions
            Of several, such as methods or decoders, a row for each. Of `PeopleAttributions` the
            mean over people is shown, for the right class.
        kind : {"spectrogram", "traces", "topography", "grid"}, optional
            Over the spectrogram (the mean over channels), over the traces, on the head (the mean
            over all else), or an image of the one or two axes. By default what suits the axes.
        by : {"class", "label", "person"} or None, default "class"
            A column for the mean of the trials of each, the class being the one explained; None is
            one column, of all.
        trials : sequence of int, optional
            Numbers of the trials, or people, to show in place of means.
        channels : sequence of str, optional
            All by default.
        bands : mapping of str to (float, float), optional
            In Hz: topographies of spectrograms, a row for each.
        absolute : bool, default False
            Take sizes, so that what speaks for and against does not cancel in means.
        check : Faithfulness, optional
            What stands under the picture; by default what `Attributions.check` said last, or that
            it was not called.
        info : mne.Info, optional
            Where the channels are; by default where the 10-05 system has them.
        axes : matplotlib.axes.Axes, n_rows * n_columns of them, optional
            Where to draw; a new figure by default.

        Returns
        -------
        AttributionDisplay

        Raises
        ------
        ValueError
            There is no such trial, channel or kind, the attributions have not the axes of the
            kind, nothing is known of the trials by that name, or there are more than six columns.
        """
        several = dict(attributions) if isinstance(attributions, Mapping) else {}
        if not isinstance(attributions, Mapping):
            several = {attributions.method: attributions}
        if not several or not min(map(len, several.values())):
            raise ValueError("There are no attributions to show; expected those of some trials.")
        picked = {name: with_channels(each, channels) for name, each in several.items()}
        columns = columns_of(list(picked.values()), by, trials)
        rows = [
            row
            for name, each in picked.items()
            for row in rows_of(name, each, kind, columns, bands, absolute)
        ]
        return cls(
            rows=rows,
            columns=[column.title(list(picked.values())) for column in columns],
            note=_note(several) if check is None else check.describe(),
            info=info,
        ).plot(axes=axes)

    def plot(self, axes: Any = None) -> AttributionDisplay:
        """Draw, in the colours of text and background that matplotlib's style has.

        Parameters
        ----------
        axes : matplotlib.axes.Axes, n_rows * n_columns of them, optional
            Where to draw; a new figure by default.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            These are not as many axes.
        """
        n_rows, n_columns = len(self.rows), len(self.columns)
        new_figure = axes is None
        axes = self._new_axes() if new_figure else axes
        panels = self._take_panels(axes, n_rows * n_columns, f"{n_rows} x {n_columns}")
        self.axes_ = panels.reshape(n_rows, n_columns)
        for row, places in zip(self.rows, self.axes_, strict=True):
            self._draw_row(row, places)
        for panel, title in zip(self.axes_[0], self.columns, strict=True):
            width_in = panel.bbox.width / self.figure_.get_dpi()
            panel.set_title(_wrap(title, max(10, int(14 * width_in))), fontsize=10)
        self._write_note(new_figure)
        return self

    def _new_axes(self) -> NDArray[Any]:
        widths, heights = zip(*(_size(row) for row in self.rows), strict=True)
        size = (1.6 + max(widths) * len(self.columns), 1.0 + sum(heights))
        scale = min(1.0, 16 / size[0])
        _, axes = plt.subplots(
            len(self.rows), len(self.columns), figsize=(scale * size[0], size[1]), squeeze=False,
            layout="constrained", height_ratios=heights,
        )  # fmt: skip
        return axes

    def _draw_row(self, row: MapRow, places: NDArray[Any]) -> None:
        norm, cmap, extend = panels_of.colours(row)
        for column, panel in enumerate(places):
            if not panels_of.is_there(row, column):
                panel.set_axis_off()
                panel.text(0.5, 0.5, "no trials", ha="center", transform=panel.transAxes)
            elif row.kind == "topography":
                panels_of.draw_topography(panel, row, column, norm, cmap, self.info)
            else:
                DRAW[row.kind](panel, row, column, norm, cmap, is_first=column == 0)
        bar = self.figure_.colorbar(
            ScalarMappable(norm, cmap), ax=list(places), label=row.label, extend=extend, aspect=25,
            pad=0.02,
        )  # fmt: skip
        bar.ax.yaxis.label.set_fontsize(9)
        bar.outline.set_visible(False)

    def _write_note(self, new_figure: bool) -> None:
        """How far the maps can be trusted, under the picture."""
        means = {row.n_channels for row in self.rows if row.n_channels not in (None, 1)}
        parts = [f"Mean of {n} channels." for n in sorted(filter(None, means))]
        parts += dict.fromkeys(row.test for row in self.rows if row.test)
        text = " ".join([*parts, self.note])
        if new_figure:
            width = int(14 * self.figure_.bbox.width / self.figure_.get_dpi())
            lines = _wrap(text, width)
            room_in = 0.15 * lines.count("\n")  # lest the panels make room for it
            figure: Any = self.figure_
            figure.set_figheight(figure.get_figheight() + room_in)
            self.figure_.supxlabel(lines, x=0.01, ha="left", fontsize=8)
            return
        panel: Axes = self.axes_[-1, 0]
        panel.annotate(
            _wrap(text, 60),
            (0, 0),
            (0, -42),
            "axes fraction",
            "offset points",
            va="top",
            fontsize=8,
        )


def _note(several: Mapping[str, Attributions]) -> str:
    """What checks said of each, once where it is the same."""
    verdicts = {name: each.faithfulness for name, each in several.items()}
    texts = {n: NOT_CHECKED if v is None else v.describe() for n, v in verdicts.items()}
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return "\n".join(f"{name}: {text}" for name, text in texts.items())


def _wrap(text: str, width: int) -> str:
    return "\n".join(line for part in text.split("\n") for line in textwrap.wrap(part, width))


def _size(row: MapRow) -> tuple[float, float]:
    """Width and height in inches of a panel."""
    width, height = SIZES[row.kind]
    if row.kind == "traces":
        height = 0.6 + min(max(0.25 * row.maps.shape[1], 1.2), 8.0)
    if row.kind == "grid":
        height = 0.8 + min(max(0.22 * row.maps.shape[1], 1.2), 8.0)
    return width, height
