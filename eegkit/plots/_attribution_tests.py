"""Where the map of several people passes a test over people, for pictures of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from eegkit.text import count

if TYPE_CHECKING:
    from eegkit.explanation import Attributions, PeopleAttributions

# The test has memory for all flips of each point.
MOST_POINTS = 5000


def are_people(attributions: Attributions) -> bool:
    """Whether each map is one person's, so that they can be tested over people."""
    from eegkit.explanation import PeopleAttributions

    return isinstance(attributions, PeopleAttributions)


def passes_over_people(
    people: PeopleAttributions,
    axes: Sequence[str],
    shape: tuple[int, ...],
    bands: Mapping[str, tuple[float, float]] | None = None,
) -> tuple[NDArray[np.bool_], str]:
    """Where the mean over people is above zero, and a sentence about the test.

    Parameters
    ----------
    people : PeopleAttributions
    axes : sequence of str
        Of the picture.
    shape : tuple of int
        Of the picture, along `axes`.
    bands : mapping of str to (float, float), optional

    Returns
    -------
    ndarray of bool, of that shape, and str
    """
    from eegkit.explanation.people_statistics import level

    nowhere = np.zeros(shape, bool)
    if nowhere.size > MOST_POINTS:
        return nowhere, f"Not tested over people: {nowhere.size:,} points are too many at once."
    try:
        table = people.test(list(axes), bands=bands)
    except ValueError as error:
        return nowhere, f"Not tested over people: {error}"
    alpha = level(len(people))
    passes = table["p"].to_numpy().reshape(shape) < alpha
    test = f"the test over {count(len(people), 'person', 'people')} (p < {alpha}, all points)"
    return passes, f"Marked is what passes {test}." if passes.any() else f"Nothing passes {test}."


def outline(
    panel: Axes, x: NDArray[np.float64], y: NDArray[np.float64], cells: NDArray[np.bool_], ink: str
) -> None:
    """A line around cells.

    Parameters
    ----------
    panel : matplotlib.axes.Axes
    x, y : ndarray, shapes (n_columns + 1,) and (n_rows + 1,)
        Edges of all cells.
    cells : ndarray of bool, shape (n_rows, n_columns)
    ink : colour
    """
    inside = np.pad(cells, 1).astype(int)
    across = np.argwhere(np.diff(inside, axis=0)[:, 1:-1])  # below a row, along a column
    along = np.argwhere(np.diff(inside, axis=1)[1:-1])
    lines = [[(x[column], y[row]), (x[column + 1], y[row])] for row, column in across]
    lines += [[(x[column], y[row]), (x[column], y[row + 1])] for row, column in along]
    panel.add_collection(LineCollection(lines, colors=ink, linewidths=1.2), autolim=False)
