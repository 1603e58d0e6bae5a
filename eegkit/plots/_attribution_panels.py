"""One map of attributions, drawn over what the decoder reads or on the head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colors as mcolors
from matplotlib.axes import Axes
from numpy.typing import NDArray

from eegkit.plots._attribution_rows import MapRow
from eegkit.plots._attribution_tests import outline
from eegkit.plots._axes import (
    axis_values,
    cell_edges,
    is_geometric,
    set_logarithmic,
    usual_spacing,
)
from eegkit.plots._styles import tick_positions
from eegkit.plots.topography import check_positions
from eegkit.recordings.channels import make_info

if TYPE_CHECKING:
    import mne

# Both stand out from white as from black; nothing at all is transparent.
FOR, AGAINST = "#e4572e", "#3b8fd4"
# Colours end at this percentile of the sizes, so that one outlier does not hide the rest.
SHOWN_PERCENTILE = 99.5
MAX_TICKS = 24


def colours(row: MapRow) -> tuple[mcolors.Normalize, mcolors.Colormap, str]:
    """The colours of a row, in common for its columns, and on which side values go beyond."""
    maps = row.maps if row.shared is None else row.shared
    sizes = np.abs(maps[np.isfinite(maps)])
    largest = float(sizes.max())
    limit = float(np.percentile(sizes, SHOWN_PERCENTILE)) or largest or 1.0
    clear, full = mcolors.to_rgba(FOR, 0.0), mcolors.to_rgba(FOR)
    parts: list[Any] = [clear, full]
    if row.signed:
        parts = [mcolors.to_rgba(AGAINST), mcolors.to_rgba(AGAINST, 0.0), clear, full]
    places = [0.0, 0.5, 0.5, 1.0] if row.signed else [0.0, 1.0]
    stops = list(zip(places, parts, strict=True))
    cmap = mcolors.LinearSegmentedColormap.from_list("attribution", stops)
    norm = mcolors.Normalize(-limit if row.signed else 0.0, limit)
    beyond = (largest > limit, row.signed)
    extend = {(True, True): "both", (True, False): "max"}.get(beyond, "neither")
    return norm, cmap, extend


def is_there(row: MapRow, column: int) -> bool:
    """Whether there are trials of that column."""
    return bool(np.isfinite(row.maps[column]).all())


def draw_spectrogram(
    panel: Axes, row: MapRow, column: int, norm: Any, cmap: Any, *, is_first: bool
) -> None:
    """A map over the mean spectrogram, which is in greys of the style."""
    n_freqs, n_frames = row.maps.shape[1:]
    freqs, y_label = _axis(row, 0, n_freqs, "Frequency (Hz)", "bin")
    times, x_label = _axis(row, 1, n_frames, "Time (s)", "frame")
    geometric = y_label == "Frequency (Hz)" and is_geometric(freqs)
    x, y = cell_edges(times), cell_edges(freqs, geometric)
    if y_label == "Frequency (Hz)":
        y = np.maximum(y, 0)
    assert row.signals is not None
    shown = row.signals[np.isfinite(row.signals)]
    low, high = np.percentile(shown, (5, 99))
    panel.pcolormesh(
        x, y, row.signals[column], vmin=low, vmax=high, cmap=_greys(panel), rasterized=True
    )
    panel.pcolormesh(x, y, row.maps[column], norm=norm, cmap=cmap, rasterized=True)
    if row.significant is not None:
        outline(panel, x, y, row.significant, _ink(panel))
    if geometric:
        set_logarithmic(panel)
    panel.set(xlabel=x_label, ylabel=y_label if is_first else "")
    panel.tick_params(labelleft=is_first)


def draw_traces(
    panel: Axes, row: MapRow, column: int, norm: Any, cmap: Any, *, is_first: bool
) -> None:
    """Channels below each other, each on a strip in the colours of its attributions."""
    assert row.signals is not None
    n_channels, n_times = row.maps.shape[1:]
    times, x_label = _axis(row, 1, n_times, "Time (s)", "sample")
    spacing = usual_spacing(row.signals[np.isfinite(row.signals).all(axis=(1, 2))])
    heights = -spacing * np.arange(n_channels)
    edges = spacing * (0.5 - np.arange(n_channels + 1))
    x = cell_edges(times)
    panel.pcolormesh(x, edges, row.maps[column], norm=norm, cmap=cmap, rasterized=True)
    if row.significant is not None:
        outline(panel, x, edges, row.significant, _ink(panel))
    centred = row.signals[column] - np.median(row.signals[column], axis=1, keepdims=True)
    panel.plot(times, (centred + heights[:, None]).T, color=_ink(panel), lw=0.5)
    names = [str(name) for name in row.coordinates[0]]
    size = 9 if n_channels <= MAX_TICKS else max(5.0, 9 * MAX_TICKS / n_channels)
    panel.set_yticks(heights, names if is_first else [], fontsize=size)
    panel.tick_params(axis="y", length=0)
    panel.set(xlabel=x_label, xlim=(times[0], times[-1]), ylim=(edges[-1], edges[0]))
    panel.spines[:].set_visible(False)


def draw_grid(
    panel: Axes, row: MapRow, column: int, norm: Any, cmap: Any, *, is_first: bool
) -> None:
    """An image of two axes, or bars of one."""
    values = row.maps[column]
    names = [_in_words(place) for place in row.coordinates[0]]
    ticks = tick_positions(len(names), MAX_TICKS)
    if values.ndim == 1:
        panel.barh(np.arange(len(values)), values, color=np.where(values < 0, AGAINST, FOR))
        panel.axvline(0, color=_ink(panel), lw=0.8)
        panel.set_ylim(len(values) - 0.5, -0.5)
        panel.set_xlim(1.05 * norm.vmin, 1.05 * norm.vmax)
        panel.locator_params(axis="x", nbins=4)
        panel.spines[["top", "right", "left"]].set_visible(False)
        if row.significant is not None:
            places = np.flatnonzero(row.significant)
            panel.plot(values[places], places, "o", ms=5, color=_ink(panel))
    else:
        panel.imshow(values, norm=norm, cmap=cmap, aspect="auto", interpolation="nearest")
        if row.significant is not None:
            x, y = (np.arange(n + 1) - 0.5 for n in values.shape[::-1])
            outline(panel, x, y, row.significant, _ink(panel))
        across = [_in_words(place) for place in row.coordinates[1]]
        places = tick_positions(len(across), 8)
        rotation = 90 if max(map(len, across)) > 4 else 0
        panel.set_xticks(places, [across[i] for i in places], fontsize=8, rotation=rotation)
        panel.set_xlabel(row.axes[1].removeprefix("n_").capitalize())
    panel.set_yticks(ticks, [names[i] for i in ticks] if is_first else [], fontsize=8)
    panel.tick_params(axis="y", length=0)


def draw_topography(
    panel: Axes, row: MapRow, column: int, norm: Any, cmap: Any, info: mne.Info | None
) -> None:
    """The head from above."""
    import mne

    names = [str(name) for name in row.coordinates[0]]
    places = make_info(names, 1.0) if info is None else _picked(info, names)
    check_positions(places)
    before = set(panel.lines)
    dots = {"marker": "o", "markersize": 7, "linewidth": 0, "markerfacecolor": _ink(panel)}
    mne.viz.plot_topomap(
        row.maps[column], places, axes=panel, show=False, contours=0, cmap=cmap,
        vlim=(norm.vmin, norm.vmax), mask=row.significant, mask_params=dots,
    )  # fmt: skip
    for line in set(panel.lines) - before:
        line.set_color(_ink(panel))
    for marker in panel.collections:
        marker.set_color(_ink(panel))


def _picked(info: mne.Info, names: list[str]) -> mne.Info:
    import mne

    absent = [name for name in names if name not in info.ch_names]
    if absent:
        raise ValueError(f"info lacks {', '.join(absent)}; expected one with all channels.")
    return mne.pick_info(info, [info.ch_names.index(name) for name in names])


def _axis(row: MapRow, place: int, n: int, label: str, unit: str) -> tuple[NDArray[Any], str]:
    """The values along an axis, and its label; counted where they are unknown."""
    values = row.coordinates[place]
    known = None if isinstance(values, range) else np.asarray(values, float)
    return axis_values(known, n, label, unit)


def _ink(panel: Axes) -> Any:
    """The colour of text there."""
    return panel.xaxis.label.get_color()


def _greys(panel: Axes) -> mcolors.Colormap:
    """From the background half-way to the colour of text."""
    ground, ink = (np.array(mcolors.to_rgb(c)) for c in (panel.get_facecolor(), _ink(panel)))
    return mcolors.LinearSegmentedColormap.from_list("greys", [ground, 0.5 * (ground + ink)])


def _in_words(place: Any) -> str:
    """A coordinate as a tick: a name, a number, or a window in s."""
    if isinstance(place, tuple):
        return "-".join(f"{end:g}" for end in place)
    return f"{place:g}" if isinstance(place, float | np.floating) else str(place)
