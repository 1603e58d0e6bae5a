"""Loss, accuracy and learning rate over the epochs of training."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from eegkit.plots._styles import Display, tidy
from eegkit.step_names import flat_steps

TRAINING, HELD_OUT = {"label": "training", "color": "C0"}, {"label": "held out", "color": "C1"}
PANELS: dict[str, dict[str, dict[str, Any]]] = {
    "Loss": {"train_loss": TRAINING, "valid_loss": HELD_OUT},
    "Accuracy": {
        "train_acc": TRAINING,
        "valid_acc": HELD_OUT,
        "train_top5": {"label": "training, top 5", "color": "C0", "ls": "--"},
        "valid_top5": {"label": "held out, top 5", "color": "C1", "ls": "--"},
    },
    "Learning rate": {"lr": {"label": "learning rate", "color": "0.3"}},
}


class TrainingCurvesDisplay(Display):
    """What a net's loss, accuracy and learning rate did, epoch by epoch.

    Make it with `from_estimator`. Accuracy and loss of the training trials are those on the way,
    while the net still changed and dropped units out; they may lie below the held-out ones.

    Parameters
    ----------
    history : pandas.DataFrame, one row per epoch
        ``net.history_``.

    Attributes
    ----------
    axes_ : ndarray of matplotlib.axes.Axes
        Panels from the left: loss, accuracy, learning rate.
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import numpy as np
    >>> from eegkit.classifiers import CNNBiGRU
    >>> from eegkit.plots import TrainingCurvesDisplay
    >>> X = np.random.default_rng(0).normal(size=(8, 3, 20, 5))
    >>> net = CNNBiGRU(max_epochs=2, validation_split=0.5).fit(X, ["left", "right"] * 4)
    >>> [ax.get_title() for ax in TrainingCurvesDisplay.from_estimator(net).axes_]
    ['Loss', 'Accuracy', 'Learning rate']
    """

    history: pd.DataFrame

    @classmethod
    def from_estimator(cls, estimator: Any, axes: Any = None) -> TrainingCurvesDisplay:
        """Plot the history of a fitted net.

        Parameters
        ----------
        estimator : NeuralClassifier, or Pipeline that ends in one
            Fitted.
        axes : three matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        TrainingCurvesDisplay

        Raises
        ------
        ValueError
            There is no history: no net, or none that was fitted.
        """
        net = flat_steps(estimator)[-1]
        history = getattr(net, "history_", None)
        if history is None:
            raise ValueError(
                f"{type(net).__name__} has no history_; expected a net of eegkit after fit."
            )
        return cls(history=history).plot(axes)

    def plot(self, axes: Any = None) -> TrainingCurvesDisplay:
        """Draw.

        Parameters
        ----------
        axes : three matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        self
        """
        if axes is None:
            _, axes = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained")
        self.axes_ = self._take_panels(axes, len(PANELS))
        for ax, (title, curves) in zip(self.axes_, PANELS.items(), strict=True):
            self._draw(ax, title, curves)
        return self

    def _draw(self, ax: Axes, title: str, curves: dict[str, dict[str, Any]]) -> None:
        marker = "o" if len(self.history) == 1 else None
        for name, style in curves.items():
            if name in self.history:
                ax.plot(self.history["epoch"], self.history[name], marker=marker, **style)
        if title == "Loss" and "valid_loss" in self.history:
            best = self.history["valid_loss"].idxmin()
            ax.axvline(self.history["epoch"][best], color="0.6", lw=1, ls=":", label="best epoch")
        ax.set(title=title, xlabel="Epoch")
        if title == "Accuracy":
            ax.set_ylim(0, 1.02)
        ax.locator_params(axis="x", integer=True)
        tidy(ax)
        if title != "Learning rate":
            ax.legend(frameon=False)
