"""Searches for the best settings: how they went, and which parameters mattered."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedFormatter, NullFormatter

from eegkit.evaluation import Results
from eegkit.libraries import install_command
from eegkit.naming import spoken
from eegkit.parameters import check_for
from eegkit.plots._styles import Display, tidy

if TYPE_CHECKING:
    import optuna

Kind = Literal["history", "importances", "slice", "parallel"]
# Of the table of a search; all else are parameters.
FACTS = {"seed", "fold", "trial", "state", "score", "n_fits", "fit_time_s", "is_best", "error"}
# A parameter above zero that spans so much is shown on a logarithmic axis.
WIDE = 30.0
# Searches that are named in a legend, and letters of a choice in one line.
MOST_NAMES, CHOICE_WIDTH = 8, 20


class TuningDisplay(Display):
    """How searches went, by the pictures of Optuna.

    Make it with `from_estimator`, `from_results` or `from_study`. Scores are of the people who
    choose: the best of them is flattered. Settings that were stopped or failed have none.

    Parameters
    ----------
    studies : list of optuna.Study
        One for each search.
    pooled : optuna.Study
        All of them together, for the pictures of parameters.
    kind : {"history", "importances", "slice", "parallel"}
        The score of every setting in the order in which they were tried, with the best so far; the
        share of each parameter in what made scores differ (PED-ANOVA [1]_); the scores against each
        parameter; or a line for each setting across all of its parameters.
    metric : str
        What the settings were chosen by.
    is_centred : bool, default False
        Whether pooled scores are differences from the mean of their search.

    Attributes
    ----------
    axes_ : ndarray of matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    References
    ----------
    .. [1] S. Watanabe et al. (2023), PED-ANOVA: efficiently quantifying hyperparameter importance
       in arbitrary subspaces, IJCAI.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from sklearn.linear_model import LogisticRegression
    >>> from eegkit import Pipeline
    >>> from eegkit.plots import TuningDisplay
    >>> from eegkit.testing import example_trials
    >>> from eegkit.transforms import BandPower
    >>> from eegkit.tuning import TunedClassifier
    >>> trials = example_trials(24)
    >>> decoder = Pipeline([BandPower(), LogisticRegression()])
    >>> tuned = TunedClassifier(
    ...     decoder, {"logisticregression__C": [0.01, 1.0]}, cv="group-2", sampler="grid"
    ... )
    >>> display = TuningDisplay.from_estimator(tuned.fit(trials.X, trials.y))
    >>> display.axes_[0].get_ylabel()
    'balanced accuracy'
    """

    studies: list[optuna.Study]
    pooled: optuna.Study
    kind: Kind = "history"
    metric: str = "score"
    is_centred: bool = False

    @classmethod
    def from_study(
        cls, study: optuna.Study, kind: Kind = "history", *, metric: str = "score"
    ) -> TuningDisplay:
        """Plot a study of Optuna.

        Parameters
        ----------
        study : optuna.Study
        kind : {"history", "importances", "slice", "parallel"}, default "history"
        metric : str, default "score"
            What its values are.

        Returns
        -------
        TuningDisplay

        Raises
        ------
        ValueError
            Fewer than two settings were tried to the end.
        """
        return cls(studies=[study], pooled=study, kind=kind, metric=metric).plot()

    @classmethod
    def from_estimator(cls, estimator: Any, kind: Kind = "history") -> TuningDisplay:
        """Plot the search of a fitted decoder.

        Parameters
        ----------
        estimator : TunedClassifier
            Fitted, or loaded from a file.
        kind : {"history", "importances", "slice", "parallel"}, default "history"

        Returns
        -------
        TuningDisplay

        Raises
        ------
        ValueError
            There was no search, or fewer than two settings were tried to the end.
        """
        if not hasattr(estimator, "trials_"):
            raise ValueError(
                f"{type(estimator).__name__} has no trials_; expected a TunedClassifier after fit."
            )
        study = _study_of(estimator.trials_, "search")
        return cls.from_study(study, kind, metric=estimator.metric_)

    @classmethod
    def from_results(
        cls,
        results: Results,
        kind: Kind = "history",
        *,
        pipeline: str | None = None,
        dataset: str | None = None,
    ) -> TuningDisplay:
        """Plot the searches of an evaluation.

        Of the history each fold has a line of its own. The other pictures pool the folds, by the
        difference of each score from the mean of its search.

        Parameters
        ----------
        results : Results
            In which a `TunedClassifier` was evaluated.
        kind : {"history", "importances", "slice", "parallel"}, default "history"
        pipeline, dataset : str, optional
            By default the first ones that were tuned.

        Returns
        -------
        TuningDisplay

        Raises
        ------
        ValueError
            Nothing was tuned, or fewer than two settings were tried to the end.
        """
        tuning = results.tuning(pipeline, dataset)
        several = tuning.table["seed"].any()
        searches = tuning.table.groupby(["seed", "fold"])
        studies = [
            _study_of(rows, f"fold {fold}, seed {seed}" if several else f"fold {fold}")
            for (seed, fold), rows in searches
        ]
        centred = tuning.table.assign(score=searches["score"].transform(lambda s: s - s.mean()))
        pooled = _study_of(centred.sort_values(["trial", "seed", "fold"]), "all folds")
        return cls(
            studies=studies, pooled=pooled, kind=kind, metric=tuning.metric, is_centred=True
        ).plot()

    def plot(self) -> TuningDisplay:
        """Draw, on a new figure.

        Returns
        -------
        self
        """
        check_for(Kind).require("kind", self.kind)
        trials = self.pooled.get_trials(deepcopy=False)
        n_whole = sum(trial.value is not None for trial in trials)
        if n_whole < 2:
            raise ValueError(
                f"{n_whole} of {len(trials)} settings were tried on all folds; a picture of a "
                "search needs at least two."
            )
        if self.kind != "history" and not any(trial.params for trial in trials):
            raise ValueError("All settings that were tried are the same; nothing can be compared.")
        # Optuna sets a style for all later figures.
        layout: Any = {"figure.constrained_layout.use": True}
        with mpl.rc_context(layout), warnings.catch_warnings():
            # Said by Optuna of pictures that may change.
            warnings.simplefilter("ignore")
            axes = self._drawn_by_optuna()
        self.axes_ = np.ravel(np.asarray(axes, dtype=object))
        self.figure_ = self.axes_[0].figure
        self.figure_.suptitle("")
        for ax in self.figure_.axes:
            _restyle(ax)
        self._label()
        return self

    def _drawn_by_optuna(self) -> Any:
        from optuna.visualization import matplotlib as drawn

        name = spoken(self.metric)
        if self.kind == "history":
            return drawn.plot_optimization_history(self.studies, target_name=name)
        draw: dict[str, Callable[..., Any]] = {
            "importances": drawn.plot_param_importances,
            "slice": drawn.plot_slice,
            "parallel": drawn.plot_parallel_coordinate,
        }
        if self.is_centred:
            name += ",\nless the mean of its search"
        return draw[self.kind](self.pooled, target_name=name)

    def _label(self) -> None:
        ax, figure = self.axes_[0], self.axes_[0].figure
        if self.kind == "history":
            self._label_history(ax)
            figure.set_layout_engine("constrained")
        elif self.kind == "importances":
            ax.set(xlabel="share in what made scores differ", ylabel="")
            ax.margins(x=0.15)
            for bar in ax.patches:
                bar.set_color("C0")
            ax.get_legend().remove()
        elif self.kind == "slice":
            figure.set_size_inches(max(3.0 * len(self.axes_), 5.0), 4.2)
            figure.axes[-1].set_ylabel("in the order tried")
        else:
            n_columns = len(ax.get_xticks())
            figure.set_size_inches(max(2.2 * n_columns, 5.0), 4.6)
            ax.tick_params(axis="x", rotation=0)
            for part in figure.axes:
                part.spines[["left", "right"]].set_visible(True)

    def _label_history(self, ax: Axes) -> None:
        """One colour for each search: its settings as dots, the best so far as a line."""
        ax.set(xlabel="settings tried", ylabel=spoken(self.metric))
        ax.locator_params(axis="x", integer=True)
        legend = ax.get_legend()
        if legend is not None:
            legend.remove()
        dots = [part for part in ax.collections if np.size(part.get_offsets())]
        for i, (line, part) in enumerate(zip(ax.lines, dots, strict=False)):
            line.set(color=f"C{i % 10}", alpha=0.8, drawstyle="steps-post")
            part.set(color=f"C{i % 10}", alpha=0.5, sizes=[16])
        if 1 < len(self.studies) <= MOST_NAMES:
            names = [study.study_name for study in self.studies]
            ax.legend(ax.lines, names, title="best so far", frameon=False, fontsize="small")


def _restyle(ax: Axes) -> None:
    """The style of the other pictures in place of Optuna's; text is written as it is."""
    ax.set_title("", loc="center")
    ax.set_title("", loc="left")
    ax.set_facecolor("white")
    ax.patch.set_alpha(0 if ax.get_shared_x_axes().get_siblings(ax)[1:] else 1)
    for spine in ax.spines.values():
        spine.set_color("0.2")
    ax.tick_params(colors="0.2")
    tidy(ax)
    ax.grid(visible=False)
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set_color("0.2")
        _write_out(axis)


