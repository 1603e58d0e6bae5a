"""What a net makes of trials, in two dimensions."""

from __future__ import annotations

from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from eegkit.parameters import check_for
from eegkit.plots._styles import Display, colors, in_legend, tick_positions, tidy

# t-SNE's usual perplexity, and how many trials there must be for each neighbour it stands for.
PERPLEXITY, TRIALS_PER_NEIGHBOUR = 30.0, 3
# More features than this are brought down by PCA before t-SNE, as its authors do.
MAX_FEATURES = 50
# Labels with a legend entry each; more are written where their trials lie.
MAX_IN_LEGEND = 20


class EmbeddingDisplay(Display):
    """Features of trials in two dimensions, coloured by class, by person or by whatever.

    Make it with `from_estimator` or `from_features`. Up to 20 labels stand in a legend; more are
    written above the median of their trials. t-SNE keeps neighbours together; the size of its
    clusters and the distance between them mean little [1]_.

    Parameters
    ----------
    points : ndarray, shape (n_trials, 2)
        Where each trial stands.
    y : ndarray, shape (n_trials,)
        What to colour by.
    method : {"tsne", "pca"}
        How the points were made.
    explained_variance : tuple of float, optional
        Of PCA, the share of the variance along each axis.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    References
    ----------
    .. [1] L. van der Maaten, G. Hinton (2008), Visualizing data using t-SNE, Journal of Machine
       Learning Research 9, 2579-2605.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import numpy as np
    >>> from eegkit.plots import EmbeddingDisplay
    >>> features = np.random.default_rng(0).normal(size=(20, 6))
    >>> display = EmbeddingDisplay.from_features(features, ["rest", "task"] * 10, method="pca")
    >>> display.points.shape
    (20, 2)
    """

    points: NDArray[np.floating]
    y: NDArray[Any]
    method: str
    explained_variance: tuple[float, float] | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        method: str = "tsne",
        random_state: int | None = 0,
        ax: Axes | None = None,
    ) -> EmbeddingDisplay:
        """Plot what the last layer of a net reads of trials.

        Trials that the net was trained on lie further apart by class than new ones do; give
        those of people it has not seen.

        Parameters
        ----------
        estimator : NeuralClassifier, Pipeline that ends in one, or any estimator with `transform`
            Fitted.
        X : array-like, Trials or mne.Epochs
            What the estimator reads.
        y : array-like, shape (n_trials,)
            What to colour by: the labels, or the subjects (``trials.groups``).
        method, random_state, ax
            As in `from_features`.

        Returns
        -------
        EmbeddingDisplay

        Raises
        ------
        ValueError
            The estimator gives no features; or as `from_features` does.
        """
        if not hasattr(estimator, "transform"):
            raise ValueError(
                f"{type(estimator).__name__} has no transform, so it gives no features; expected a "
                "net of eegkit, or a pipeline that ends in one."
            )
        features = estimator.transform(X)
        return cls.from_features(features, y, method=method, random_state=random_state, ax=ax)

    @classmethod
    def from_features(
        cls,
        features: ArrayLike,
        y: ArrayLike,
        *,
        method: str = "tsne",
        random_state: int | None = 0,
        ax: Axes | None = None,
    ) -> EmbeddingDisplay:
        """Plot features of trials.

        Parameters
        ----------
        features : array-like, shape (n_trials, ...)
            What follows the first axis is flattened.
        y : array-like, shape (n_trials,)
            What to colour by.
        method : {"tsne", "pca"}, default "tsne"
            t-SNE of up to 50 principal components, at a perplexity of 30, or a third of the
            trials where those are fewer; or the first two principal components.
        random_state : int, optional
            Same number, same points.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        EmbeddingDisplay

        Raises
        ------
        ValueError
            Lengths differ, there are fewer than 4 trials or 2 features, some are not finite, or
            the method is unknown.
        """
        values, labels = np.asarray(features, dtype=float), np.asarray(y)
        check_for(Literal["tsne", "pca"]).require("method", method)
        values = values.reshape(len(values), -1)
        n_trials, n_features = values.shape
        if labels.shape != (n_trials,):
            raise ValueError(
                f"y has shape {labels.shape}, but there are features of {n_trials} trials; "
                "expected one label each."
            )
        if n_trials < 4 or n_features < 2:
            raise ValueError(
                f"There are {n_trials} trials of {n_features} features; expected at least 4 of 2."
            )
        if not np.isfinite(values).all():
            raise ValueError(f"{int((~np.isfinite(values)).sum())} features are NaN or infinite.")
        explained_variance = None
        if method == "pca" or n_features > MAX_FEATURES:
            most = min(2 if method == "pca" else MAX_FEATURES, n_trials, n_features)
            pca = PCA(most, random_state=random_state)
            values = pca.fit_transform(values)
            if method == "pca":
                explained_variance = tuple(pca.explained_variance_ratio_)
        if method == "tsne":
            perplexity = min(PERPLEXITY, (n_trials - 1) / TRIALS_PER_NEIGHBOUR)
            values = TSNE(perplexity=perplexity, random_state=random_state).fit_transform(values)
        return cls(
            points=values, y=labels, method=method, explained_variance=explained_variance
        ).plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> EmbeddingDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        self
        """
        labels, codes = np.unique(self.y, return_inverse=True)
        many = len(labels) > MAX_IN_LEGEND
        width, height = (8.0, 6.6) if many else (7.0, 5.0)
        ax = self._take_axes(ax, width, height)
        shades = colors(len(labels))
        size = float(np.clip(6000 / len(codes), 5, 30))
        # One call, in the order of trials: no label hides those drawn before it.
        shade_of = mpl.colors.to_rgba_array(shades)
        x, y = self.points.T
        ax.scatter(x, y, c=shade_of[codes], s=size, alpha=0.75, lw=0)
        if many:
            self._name_in_place(labels, codes)
        else:
            for label, shade in zip(labels, shades, strict=True):
                ax.scatter([], [], color=shade, s=30, label=in_legend(label))
            ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
        self._label()
        return self

    def _name_in_place(self, labels: NDArray[Any], codes: NDArray[np.intp]) -> None:
        halo = [withStroke(linewidth=1.8, foreground="white")]
        style = {"fontsize": 6.5, "ha": "center", "va": "bottom", "path_effects": halo}
        for i, label in enumerate(labels):
            x, y = np.median(self.points[codes == i], axis=0)
            self._note(str(label), (x, y), (0, 3), **style)
        shades = mpl.colors.ListedColormap(colors(len(labels)))
        edges = mpl.colors.BoundaryNorm(np.arange(len(labels) + 1) - 0.5, len(labels))
        bar = self.figure_.colorbar(mpl.cm.ScalarMappable(edges, shades), ax=self.ax_, pad=0.02)
        ticks = tick_positions(len(labels), 25)
        bar.set_ticks(ticks.tolist(), labels=[str(label) for label in labels[ticks]])
        bar.ax.tick_params(labelsize=8, length=0)
        bar.ax.minorticks_off()

    def _label(self) -> None:
        ax = self.ax_
        if self.method == "tsne":
            ax.set(xticks=[], yticks=[], xlabel="t-SNE 1", ylabel="t-SNE 2")
        else:
            notes = ["", ""]
            if self.explained_variance is not None:
                notes = [f", {share:.0%} of the variance" for share in self.explained_variance]
            ax.set(xlabel=f"component 1{notes[0]}", ylabel=f"component 2{notes[1]}")
        tidy(ax)
