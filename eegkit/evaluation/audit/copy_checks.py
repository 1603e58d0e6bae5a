"""Checks by content: copies, near copies and shared samples on both sides of a split."""

from __future__ import annotations

from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from eegkit.evaluation.audit.findings import Findings
from eegkit.evaluation.audit.fingerprints import (
    Content,
    Groups,
    alike_in_shape,
    copies,
    read_content,
    shared_runs,
)
from eegkit.evaluation.audit.near_copies import (
    MAX_PAIRS,
    Typical,
    candidate_pairs,
    nearly_same,
    same_shifted,
)
from eegkit.evaluation.splits.metadata import show
from eegkit.evaluation.splits.named import Fold

ADVICE = {
    "copy": "Remove the copies, or keep all copies of a trial on one side.",
    "shared_samples": "Cut windows without overlap, or keep those of a recording on one side.",
    "near_copy": "Augment inside the pipeline, after the split, or keep all versions of a trial "
    "on one side.",
    "shifted_copy": "Cut windows without overlap, or keep those of a recording on one side.",
}
DETAIL = {
    "copy": "Identical trials are in training and in test",
    "shared_samples": "Trials of both sides share runs of identical samples",
    "near_copy": "Trials of both sides are the same but for scale, sign, reference or noise",
    "shifted_copy": "Trials of both sides overlap, though they were scaled each by itself",
}


def check_content(findings: Findings, leaky: NDArray[np.bool_]) -> None:
    """Read the signals once, and look for trials that are alike on both sides.

    Test trials that are `leaky` by other means get no second finding; nor do those
    of a kind get one of the next.
    """
    X = np.asarray(findings.trials.X)
    content = read_content(X)
    _say_what_was_left_out(content, findings)
    usable = content.usable
    if usable.sum() < 2:
        return
    leaky = leaky.copy()
    _report("copy", copies(content), findings, leaky)
    _report("shared_samples", shared_runs(content), findings, leaky)
    # Most splits have no pair to confirm, and need not know what is usual.
    typical = cache(partial(Typical.from_trials, X, usable))
    pairs = _crossing(candidate_pairs(content.projected, usable), "near copies", findings, leaky)
    same = [nearly_same(X, i, j, typical()) for i, j in pairs]
    _report("near_copy", _groups_of(pairs, same, len(X)), findings, leaky)
    pairs = _crossing(alike_in_shape(content), "shifted copies", findings, leaky)
    same = [same_shifted(X, i, j, lag, content.shape_run, typical()) for i, j, lag in pairs]
    _report("shifted_copy", _groups_of(pairs, same, len(X)), findings, leaky)


def _report(kind: str, groups: Groups, findings: Findings, leaky: NDArray[np.bool_]) -> None:
    names = findings.trials.groups

    def hits(fold: Fold) -> NDArray[np.intp]:
        rows, _ = groups.across(fold.train, fold.test)
        return rows[~leaky[rows]]

    def example(fold: Fold, row: int) -> str:
        _, [partner] = groups.across(fold.train, np.array([row]))
        return (
            f"test trial {row} of {show(names[row])} and training trial {partner} of "
            f"{show(names[partner])}"
        )

    tally = findings.tally(hits, example)
    findings.add_tally(kind, "leak", tally, DETAIL[kind], ADVICE[kind])
    leaky |= tally.trials


def _groups_of(pairs: NDArray[np.intp], same: list[bool], n_trials: int) -> Groups:
    """Sets of two, of the pairs that are the same."""
    trials = pairs[np.array(same, dtype=bool), :2].ravel()
    return Groups(np.arange(len(trials)) // 2, trials, n_trials)


def _crossing(
    pairs: NDArray[np.intp], kind: str, findings: Findings, leaky: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """The pairs that a fold has on different sides, with a test trial that is not known yet; of
    too many, some."""
    apart = np.zeros(len(pairs), dtype=bool)
    i, j = pairs[:, :2].T
    for fold in findings.folds:
        train, test = np.zeros(len(leaky), dtype=bool), np.zeros(len(leaky), dtype=bool)
        train[fold.train] = test[fold.test] = True
        test &= ~leaky
        apart |= (train[i] & test[j]) | (test[i] & train[j])
    pairs = pairs[apart]
    if len(pairs) <= MAX_PAIRS:
        return pairs
    findings.not_checked(
        f"{len(pairs)} pairs of trials may be {kind}; every "
        f"{len(pairs) / MAX_PAIRS:.1f}th of them was compared.",
        "Remove what all trials share, drift or line noise for one, and audit again.",
    )  # fmt: skip
    return pairs[np.linspace(0, len(pairs) - 1, MAX_PAIRS).astype(np.intp)]


def _say_what_was_left_out(content: Content, findings: Findings) -> None:
    finite, flat = content.finite, content.flat
    for mask, state in ((~finite, "hold NaN or infinite values"), (finite & flat, "are flat")):
        if mask.any():
            findings.not_checked(
                f"{mask.sum()} trials {state} (trial {mask.argmax()} for one) and were not "
                "compared with others.",
            )  # fmt: skip
