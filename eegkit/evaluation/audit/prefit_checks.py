"""Marks of what was fitted before the split: normalised data, and steps that stay fitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import model_selection
from sklearn.base import clone

from eegkit.blocks import read_blocks
from eegkit.evaluation.audit.findings import Findings
from eegkit.evaluation.audit.label_search import check_label_parameters
from eegkit.evaluation.audit.metadata_checks import NOUNS, Level, Levels

# Rounding of float32 stays below it, and means of EEG in microvolts do not come near.
TOLERANCE = 1e-4
# More samples than this share at an end of the range were clipped, not scaled to it.
CLIPPED = 1e-3
BLOCK_BYTES = 2**22
# Splitters that do not look at groups.
WITHOUT_GROUPS = (
    model_selection.KFold, model_selection.LeaveOneOut, model_selection.LeavePOut,
    model_selection.RepeatedKFold, model_selection.RepeatedStratifiedKFold,
    model_selection.ShuffleSplit, model_selection.StratifiedKFold,
    model_selection.StratifiedShuffleSplit, model_selection.TimeSeriesSplit,
)  # fmt: skip


class Moments(NamedTuple):
    """Of every trial or group of them and every channel, shape (n_groups, n_channels)."""

    mean: NDArray[np.float32]
    square: NDArray[np.float32]
    least: NDArray[np.float32]
    most: NDArray[np.float32]

    @classmethod
    def of_trials(cls, X: NDArray[np.float32]) -> Moments:
        """Those of each trial."""
        moments = np.empty((4, *X.shape[:2]), np.float32)
        stop = 0
        with np.errstate(invalid="ignore", over="ignore"):
            for block in read_blocks(X, BLOCK_BYTES):
                rows = slice(stop, stop := stop + len(block))
                moments[0, rows] = block.mean(axis=2, dtype=np.float64)
                moments[1, rows] = np.einsum("nct,nct->nc", block, block) / X.shape[2]
                moments[2, rows], moments[3, rows] = block.min(axis=2), block.max(axis=2)
        return cls(*moments)

    def over(self, code: NDArray[np.intp]) -> Moments:
        """The moments of groups: `code` says which, for each trial."""
        mean, square, least, most = (pd.DataFrame(values).groupby(code) for values in self)
        groups = mean.mean(), square.mean(), least.min(), most.max()
        return Moments(*(table.to_numpy() for table in groups))

    def kind(self, by_channel: bool) -> str | None:
        """How every group was normalised, in every channel or in all of them together."""
        mean, square, least, most = self
        if not by_channel:
            mean, square = mean.mean(axis=1), square.mean(axis=1)
            least, most = least.min(axis=1), most.max(axis=1)
        if _are(mean, 0, TOLERANCE) and _are(square - mean**2, 1, TOLERANCE):
            return "standardized"
        fills = _are(most, 1, 1e-6) and (_are(least, 0, 1e-6) or _are(least, -1, 1e-6))
        return "min_max" if fills else None


def _are(values: NDArray[np.floating], expected: float, tolerance: float) -> bool:
    return bool((np.abs(values - expected) < tolerance).all())


def check_normalisation(levels: Levels, findings: Findings) -> None:
    """Data that were standardised, min-max scaled or whitened over trials of both sides."""
    X = np.asarray(findings.trials.X)
    moments = Moments.of_trials(X)
    if not np.isfinite(moments.mean).all():
        return
    chain = _chain(levels, len(X))
    sample = np.linspace(0, len(X) - 1, min(len(X), 100)).astype(int)
    one_by_one = Moments(*(values[sample] for values in moments))
    for by_channel in (True, False):
        kind = moments.over(chain[-1].code).kind(by_channel)
        if kind is None:
            continue
        if one_by_one.kind(by_channel) == kind or (kind == "min_max" and _clipped(X)):
            return  # of each trial by itself, which needs no other trial
        # The finest level whose groups are normalised each by itself.
        level = next(lv for lv in chain if moments.over(lv.code).kind(by_channel) == kind)
        if kind == "standardized" and by_channel:
            whitened = next((lv for lv in chain if _is_white(X, lv.code)), None)
            if whitened is not None:
                kind, level = "whitened", whitened
        _report(kind, level, by_channel, findings)
        return


def _chain(levels: Levels, n_trials: int) -> list[Level]:
    """Levels each of which lies in the next, the last being all trials together."""
    chain = [Level("everything", np.zeros(n_trials, dtype=np.intp), ())]
    for level in levels.by_name.values():
        if level.name in NOUNS and (level.code >= 0).all() and level.lies_within(chain[0]):
            chain.insert(0, level)
    return chain


def _clipped(X: NDArray[np.float32]) -> bool:
    n_ends = sum(int((np.abs(block) >= 1).sum()) for block in read_blocks(X, BLOCK_BYTES))
    return n_ends > CLIPPED * X.size


def _is_white(X: NDArray[np.float32], code: NDArray[np.intp]) -> bool:
    """Whether in every group the covariance of the channels is the identity matrix."""
    n_channels = X.shape[1]
    n_groups = code.max() + 1
    if n_channels < 2 or n_groups * n_channels**2 > 2**24:
        return False
    total, stop = np.zeros((n_groups, n_channels, n_channels)), 0
    for block in read_blocks(X, BLOCK_BYTES):
        groups = code[stop : stop + len(block)]
        stop += len(block)
        for group in np.unique(groups):
            signals = block[groups == group].swapaxes(0, 1).reshape(n_channels, -1)
            total[group] += signals @ signals.T
    n = np.bincount(code, minlength=n_groups)[:, None, None] * X.shape[2]
    return bool((np.abs(total / n - np.eye(n_channels)) < 5 * TOLERANCE).all())


def _report(kind: str, level: Level, by_channel: bool, findings: Findings) -> None:
    tally = findings.tally(level.on_both_sides, lambda *_: "")
    if not tally.folds:
        return
    unit = "All trials" if level.name == "everything" else f"The trials of each {NOUNS[level.name]}"
    where = ", in every channel" if by_channel else ", over all channels"
    how = {
        "standardized": f"have mean 0 and standard deviation 1{where}",
        "min_max": f"fill [0, 1] or [-1, 1] exactly{where}",
        "whitened": "have channels of variance 1 that do not correlate",
    }[kind]
    detail = (
        f"{unit} together {how}: they seem to have been transformed by numbers that were "
        "computed with test trials."
    )
    advice = (
        "Start from the signals before that, and put the transform into the pipeline, which fits "
        "it on training trials alone."
    )
    leak = by_channel and level.name == "everything"
    findings.add(kind, "leak" if leak else "warning", detail, advice, tally)


def check_pipelines(pipelines: Any, findings: Findings, *, people_apart: bool) -> None:
    """Steps that come fitted into every fold, with what they know of the test trials.

    With `people_apart`, inner splits are held to that, too.

    Raises
    ------
    ValueError
        One of them is no estimator.
    """
    by_name = pipelines if isinstance(pipelines, Mapping) else {"": pipelines}
    for name, pipeline in by_name.items():
        if not hasattr(pipeline, "get_params") or isinstance(pipeline, type):
            raise ValueError(
                f"pipeline is a {type(pipeline).__name__}; expected a scikit-learn estimator, or "
                "a dict of them."
            )
        prefix = f"of {name!r}, " if name else ""
        _check_parameters(prefix, pipeline, findings, people_apart)
        _check_steps(prefix, pipeline, findings)
        check_label_parameters(prefix, pipeline, findings)


def _check_parameters(prefix: str, pipeline: Any, findings: Findings, people_apart: bool) -> None:
    """Weights from elsewhere, and splits of the training trials, as a grid search makes them."""
    for name, value in pipeline.get_params(deep=True).items():
        parameter = name.rpartition("__")[2]
        if parameter == "init_weights" and value is not None:
            findings.add(
                "pretrained",
                "warning",
                f"Pipeline: {prefix}{name} starts every fit from weights that are there already.",
                "See that they were not trained on any of these trials, or people.",
            )
        ignores_people = value is None or isinstance(value, (int, *WITHOUT_GROUPS))
        if people_apart and parameter == "cv" and ignores_people:
            findings.add(
                "inner_split",
                "note",
                f"Pipeline: {prefix}{name}={value!r} splits the training trials with the same "
                "people on both sides, so that what is chosen by it is what knows people best.",
                "Keep people apart there, too: cv=GroupKFold(5).",
            )


def _check_steps(prefix: str, pipeline: Any, findings: Findings) -> None:
    fitted_names: list[str] = []
    for name, part in {"itself": pipeline, **pipeline.get_params(deep=True)}.items():
        inside_another = any(name.startswith(f"{other}__") for other in fitted_names)
        if "itself" not in fitted_names and not inside_another and _stays_fitted(part):
            fitted_names.append(name)
            findings.add(
                "frozen",
                "warning",
                f"Pipeline: {prefix}{name} ({type(part).__name__}) is fitted already, and is not "
                "fitted anew in the folds.",
                "If it was fitted to any of these trials, put it unfitted into the pipeline.",
            )


def _stays_fitted(part: Any) -> bool:
    """Whether a clone still knows what the original learnt."""
    if isinstance(part, type) or not (hasattr(part, "fit") or hasattr(part, "transform")):
        return False
    if not hasattr(part, "get_params"):
        return _is_fitted(part)
    if hasattr(part, "__sklearn_clone__"):
        copy = clone(part)
        return copy is part and (_is_fitted(part) or any(map(_is_fitted, vars(part).values())))
    return False


def _is_fitted(part: Any) -> bool:
    return hasattr(part, "__dict__") and any(
        name.endswith("_") and not name.startswith("_") for name in vars(part)
    )
