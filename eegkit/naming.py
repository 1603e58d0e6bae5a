"""Names for the estimators inside another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn import pipeline as sklearn_pipeline


def named(estimators: Any) -> Any:
    """Name bare estimators as scikit-learn's ``make_pipeline`` does; named ones pass through."""
    if not isinstance(estimators, Sequence) or all(isinstance(e, tuple) for e in estimators):
        return estimators
    bare = [e[1] if isinstance(e, tuple) else e for e in estimators]
    made = sklearn_pipeline._name_estimators(bare)
    return [e if isinstance(e, tuple) else m for e, m in zip(estimators, made, strict=True)]
