"""Friedman's test and Nemenyi's comparison, by the example of Demsar (2006)."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eegkit.evaluation import friedman_nemenyi

# Table 6: AUC of four classifiers on 14 data sets. The paper ranks "voting" 2 and 3 by digits
# that are not printed; the last digit here is added for that.
NAMES = ["C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"]
AUC = [
    [0.763, 0.768, 0.771, 0.798],
    [0.599, 0.591, 0.590, 0.569],
    [0.954, 0.971, 0.968, 0.967],
    [0.628, 0.661, 0.654, 0.657],
    [0.882, 0.888, 0.886, 0.898],
    [0.936, 0.931, 0.916, 0.931],
    [0.661, 0.668, 0.609, 0.685],
    [0.583, 0.583, 0.563, 0.625],
    [0.775, 0.838, 0.866, 0.875],
    [1.000, 1.000, 1.000, 1.000],
    [0.940, 0.962, 0.965, 0.962],
    [0.619, 0.666, 0.614, 0.669],
    [0.972, 0.981, 0.9751, 0.975],
    [0.957, 0.978, 0.946, 0.970],
]


@pytest.fixture
def auc():
    return pd.DataFrame(AUC, columns=NAMES)


def test_the_published_example(auc):
    found = friedman_nemenyi(auc)
    assert found.mean_ranks.round(3).to_dict() == {
        "C4.5+m+cf": 1.964,
        "C4.5+m": 2.0,
        "C4.5+cf": 2.893,
        "C4.5": 3.143,
    }
    assert list(found.mean_ranks.index) == ["C4.5+m+cf", "C4.5+m", "C4.5+cf", "C4.5"]
    assert found.critical_difference == pytest.approx(1.25, abs=0.005)
    assert friedman_nemenyi(auc, alpha=0.1).critical_difference == pytest.approx(1.12, abs=0.005)
    # The paper's 9.28 is without the correction for ties.
    ranks = found.mean_ranks.to_numpy()
    assert 12 * 14 / (4 * 5) * (ranks @ ranks - 4 * 25 / 4) == pytest.approx(9.28, abs=0.02)
    assert (found.statistic, found.p) == pytest.approx(stats.friedmanchisquare(*auc.to_numpy().T))
    assert found.statistic > 9.28
    assert found.n_subjects == 14


@pytest.mark.parametrize(("k", "q"), [(3, 2.343), (4, 2.569), (5, 2.728), (8, 3.031), (10, 3.164)])
def test_the_published_critical_values(k, q):
    scores = pd.DataFrame(np.random.default_rng(0).random((20, k)))
    found = friedman_nemenyi(scores).critical_difference
    assert found / np.sqrt(k * (k + 1) / 120) == pytest.approx(q, abs=0.001)


def test_groups_are_the_longest_runs_that_do_not_differ(auc):
    assert friedman_nemenyi(auc).groups == [list(friedman_nemenyi(auc).mean_ranks.index)]
    n = 30
    scores = pd.DataFrame({"bad": [0.5] * n, "good": [0.9] * n, "fair": [0.7, 0.7] * (n // 2)})
    assert friedman_nemenyi(scores).groups == [["good"], ["fair"], ["bad"]]


def test_everybody_scores_the_same(auc):
    found = friedman_nemenyi(auc * 0 + [0.3, 0.1 + 0.2, 0.3, 0.3])
    assert (found.statistic, found.p) == (0, 1)
    assert found.mean_ranks.tolist() == [2.5] * 4
    assert len(found.groups) == 1


def test_people_without_every_score_are_left_out(auc):
    auc.iloc[3, 1] = np.nan
    with pytest.warns(UserWarning, match="1 of 14 people lack a score"):
        found = friedman_nemenyi(auc)
    assert (found.n_subjects, found.n_dropped) == (13, 1)
    assert found.p == friedman_nemenyi(auc.drop(index=3)).p


def test_refused(auc):
    with pytest.raises(ValueError, match="compare two with compare_paired"):
        friedman_nemenyi(auc.iloc[:, :2])
    with pytest.raises(ValueError, match="1 of 1 people"):
        friedman_nemenyi(auc.iloc[:1])
    with pytest.raises(ValueError, match="alpha is 5"):
        friedman_nemenyi(auc, alpha=5)
