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
    made = results.summary()
    made = made[(made["metric"] == metric) & made["mean"].notna()]
    if not len(made):
        return None
    row = made.loc[made["mean"].idxmax()]
    people = results.per_subject()
    own = people[people["pipeline"] == row["pipeline"]]
    excess = (own[metric] - own[f"chance_{metric}"]).dropna().to_numpy()
    above = bootstrap_interval(excess) if len(excess) else None
    return Answer(str(row["pipeline"]), metric, row, above)


def leak_banner(results: Results) -> str:
    """What leaks, for people who read nothing else; empty where nothing does."""
    found = [
        f"{headed(row.kind)}: {row.detail} {row.advice}"
        for audit in results.audits.values()
        for row in audit.findings.itertuples()
        if row.severity == "leak"
    ]
    if not found:
        return ""
    title = "Something leaks through the split: these scores say little about new data."
    return banner(title, dict.fromkeys(found))


def tell(results: Results, name: str | None) -> str:
    """The paragraph about one data set.

    Parameters
    ----------
    results : Results
        Of one data set.
    name : str or None
        Its name, where there are several.
    """
    found = find_answer(results)
    on = f"On {name}, " if name else ""
    asked = _asked(results)
    if found is None:
        return paragraph(f"{on}{spoken(results.metrics[0])} is undefined for everybody. {asked}")
    sentences = [on + _best(results, found), *_against_chance(found), *_others(results, found)]
    if found.row["n_subjects"] < FEW:
        sentences.append(
            f"{count(int(found.row['n_subjects']), 'person', 'people').capitalize()} are few: "
            "the interval is too narrow, and no test can tell pipelines apart."
        )
    return paragraph(" ".join(sentences)) + paragraph(asked)


def _best(results: Results, found: Answer) -> str:
    row, metric = found.row, spoken(found.metric)
    best = "" if len(results.pipelines) == 1 else ", the best of " + str(len(results.pipelines))
    between = ""
    if pd.notna(row["ci_low"]):
        between = f" (95 % interval over people {row['ci_low']:.3f} to {row['ci_high']:.3f})"
    who = count(int(row["n_subjects"]), "person", "people")
    tested = (
        f"on {who} it was trained on, too" if results.subject_overlap else f"on {who} it had "
        "not seen in training"
    )  # fmt: skip
    begin = f"{found.pipeline}{best}{',' if best else ''} reaches {_a(metric)} of {row['mean']:.3f}"
    return f"{begin}{between} {tested}."


def _a(metric: str) -> str:
    return f"an {metric}" if metric[0] in "aeioAEIO" else f"a {metric}"


def _against_chance(found: Answer) -> list[str]:
    if found.above is None:
        return ["No chance level is known for this score."]
    mean, low, high, _ = found.above
    row = found.row
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


def _others(results: Results, found: Answer) -> list[str]:
    """Whether the best pipeline is shown to be better than the others."""
    if len(results.pipelines) == 1:
        return []
    compared = comparison(results)
    if isinstance(compared, str):
        return [compared]
    own = compared[(compared["first"] == found.pipeline) | (compared["second"] == found.pipeline)]
    beaten: list[str] = []
    level: list[str] = []
    for row in own.itertuples():
        other = row.second if row.first == found.pipeline else row.first
        (beaten if row.p_corrected < ALPHA else level).append(other)
    sentences = []
    if beaten:
        sentences.append(f"It does better than {and_(beaten)} (p < {ALPHA} after correction).")
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


def _asked(results: Results) -> str:
    """What was evaluated on what, and how it was split."""
    [data] = results.settings.data.values()
    n_folds = sum(results.settings.n_folds.values())
    n_classes = len(data["classes"])
    named = f" ({and_(data['classes'])})" if n_classes <= 6 else ""
    kept = (
        "Training and test hold the same people."
        if results.subject_overlap
        else "Nobody is in training and in test."
    )
    failed = count(len(results.failures), "fit") + " failed." if len(results.failures) else ""
    n = len(results.pipelines)
    asked = f"Asked was how well {count(n, 'pipeline')} {'tells' if n == 1 else 'tell'}"
    classes = f"{count(n_classes, 'class', 'classes')}{named}"
    people = count(data["n_subjects"], "person", "people")
    split = f"in {count(n_folds, 'fold')} ({results.split})"
    return (
        f"{asked} {classes} apart in {count(data['n_trials'], 'trial')} of {people}, {split}. "
        f"{kept} {failed}"
    ).strip()
