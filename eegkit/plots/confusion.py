"""Which class was taken for which."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, PowerNorm
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import squareform
from sklearn.metrics import confusion_matrix

from eegkit.evaluation import Results
from eegkit.parameters import check_for
from eegkit.plots._styles import Display, pick_one, tick_positions

# Numbers are written into the cells, and every class is named, up to so many classes.
MAX_NUMBERED, MAX_NAMED = 12, 40
# Pairs of classes that are listed beside a matrix without numbers.
N_LISTED = 10


class ConfusionMatrixDisplay(Display):
    """Which class was taken for which, over all test trials.

    Make it with `from_predictions` or `from_results`. Rows are true classes, columns predicted
    ones. Up to 12 classes the cells hold numbers; of more, those pairs that are confused most
    often are listed beside the matrix.

    Parameters
    ----------
    counts : ndarray of int, shape (n_classes, n_classes)
        Trials of the row's class that were taken for the column's.
    classes : ndarray, shape (n_classes,)
        Labels, in the order of rows and columns.
    order : {"class", "similarity"}, default "class"
        As given, or classes that are taken for one another next to each other: the leaves of an
        average linkage [1]_.

    Attributes
    ----------
    confusions : pandas.DataFrame
        Pairs of different classes, those that make up the largest share of their true class
        first: ``true``, ``predicted``, ``n_trials`` and ``share`` of the true class's trials.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    References
    ----------
    .. [1] Z. Bar-Joseph, D. K. Gifford, T. S. Jaakkola (2001), Fast optimal leaf ordering for
       hierarchical clustering, Bioinformatics 17(suppl. 1), S22-S29.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from eegkit.plots import ConfusionMatrixDisplay
    >>> y, predicted = ["left", "left", "rest", "right"], ["left", "right", "rest", "right"]
    >>> display = ConfusionMatrixDisplay.from_predictions(y, predicted)
    >>> display.counts
    array([[1, 0, 1],
           [0, 1, 0],
           [0, 0, 1]])
    >>> display.confusions
       true predicted  n_trials  share
    0  left     right         1    0.5
    """

    counts: NDArray[np.int64]
    classes: NDArray[Any]
    order: str = "class"

    def __post_init__(self) -> None:
        counts, classes, order = np.asarray(self.counts), np.asarray(self.classes), self.order
        if counts.shape != (len(classes), len(classes)) or not counts.sum():
            raise ValueError(
                f"counts has shape {counts.shape} and adds up to {counts.sum()}; expected trials "
                f"in a square for the {len(classes)} classes."
            )
        check_for(Literal["class", "similarity"]).require("order", order)
        if order == "similarity" and len(classes) > 2:
            leaves = _by_similarity(_shares(counts))
            counts, classes = counts[np.ix_(leaves, leaves)], classes[leaves]
        self.counts, self.classes = counts, classes

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        classes: ArrayLike | None = None,
        order: str = "class",
        normalize: str | None = "true",
        ax: Axes | None = None,
    ) -> ConfusionMatrixDisplay:
        """Plot what was predicted against what was true.

        Parameters
        ----------
        y_true, y_pred : array-like, shape (n_trials,)
            Labels.
        classes : array-like, shape (n_classes,), optional
            All labels, in the order of rows and columns; those that occur, sorted, by default.
        order : {"class", "similarity"}, default "class"
            See above.
        normalize, ax
            As in `plot`.

        Returns
        -------
        ConfusionMatrixDisplay

        Raises
        ------
        ValueError
            Lengths differ, there are no trials, a label is not among the classes, or an argument
            is unknown.
        """
        y, predicted = np.asarray(y_true), np.asarray(y_pred)
        if y.ndim != 1 or y.shape != predicted.shape or not len(y):
            raise ValueError(
                f"y_true and y_pred have shapes {y.shape} and {predicted.shape}; expected one "
                "label each for every trial."
            )
        labels = np.unique(np.concatenate([y, predicted]))
        all_classes = labels if classes is None else np.asarray(classes)
        unknown = np.setdiff1d(labels, all_classes)
        if len(unknown):
            raise ValueError(
                f"{unknown[0]!r} is a label, but not one of the {len(all_classes)} classes given."
            )
        counts = confusion_matrix(y, predicted, labels=all_classes)
        return cls(counts=counts, classes=all_classes, order=order).plot(normalize=normalize, ax=ax)

    @classmethod
    def from_results(
        cls,
        results: Results,
        pipeline: str | None = None,
        *,
        dataset: str | None = None,
        order: str = "class",
        normalize: str | None = "true",
        ax: Axes | None = None,
    ) -> ConfusionMatrixDisplay:
        """Plot the predictions of a pipeline, over all its test trials.

        Parameters
        ----------
        results : Results
            With predictions.
        pipeline : str, optional
            Its name; may be left out where there is one only.
        dataset : str, optional
            Whose trials; the first one by default.
        order : {"class", "similarity"}, default "class"
            See above.
        normalize, ax
            As in `plot`.

        Returns
        -------
        ConfusionMatrixDisplay

        Raises
        ------
        ValueError
            The results have no such pipeline, or several and none was named.
        """
        name = pick_one("pipeline", results.pipelines, pipeline)
        predictions = results.predictions(pipeline=name, dataset=dataset)
        return cls.from_predictions(
            predictions.y, predictions.predicted, classes=predictions.classes,
            order=order, normalize=normalize, ax=ax,
        )  # fmt: skip

    @property
    def confusions(self) -> pd.DataFrame:
        counts, shares = self.counts.copy(), _shares(self.counts)
        np.fill_diagonal(counts, 0)
        rows, columns = np.nonzero(counts)
        pairs = {
            "true": self.classes[rows],
            "predicted": self.classes[columns],
            "n_trials": counts[rows, columns],
            "share": shares[rows, columns],
        }
        return pd.DataFrame(pairs).sort_values(
            ["share", "n_trials"], ascending=False, kind="stable", ignore_index=True
        )

    def plot(
        self, *, normalize: str | None = "true", ax: Axes | None = None
    ) -> ConfusionMatrixDisplay:
        """Draw.

        Parameters
        ----------
        normalize : {"true", None}, default "true"
            Shares of each true class, with 1 the darkest, or trials.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        self
        """
        check_for(Literal["true", None]).require("normalize", normalize)
        n = len(self.classes)
        side = float(np.clip(2.2 + 0.6 * n, 3.6, 6.6))
        margin = 2.6 if n > MAX_NUMBERED else 1.2
        ax = self._take_axes(ax, side + margin, side, layout="compressed")
        values = _shares(self.counts) if normalize else self.counts
        most = 1 if normalize else max(1, values.max())
        # Of many classes each takes a small share; the root keeps those visible.
        scale = Normalize(0, most) if n <= MAX_NUMBERED else PowerNorm(0.5, 0, most)
        self.image_ = ax.imshow(values, cmap="Blues", norm=scale, interpolation="nearest")
        height = 1.0 if n <= MAX_NUMBERED else 0.45
        bar = self.figure_.colorbar(self.image_, cax=ax.inset_axes((1.03, 0, 0.035, height)))
        bar.set_label("share of the true class" if normalize else "trials")
        self._label()
        if n <= MAX_NUMBERED:
            self._write_numbers(values, shares=normalize is not None)
        else:
            self._list_confusions()
        return self

    def _label(self) -> None:
        ax, n = self.ax_, len(self.classes)
        ticks = tick_positions(n, MAX_NAMED if n <= MAX_NAMED else 15)
        names = [str(name) for name in self.classes[ticks]]
        size = 10 if n <= 20 else 7
        turn: dict[str, Any] = {}
        if max(map(len, names)) * len(names) > 36:
            turn = {"rotation": 30, "ha": "right"} if n <= MAX_NUMBERED else {"rotation": 90}
        ax.set_xticks(ticks, names, fontsize=size, **turn)
        ax.set_yticks(ticks, names, fontsize=size)
        sorted_too = ", similar ones together" if self.order == "similarity" else ""
        ax.set(xlabel=f"predicted class{sorted_too}", ylabel="true class")

    def _write_numbers(self, values: NDArray[Any], *, shares: bool) -> None:
        n, dark = len(self.classes), 0.6 * (1 if shares else values.max())
        style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 10 if n <= 6 else 7}
        for (row, column), value in np.ndenumerate(values):
            count = self.counts[row, column]
            text = f"{value:.2f}" if shares else f"{count}"
            if shares and n <= 6:
                text += f"\n{count}"
            color = "white" if value > dark else "0.15"
            self.ax_.text(column, row, text if count else "0", color=color, **style)

    def _list_confusions(self) -> None:
        pairs = self.confusions.head(N_LISTED)
        right = np.trace(self.counts) / self.counts.sum()
        lines = [f"{right:.1%} of {self.counts.sum():,} trials right"]
        if len(pairs):
            lines += ["", "Most confused:"]
        lines += [f"{row.true} → {row.predicted}  {row.share:.0%}" for row in pairs.itertuples()]
        ax, text = self.ax_, "\n".join(lines)
        ax.text(1.03, 1.0, text, transform=ax.transAxes, va="top", fontsize=9, linespacing=1.5)


def _shares(counts: NDArray[Any]) -> NDArray[np.float64]:
    """Rows that add up to 1; zeros for a class without trials."""
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def _by_similarity(shares: NDArray[np.float64]) -> NDArray[np.intp]:
    """An order in which classes that are taken for one another are neighbours."""
    distance = 1 - (shares + shares.T) / 2
    np.fill_diagonal(distance, 0)
    distances = squareform(distance, checks=False)
    return leaves_list(optimal_leaf_ordering(linkage(distances, "average"), distances))
