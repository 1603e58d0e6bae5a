"""Maps of people by chance: of decoders that are trained and tested on shuffled labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from eegkit.access import trials_of_subjects
from eegkit.evaluation import evaluate
from eegkit.explanation.people import PeopleAttributions, explain_people
from eegkit.parameters import Count, check_for
from eegkit.trials import Trials


def explain_chance(
    decoder: Any,
    trials: Trials,
    *,
    cv: Any,
    n_shuffles: int = 19,
    random_state: int = 0,
    **options: Any,
) -> list[PeopleAttributions]:
    """Explain people whose labels are shuffled, again and again: what maps look like by chance.

    Labels are shuffled among the trials of each person, then everything is done as for the true
    ones: decoders are trained on some people, and explained on the others. The ``test`` of the true
    maps compares with these where it gets them as ``chance=``. Unlike flips of signs that test
    keeps its level with few people, too, since what folds have in common is in both; it takes
    `n_shuffles` times as long as the evaluation did.

    Parameters
    ----------
    decoder : estimator
        Not fitted: the one that was evaluated.
    trials : Trials
        Of several people; they stay as they are.
    cv : str or splitter
        As in `eegkit.evaluate`, and as the true maps have it.
    n_shuffles : int, default 19
        The smallest p is ``1 / (n_shuffles + 1)``.
    random_state : int, default 0
        Shuffles the labels.
    **options
        As the true maps have them: of `explain_people` and `explain`.

    Returns
    -------
    list of PeopleAttributions

    Raises
    ------
    ValueError
        As `explain_people` does.

    References
    ----------
    M. Ojala, G. C. Garriga (2010), Permutation tests for studying classifier performance, Journal
    of Machine Learning Research 11, 1833-1863.

    Examples
    --------
    >>> from eegkit import evaluate
    >>> from eegkit.datasets import Simulated
    >>> from eegkit.evaluation import baselines
    >>> from eegkit.explanation import explain_chance, explain_people
    >>> trials = Simulated(n_subjects=6, n_trials=8).load()
    >>> decoder = baselines()["band_power+lr"]
    >>> results = evaluate(decoder, trials, cv="group-2", keep_decoders=True)
    >>> hide = {"method": "occlusion", "space": "input", "by": "feature", "baseline": "mean"}
    >>> chance = explain_chance(decoder, trials, cv="group-2", n_shuffles=3, **hide)
    >>> table = explain_people(results, trials, **hide).test(chance=chance)
    >>> float(table["p"].min()) >= 1 / 4
    True
    """
    check_for(Count).require("n_shuffles", n_shuffles)
    rng = np.random.default_rng(random_state)
    maps = []
    for _ in range(n_shuffles):
        part = _shuffled(trials, rng)
        results = evaluate(decoder, part, cv=cv, keep_decoders=True)
        maps.append(explain_people(results, part, **options))
    return maps


def _shuffled(trials: Trials, rng: np.random.Generator) -> Trials:
    """The trials with the labels of each person in another order."""
    trials = trials[:]
    labels = np.array(trials.y)
    for _, rows in trials_of_subjects(trials.X):
        labels[rows] = labels[rng.permutation(rows)]
    trials.y = labels
    return trials
