"""What it is that a decoder without probabilities lacks, and how it gets them."""

from __future__ import annotations

from typing import Any

from sklearn.base import is_clusterer, is_regressor
from sklearn.ensemble import StackingClassifier, VotingClassifier

from eegkit.step_names import flat_steps

# Where an estimator has the one that it asks, fitted or not.
INNER = ("best_estimator_", "final_estimator_", "final_estimator", "estimator_", "estimator")
TAKES = "explain takes a fitted decoder that has predict_proba"


def lack_of(decoder: Any) -> str | None:
    """Why a decoder has no probabilities, and what to do, in a sentence; None where it has.

    Parameters
    ----------
    decoder : estimator
        Fitted or not. What it asks in its turn (a step, what a search has chosen, who votes) is
        looked into.
    """
    last = flat_steps(decoder)[-1]
    name = type(last).__name__
    if getattr(last, "refit", True) is False:
        return f"{name} keeps no decoder, since refit=False; search again with refit=True."
    if isinstance(last, VotingClassifier):
        return _lack_of_voters(last, name)
    if hasattr(last, "predict_proba"):
        return None
    inner = next((part for key in INNER if (part := getattr(last, key, None)) is not None), None)
    if inner is not None:
        return lack_of(inner) or f"{name} has no predict_proba; {TAKES}."
    if isinstance(last, StackingClassifier):  # its final estimator is logistic regression
        return None
    return f"{name} {_kind(last)}."


def _lack_of_voters(vote: Any, name: str) -> str | None:
    if vote.voting == "hard":
        return (
            f"{name} counts votes, which have no probabilities; set voting='soft', with "
            "classifiers that have predict_proba."
        )
    voters = getattr(vote, "estimators_", [voter for _, voter in vote.estimators])
    lacks = [lack_of(voter) for voter in voters if voter not in ("drop", None)]
    return next(filter(None, lacks), None)


def _kind(last: Any) -> str:
    """What is wrong with an estimator that has nothing inside, and what to do."""
    if not hasattr(last, "__sklearn_tags__"):
        return f"has no predict_proba; {TAKES}"
    if is_regressor(last):
        return f"predicts numbers, not classes; {TAKES}"
    if is_clusterer(last):
        return f"finds groups, not classes; {TAKES}"
    if not hasattr(last, "predict"):
        return "transforms trials, and classifies none; put a classifier behind it"
    also = " (or probability=True)" if hasattr(last, "probability") else ""
    return f"has no predict_proba; put CalibratedClassifierCV around it{also}"
