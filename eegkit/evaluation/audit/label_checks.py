"""Checks of labels: what else than the signals of interest could tell the classes apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.evaluation.audit.findings import Findings
from eegkit.evaluation.audit.metadata_checks import NOUNS, Level, Levels
from eegkit.evaluation.splits import Fold, show
from eegkit.labels import labels_are_subjects
from eegkit.trials import Trials


def check_labels(trials: Trials, folds: Sequence[Fold], levels: Levels, findings: Findings) -> None:
    """Confounding of class with who, when and where; classes missing on one side."""
    if trials.y.ndim != 1:
        findings.add(
            "not_checked", "note",
            "The labels are soft: classes were not compared with people, sessions or files.",
        )  # fmt: skip
        return
    label, names = pd.factorize(trials.y)
    _check_sides(trials, folds, label, names, findings)
    if len(names) < 2:
        return
    if labels_are_subjects(trials.y, trials.groups):
        findings.add(
            "identification", "note",
            f"Each of the {len(names)} people has a class of their own: this is identification.",
            "People must be known in training; keep their sessions apart instead.",
        )  # fmt: skip
        return
    _check_confounding(folds, label, levels, findings)
    _check_one_class_tested(trials, folds, label, levels, findings)


def one_class_groups(level: Level, label: NDArray[np.intp]) -> tuple[int, int, NDArray[np.bool_]]:
    """Groups of two and more trials, how many of them hold one class, and which trials are of
    those."""
    has_group = level.code >= 0
    code = level.code[has_group]
    size = np.bincount(code, minlength=level.code.max() + 1)
    pairs = np.unique(np.column_stack([code, label[has_group]]), axis=0)
    n_classes = np.bincount(pairs[:, 0], minlength=len(size))
    single = (size > 1) & (n_classes == 1)
    return int((size > 1).sum()), int(single.sum()), has_group & single[level.code]


def _check_confounding(
    folds: Sequence[Fold], label: NDArray[np.intp], levels: Levels, findings: Findings
) -> None:
    for name in ("dataset", "subject", "session", "recording", "run"):
        level = levels.by_name.get(name)
        if level is None:
            continue
        n_groups, n_single, _ = one_class_groups(level, label)
        if n_groups < 2 or n_single < n_groups:
            continue
        crosses = any(len(level.on_both_sides(fold)) for fold in folds)
        noun = NOUNS[name]
        detail = f"Every {noun} has trials of one class only ({n_groups} of them)."
        if name == "subject":
            advice = (
                "A decoder may tell the people apart instead of the classes; the number of people "
                "is what the score rests on, so test on many."
            )
        elif crosses:
            advice = (
                f"A decoder that recognises the {noun} knows the class; keep each {noun} on one "
                "side, and ask what else differs between them."
            )
        else:
            advice = f"Whatever else differs between one {noun} and the next may be what is told."
        serious = crosses or name in ("dataset", "subject")
        findings.add(f"class_by_{name}", "warning" if serious else "note", detail, advice)
        return  # all finer levels are confounded as well, and say nothing new


def _check_sides(
    trials: Trials, folds: Sequence[Fold], label: NDArray[np.intp], names: NDArray,
    findings: Findings,
) -> None:  # fmt: skip
    single_class, new_class = findings.tally(), findings.tally()
    for fold in folds:
        trained = np.zeros(len(names), dtype=bool)
        trained[label[fold.train]] = True
        if trained.sum() == 1:
            only = names[trained.argmax()]
            single_class.add(fold, fold.test, lambda only=only: show(only))  # type: ignore[misc]
        hits = fold.test[~trained[label[fold.test]]]
        new_class.add(fold, hits, lambda hits=hits: show(trials.y[hits[0]]))  # type: ignore[misc]
    findings.add_tally(
        "one_class", "warning", single_class, "Training trials are of one class only",
        'Nothing can be learnt; use cv="stratified-group-5", or fewer folds.',
    )  # fmt: skip
    findings.add_tally(
        "unseen_class", "warning", new_class, "Test trials are of a class that training lacks",
        'They cannot be answered rightly; use cv="stratified-group-5", or fewer folds.',
    )  # fmt: skip


def _check_one_class_tested(
    trials: Trials, folds: Sequence[Fold], label: NDArray[np.intp], levels: Levels,
    findings: Findings,
) -> None:  # fmt: skip
    subject = levels.by_name.get("subject") or levels.by_name.get("dataset")
    if subject is None:
        return
    n_groups, n_single, _ = one_class_groups(subject, label)
    if n_single == n_groups:
        return  # said by the confounding of class and person
    tally = findings.tally()
    for fold in folds:
        test_level = Level("subject", subject.code[fold.test], ())
        _, _, of_single = one_class_groups(test_level, label[fold.test])
        hits = fold.test[of_single]
        tally.add(fold, hits, lambda hits=hits: show(trials.groups[hits[0]]))  # type: ignore[misc]
    findings.add_tally(
        "one_class_tested", "note", tally, "A person's test trials are of one class only",
        "Balanced accuracy and AUC of that person and fold say little, or are undefined.",
    )  # fmt: skip
