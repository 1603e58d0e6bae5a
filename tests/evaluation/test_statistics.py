"""Intervals and paired comparisons: published examples, scipy, and planted effects."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eegkit.evaluation import bootstrap_interval, compare_paired
from eegkit.evaluation.statistics.paired import _correct

# Demsar (2006), table 2: AUC of C4.5 and C4.5+m on 14 data sets.
C45 = [0.763, 0.599, 0.954, 0.628, 0.882, 0.936, 0.661]
C45 += [0.583, 0.775, 1.000, 0.940, 0.619, 0.972, 0.957]
C45_M = [0.768, 0.591, 0.971, 0.661, 0.888, 0.931, 0.668]
C45_M += [0.583, 0.838, 1.000, 0.962, 0.666, 0.981, 0.978]


def people(n, effect=0.0, n_pipelines=2, seed=0):
    rng = np.random.default_rng(seed)
    scores = rng.normal(0.7, 0.1, (n, 1)) + rng.normal(0, 0.05, (n, n_pipelines))
    scores[:, 0] += effect
    names = [f"p{i}" for i in range(n_pipelines)]
    return pd.DataFrame(scores, columns=names, index=[f"S{i}" for i in range(n)])


def test_the_interval_is_that_of_scipy_and_repeats():
    scores = np.random.default_rng(0).exponential(size=25)
    found = bootstrap_interval(scores, confidence=0.9, n_resamples=2000)
    expected = stats.bootstrap(
        (scores,), np.mean, confidence_level=0.9, n_resamples=2000, random_state=0
    ).confidence_interval
    assert found == (scores.mean(), expected.low, expected.high, 25)
    assert bootstrap_interval(scores) == bootstrap_interval(scores)
    assert bootstrap_interval(scores) != bootstrap_interval(scores, random_state=1)


def test_the_interval_covers_the_mean_about_as_often_as_told():
    rng = np.random.default_rng(0)
    hits = 0
    for seed in range(300):
        mean, low, high, _ = bootstrap_interval(rng.normal(size=20), 0.95, 500, seed)
        assert low < mean < high
        hits += low < 0 < high
    assert 0.89 < hits / 300 < 0.97


def test_intervals_of_hardly_anybody():
    mean, low, high, n = bootstrap_interval([0.7])
    assert (mean, n) == (0.7, 1)
    assert np.isnan([low, high]).all()
    assert bootstrap_interval([0.1 + 0.2, 0.3, 0.3])[1:] == (pytest.approx(0.3),) * 2 + (3,)
    _, low, high, _ = bootstrap_interval([0.6, 0.8])
    assert 0.6 <= low < high <= 0.8


@pytest.mark.parametrize(
    ("scores", "options", "message"),
    [
        ([], {}, "expected one score per person"),
        ([[0.5]], {}, r"shape \(1, 1\)"),
        ([0.5, np.nan, np.inf], {}, "2 of 3 scores are NaN or infinite"),
        ([0.5, 0.6], {"confidence": 95}, "confidence is 95"),
    ],
)
def test_no_interval(scores, options, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(scores, **options)


def test_the_example_of_the_wilcoxon_test():
    # Demsar's R+ = 93 and R- = 12 hold half of the ranks of the two zeros, 1.5 each. Without the
    # zeros, every rank is lower by 2: 5 and 1.5 are left of 7 and 3.5.
    row = compare_paired(pd.DataFrame({"C4.5": C45, "C4.5+m": C45_M})).iloc[0]
    assert row["statistic"] == (12 - 1.5) - 2 * 2
    assert row["p"] < 0.05
    assert row["mean_difference"] == pytest.approx(-0.0155)
    assert row["effect_size"] == pytest.approx((6.5 - 71.5) / 78)


@pytest.mark.parametrize("n", [9, 40])
def test_tests_agree_with_scipy(n):
    scores = people(n, effect=0.03)
    a, b = scores.to_numpy().T
    difference = a - b
    rows = {test: compare_paired(scores, test).iloc[0] for test in ("wilcoxon", "permutation", "t")}
    assert rows["wilcoxon"]["p"] == pytest.approx(stats.wilcoxon(a, b).pvalue)
    expected = stats.ttest_rel(a, b)
    assert rows["t"]["statistic"] == pytest.approx(expected.statistic)
    assert rows["t"]["p"] == pytest.approx(expected.pvalue)
    assert rows["t"]["effect_size"] == pytest.approx(expected.statistic / np.sqrt(n))
    assert rows["permutation"]["statistic"] == pytest.approx(difference.mean())
    assert rows["permutation"]["p"] == pytest.approx(expected.pvalue, rel=0.5)


def test_few_sign_flips_are_all_tried():
    scores = pd.DataFrame({"a": [3.0, 2.0, 4.0, -1.0], "b": [0.0] * 4})
    flips = np.array(np.meshgrid(*[[-1, 1]] * 4)).reshape(4, -1).T
    means = np.abs(flips @ scores["a"].to_numpy())
    expected = (means >= 8).mean()  # 3 + 2 + 4 - 1
    found = [compare_paired(scores, "permutation", random_state=seed)["p"][0] for seed in (0, 1)]
    assert found == [pytest.approx(expected)] * 2
    fifteen = people(15, effect=1.0)
    assert compare_paired(fifteen, "permutation")["p"][0] == pytest.approx(2 / 2**15)


def test_more_flips_are_drawn():
    scores = people(16, effect=0.02)
    one, same, other = (
        compare_paired(scores, "permutation", random_state=seed)["p"][0] for seed in (0, 0, 1)
    )
    assert one == same != other
    assert compare_paired(people(40, effect=1.0), "permutation")["p"][0] > 0


@pytest.mark.parametrize("test", ["wilcoxon", "permutation", "t"])
def test_a_planted_effect_is_found_and_its_absence_is_not(test):
    p = [compare_paired(people(20, seed=seed), test)["p"][0] for seed in range(40)]
    assert sum(value < 0.05 for value in p) <= 5
    assert compare_paired(people(20, effect=0.1), test)["p"][0] < 0.001


@pytest.mark.parametrize("test", ["wilcoxon", "permutation", "t"])
def test_equal_scores(test):
    scores = pd.DataFrame({"a": [0.1 + 0.2, 0.5, 0.7], "b": [0.3, 0.5, 0.7]})
    row = compare_paired(scores, test).iloc[0]
    assert (row["mean_difference"], row["p"], row["effect_size"]) == (0, 1, 0)
    moved = compare_paired(scores.assign(b=scores["a"] - 0.1), test).iloc[0]
    assert moved["effect_size"] == (1 if test == "wilcoxon" else np.inf)
    assert moved["p"] == (0 if test == "t" else 0.25)


def test_corrections():
    p = np.array([0.02, 0.01, 0.05, 0.03, 0.04])
    # What R gives: p.adjust(p, "holm"), "bonferroni", "BH".
    np.testing.assert_allclose(_correct(p, "holm"), [0.08, 0.05, 0.09, 0.09, 0.09])
    np.testing.assert_allclose(_correct(p, "bonferroni"), 5 * p)
    np.testing.assert_allclose(_correct(p, "fdr_bh"), [0.05] * 5)
    scores = people(12, effect=0.05, n_pipelines=4)
    plain, holm = compare_paired(scores, correction=None), compare_paired(scores)
    assert len(plain) == 6
    assert plain["p_corrected"].tolist() == plain["p"].tolist() == holm["p"].tolist()
    np.testing.assert_allclose(holm["p_corrected"], _correct(plain["p"].to_numpy(), "holm"))


def test_missing_people_are_dropped_by_pairs_and_told():
    scores = people(8, n_pipelines=3)
    scores.iloc[:2, 0] = np.nan
    with pytest.warns(UserWarning, match="2 of 3 pairs .* up to 2 of 8 people"):
        table = compare_paired(scores)
    assert table["n_subjects"].tolist() == [6, 6, 8]
    assert table["n_dropped"].tolist() == [2, 2, 0]
    alone = compare_paired(scores.iloc[2:, :2])
    assert table["p"][0] == alone["p"][0]


@pytest.mark.parametrize(
    ("scores", "options", "message"),
    [
        (people(5).iloc[:, :1], {}, "1 columns .* expected 2 or more"),
        (people(5).to_numpy(), {}, "scores is a ndarray"),
        (people(5).set_axis(["a", "a"], axis=1), {}, "named 'a'"),
        (people(2).set_axis(["S", "S"]), {}, r"rows \(people\) are named 'S'"),
        (people(5), {"test": "z"}, "test is 'z'"),
        (people(5), {"correction": "sidak"}, "correction is 'sidak'"),
        (people(2).mask(np.eye(2, dtype=bool)), {}, "0 of 2 people have a score with both"),
        (people(2) * np.inf, {}, "4 scores are infinite"),
    ],
)
def test_refused(scores, options, message):
    with pytest.raises(ValueError, match=message):
        compare_paired(scores, **options)
