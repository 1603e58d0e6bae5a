"""Checks by content: copies, near copies and shared samples on both sides of a split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eegkit.evaluation.audit.findings import Findings
from eegkit.evaluation.audit.fingerprints import (
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
from eegkit.evaluation.splits import Fold, show
from eegkit.trials import Trials

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


def check_content(
    trials: Trials, folds: Sequence[Fold], leaky: NDArray[np.bool_], findings: Findings
) -> None:
    """Read the signals once, and look for trials that are alike on both sides.

    Test trials that are `leaky` by other means get no second finding; nor do those
    of a kind get one of the next.
    """
    X = np.asarray(trials.X)
    content = read_content(X)
    _say_what_was_left_out(content.finite, content.flat, findings)
    usable = content.usable
    if usable.sum() < 2:
        return
    leaky = leaky.copy()
    exact = shared_runs(content)
    for kind, groups in (("copy", copies(content)), ("shared_samples", exact)):
        _report(kind, groups, trials, folds, leaky, findings)
    typical = Typical.from_trials(X, usable)
    pairs = candidate_pairs(content.projected, usable)
    pairs = pairs[_crossing(pairs, folds, leaky)]
    pairs = _at_most(pairs, "near copies", findings)
    if len(pairs):
        same = [nearly_same(X, i, j, typical) for i, j in pairs]
        _report("near_copy", _groups_of(pairs[same], len(X)), trials, folds, leaky, findings)
    shifted = alike_in_shape(content)
    shifted = shifted[_crossing(shifted[:, :2], folds, leaky)]
    shifted = _at_most(shifted, "shifted copies", findings)
    if len(shifted):
        same = [same_shifted(X, i, j, lag, content.shape_run, typical) for i, j, lag in shifted]
        _report(
            "shifted_copy", _groups_of(shifted[same, :2], len(X)), trials, folds, leaky, findings
        )


def _report(
    kind: str, groups: Groups, trials: Trials, folds: Sequence[Fold], leaky: NDArray[np.bool_],
    findings: Findings,
) -> None:  # fmt: skip
    if not groups.n_groups:
        return
    tally = findings.tally()
    for fold in folds:
        hits, partners = groups.across(fold.train, fold.test)
        new = ~leaky[hits]
        hits, partners = hits[new], partners[new]
        tally.add(
            fold, hits,
            lambda hits=hits, partners=partners: (  # type: ignore[misc]
                f"test trial {hits[0]} of {show(trials.groups[hits[0]])} and training trial "
                f"{partners[0]} of {show(trials.groups[partners[0]])}"
            ),
        )  # fmt: skip
    findings.add_tally(kind, "leak", tally, DETAIL[kind], ADVICE[kind])
    leaky |= tally.trials


def _groups_of(pairs: NDArray[np.intp], n_trials: int) -> Groups:
    number = np.repeat(np.arange(len(pairs)), 2)
    return Groups(number, pairs.ravel(), n_trials)


def _crossing(
    pairs: NDArray[np.intp], folds: Sequence[Fold], leaky: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """The pairs that a fold has on different sides, with a test trial that is not known yet."""
    apart = np.zeros(len(pairs), dtype=bool)
    if not len(pairs):
        return apart
    i, j = pairs.T
    for fold in folds:
        train, test = np.zeros(len(leaky), dtype=bool), np.zeros(len(leaky), dtype=bool)
        train[fold.train] = test[fold.test] = True
        test &= ~leaky
        apart |= (train[i] & test[j]) | (test[i] & train[j])
    return apart


def _at_most(pairs: NDArray[np.intp], kind: str, findings: Findings) -> NDArray[np.intp]:
    if len(pairs) <= MAX_PAIRS:
        return pairs
    findings.add(
        "not_checked", "note",
        f"{len(pairs)} pairs of trials may be {kind}; every "
        f"{len(pairs) / MAX_PAIRS:.1f}th of them was compared.",
        "Remove what all trials share, drift or line noise for one, and audit again.",
    )  # fmt: skip
    return pairs[np.linspace(0, len(pairs) - 1, MAX_PAIRS).astype(np.intp)]


def _say_what_was_left_out(
    finite: NDArray[np.bool_], flat: NDArray[np.bool_], findings: Findings
) -> None:
    for mask, state in ((~finite, "hold NaN or infinite values"), (finite & flat, "are flat")):
        if mask.any():
            findings.add(
                "not_checked", "note",
                f"{mask.sum()} trials {state} (trial {mask.argmax()} for one) and were not "
                "compared with others.",
            )  # fmt: skip