def _write_out(axis: Axis) -> None:
    """Ticks of a logarithmic axis as plain numbers, those of choices without quotes."""
    if axis.get_scale() == "log":
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())
        return
    if axis.have_units() or isinstance(axis.get_major_formatter(), FixedFormatter):
        ticks = axis.get_ticklocs()
        labels = axis.get_major_formatter().format_ticks(list(ticks))
        axis.set_ticks(ticks, [textwrap.fill(label.strip("'\""), CHOICE_WIDTH) for label in labels])


def _study_of(table: pd.DataFrame, name: str) -> optuna.Study:
    """A study in memory with a row's setting for each trial; parameters that differ nowhere lack.

    Parameters
    ----------
    table : pandas.DataFrame
        As ``TunedClassifier.trials_``.
    name : str
    """
    optuna = _optuna()
    params = {p: table[p].tolist() for p in table if p not in FACTS}
    kinds = {p: _distribution([v for v in values if _is_there(v)]) for p, values in params.items()}
    kinds = {p: kind for p, kind in kinds.items() if kind is not None}
    state_of, create_trial = optuna.trial.TrialState, optuna.trial.create_trial
    states = {"whole": state_of.COMPLETE, "stopped": state_of.PRUNED}
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(study_name=name, direction="maximize")
    optuna.logging.set_verbosity(level)
    for i, (state, score) in enumerate(zip(table["state"], table["score"], strict=True)):
        here = [p for p in kinds if _is_there(params[p][i])]
        study.add_trial(
            create_trial(
                state=states.get(state, state_of.FAIL),
                value=score if state == "whole" else None,
                params={p: _as(kinds[p], params[p][i]) for p in here},
                distributions={p: kinds[p] for p in here},
            )
        )
    return study


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise ImportError(
            "Pictures of searches are drawn by Optuna, which is not installed: "
            f"{install_command('eegkit[tune]')}."
        ) from error
    return optuna


def _distribution(values: Sequence[Any]) -> Any:
    """What values of one parameter were drawn from, as far as they show it; None of one value."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if len(set(map(str, values))) < 2:
        return None
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        return CategoricalDistribution(list(dict.fromkeys(map(str, values))))
    low, high = min(values), max(values)
    log = low > 0 and high / low >= WIDE
    if all(isinstance(v, int) for v in values):
        return IntDistribution(low, high, log=log)
    return FloatDistribution(low, high, log=log)


def _as(distribution: Any, value: Any) -> Any:
    return str(value) if hasattr(distribution, "choices") else value


def _is_there(value: Any) -> bool:
    """Whether the parameter applied; a float column has NaN where it did not."""
    return value is not None and value == value
