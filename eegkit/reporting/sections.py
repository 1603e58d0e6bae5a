"""The sections of a report about one data set."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from eegkit.evaluation import Results, calibration_table
from eegkit.labels import labels_are_subjects
from eegkit.naming import headed, spoken
from eegkit.plots.class_counts import ClassCountsDisplay
from eegkit.plots.comparison import ComparisonDisplay
from eegkit.plots.confusion import ConfusionMatrixDisplay
from eegkit.plots.reliability import ReliabilityDisplay
from eegkit.plots.scores import ScoresDisplay
from eegkit.reporting import markup as h
from eegkit.reporting.headline import comparison, find_answer, leak_banner
from eegkit.text import count
from eegkit.trials import Trials

if TYPE_CHECKING:
    from eegkit.description import TrialsDescription

# Classes that are told one by one, and pairs of classes taken for one another.
MAX_CLASSES, N_CONFUSED = 12, 10


def about_data(results: Results, trials: Trials | None) -> str:
    """What the trials are; of trials that are given, what `Trials.describe` finds out."""
    [data] = results.settings.data.values()
    if trials is not None:
        told = _described(trials.describe())
        if labels_are_subjects(trials.y, trials.groups):
            return told  # the label is the person: a picture of both has nothing to show
        drawn = ClassCountsDisplay.from_trials(trials).figure_
        return told + h.figure(drawn, "Trials of every person by class.")
    channels, classes = data["ch_names"], data["classes"]
    rows = {
        "trials": data["n_trials"],
        "people": data["n_subjects"],
        "channels": data["n_channels"],
        "length of a trial": f"{data['n_times'] / data['sfreq']:.3g} s "
        f"({data['n_times']:,} samples at {data['sfreq']:g} Hz)",
        "classes": len(classes),
    }
    made = pd.DataFrame({"class": list(classes), "trials": list(classes.values())})
    made["share"] = made["trials"] / made["trials"].sum()
    told = h.table(made, {"class": h.plain, "share": h.percent})
    if len(classes) > MAX_CLASSES:
        told = h.folded(f"Trials of all {len(classes)} classes", told)
    names = h.folded("Names of the channels", h.paragraph(", ".join(channels)))
    return h.facts(rows) + told + names


def _described(found: TrialsDescription) -> str:
    said = "".join(f"<li>{h.escaped(text)}</li>" for text in found.warnings)
    parts = [
        h.facts(dict(found.overview)),
        f"{h.heading('To look at')}<ul>{said}</ul>" if said else "",
    ]
    for what, made in (
        ("class", found.classes),
        ("person", found.people),
        ("channel, in microvolts", found.channels),
    ):
        shown = made.rename_axis(what.partition(",")[0]).reset_index()
        told = h.table(shown, {str(shown.columns[0]): h.plain})
        short = what == "class" and len(made) <= MAX_CLASSES
        parts.append(told if short else h.folded(f"Every {what}", told))
    return "".join(parts)


def splits(results: Results) -> str:
    """What the audit of the split found."""
    parts = [leak_banner(results)]
    if not results.audits:
        parts.append(h.paragraph("The split was not audited."))
    for audit in results.audits.values():
        parts.append(h.paragraph(audit.describe() + "."))
        found = audit.findings[audit.findings["severity"] != "leak"]
        rows = [
            f"<li><strong>{h.escaped(row.severity.capitalize())}, "
            f"{h.escaped(spoken(row.kind))}</strong>: {h.escaped(row.detail)} "
            f"{h.escaped(row.advice)}</li>"
            for row in found.itertuples()
        ]
        parts.append(f"<ul>{''.join(rows)}</ul>" if rows else "")
    folds = results.table.drop_duplicates(["fold", "subject"]).groupby("fold")
    made = folds.agg(
        n_train_subjects=("n_train_subjects", "first"),
        n_train=("n_train", "first"),
        tested_people=("subject", "size"),
        n_test=("n_test", "sum"),
    ).reset_index()
    columns = [
        "fold",
        "people in training",
        "trials in training",
        "people in test",
        "trials in test",
    ]
    made.columns = pd.Index(columns)
    parts.append(h.folded(f"Sizes of {count(len(made), 'fold')}", h.table(made)))
    return "".join(parts)


def summary(results: Results) -> str:
    """Every metric of every pipeline, over people; a table for each metric."""
    made = results.summary()
    parts = []
    for metric in results.metrics:
        own = made[made["metric"] == metric].reset_index(drop=True)
        shown = pd.DataFrame(
            {
                "pipeline": own["pipeline"],
                "mean [95 % interval]": [
                    h.interval(*row)
                    for row in own[["mean", "ci_low", "ci_high"]].itertuples(index=False)
                ],
                "sd": own["sd"],
                "chance": own["chance"],
                "people": own["n_subjects"],
                "above chance": own["n_above_chance"],
            }
        )
        best = own.index[own["mean"] == own["mean"].max()]
        parts += [h.heading(headed(metric)), h.table(shown, marked=best)]
    return (
        "".join(parts)
        + _permuted(results)
        + h.paragraph(
            "Means are over people, each counting once, and intervals say how far they would "
            "move with other people (BCa bootstrap). A person's chance level is the best score of "
            "an answer that never looks at the signals; how many people are above theirs is a "
            "count, no test."
        )
    )


def _permuted(results: Results) -> str:
    """What the same predictions score when the labels of every person are permuted."""
    rows = []
    for name in _with_predictions(results):
        try:
            found = results.permutation_chance(name)
        except ValueError as error:
            return h.paragraph(f"Chance by permutation is not known: {error}")
        rows.append((name, found.observed, found.mean, found.percentile_95, found.p))
    if not rows:
        return ""
    columns = ["pipeline", "balanced accuracy", "labels permuted", "95th percentile", "p"]
    made = pd.DataFrame(rows, columns=columns)
    return h.heading("Chance by permutation") + h.table(made, {"p": h.p_value})


def people(results: Results) -> str:
    """The scores of every person."""
    metric = results.metrics[0]
    parts = []
    if results.scores(metric).notna().to_numpy().any():
        drawn = ScoresDisplay.from_results(results, metric).figure_
        alt = f"{headed(metric)} of every person, best on top"
        parts.append(h.figure(drawn, f"{alt}; the dashed line is the chance level."))
    made = results.per_subject().drop(columns="dataset")
    made = made.rename(columns={"n_folds": "folds", "n_test": "trials"})
    n_subjects = made["subject"].nunique()
    told = h.table(made, {"subject": h.plain})
    parts.append(h.folded(f"All scores of {count(n_subjects, 'person', 'people')}", told))
    return "".join(parts)


def compared(results: Results) -> str:
    """The pipelines against each other, on the same people."""
    if len(results.pipelines) == 1:
        return ""
    metric = results.metrics[0]
    made = comparison(results)
    if isinstance(made, str):
        return h.paragraph(made)
    drawn = ComparisonDisplay.from_results(results, metric).figure_
    shown = pd.DataFrame(
        {
            "first": made["first"],
            "second": made["second"],
            "first minus second [95 % interval]": [
                h.interval(row.mean_difference, row.low, row.high) for row in made.itertuples()
            ],
            "effect size": made["effect_size"],
            "p": made["p"],
            "p corrected": made["p_corrected"],
            "people": made["n_subjects"],
        }
    )
    if made["n_dropped"].any():
        shown["left out"] = made["n_dropped"]
    told = h.table(shown, {"p": h.p_value, "p corrected": h.p_value})
    caption = f"{headed(metric)}: a line is a person, a diamond the mean."
    tested = h.paragraph(
        "Wilcoxon's signed-rank test on the differences between people, corrected for the "
        "number of pairs after Holm; the effect size is the matched-pairs rank-biserial "
        "correlation."
    )
    return told + tested + h.figure(drawn, caption) + _ranks(results, metric)


def _ranks(results: Results, metric: str) -> str:
    """The critical-difference diagram, of three pipelines and more."""
    complete = results.scores(metric).dropna()
    if complete.shape[1] < 3 or len(complete) < 2:
        return ""
    drawn = ComparisonDisplay(scores=complete, metric=metric).plot("ranks").figure_
    return h.figure(
        drawn,
        f"Mean ranks over the {count(len(complete), 'person', 'people')} who have a score with "
        "every pipeline, 1 the best; a bar joins pipelines that do not differ significantly "
        "(Friedman's and Nemenyi's tests).",
    )


def confusion(results: Results) -> str:
    """Which class was taken for which, the best pipeline first and open."""
    return _for_each(results, _confusion_of)


def _confusion_of(results: Results, name: str) -> str:
    made = results.predictions(name)
    many = len(made.classes) > MAX_CLASSES
    display = ConfusionMatrixDisplay.from_results(
        results, name, order="similarity" if many else "class"
    )
    pairs = display.confusions
    parts = [h.figure(display.figure_, f"What {name} took the trials of every class for.")]
    if len(pairs):
        shown = pairs.head(N_CONFUSED).rename(columns={"n_trials": "trials"})
        parts.append(h.heading("Most confused"))
        parts.append(h.table(shown, {"true": h.plain, "predicted": h.plain, "share": h.percent}))
    return "".join(parts)


def classes(results: Results) -> str:
    """Precision, recall and F1 of every class."""
    return _for_each(results, _classes_of)


def _classes_of(results: Results, name: str) -> str:
    made = results.per_class(name).reset_index().rename(columns={"n_trials": "trials"})
    worst = ""
    if len(made) > MAX_CLASSES:
        made = made.sort_values("recall", kind="stable")
        worst = h.paragraph("The class that is found most rarely comes first.")
    return worst + h.table(made, {"class": h.plain})


def calibration(results: Results) -> str:
    """Whether pipelines are right as often as they say."""
    names = _with_predictions(results)
    made = calibration_table(results) if len(names) == len(results.pipelines) else None
    if made is None or not made["ece"].notna().any():
        return h.paragraph("The results hold no probabilities of every pipeline.")
    sure = made.loc[made["ece"].notna(), "pipeline"]
    drawn = ReliabilityDisplay.from_results(results, list(sure)).figure_
    shown = made.rename(
        columns={
            "n_trials": "trials",
            "ece": "expected calibration error",
            "mce": "largest calibration error",
            "brier": "Brier score",
        }
    )
    return h.table(shown) + h.figure(
        drawn, "Accuracy against confidence; below the diagonal a pipeline is too sure."
    )


def costs(results: Results) -> str:
    """Times and memory."""
    made = results.costs()
    shown = pd.DataFrame(
        {
            "pipeline": made["pipeline"],
            "folds": made["n_folds"],
            "fit (median)": made["fit_time_s"],
            "score (median)": made["score_time_s"],
            "all folds": made["total_s"],
            "memory": made["peak_mb"],
        }
    )
    times = dict.fromkeys(("fit (median)", "score (median)", "all folds"), h.duration)
    return h.table(shown, times | {"memory": lambda mb: f"{mb:,.0f} MB"}) + h.paragraph(
        "Times of one fold, by the clock; memory is the largest of a process that fitted."
    )


def _with_predictions(results: Results) -> list[str]:
    """The pipelines whose predictions are kept, the best first."""
    found = find_answer(results)
    names = sorted(results.pipelines, key=lambda name: found is None or name != found.pipeline)
    kept = []
    for name in names:
        try:
            results.predictions(name)
        except ValueError:
            continue
        kept.append(name)
    return kept


def _for_each(results: Results, tell: Callable[[Results, str], str]) -> str:
    """Something of every pipeline: the best one's to be seen, the others' folded."""
    names = _with_predictions(results)
    if not names:
        return h.paragraph("The results hold no predictions.")
    first, *others = names
    parts = [h.heading(first), tell(results, first)]
    return "".join(parts + [h.folded(name, tell(results, name)) for name in others])
