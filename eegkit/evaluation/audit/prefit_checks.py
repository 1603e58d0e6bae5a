"""Marks of what was fitted before the split: normalised data, and steps that stay fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from eegkit.blocks import read_blocks
from eegkit.evaluation.audit.findings import Findings
from eegkit.evaluation.audit.inner_splits import check_inner_splits
from eegkit.evaluation.audit.metadata_checks import NOUNS, Level, Levels
from eegkit.evaluation.splits import Fold
from eegkit.trials import Trials

# Rounding of float32 stays below it, and means of EEG in microvolts do not come near.
TOLERANCE = 1e-4
# More samples than this share at an end of the range were clipped, not scaled to it.
CLIPPED = 1e-3
BLOCK_BYTES = 2**25


@dataclass(frozen=True)
class Moments:
    """Sums over trials, shape (n_groups, n_channels), and extremes."""

    n: NDArray[np.float64]
    total: NDArray[np.float64]
    squares: NDArray[np.float64]
    least: NDArray[np.float64]
    most: NDArray[np.float64]

    def over(self, code: NDArray[np.intp]) -> Moments:
        """The moments of larger groups: `code` says which, for each group."""
        n_groups = code.max() + 1
        sums = [np.zeros((n_groups, *a.shape[1:])) for a in (self.n, self.total, self.squares)]
        for total, values in zip(sums, (self.n, self.total, self.squares), strict=True):
            np.add.at(total, code, values)
        least = np.full((n_groups, self.least.shape[1]), np.inf)
        most = np.full_like(least, -np.inf)
        np.minimum.at(least, code, self.least)
        np.maximum.at(most, code, self.most)
        return Moments(sums[0], sums[1], sums[2], least, most)

    def all_channels(self) -> Moments:
        """Channels taken together."""
        n_channels = self.total.shape[1]
        return Moments(
            self.n * n_channels,
            self.total.sum(axis=1, keepdims=True),
            self.squares.sum(axis=1, keepdims=True),
            self.least.min(axis=1, keepdims=True),
            self.most.max(axis=1, keepdims=True),
        )

    @property
    def standardized(self) -> bool:
        """Whether every group and channel has mean 0 and standard deviation 1."""
        mean = self.total / self.n
        variance = self.squares / self.n - mean**2
        return bool((np.abs(mean) < TOLERANCE).all() and (np.abs(variance - 1) < TOLERANCE).all())

    @property
    def min_max(self) -> bool:
        """Whether every group and channel fills [0, 1] or [-1, 1] exactly."""
        low = np.abs(self.least) < 1e-6, np.abs(self.least + 1) < 1e-6
        return bool((np.abs(self.most - 1) < 1e-6).all() and any(part.all() for part in low))


def check_normalisation(
    trials: Trials, folds: Sequence[Fold], levels: Levels, findings: Findings
) -> None:
    """Data that were standardised, min-max scaled or whitened over trials of both sides."""
    X = np.asarray(trials.X)
    chain = _chain(levels, len(X))
    finest = chain[0].code
    moments = _moments(X, finest)
    if not np.isfinite(moments.total).all():
        return
    for by_channel in (True, False):
        kind = _kind(moments.over(np.zeros(len(moments.n), dtype=np.intp)), by_channel)
        if kind is None:
            continue
        sample = np.linspace(0, len(X) - 1, min(len(X), 100)).astype(int)
        one_by_one = _moments(X[sample], np.arange(len(sample)))
        if _kind(one_by_one, by_channel) == kind or (kind == "min_max" and _clipped(X)):
            return  # of each trial by itself, which needs no other trial
        level = _level_of(moments, chain, kind, by_channel)
        if kind == "standardized" and by_channel:
            whitened = next((lv for lv in chain if _is_white(X, lv.code)), None)
            if whitened is not None:
                kind, level = "whitened", whitened
        _report(kind, level, by_channel, folds, findings)
        return


def _chain(levels: Levels, n_trials: int) -> list[Level]:
    """Levels each of which lies in the next, the last being all trials together."""
    whole = Level("everything", np.zeros(n_trials, dtype=np.intp), ())
    chain = [whole]
    for level in levels.by_name.values():
        if level.name in NOUNS and (level.code >= 0).all() and level.lies_within(chain[0]):
            chain.insert(0, level)
    return chain


def _moments(X: NDArray[np.float32], code: NDArray[np.intp]) -> Moments:
    n_groups, n_channels = code.max() + 1, X.shape[1]
    total, squares = np.zeros((n_groups, n_channels)), np.zeros((n_groups, n_channels))
    least = np.full((n_groups, n_channels), np.inf)
    most, stop = -least, 0
    with np.errstate(invalid="ignore", over="ignore"):
        for block in read_blocks(X, BLOCK_BYTES):
            groups = code[stop : stop + len(block)]
            stop += len(block)
            np.add.at(total, groups, block.sum(axis=2, dtype=np.float64))
            np.add.at(squares, groups, np.einsum("nct,nct->nc", block, block).astype(np.float64))
            np.minimum.at(least, groups, block.min(axis=2))
            np.maximum.at(most, groups, block.max(axis=2))
    n = np.bincount(code, minlength=n_groups)[:, None].astype(np.float64) * X.shape[2]
    return Moments(n, total, squares, least, most)


def _kind(moments: Moments, by_channel: bool) -> str | None:
    moments = moments if by_channel else moments.all_channels()
    if moments.standardized:
        return "standardized"
    return "min_max" if moments.min_max else None


def _level_of(moments: Moments, chain: list[Level], kind: str, by_channel: bool) -> Level:
    """The finest level whose groups are normalised each by itself."""
    first = np.unique(chain[0].code, return_index=True)[1]
    for level in chain:
        if _kind(moments.over(level.code[first]), by_channel) == kind:
            return level
    return chain[-1]


def _clipped(X: NDArray[np.float32]) -> bool:
    n_ends = sum(
        int((block >= 1).sum()) + int((block <= -1).sum()) for block in read_blocks(X, BLOCK_BYTES)
    )
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


def _report(
    kind: str, level: Level, by_channel: bool, folds: Sequence[Fold], findings: Findings
) -> None:
    tally = findings.tally()
    for fold in folds:
        tally.add(fold, level.on_both_sides(fold), lambda: "")
    if not tally.folds:
        return
    unit = "All trials" if level.name == "everything" else f"The trials of each {NOUNS[level.name]}"
    how = {
        "standardized": "have mean 0 and standard deviation 1",
        "min_max": "fill [0, 1] or [-1, 1] exactly",
        "whitened": "have channels of variance 1 that do not correlate",
    }[kind]
    extent = (
        "" if kind == "whitened" else ", in every channel" if by_channel else ", over all channels"
    )
    detail = (
        f"{unit} together {how}{extent}: they seem to have been transformed by numbers that were "
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
        _check_pipeline(prefix, pipeline, findings)
        if people_apart:
            check_inner_splits(prefix, pipeline, findings)


def _check_pipeline(prefix: str, pipeline: Any, findings: Findings) -> None:
    parts = {"itself": pipeline}
    for name, value in pipeline.get_params(deep=True).items():
        if not isinstance(value, type) and (hasattr(value, "fit") or hasattr(value, "transform")):
            parts[name] = value
        elif name.rpartition("__")[2] == "init_weights" and value is not None:
            findings.add(
                "pretrained",
                "warning",
                f"Pipeline: {prefix}{name} starts every fit from weights that are there already.",
                "See that they were not trained on any of these trials, or people.",
            )
    fitted_names: list[str] = []
    for name, part in parts.items():
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
