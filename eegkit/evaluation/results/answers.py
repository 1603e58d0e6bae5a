"""What the answers of one pipeline add up to, over all people."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sklearn.metrics import precision_recall_fscore_support

from eegkit.evaluation.results.people import one_answer_each
from eegkit.evaluation.results.predictions import Predictions
from eegkit.evaluation.statistics.permutation import PermutationChance, permutation_chance
from eegkit.labels import labels_are_subjects, one_class_each


def per_class(predictions: Predictions) -> pd.DataFrame:
    """Precision, recall and F1 of every class; see `Results.per_class`."""
    columns = precision_recall_fscore_support(
        predictions.y, predictions.predicted, labels=predictions.classes, zero_division=0.0
    )
    scores = dict(zip(("precision", "recall", "f1", "n_trials"), columns, strict=True))
    return pd.DataFrame(scores, index=pd.Index(predictions.classes, name="class"))


def chance_of_answers(predictions: Predictions, metric: str, **options: Any) -> PermutationChance:
    """How often permuted labels do as well; see `Results.permutation_chance`."""
    identity = labels_are_subjects(predictions.y, predictions.subject)
    if one_class_each(predictions.y, predictions.subject):
        predictions, identity = one_answer_each(predictions), True
    subject = None if identity else predictions.subject
    return permutation_chance(predictions.y, predictions.predicted, subject, metric, **options)
