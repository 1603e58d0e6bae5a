"""What was asked, and the answer to it, in a few sentences."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import pandas as pd

from eegkit.evaluation import Interval, Results, bootstrap_interval
from eegkit.naming import headed, spoken
from eegkit.reporting.markup import and_, banner, paragraph
from eegkit.text import count

ALPHA = 0.05
# With fewer people no test of pairs can reach 0.05, and an interval is far too narrow.
FEW = 6


@dataclass(frozen=True)
class Answer:
    """How the best pipeline did on one data set, by one metric, over people.

    ``above`` is the mean by which people exceed their own chance level, with its interval;
    None where nobody has a score.
    """

    pipeline: str
    metric: str
    row: Any
    above: Interval | None


def find_answer(results: Results) -> Answer | None:
    """The best pipeline by the mean over people of the first metric; None where all are NaN.

    Parameters
    ----------
    results : Results
        Of one data set.
    """
    metric = results.metrics[0]
    table = results.summary()
    table = table[(table["metric"] == metric) & table["mean"].notna()]
    if not len(table):
        return None
    row = table.loc[table["mean"].idxmax()]
    people = results.per_subject()
    scores = people[people["pipeline"] == row["pipeline"]]
    excess = (scores[metric] - scores[f"chance_{metric}"]).dropna().to_numpy()
    above = bootstrap_interval(excess) if len(excess) else None
    return Answer(str(row["pipeline"]), metric, row, above)


def leak_banner(results: Results) -> str:
    """What leaks, for people who read nothing else; empty where nothing does."""
    lines = [
        f"{headed(row.kind)}: {row.detail} {row.advice}"
        for audit in results.audits.values()
        for row in audit.findings.itertuples()
        if row.severity == "leak"
    ]
    if not lines:
        return ""
    title = "Something leaks through the split: these scores say little about new data."
    return banner(title, dict.fromkeys(lines))


def tell(results: Results, name: str | None) -> str:
    """The paragraph about one data set.

    Parameters
    ----------
    results : Results
        Of one data set.
    name : str or None
        Its name, where there are several.
    """
    answer = find_answer(results)
    on = f"On {name}, " if name else ""
    question = _question(results)
    if answer is None:
        return paragraph(f"{on}{spoken(results.metrics[0])} is undefined for everybody. {question}")
    sentences = [on + _best(results, answer), *_against_chance(answer), *_rivals(results, answer)]
    if answer.row["n_subjects"] < FEW:
        sentences.append(
            f"{count(int(answer.row['n_subjects']), 'person', 'people').capitalize()} are few: "
            "the interval is too narrow, and no test can tell pipelines apart."
        )
    return paragraph(" ".join(sentences)) + paragraph(question)


def _best(results: Results, answer: Answer) -> str:
    row, metric = answer.row, spoken(answer.metric)
    best = "" if len(results.pipelines) == 1 else ", the best of " + str(len(results.pipelines))
    between = ""
    if pd.notna(row["ci_low"]):
        between = f" (95 % interval over people {row['ci_low']:.3f} to {row['ci_high']:.3f})"
    people = count(int(row["n_subjects"]), "person", "people")
    where = (
        f"on {people} it was trained on, too" if results.subject_overlap else f"on {people} it had "
        "not seen in training"
    )  # fmt: skip
    begin = f"{answer.pipeline}{best}{',' if best else ''} reaches {_a(metric)}"
    return f"{begin} of {row['mean']:.3f}{between} {where}."


def _a(metric: str) -> str:
    return f"an {metric}" if metric[0] in "aeioAEIO" else f"a {metric}"


def _against_chance(answer: Answer) -> list[str]:
    if answer.above is None:
        return ["No chance level is known for this score."]
    mean, low, high, _ = answer.above
    row = answer.row
    chance = f"Chance is {row['chance']:.3f}"
    share = f"{row['n_above_chance']} of {row['n_subjects']} people are above theirs"
    if pd.isna(low):
        return [f"{chance}."]
    if low > 0:
        return [f"{chance}: it is {mean:.3f} above, at least {low:.3f} by the interval; {share}."]
    return [
        f"{chance}: this does not show that it is better than chance (difference {mean:.3f}, "
        f"interval {low:.3f} to {high:.3f}); {share}."
    ]


def _rivals(results: Results, answer: Answer) -> list[str]:
    """Whether the best pipeline is shown to be better than the others."""
    if len(results.pipelines) == 1:
        return []
    tests = comparison(results)
    if isinstance(tests, str):
        return [tests]
    rows = tests[(tests["first"] == answer.pipeline) | (tests["second"] == answer.pipeline)]
    worse: list[str] = []
    level: list[str] = []
    for row in rows.itertuples():
        other = row.second if row.first == answer.pipeline else row.first
        (worse if row.p_corrected < ALPHA else level).append(other)
    sentences = []
    if worse:
        sentences.append(f"It does better than {and_(worse)} (p < {ALPHA} after correction).")
    if level:
        sentences.append(f"It is not shown to differ from {and_(level)}.")
    return [*sentences, "Being the best of several on the same people, it is a little flattered."]


def comparison(results: Results) -> pd.DataFrame | str:
    """Paired tests by the first metric, or why there are none."""
    try:
        with warnings.catch_warnings():
            # The table tells how many people every pair leaves out.
            warnings.filterwarnings("ignore", message=r".*leave out up to")
            return results.compare()
    except ValueError as error:
        return f"The pipelines were not compared: {error}"


def _question(results: Results) -> str:
    """What was evaluated on what, and how it was split."""
    [data] = results.settings.data.values()
    n_folds = sum(results.settings.n_folds.values())
    n_classes = len(data["classes"])
    names = f" ({and_(data['classes'])})" if n_classes <= 6 else ""
    overlap = (
        "Training and test hold the same people."
        if results.subject_overlap
        else "Nobody is in training and in test."
    )
    failures = count(len(results.failures), "fit") + " failed." if len(results.failures) else ""
    n = len(results.pipelines)
    question = f"Asked was how well {count(n, 'pipeline')} {'tells' if n == 1 else 'tell'}"
    classes = f"{count(n_classes, 'class', 'classes')}{names}"
    people = count(data["n_subjects"], "person", "people")
    split = f"in {count(n_folds, 'fold')} ({results.split})"
    return (
        f"{question} {classes} apart in {count(data['n_trials'], 'trial')} of {people}, {split}. "
        f"{overlap} {failures}"
    ).strip()
