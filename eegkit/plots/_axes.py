"""What pictures of signals and spectrograms share: places of samples, bins and channels."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from numpy.typing import NDArray


def axis_values(values: Any, n: int, label: str, unit: str) -> tuple[NDArray[Any], str]:
    """The values and label of an axis; counted where it is not known or does not increase."""
    if values is None or (np.diff(values) < 0).any():
        return np.arange(n), f"{unit.capitalize()} number"
    return values, label


def is_geometric(freqs: NDArray[Any]) -> bool:
    """Whether the steps are more even in the logarithm of frequency than in frequency."""
    if len(freqs) < 3 or freqs[0] <= 0:
        return False
    steps, ratios = np.diff(freqs), np.diff(np.log(freqs))
    return bool(ratios.std() / ratios.mean() < 0.5 * steps.std() / steps.mean())


def cell_edges(centres: NDArray[Any], geometric: bool = False) -> NDArray[Any]:
    """Edges of the cells around the centres: half-way to the next."""
    if geometric:
        return np.exp(cell_edges(np.log(centres)))
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middle = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])


def set_logarithmic(panel: Axes) -> None:
    panel.set_yscale("log")
    panel.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.yaxis.set_minor_locator(NullLocator())


def usual_spacing(signals: NDArray[np.float64]) -> float:
    """So much that 98 % of the samples of a usual channel fit in."""
    finite = np.where(np.isfinite(signals), signals, np.nan)
    if np.isnan(finite).all():
        return 1.0
    alive = ~np.isnan(finite).all(axis=2)
    spans = np.ptp(np.nanpercentile(finite[alive], (1, 99), axis=-1), axis=0)
    span = float(np.median(spans))
    return span if span > 0 else 1.0
