"""Answers of `mental_workload`, with the covariances of all trials computed once.

A trial's covariances depend on nothing but the trial, and their alignment to the person's first
minute on this person alone, so both serve all folds. What is learned from training people is
fitted fold by fold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from eegkit import Pipeline, SignalArray, Trials
from eegkit.access import calibration_rows
from eegkit.decoders import mental_workload
from eegkit.evaluation import make_splitter


def person_scores(
    trials: Trials, decoders: Mapping[str, Pipeline], cv: str
) -> dict[str, pd.DataFrame]:
    """Scores of decoders whose covariances are aligned with the same access, by their name.

    Parameters
    ----------
    trials : Trials
    decoders : dict of str to Pipeline
        Made by `mental_workload`.
    cv : str
        The split, by people drawn with seed 0.

    Returns
    -------
    dict of str to pandas.DataFrame
        Balanced accuracy and AUROC of each person, trials of the first minute left out.
    """
    odds = {name: np.empty(len(trials.X)) for name in decoders}
    for train, test, X in folds_of_features(trials, next(iter(decoders.values())), cv):
        for name, decoder in decoders.items():
            last = clone(decoder.steps[-1][1]).fit(X[train], trials.y[train])
            odds[name][test] = last.decision_function(X[test])
    return {name: scores_of(trials, values) for name, values in odds.items()}


def folds_of_features(
    trials: Trials, decoder: Pipeline, cv: str
) -> Iterator[tuple[np.ndarray, np.ndarray, SignalArray]]:
    """Training and test rows, and the features of all trials when trained on the former."""
    branches = [branch for _, branch in decoder.named_steps["covariances"].transformer_list]
    matrices = [branch.steps[0][1].fit_transform(trials.X) for branch in branches]
    serves_all = branches[0].named_steps["alignment"].access == "calibration"
    people, X = np.asarray(trials.X.groups), None
    for train, test in make_splitter(cv, random_state=0).split(trials.X, trials.y, people):
        if X is None or not serves_all:
            parts = [_features(b, m, train) for b, m in zip(branches, matrices, strict=True)]
            X = SignalArray(np.hstack(parts), **trials.X.of_trials)
        yield train, test, X


def scores_of(trials: Trials, odds: np.ndarray) -> pd.DataFrame:
    """Balanced accuracy and AUROC of each person, by the log-odds of the second label."""
    is_scored = ~calibration_rows(mental_workload("calibration"), trials.X)
    people, second = np.asarray(trials.X.groups), trials.y == np.unique(trials.y)[1]
    rows = {}
    for person in np.unique(people):
        part = (people == person) & is_scored
        truth, answers = second[part], odds[part]
        rows[person] = (
            balanced_accuracy_score(truth, answers > 0),
            roc_auc_score(truth, answers),
        )
    return pd.DataFrame.from_dict(rows, orient="index", columns=["balanced_accuracy", "auroc"])


def _features(branch: Pipeline, matrices: Any, train: np.ndarray) -> np.ndarray:
    alignment, logarithm = (step for _, step in branch.steps[1:])
    aligned = alignment.fit(matrices[train]).transform(matrices)
    return logarithm.fit(aligned).transform(aligned)
