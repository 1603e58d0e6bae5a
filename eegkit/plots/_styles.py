"""What the displays of results share: colours, thinned ticks, and scores by person."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, dataclass_transform

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray

from eegkit.evaluation import Results
from eegkit.naming import wrap_name

# Lines of the chance level, and of others to compare with.
CHANCE_STYLE: dict[str, Any] = {"color": "0.35", "lw": 1.2, "ls": "--"}


@dataclass_transform(kw_only_default=True)
class Display:
    """The base of displays: each is a dataclass of what it draws, and keeps its axes."""

    _new_figure: Figure | None

    def __init_subclass__(cls) -> None:
        dataclasses.dataclass(kw_only=True, eq=False, repr=False)(cls)
        if "plot" in vars(cls):
            setattr(cls, "plot", _literal(vars(cls)["plot"]))  # noqa: B010

    def _take_axes(
        self, ax: Axes | None, width: float, height: float, layout: str = "constrained"
    ) -> Axes:
        """The axes to draw on: those given, or those of a new figure of that size in inches."""
        self._new_figure = None
        if ax is None:
            self._new_figure, ax = plt.subplots(figsize=(width, height), layout=layout)
        self.ax_, self.figure_ = ax, ax.figure
        return ax

    def _note(
        self, text: str, xy: tuple[float, float], aside: tuple[float, float], **style: Any
    ) -> None:
        """Text beside a point, so many points to the right and up."""
        self.ax_.annotate(text, xy, xytext=aside, textcoords="offset points", **style)

    def _draw_legend(self, *, most: int, small: bool = False) -> None:
        """A legend over the axes, of at most so many columns; long names of pipelines are broken.

        A figure of the display's own becomes higher by what the legend takes.
        """
        ax = self.ax_
        handles, labels = ax.get_legend_handles_labels()
        size_pt = 8 if small else 10
        mark_in, character_in = 0.6, 0.6 * size_pt / 72
        room_in = 1.2 * ax.get_position().width * ax.figure.bbox.width / ax.figure.dpi
        width = int((room_in - mark_in) / character_in)
        labels = [wrap_name(label, width) for label in labels]
        longest = max(len(line) for label in labels for line in label.split("\n"))
        n_columns = max(1, min(most, int(room_in / (mark_in + longest * character_in))))
        ax.legend(
            handles, labels, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=n_columns,
            frameon=False, fontsize=size_pt,
        )  # fmt: skip
        if self._new_figure is not None:
            n_lines = sum(1 + label.count("\n") for label in labels) / n_columns
            height = self._new_figure.get_figheight() + 1.4 * size_pt / 72 * n_lines
            self._new_figure.set_figheight(height)

    def _take_panels(self, axes: Any, n: int, expected: str = "") -> NDArray[Any]:
        """The axes of n panels, in one row."""
        panels = np.ravel(np.asarray(axes, dtype=object))
        if len(panels) != n:
            raise ValueError(f"There are {len(panels)} axes; expected {expected or n}.")
        self.figure_ = panels[0].figure
        return panels


def _literal(plot: Callable[..., Any]) -> Callable[..., Any]:
    """A method that draws, whose text stands as it is: a "$" in a name begins no formula."""

    @functools.wraps(plot)
    def plot_literally(self: Any, *args: Any, **kwargs: Any) -> Any:
        values = (*args, *kwargs.values())
        axes = [ax for value in values for ax in np.ravel(np.asarray(value, dtype=object))]
        figures = {ax.figure for ax in axes if isinstance(ax, Axes)}
        before = {t: t.get_text() for figure in figures for t in figure.findobj(Text)}
        display = plot(self, *args, **kwargs)
        for text in self.figure_.findobj(Text):
            if text.get_text() != before.get(text, ""):
                text.set_parse_math(False)
        return display

    return plot_literally


def in_legend(name: Any) -> str:
    """A name as a label; of those that are empty or begin with "_" matplotlib shows none."""
    text = str(name)
    return f"\N{ZERO WIDTH SPACE}{text}" if not text or text.startswith("_") else text


def colors(n: int) -> list[Any]:
    """A colour for each of n things, told apart as well as so many can be."""
    if n <= 10:
        return [f"C{i}" for i in range(n)]
    if n <= 20:
        return list(map(tuple, mpl.colormaps["tab20"](np.arange(n))))
    return list(map(tuple, mpl.colormaps["turbo"](np.linspace(0.03, 0.97, n))))


def tick_positions(n: int, most: int) -> np.ndarray:
    """Positions out of n to put a tick at: all, or every 2nd, 5th, 10th, ..."""
    step = next(s * 10**power for power in range(9) for s in (1, 2, 5) if n <= most * s * 10**power)
    return np.arange(0, n, step)


@contextmanager
def figures_hidden() -> Iterator[None]:
    """Figures that are made within are not shown, whatever the session."""
    with plt.ioff(), plt.style.context("default"):
        yield


def pick_one(kind: str, names: Sequence[str], choice: str | None) -> str:
    """The pipeline, data set or metric asked for, or the only one."""
    options = ", ".join(map(repr, names))
    if choice is None and len(names) > 1:
        raise ValueError(f"The results have more than one {kind}; give {kind}=, one of {options}.")
    if choice is not None and choice not in names:
        raise ValueError(f"{kind} is {choice!r}; the results have {options}.")
    return names[0] if choice is None else choice


def pick_pipelines(results: Results, pipelines: Sequence[str] | str | None) -> list[str]:
    """The pipelines asked for, or all."""
    if pipelines is None:
        return list(results.pipelines)
    names = [pipelines] if isinstance(pipelines, str) else list(pipelines)
    unknown = [name for name in names if name not in results.pipelines]
    if unknown or not names:
        options = ", ".join(map(repr, results.pipelines))
        raise ValueError(f"pipelines is {pipelines!r}; the results have {options}.")
    return names


def scores_by_person(people: pd.DataFrame, columns: Sequence[str], metric: str) -> pd.DataFrame:
    """Scores, a row per person and a column per pipeline; NaN where there is none."""
    keys = ["subject"]
    if "dataset" in people and len(people["dataset"].unique()) > 1:
        keys = ["dataset", "subject"]  # two data sets may both have a subject 1
    table = people.pivot_table(
        index=keys, columns="pipeline", values=metric, dropna=False, sort=False, observed=True
    ).reindex(columns=columns)
    return table.dropna(how="all") if len(keys) > 1 else table


def tidy(ax: Axes, grid: Literal["both", "x", "y"] | None = None) -> None:
    """Axes without a frame, with a faint grid behind what is drawn."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    if grid is not None:
        ax.grid(axis=grid, color="0.92")
