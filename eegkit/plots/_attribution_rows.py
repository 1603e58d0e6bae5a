"""What stands in pictures of attributions: one map for each class, person or trial."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eegkit.labels import with_names
from eegkit.plots._attribution_tests import are_people, passes_over_people
from eegkit.plots.topography import check_positions
from eegkit.recordings.channels import make_info
from eegkit.text import count, shortlist

if TYPE_CHECKING:
    from eegkit.explanation import Attributions, PeopleAttributions

KINDS = ("spectrogram", "traces", "topography", "grid")
MAX_COLUMNS = 6
# Of what the picture lies over: the axes of the attributions.
OVER = {"spectrogram": ("channel", "freq", "frame"), "traces": ("channel", "time")}
UNITS = {"occlusion": "probability", "saliency": "logit per unit", "smoothgrad": "logit per unit"}
UNITS |= dict.fromkeys(("input_x_gradient", "integrated_gradients", "deep_lift"), "logit")


@dataclass(frozen=True)
class MapRow:
    """Maps side by side, with colours in common.

    Parameters
    ----------
    kind : {"spectrogram", "traces", "topography", "grid"}
    maps : ndarray, shape (n_columns, *shape of the picture)
        NaN where there is no trial.
    axes : tuple of str
        Of a map.
    coordinates : tuple of sequence
        Along each of `axes`.
    label : str
        What the colours are.
    signed : bool
        Whether attributions may speak against.
    signals : ndarray, or None
        What the maps lie over, of their shape.
    n_channels : int, or None
        How many channels a map is the mean of.
    shared : ndarray, or None
        The maps of all rows that have their colours in common.
    significant : ndarray of bool, or None
        Where a map of everybody passes the test over people.
    test : str
        What the test was, in a sentence.
    """

    kind: str
    maps: NDArray[np.float64]
    axes: tuple[str, ...]
    coordinates: tuple[Sequence[Any], ...]
    label: str
    signed: bool
    signals: NDArray[np.float64] | None = None
    n_channels: int | None = None
    shared: NDArray[np.float64] | None = None
    significant: NDArray[np.bool_] | None = None
    test: str = ""


@dataclass(frozen=True)
class Column:
    """Some trials, by number or by what they have in common.

    Parameters
    ----------
    name : object
        A class, label or person; None is all trials.
    by : {"class", "label", "person"}, or None
    trial : int, or None
        The only one.
    """

    name: Any = None
    by: str | None = None
    trial: int | None = None

    def rows(self, attributions: Attributions) -> NDArray[np.intp]:
        """Numbers of the trials."""
        if self.trial is not None:
            return np.array([self.trial])
        if self.by is None:
            return np.arange(len(attributions))
        return np.flatnonzero(_of_trials(attributions, self.by) == self.name)

    def title(self, several: Sequence[Attributions]) -> str:
        """What stands over the column."""
        first = several[0]
        if are_people(first) and self.by == "person":
            return str(self.name)
        if are_people(first) and self.trial is not None:
            return str(first.groups[self.trial])  # type: ignore[index]
        if self.trial is not None:
            return f"{first.targets[self.trial]}\ntrial {self.trial}"
        numbers = sorted({len(self.rows(attributions)) for attributions in several})
        words = ("person", "people") if are_people(first) else ("trial", "trials")
        n_trials = count(numbers[-1], *words)
        if len(numbers) > 1:
            n_trials = f"{numbers[0]} to {n_trials}"
        return f"{'all' if self.by is None else self.name}\n{n_trials}"


def columns_of(
    several: Sequence[Attributions], by: str | None, trials: ArrayLike | None
) -> list[Column]:
    """The columns of a picture.

    Raises
    ------
    ValueError
        There is no such trial, nothing is known of that name, or there are too many columns.
    """
    if trials is not None:
        numbers = np.atleast_1d(trials)
        most = min(map(len, several))
        if not numbers.size or numbers.dtype.kind not in "iu":
            raise ValueError(f"trials is {trials!r}; expected numbers of trials.")
        if numbers.min() < 0 or numbers.max() >= most:
            raise ValueError(f"trials is {trials!r}; expected numbers from 0 to {most - 1}.")
        columns = [Column(trial=int(number)) for number in numbers]
    elif by is None or (by == "class" and all(map(are_people, several))):
        return [Column()]
    else:
        known = [_of_trials(a, by) for a in several]
        names = {name for values in known for name in values[with_names(values, by)].tolist()}
        columns = [Column(name, by) for name in sorted(names, key=str)]
    if len(columns) > MAX_COLUMNS:
        raise ValueError(
            f"There are {len(columns)} maps to show side by side, more than {MAX_COLUMNS}; pick "
            "some of the trials: attributions[rows]."
        )
    return columns


def _of_trials(attributions: Attributions, by: str) -> NDArray[Any]:
    known = {"class": attributions.targets, "label": attributions.y, "person": attributions.groups}
    known = {name: values for name, values in known.items() if values is not None}
    if by not in known:
        names = ", ".join(map(repr, known))
        raise ValueError(f"by is {by!r}; of these trials are known: {names}.")
    return np.asarray(known[by])


def with_channels(attributions: Attributions, channels: Sequence[str] | None) -> Attributions:
    """Attributions of some channels, in that order.

    Raises
    ------
    ValueError
        There is no such channel.
    """
    if channels is None:
        return attributions
    known = list(attributions.ch_names or ())
    picks = list(channels)
    if not picks or not set(picks) <= set(known) or "channel" not in attributions.axes:
        raise ValueError(
            f"channels is {picks}; expected some of {shortlist(known, 20) or 'none: no names'}."
        )
    rows = [known.index(name) for name in picks]
    values = np.take(attributions.values, rows, 1 + attributions.axes.index("channel"))
    X = attributions.X[:, rows] if attributions.X.ndim > 2 else attributions.X
    return replace(attributions, values=values, X=X, ch_names=tuple(picks))


def kind_of(attributions: Attributions, kind: str | None) -> str:
    """The kind of picture: the one asked for, or the one that suits the axes.

    Raises
    ------
    ValueError
        There is no such kind, or these attributions have not the axes for it.
    """
    axes = attributions.axes
    over = {axes: name for name, axes in OVER.items()}
    if kind is None:
        if axes in over:
            return over[axes]
        flat = len(axes) <= 2 and ("window" in axes or not _has_places(attributions))
        return "grid" if flat else "topography"
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(map(repr, KINDS))}.")
    fits = {"topography": axes.count("channel") == 1, "grid": len(axes) <= 2}
    if not fits.get(kind, axes == OVER.get(kind)):
        raise ValueError(
            f"kind is {kind!r}, but these attributions are of {' x '.join(axes)}; "
            f"'topography' needs channels, 'spectrogram' {' x '.join(OVER['spectrogram'])}, "
            f"'traces' {' x '.join(OVER['traces'])}, 'grid' at most two axes."
        )
    return kind


def _has_places(attributions: Attributions) -> bool:
    """Whether all channels are at a place of their own on the head."""
    if attributions.axes.count("channel") != 1 or attributions.ch_names is None:
        return False
    try:
        check_positions(make_info(attributions.ch_names, 1.0))
    except ValueError:
        return False
    return True


def rows_of(
    name: str,
    attributions: Attributions,
    kind: str | None,
    columns: Iterable[Column],
    bands: Mapping[str, tuple[float, float]] | None,
    absolute: bool,
) -> list[MapRow]:
    """The maps of some attributions: one row; of topographies by band, one for each band."""
    kind = kind_of(attributions, kind)
    numbers = [column.rows(attributions) for column in columns]
    unit = UNITS.get(attributions.method)
    label = name if unit is None else f"{name} ({unit})"
    signed = bool(attributions.values.min() < 0) and not absolute
    if kind == "topography":
        return _topographies(attributions, numbers, bands, absolute, label, signed)
    values = np.abs(attributions.values) if absolute else attributions.values
    maps, axes = _means(values, numbers), attributions.axes
    signals, n_channels = None, None
    if kind in OVER:
        signals = _means(attributions.X, numbers)
    if kind == "spectrogram":
        assert signals is not None
        n_channels, axes = maps.shape[1], axes[1:]
        maps, signals = maps.mean(axis=1), signals.mean(axis=1)
    coordinates = tuple(attributions.coordinates(axis) for axis in axes)
    row = MapRow(kind, maps, axes, coordinates, label, signed, signals, n_channels)
    if not _are_all_people(attributions, numbers, absolute):
        return [row]
    significant, test = passes_over_people(attributions, axes, maps.shape[1:])
    return [replace(row, significant=significant, test=test)]


def _are_all_people(
    attributions: Attributions, numbers: Sequence[NDArray[np.intp]], absolute: bool
) -> TypeGuard[PeopleAttributions]:
    """Whether the picture is the mean of everybody's map, which is what can be tested."""
    return are_people(attributions) and len(numbers) == 1 < len(numbers[0]) and not absolute


