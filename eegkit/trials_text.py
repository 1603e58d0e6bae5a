"""Trials in a line, and as a table for notebooks."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from eegkit.text import count, shortlist

MOST_LABELS = 12


def line(trials: Any) -> str:
    """How many trials of whom, their size, and how many of each class."""
    return (
        f"<Trials: {len(trials)} trials of {_people(trials)}, "
        f"{trials.X.shape[1]} channels x {trials.n_times} samples at {trials.sfreq:g} Hz; "
        f"{_classes(trials)}>"
    )


def as_html(trials: Any) -> str:
    """The same as a table, with the channels and what the recordings went through."""
    names = trials.ch_names
    facts = {
        "trials": f"{len(trials)} of {_people(trials)}",
        "classes": _classes(trials),
        "channels": f"{len(names)}: {shortlist(names, 20)}",
        "length": f"{trials.n_times / trials.sfreq:g} s, {trials.n_times} samples at "
        f"{trials.sfreq:g} Hz",
        "preparation": str(trials.preparation or "unknown"),
    }
    style = "style='text-align: left'"
    rows = "".join(
        f"<tr><th {style}>{name}</th><td {style}>{escape(text)}</td></tr>"
        for name, text in facts.items()
    )
    return f"<div><b>Trials</b><table>{rows}</table></div>"


def _people(trials: Any) -> str:
    return count(trials.metadata["subject"].nunique(), "person", "people")


def _classes(trials: Any) -> str:
    if trials.y.ndim > 1:
        return f"soft labels over {trials.y.shape[1]} classes"
    labels, counts = np.unique(trials.y, return_counts=True)
    if len(labels) > MOST_LABELS:
        return f"{len(labels)} classes"
    return ", ".join(f"{label} {n}" for label, n in zip(labels, counts, strict=True))
