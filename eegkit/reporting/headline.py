"""What was asked, and the answer to it, in a few sentences."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd

from eegkit.evaluation import Results, bootstrap_interval
from eegkit.evaluation.splits.metadata import joined
from eegkit.naming import headed, spoken
from eegkit.reporting.markup import banner, paragraph
from eegkit.text import count

ALPHA = 0.05
# With fewer people no test of pairs can reach 0.05, and an interval is far too narrow.
FEW = 6


def best_row(results: Results) -> Any:
    """The row of the summary of the best pipeline, by the mean over people of the first metric.

    Parameters
    ----------
    results : Results
        Of one data set.

    Returns
    -------
    pandas.Series or None
        None where nobody has a score.
    """
    table = results.summary()
    table = table[(table["metric"] == results.metrics[0]) & table["mean"].notna()]
    return table.loc[table["mean"].idxmax()] if len(table) else None


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
    best = best_row(results)
    on = f"On {name}, " if name else ""
    question = _question(results)
    if best is None:
        return paragraph(f"{on}{spoken(results.metrics[0])} is undefined for everybody. {question}")
    n_people = int(best["n_subjects"])
    sentences = [on + _score(results, best), _against_chance(results, best)]
    sentences += _rivals(results, best["pipeline"])
    sentences += [results.access_note] if results.access_note else []
    if n_people < FEW:
        sentences.append(
            f"{count(n_people, 'person', 'people').capitalize()} are few: "
            "the interval is too narrow, and no test can tell pipelines apart."
        )
    return paragraph(" ".join(sentences)) + paragraph(question)


def _score(results: Results, best: Any) -> str:
    n_pipelines = len(results.pipelines)
    among = "" if n_pipelines == 1 else f", the best of {n_pipelines},"
    between = ""
    if pd.notna(best["ci_low"]):
        between = f" (95 % interval over people {best['ci_low']:.3f} to {best['ci_high']:.3f})"
    access = ""
    if best["access"] != "none":
        access = f", with {best['access']} access to them"
    seeds = f", the mean of {best['n_seeds']} seeds," if best["n_seeds"] > 1 else ""
    where = "it was trained on, too" if results.subject_overlap else "it had not seen in training"
    one_each = ", with one answer for each" if best["answers"] == "per person" else ""
    return (
        f"{best['pipeline']}{among} reaches {_a(spoken(best['metric']))} of {best['mean']:.3f}"
        f"{seeds}{between} on {count(int(best['n_subjects']), 'person', 'people')} {where}"
        f"{access}{one_each}."
    )


def _a(metric: str) -> str:
    return f"an {metric}" if metric[0] in "aeioAEIO" else f"a {metric}"


def _against_chance(results: Results, best: Any) -> str:
    if best["answers"] == "per person":
        shows = (
            "the interval lies above"
            if best["ci_low"] > best["chance"]
            else ("this does not show that it is better than chance")
        )
        right = f"{best['n_above_chance']} of {best['n_subjects']} people are answered rightly"
        return f"Chance is {best['chance']:.3f}: {shows}; {right}."
    people = results.per_subject()
    scores = people[people["pipeline"] == best["pipeline"]]
    excess = (scores[best["metric"]] - scores[f"chance_{best['metric']}"]).dropna().to_numpy()
    if not len(excess):
        return "No chance level is known for this score."
    mean, low, high, _ = bootstrap_interval(excess)
    chance = f"Chance is {best['chance']:.3f}"
    share = f"{best['n_above_chance']} of {best['n_subjects']} people are above theirs"
    if pd.isna(low):
        return f"{chance}."
    if low > 0:
        return f"{chance}: it is {mean:.3f} above, at least {low:.3f} by the interval; {share}."
    return (
        f"{chance}: this does not show that it is better than chance (difference {mean:.3f}, "
        f"interval {low:.3f} to {high:.3f}); {share}."
    )


def _rivals(results: Results, best: str) -> list[str]:
    """Whether the best pipeline is shown to be better than the others."""
    if len(results.pipelines) == 1:
        return []
    tests = comparison(results)
    if isinstance(tests, str):
        return [tests]
    tests = tests[(tests["first"] == best) | (tests["second"] == best)]
    others = tests["second"].where(tests["first"] == best, tests["first"])
    differs = tests["p_corrected"] < ALPHA
    sentences = []
    if differs.any():
        sentences.append(
            f"It does better than {joined(others[differs])} (p < {ALPHA} after correction)."
        )
    if not differs.all():
        sentences.append(f"It is not shown to differ from {joined(others[~differs])}.")
    return [*sentences, "Being the best of several on the same people, it is a little flattered."]


def comparison(results: Results) -> pd.DataFrame | str:
    """Paired tests by the first metric, or why there are none."""
    try:
        with warnings.catch_warnings():
            # The table tells how many people every pair leaves out.
            warnings.filterwarnings("ignore", message=r".*leave out up to|Not like with like")
            return results.compare()
    except ValueError as error:
        return f"The pipelines were not compared: {error}"


def _question(results: Results) -> str:
    """What was evaluated on what, and how it was split."""
    [data] = results.settings.data.values()
    n_folds = sum(results.settings.n_folds.values())
    n_classes = len(data["classes"])
    names = f" ({joined(data['classes'])})" if n_classes <= 6 else ""
    overlap = "Nobody is in training and in test."
    if results.subject_overlap:
        overlap = "Training and test hold the same people."
    unscored = _unscored(results)
    failures = count(len(results.failures), "fit") + " failed." if len(results.failures) else ""
    n = len(results.pipelines)
    classes = f"{count(n_classes, 'class', 'classes')}{names}"
    people = count(data["n_subjects"], "person", "people")
    return (
        f"Asked was how well {count(n, 'pipeline')} {'tells' if n == 1 else 'tell'} {classes} "
        f"apart in {count(data['n_trials'], 'trial')} of {people}, in {count(n_folds, 'fold')} "
        f"({results.split}). {overlap} {unscored}{failures}"
    ).strip()


def _unscored(results: Results) -> str:
    """How many trials were calibrated on."""
    people = {
        name: n
        for calibration in results.settings.calibration.values()
        for name, n in calibration.get("people", {}).items()
    }
    if not people:
        return ""
    trials = count(sum(people.values()), "trial")
    return f"Calibrated on, and scored for no pipeline, are {trials} of {_people(len(people))}. "


def _people(n: int) -> str:
    return count(n, "person", "people")
