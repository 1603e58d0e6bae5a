"""Checks of labels: what else than the signals of interest could tell the classes apart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.evaluation.audit.findings import Findings
from eegkit.evaluation.audit.metadata_checks import NOUNS, Level, Levels
from eegkit.evaluation.splits.metadata import show
from eegkit.evaluation.splits.named import Fold
from eegkit.labels import labels_are_subjects

MORE_PEOPLE = '; use cv="stratified-group-5", or fewer folds.'
# So many names are written out in an advice.
MOST_NAMES = 3


def check_labels(levels: Levels, findings: Findings) -> None:
    """Confounding of class with who, when and where; classes missing on one side."""
    trials = findings.trials
    if trials.y.ndim != 1:
        findings.not_checked(
            "The labels are soft: classes were not compared with people, sessions or files.",
        )  # fmt: skip
        return
    label, names = pd.factorize(trials.y)
    identifies = labels_are_subjects(trials.y, trials.groups)
    owned = len(names) > 2 and (_n_people(label, findings) == 1).all()
    advice = known_people(trials.metadata) if identifies or owned else ""
    is_said = _check_sides(label, advice, findings)
    if len(names) < 2:
        return
    if identifies:
        findings.add(
            "identification", "note",
            f"Each of the {len(names)} people has a class of their own: this is identification.",
            "" if is_said else "People must be known in training, and their sessions kept apart.",
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


def known_people(metadata: pd.DataFrame) -> str:
    """What to do where classes are people: a split by what was recorded of all of them."""
    by, names = "session", None
    for column in ("session", "run"):
        known = metadata.dropna(subset=["subject", column]).groupby("subject", observed=True)
        of_person = list(map(set, known[column].unique()))
        shared = set.intersection(*of_person) if of_person else set()
        if len(shared) > 1:
            by, names = column, sorted(shared, key=str)
            break
    train, test = ("[...]", "[...]")
    if names is not None:
        train, test = _as_list(names[:-1]), _as_list(names[-1:])
    return (
        f"People must be known in training; keep their {by}s apart instead: "
        f'cv={{"by": "{by}", "train": {train}, "test": {test}}}.'
    )


def _as_list(names: Sequence[Any]) -> str:
    """A few names as a list of Python, in which an ellipsis stands for others."""
    plain = [name.item() if isinstance(name, np.generic) else name for name in names]
    shown = [json.dumps(name, default=str) for name in plain]
    more = ["..."] if len(shown) > MOST_NAMES else []
    return f"[{', '.join(shown[:MOST_NAMES] + more)}]"


def _check_sides(label: NDArray[np.intp], of_people: str, findings: Findings) -> bool:
    """Whether a class is missing on a side; `of_people` is the advice where classes are people."""
    y = findings.trials.y

    def all_tested(fold: Fold) -> NDArray[np.intp]:
        return fold.test if len(np.unique(label[fold.train])) == 1 else fold.test[:0]

    def of_new_class(fold: Fold) -> NDArray[np.intp]:
        return fold.test[~np.isin(label[fold.test], label[fold.train])]

    one_class = findings.tally(all_tested, lambda fold, _: show(y[fold.train[0]]))
    unseen = findings.tally(of_new_class, lambda _, row: show(y[row]))
    findings.add_tally(
        "one_class", "warning", one_class, "Training trials are of one class only",
        f"Nothing can be learnt{f'. {of_people}' if of_people else MORE_PEOPLE}",
    )  # fmt: skip
    advice = f". {of_people}" if of_people else MORE_PEOPLE
    if not of_people and (_n_people(label, findings)[np.unique(label[unseen.trials])] == 1).all():
        advice = "; only one person has it: leave its trials out, or add people who have it."
    findings.add_tally(
        "unseen_class", "warning", unseen, "Test trials are of a class that training lacks",
        f"They cannot be answered rightly{advice}",
    )  # fmt: skip
    return bool(one_class.folds or unseen.folds)


def _n_people(label: NDArray[np.intp], findings: Findings) -> NDArray[np.intp]:
    """How many people have each class."""
    return pd.Series(findings.trials.groups).groupby(label).nunique().to_numpy()


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
