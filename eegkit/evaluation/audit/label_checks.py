"""Checks of labels: what else than the signals of interest could tell the classes apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.evaluation.audit.findings import Findings
from eegkit.evaluation.audit.metadata_checks import NOUNS, Level, Levels
from eegkit.evaluation.splits.metadata import show
from eegkit.evaluation.splits.named import Fold
from eegkit.labels import labels_are_subjects


def check_labels(levels: Levels, findings: Findings) -> None:
    """Confounding of class with who, when and where; classes missing on one side."""
    trials = findings.trials
    if trials.y.ndim != 1:
        findings.not_checked(
            "The labels are soft: classes were not compared with people, sessions or files.",
        )  # fmt: skip
        return
    label, names = pd.factorize(trials.y)
    _check_sides(label, findings)
    if len(names) < 2:
        return
    if labels_are_subjects(trials.y, trials.groups):
        findings.add(
            "identification", "note",
            f"Each of the {len(names)} people has a class of their own: this is identification.",
            "People must be known in training; keep their sessions apart instead.",
        )  # fmt: skip
        return
    _check_confounding(label, levels, findings)
    _check_one_class_tested(label, levels, findings)


def one_class_groups(level: Level, label: NDArray[np.intp]) -> tuple[int, int, NDArray[np.bool_]]:
    """Groups of two and more trials, how many of them hold one class, and which trials are of
    those."""
    has_group = level.code >= 0
    size = np.bincount(level.code[has_group])
    single = (size > 1) & (level.n_different(label) == 1)
    return int((size > 1).sum()), int(single.sum()), has_group & single[level.code]


def _check_confounding(label: NDArray[np.intp], levels: Levels, findings: Findings) -> None:
    for name in ("dataset", "subject", "session", "recording", "run"):
        level = levels.by_name.get(name)
        if level is None:
            continue
        n_groups, n_single, _ = one_class_groups(level, label)
        if n_groups < 2 or n_single < n_groups:
            continue
        crosses = any(len(level.on_both_sides(fold)) for fold in findings.folds)
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


def _check_sides(label: NDArray[np.intp], findings: Findings) -> None:
    y = findings.trials.y

    def all_tested(fold: Fold) -> NDArray[np.intp]:
        return fold.test if len(np.unique(label[fold.train])) == 1 else fold.test[:0]

    def of_new_class(fold: Fold) -> NDArray[np.intp]:
        return fold.test[~np.isin(label[fold.test], label[fold.train])]

    findings.add_tally(
        "one_class", "warning",
        findings.tally(all_tested, lambda fold, _: show(y[fold.train[0]])),
        "Training trials are of one class only",
        'Nothing can be learnt; use cv="stratified-group-5", or fewer folds.',
    )  # fmt: skip
    findings.add_tally(
        "unseen_class", "warning", findings.tally(of_new_class, lambda _, row: show(y[row])),
        "Test trials are of a class that training lacks",
        'They cannot be answered rightly; use cv="stratified-group-5", or fewer folds.',
    )  # fmt: skip


def _check_one_class_tested(label: NDArray[np.intp], levels: Levels, findings: Findings) -> None:
    subject = levels.by_name.get("subject") or levels.by_name.get("dataset")
    if subject is None:
        return
    n_groups, n_single, _ = one_class_groups(subject, label)
    if n_single == n_groups:
        return  # said by the confounding of class and person

    def hits(fold: Fold) -> NDArray[np.intp]:
        test_level = Level("subject", subject.code[fold.test], ())
        return fold.test[one_class_groups(test_level, label[fold.test])[2]]

    names = findings.trials.groups
    findings.add_tally(
        "one_class_tested", "note", findings.tally(hits, lambda _, row: show(names[row])),
        "A person's test trials are of one class only",
        "Balanced accuracy and AUC of that person and fold say little, or are undefined.",
    )  # fmt: skip
