"""`TrialsDescription`: tables and warnings, readable in a terminal and in a notebook."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.description import _tables, _warnings
from eegkit.description._scan import Scan
from eegkit.labels import people_by_class

if TYPE_CHECKING:
    import mne

# Rows of a table that are shown; the whole table is an attribute.
MAX_ROWS = 12
WIDTH = 98


@dataclass(frozen=True, repr=False)
class TrialsDescription:
    """What `Trials.describe` found out.

    Parameters
    ----------
    overview : pandas.Series
        People, sessions, runs, trials, classes, channels, samples, rate, and the like.
    classes : pandas.DataFrame, n_classes rows
        ``trials`` and ``people`` of every class, and the fewest and most trials that one
        person has of it (0 for somebody who has none).
    people : pandas.DataFrame, n_subjects rows
        ``sessions``, ``runs``, ``trials`` and ``classes`` of every person.
    channels : pandas.DataFrame, n_channels rows
        In microvolts ``min``, ``p0.1``, ``p1``, ``median``, ``p99``, ``p99.9`` (percentiles),
        ``max`` and ``spread``, the standard deviation of the median trial, about its own mean: an
        offset has no part in it. Numbers of samples ``missing`` and ``infinite``, of
        trials that are flat or clipped (``flat_trials``, ``clipped_trials``). The power at 50
        and 60 Hz against that beside it (``line_50_hz``, ``line_60_hz``; median over trials;
        about 1 without line noise; in windows of 1 to 4 s), where the rate and the length of the
        trials show it.
    copies : pandas.DataFrame
        Trials that repeat an earlier one sample by sample: ``trial``, ``same_as``,
        ``same_label``, ``same_subject``.
    warnings : list of str
        What is wrong or looks it, a sentence each.

    Examples
    --------
    >>> from eegkit.testing import example_trials
    >>> example_trials().describe().classes["trials"].to_dict()
    {'rest': 7, 'task': 6}
    """

    overview: pd.Series
    classes: pd.DataFrame
    people: pd.DataFrame
    channels: pd.DataFrame
    copies: pd.DataFrame
    warnings: list[str]

    def __repr__(self) -> str:
        facts = "\n".join(f"{name:<12}{value}" for name, value in self.overview.items())
        parts = [facts]
        for title, table in self._tables_by_title().items():
            parts.append(f"{title}\n{textwrap.indent(table.to_string(), '  ')}")
        parts.append("\n".join(_warning_lines(self.warnings)))
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        facts = "".join(
            f"<tr><th style='text-align: left'>{escape(str(name))}</th>"
            f"<td style='text-align: left'>{escape(str(value))}</td></tr>"
            for name, value in self.overview.items()
        )
        tables = "".join(
            f"<h4>{escape(title)}</h4>{table.to_html()}"
            for title, table in self._tables_by_title().items()
        )
        items = "".join(f"<li>{escape(text)}</li>" for text in self.warnings)
        warnings = f"<h4>Warnings</h4><ul>{items}</ul>" if items else "<p>No warnings.</p>"
        return f"<div><table>{facts}</table>{tables}{warnings}</div>"

    def _tables_by_title(self) -> dict[str, pd.DataFrame]:
        """The tables of a representation, by title."""
        n_classes = len(self.classes)
        title = "Classes" if n_classes <= MAX_ROWS else f"The first of {n_classes} classes"
        return {
            title: self.classes.head(MAX_ROWS),
            "Channels, in microvolts": _extremes_of(self.channels),
        }


def describe(
    X: NDArray[np.float32], y: NDArray[Any], metadata: pd.DataFrame, info: mne.Info
) -> TrialsDescription:
    """The parts of trials, described; see `Trials.describe`."""
    if not X.size:
        raise ValueError(f"X has shape {X.shape}: there is nothing to describe.")
    sfreq = float(info["sfreq"])
    scan = Scan(X, sfreq)
    channels = _tables.channels_table(scan, info["ch_names"])
    copies = _tables.copies_table(scan, X, y, metadata)
    shared = _tables.shared_with_next(metadata, X.shape[2] / sfreq, 1 / sfreq)
    counts = people_by_class(y, metadata["subject"].to_numpy())
    warnings = [
        *_warnings.of_units(channels),
        *_warnings.of_people(scan, channels, metadata["subject"].to_numpy()),
        *_warnings.of_samples(scan, channels),
        *_warnings.of_lines(scan, channels, metadata["subject"].to_numpy()),
        *_warnings.of_copies(copies, shared, len(X)),
        *_warnings.of_labels(y, counts, metadata),
    ]
    people = _tables.people_table(counts, metadata)
    classes = _tables.classes_table(counts)
    overview = _overview(X, y, people, classes, info)
    return TrialsDescription(overview, classes, people, channels, copies, warnings)


def _overview(
    X: NDArray[np.float32],
    y: NDArray[Any],
    people: pd.DataFrame,
    classes: pd.DataFrame,
    info: mne.Info,
) -> pd.Series:
    n_trials, n_channels, n_times = X.shape
    sfreq = float(info["sfreq"])
    n_positions = sum(bool(np.any(np.nan_to_num(ch["loc"][:3]))) for ch in info["chs"])
    hours = n_trials * n_times / sfreq / 3600
    facts = {
        "people": len(people),
        "sessions": _per_person(people["sessions"]),
        "runs": _per_person(people["runs"]),
        "trials": _per_person(people["trials"]),
        "classes": f"{len(classes)}{' (soft labels)' if y.ndim == 2 else ''}",
        "channels": f"{n_channels}, {n_positions} with a position",
        "length": f"{n_times} samples at {sfreq:g} Hz, {n_times / sfreq:g} s",
        "together": f"{hours:.3g} h" if hours >= 1 else f"{60 * hours:.3g} min",
        "size": f"{X.nbytes / 1e6:.3g} MB",
    }
    return pd.Series(facts, dtype=object)


def _per_person(counts: pd.Series) -> str:
    low, high = counts.min(), counts.max()
    return f"{counts.sum()}, {low if low == high else f'{low} to {high}'} per person"


def _extremes_of(channels: pd.DataFrame) -> pd.DataFrame:
    """For every column its median over the channels and its extremes, with their channels."""
    table = channels.loc[:, (channels.notna() & (channels != 0)).any()]
    rows = {}
    for name, column in table.items():
        values = column.dropna()
        rows[name] = {
            "lowest": f"{values.min():.3g} ({values.idxmin()})",
            "median": f"{values.median():.3g}",
            "highest": f"{values.max():.3g} ({values.idxmax()})",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _warning_lines(warnings: list[str]) -> list[str]:
    if not warnings:
        return ["No warnings."]
    return ["Warnings"] + [
        textwrap.fill(text, WIDTH, initial_indent="- ", subsequent_indent="  ") for text in warnings
    ]