def _means(values: NDArray[Any], numbers: Sequence[NDArray[np.intp]]) -> NDArray[np.float64]:
    """The mean of each set of trials; NaN of those that are empty."""
    nothing = np.full(values.shape[1:], np.nan)
    return np.stack(
        [values[rows].mean(axis=0, dtype=np.float64) if len(rows) else nothing for rows in numbers]
    )


def _topographies(
    attributions: Attributions,
    numbers: Sequence[NDArray[np.intp]],
    bands: Mapping[str, tuple[float, float]] | None,
    absolute: bool,
    label: str,
    signed: bool,
) -> list[MapRow]:
    by_band = bands is not None or "band" in attributions.axes
    by = ["channel", "band"] if by_band else ["channel"]
    tables = [
        attributions[rows].mean(by, absolute=absolute, bands=bands) if len(rows) else None
        for rows in numbers
    ]
    first = next(table for table in tables if table is not None)
    names = list(first["band"].unique()) if by_band else [""]
    channels = tuple(attributions.coordinates("channel"))
    maps = np.full((len(names), len(tables), len(channels)), np.nan)
    for place, table in enumerate(tables):
        if table is not None:
            of_bands = [table[table["band"] == name] if name else table for name in names]
            maps[:, place] = [part["attribution"].to_numpy() for part in of_bands]
    labels = [f"{label}\n{name}" if name else label for name in names]
    rows = [
        MapRow("topography", band, ("channel",), (channels,), title, signed, shared=maps)
        for band, title in zip(maps, labels, strict=True)
    ]
    if not _are_all_people(attributions, numbers, absolute):
        return rows
    shape = (len(channels), len(names))[: len(by)]
    significant, test = passes_over_people(attributions, by, shape, bands)
    passes = significant.reshape(len(channels), len(names)).T
    return [
        replace(row, significant=band, test=test) for row, band in zip(rows, passes, strict=True)
    ]
