"""Names: numbers for the same ones, and code as words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

ACRONYMS = {"auc": "AUC", "auroc": "AUROC", "kl": "KL", "roc": "ROC"}


def numbered(names: Sequence[str]) -> list[str]:
    """Names of steps as scikit-learn tells the same ones apart: ``stft-1``, ``lda``, ``stft-2``."""
    return [
        f"{name}-{names[: i + 1].count(name)}" if names.count(name) > 1 else name
        for i, name in enumerate(names)
    ]


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
