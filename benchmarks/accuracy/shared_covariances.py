"""Scores of `mental_workload`, with the covariances of all trials computed once.

A trial's covariances depend on nothing but the trial, and its alignment to its person's first
minute on this person alone, so both serve all folds; what is trained is fitted fold by fold.
"""

from __future__ import annotations

import numpy as np
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from eegkit import SignalArray, Trials
from eegkit.access import calibration_rows
from eegkit.decoders import mental_workload
from eegkit.evaluation import make_splitter


def person_scores(trials: Trials, access: str, cv: str) -> dict[str, tuple[float, float]]:
    """Balanced accuracy and AUROC of each person, trials of the first minute left out.

    Parameters
    ----------
    trials : Trials
    access : {"calibration", "transductive"}
    cv : str
        The split, by people drawn with seed 0.

    Returns
    -------
    dict of (float, float)
    """
    decoder = mental_workload(access)
    matrices = [_aligned(branch, trials.X) for _, branch in _branches(decoder)]
    is_scored = ~calibration_rows(decoder, trials.X)
    people = np.asarray(trials.X.groups)
    scores: dict[str, tuple[float, float]] = {}
    splitter = make_splitter(cv, random_state=0)
    for train, test in splitter.split(trials.X, trials.y, people):
        features = [
            _tangent(b, m, train) for (_, b), m in zip(_branches(decoder), matrices, strict=True)
        ]
        X = SignalArray(np.hstack(features), **trials.X.of_trials)
        last = decoder.steps[-1][1].fit(X[train], trials.y[train])
        odds = last.decision_function(X[test])
        for person in np.unique(people[test]):
            rows = (people[test] == person) & is_scored[test]
            truth = trials.y[test][rows] == last.classes_[1]
            scores[person] = (
                balanced_accuracy_score(truth, odds[rows] > 0),
                roc_auc_score(truth, odds[rows]),
            )
    return scores


def _branches(decoder):
    return decoder.named_steps["covariances"].transformer_list


def _aligned(branch, X):
    for _, step in branch.steps[:2]:
        X = step.fit_transform(X)
    return np.asarray(X, dtype=np.float64)


def _tangent(branch, matrices, train):
    tangent_space = branch.steps[2][1].fit(matrices[train])
    return tangent_space.transform(matrices)
