"""Ranks of pipelines over people: Friedman's test and Nemenyi's comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from eegkit.evaluation.statistics.paired import DECIMALS, Probability, check_scores
from eegkit.notice import warn
from eegkit.parameters import check_for


@dataclass(frozen=True)
class RankComparison:
    """Ranks of pipelines over people; see `friedman_nemenyi`.

    Parameters
    ----------
    mean_ranks : pandas.Series
        By pipeline, the best (the smallest) first.
    statistic, p : float
        Of Friedman's test.
    critical_difference : float
        Mean ranks that differ by less do not differ significantly.
    groups : list of list
        Pipelines that do not differ, the best first; a group stands in no other.
    alpha : float
        The level of significance.
    n_subjects, n_dropped : int
        People who were compared, and those left out since they lack a score.

    See Also
    --------
    friedman_nemenyi : makes it, with an example.
    """

    mean_ranks: pd.Series
    statistic: float
    p: float
    critical_difference: float
    groups: list[list[Any]]
    alpha: float
    n_subjects: int
    n_dropped: int


def friedman_nemenyi(scores: pd.DataFrame, alpha: float = 0.05) -> RankComparison:
    """Rank three or more pipelines on every person: Friedman's test, Nemenyi's comparison.

    Nemenyi's groups mean something where Friedman's p is below `alpha`.

    Parameters
    ----------
    scores : pandas.DataFrame, n_subjects rows, n_pipelines columns
        One score per person and pipeline, greater being better. People without a score for
        every pipeline are left out.
    alpha : float, default 0.05
        Level of Nemenyi's comparison.

    Returns
    -------
    RankComparison
        Rank 1 is the best; ties share the mean of their ranks. Friedman's statistic is corrected
        for ties, its p that of chi-squared with n_pipelines - 1 degrees of freedom.

    Raises
    ------
    ValueError
        There are fewer than three pipelines, for which `compare_paired` is, or fewer than two
        people with all scores; alpha is no probability.

    Warns
    -----
    UserWarning
        People were left out; or the pipelines differ in what they may see of the people tested.

    References
    ----------
    J. Demsar (2006), Statistical comparisons of classifiers over multiple data sets, Journal of
    Machine Learning Research 7, 1-30, section 3.2.2: CD = q sqrt(k (k + 1) / 6 N), with q the
    quantile of the studentized range over the square root of 2.

    Examples
    --------
    >>> import pandas as pd
    >>> from eegkit.evaluation import friedman_nemenyi
    >>> scores = pd.DataFrame({"a": [0.9] * 9, "b": [0.7, 0.8] * 4 + [0.7], "c": [0.6] * 9})
    >>> found = friedman_nemenyi(scores)
    >>> found.mean_ranks.to_dict(), round(found.critical_difference, 2), found.groups
    ({'a': 1.0, 'b': 2.0, 'c': 3.0}, 1.1, [['a', 'b'], ['b', 'c']])
    """
    values = check_scores(scores, least=3)
    check_for(Probability).require("alpha", alpha)
    complete = np.round(values[np.isfinite(values).all(axis=1)], DECIMALS)
    n, k = complete.shape
    if n < 2:
        raise ValueError(
            f"{n} of {len(values)} people have a score with all {k} pipelines; expected at least "
            "two. Leave out the pipelines that lack most."
        )
    if n < len(values):
        warn(f"{len(values) - n} of {len(values)} people lack a score and are left out.")
    ranks = stats.rankdata(-complete, axis=1)
    mean_ranks = pd.Series(ranks.mean(axis=0), index=scores.columns).sort_values(kind="stable")
    statistic, p = 0.0, 1.0
    if np.ptp(ranks, axis=1).any():  # else everybody scores the same with every pipeline
        statistic, p = map(float, stats.friedmanchisquare(*complete.T))
    q = stats.studentized_range.ppf(1 - alpha, k, np.inf) / np.sqrt(2)
    critical = float(q * np.sqrt(k * (k + 1) / (6 * n)))
    groups = _groups(mean_ranks, critical)
    return RankComparison(
        mean_ranks, statistic, p, critical, groups, alpha, n, n_dropped=len(values) - n
    )


def _groups(mean_ranks: pd.Series, critical: float) -> list[list[Any]]:
    """The longest runs of sorted mean ranks that span less than the critical difference."""
    ranks = mean_ranks.to_numpy()
    groups, end = [], 0
    for start in range(len(ranks)):
        stop = int(np.searchsorted(ranks, ranks[start] + critical))
        if stop > end:
            groups.append(list(mean_ranks.index[start:stop]))
            end = stop
    return groups
