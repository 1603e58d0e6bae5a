"""Names: for the estimators inside another, and of code as words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sklearn.pipeline import make_pipeline

ACRONYMS = {"auc": "AUC", "auroc": "AUROC", "kl": "KL", "roc": "ROC"}


def named(estimators: Any) -> Any:
    """Name bare estimators as scikit-learn's ``make_pipeline`` does; named ones pass through."""
    if not isinstance(estimators, Sequence) or all(isinstance(e, tuple) for e in estimators):
        return estimators
    bare = [e[1] if isinstance(e, tuple) else e for e in estimators]
    steps = make_pipeline(*bare).steps
    return [e if isinstance(e, tuple) else s for e, s in zip(estimators, steps, strict=True)]


def spoken(name: str) -> str:
    """A name of code as words, such as "balanced accuracy"."""
    return " ".join(ACRONYMS.get(part, part) for part in name.split("_"))


def wrap_name(name: Any, width: int) -> str:
    """The name of a pipeline, broken at its steps where it is long."""
    lines = [""]
    for step in re.split(r"(?<=\+)", str(name)):
        if lines[-1] and len(lines[-1] + step.removesuffix("+")) > width:
            lines.append("")
        lines[-1] += step
    return "\n".join(lines)


def headed(name: str) -> str:
    """The same, to begin a line with."""
    words = spoken(name)
    return words[:1].upper() + words[1:]
