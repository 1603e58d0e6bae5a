"""The sections of a report about one data set."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import pandas as pd

from eegkit.evaluation import Results, calibration_table
from eegkit.labels import labels_are_subjects
from eegkit.naming import headed, spoken
from eegkit.plots.class_counts import ClassCountsDisplay
from eegkit.plots.comparison import ComparisonDisplay
from eegkit.plots.confusion import ConfusionMatrixDisplay
from eegkit.plots.inflation import InflationDisplay
from eegkit.plots.reliability import ReliabilityDisplay
from eegkit.plots.scores import ScoresDisplay
from eegkit.reporting import markup as h
from eegkit.reporting.headline import best_row, comparison, leak_banner
from eegkit.text import count
from eegkit.trials import Trials

if TYPE_CHECKING:
    from eegkit.description import TrialsDescription

# Classes that are told one by one, and pairs of classes taken for one another.
MAX_CLASSES, N_CONFUSED = 12, 10
INTERVAL = "mean [95 % interval]"
GAP = "gap [95 % interval]"
DIFFERENCE = "first minus second [95 % interval]"


def about_data(results: Results, trials: Trials | None) -> str:
    """What the trials are; of trials that are given, what `Trials.describe` finds out."""
    [data] = results.settings.data.values()
    if trials is not None:
        content = _description(trials.describe())
        if labels_are_subjects(trials.y, trials.groups):
            return content  # the label is the person: a picture of both has nothing to show
        figure = ClassCountsDisplay.from_trials(trials).figure_
        return content + h.figure(figure, "Trials of every person by class.")
    channels, classes = data["ch_names"], data["classes"]
    rows = {
        "trials": data["n_trials"],
        "people": data["n_subjects"],
        "channels": data["n_channels"],
        "length of a trial": f"{data['n_times'] / data['sfreq']:.3g} s "
        f"({data['n_times']:,} samples at {data['sfreq']:g} Hz)",
        "classes": len(classes),
    }
    table = pd.DataFrame({"class": list(classes), "trials": list(classes.values())})
    table["share"] = table["trials"] / table["trials"].sum()
    content = h.table(table)
    if len(classes) > MAX_CLASSES:
        content = h.details(f"Trials of all {len(classes)} classes", content)
    names = h.details("Names of the channels", h.paragraph(", ".join(channels)))
    return h.facts(rows) + content + names


def _description(description: TrialsDescription) -> str:
    items = "".join(f"<li>{h.escape(text)}</li>" for text in description.warnings)
    parts = [
        h.facts(dict(description.overview)),
        f"{h.heading('To look at')}<ul>{items}</ul>" if items else "",
    ]
    for row_name, frame in (
        ("class", description.classes),
        ("person", description.people),
        ("channel, in microvolts", description.channels),
    ):
        content = h.table(frame.rename_axis(row_name.partition(",")[0]).reset_index())
        short = row_name == "class" and len(frame) <= MAX_CLASSES
        parts.append(content if short else h.details(f"Every {row_name}", content))
    return "".join(parts)


def splits(results: Results) -> str:
    """What the audit of the split found."""
    parts = [leak_banner(results)]
    if not results.audits:
        parts.append(h.paragraph("The split was not audited."))
    for audit in results.audits.values():
        parts.append(h.paragraph(audit.describe() + "."))
        findings = audit.findings[audit.findings["severity"] != "leak"]
        rows = [
            f"<li><strong>{h.escape(row.severity.capitalize())}, "
            f"{h.escape(spoken(row.kind))}</strong>: {h.escape(row.detail)} "
            f"{h.escape(row.advice)}</li>"
            for row in findings.itertuples()
        ]
        parts.append(f"<ul>{''.join(rows)}</ul>" if rows else "")
    folds = results.table.drop_duplicates(["fold", "subject"]).groupby("fold")
    sizes = folds.agg(
        n_train_subjects=("n_train_subjects", "first"),
        n_train=("n_train", "first"),
        n_test_subjects=("subject", "size"),
        n_test=("n_test", "sum"),
    ).reset_index()
    parts.append(h.details(f"Sizes of {count(len(sizes), 'fold')}", h.table(sizes)))
    return "".join(parts)


def summary(results: Results) -> str:
    """Every metric of every pipeline, over people; a table for each metric."""
    scores = results.summary()
    scores[INTERVAL] = h.intervals(scores[["mean", "ci_low", "ci_high"]])
    columns = ["pipeline", "access", INTERVAL, "sd", "chance", "n_subjects", "n_above_chance"]
    has_seeds = (scores["n_seeds"] > 1).any()
    columns[3:3] = ["sd_seeds", "n_seeds"] if has_seeds else []
    parts = []
    for metric in results.metrics:
        rows = scores[scores["metric"] == metric].reset_index(drop=True)
        best = rows.index[rows["mean"] == rows["mean"].max()]
        parts += [h.heading(headed(metric)), h.table(rows[columns], bold_rows=best)]
    return (
        "".join(parts)
        + (h.paragraph(results.access_note) if results.access_note else "")
        + _permuted(results)
        + h.paragraph(
            "Access is what a pipeline may see of the people it is tested on, besides the trial. "
            "Means are over people, each counting once, and intervals say how far they would "
            "move with other people (BCa bootstrap). A person's chance level is the best score of "
            "an answer that never looks at the signals; how many people are above theirs is a "
            "count, no test."
        )
        + (_of_seeds(results) if has_seeds else "")
        + _of_people(scores)
    )


def _of_seeds(results: Results) -> str:
    """What several seeds mean for the table, and which they were."""
    seeds = {
        f"{name}, {parameter}": ", ".join(map(str, values))
        for name, of_pipeline in results.settings.seeds.items()
        for parameter, values in of_pipeline.items()
    }
    return h.paragraph(
        "A person's score is the mean over seeds, none of which was picked; sd_seeds is how far "
        "the seed moves the mean over people. Where single answers are told (which class was taken "
        "for which, calibration, permuted labels), they are those of the first seed."
    ) + h.details("Seeds of every pipeline", h.facts(seeds))


def _of_people(scores: pd.DataFrame) -> str:
    """What the table says of a diagnosis."""
    if not (scores["answers"] == "per person").any():
        return ""
    return h.paragraph(
        "The trials of each person are all of one class. Accuracy, balanced accuracy and AUROC are "
        "those of people here, with one answer for each, by the mean probability of the trials; "
        "intervals are Wilson's and Newcombe's, and people are counted whose answer is right."
    )


def _permuted(results: Results) -> str:
    """What the same predictions score when the labels of every person are permuted."""
    rows = []
    for name in _with_predictions(results):
        try:
            chance = results.permutation_chance(name)
        except ValueError as error:
            return h.paragraph(f"Chance by permutation is not known: {error}")
        rows.append((name, chance.observed, chance.mean, chance.percentile_95, chance.p))
    if not rows:
        return ""
    columns = ["pipeline", "balanced accuracy", "labels permuted", "95th percentile", "p"]
    return h.heading("Chance by permutation") + h.table(pd.DataFrame(rows, columns=columns))


def leaky_twin(results: Results) -> str:
    """What leaky splits would have added."""
    if results.twin is None:
        return ""
    inflation = results.inflation()
    gaps = inflation.summary()
    gaps["split"] = gaps["split"].map(spoken)
    gaps[GAP] = h.intervals(gaps[["gap", "gap_low", "gap_high"]])
    columns = ["split", "pipeline", "honest", "leaky", GAP, "n_subjects", "n_inflated"]
    figures = [
        h.figure(
            InflationDisplay.from_inflation(inflation, split).figure_,
            f"{headed(inflation.metric)} of everybody, honest and {spoken(split)}.",
        )
        for split in inflation.splits
    ]
    explanation = h.paragraph(
        f"The same pipelines with everybody on both sides, by {spoken(inflation.metric)}: trials "
        "shuffled, or whole sessions or runs kept apart only. The gap is what knowing the people "
        "adds to a score; the leaky numbers belong in no table of results."
    )
    return h.table(gaps[columns]) + explanation + "".join(figures)


def people(results: Results) -> str:
    """The scores of every person."""
    metric = results.metrics[0]
    parts = []
    if results.scores(metric).notna().to_numpy().any():
        figure = ScoresDisplay.from_results(results, metric).figure_
        alt = f"{headed(metric)} of every person, best on top"
        parts.append(h.figure(figure, f"{alt}; the dashed line is the chance level."))
    scores = results.per_subject().drop(columns="dataset")
    n_subjects = scores["subject"].nunique()
    title = f"All scores of {count(n_subjects, 'person', 'people')}"
    parts.append(h.details(title, h.table(scores)))
    return "".join(parts)


def paired_tests(results: Results) -> str:
    """The pipelines against each other, on the same people."""
    if len(results.pipelines) == 1:
        return ""
    metric = results.metrics[0]
    tests = comparison(results)
    if isinstance(tests, str):
        return h.paragraph(tests)
    figure = ComparisonDisplay.from_results(results, metric).figure_
    tests[DIFFERENCE] = h.intervals(tests[["mean_difference", "low", "high"]])
    columns = ["first", "second", DIFFERENCE, "effect_size", "p", "p_corrected", "n_subjects"]
    if tests["n_dropped"].any():
        columns.append("n_dropped")
    caption = f"{headed(metric)}: a line is a person, a diamond the mean."
    explanation = h.paragraph(
        "Wilcoxon's signed-rank test on the differences between people, corrected for the "
        "number of pairs after Holm; the effect size is the matched-pairs rank-biserial "
        "correlation."
    )
    if results.access_note:
        explanation = h.paragraph(results.access_note) + explanation
    return (
        h.table(tests[columns]) + explanation + h.figure(figure, caption) + _ranks(results, metric)
    )


def _ranks(results: Results, metric: str) -> str:
    """The critical-difference diagram, of three pipelines and more."""
    complete = results.scores(metric).dropna()
    complete.attrs.clear()  # of the access of pipelines, which the table above tells
    if complete.shape[1] < 3 or len(complete) < 2:
        return ""
    figure = ComparisonDisplay(scores=complete, metric=metric).plot("ranks").figure_
    return h.figure(
        figure,
        f"Mean ranks over the {count(len(complete), 'person', 'people')} who have a score with "
        "every pipeline, 1 the best; a bar joins pipelines that do not differ significantly "
        "(Friedman's and Nemenyi's tests).",
    )


def confusion(results: Results, name: str) -> str:
    """Which class a pipeline took for which."""
    predictions = results.predictions(name)
    many = len(predictions.classes) > MAX_CLASSES
    display = ConfusionMatrixDisplay.from_results(
        results, name, order="similarity" if many else "class"
    )
    pairs = display.confusions
    parts = [h.figure(display.figure_, f"What {name} took the trials of every class for.")]
    if len(pairs):
        parts += [h.heading("Most confused"), h.table(pairs.head(N_CONFUSED))]
    return "".join(parts)


def classes(results: Results, name: str) -> str:
    """Precision, recall and F1 of every class."""
    table = results.per_class(name).reset_index()
    worst = ""
    if len(table) > MAX_CLASSES:
        table = table.sort_values("recall", kind="stable")
        worst = h.paragraph("The class that is found most rarely comes first.")
    return worst + h.table(table)


def calibration(results: Results) -> str:
    """Whether pipelines are right as often as they say."""
    names = _with_predictions(results)
    scores = calibration_table(results) if len(names) == len(results.pipelines) else None
    if scores is None or not scores["ece"].notna().any():
        return h.paragraph("The results hold no probabilities of every pipeline.")
    sure = scores.loc[scores["ece"].notna(), "pipeline"]
    figure = ReliabilityDisplay.from_results(results, list(sure)).figure_
    return h.table(scores) + h.figure(
        figure, "Accuracy against confidence; below the diagonal a pipeline is too sure."
    )


def costs(results: Results) -> str:
    """Times and memory."""
    columns = ["pipeline", "n_folds", "fit_time_s", "score_time_s", "total_s", "peak_mb"]
    return h.table(results.costs()[columns]) + h.paragraph(
        "Times of one fold, by the clock; memory is the largest of a process that fitted. "
        + results.training_note
    )


def _with_predictions(results: Results) -> list[str]:
    """The pipelines whose predictions are kept, the best first."""
    best = best_row(results)
    names = sorted(results.pipelines, key=lambda name: best is None or name != best["pipeline"])
    pipelines = []
    for name in names:
        with suppress(ValueError):
            results.predictions(name)
            pipelines.append(name)
    return pipelines


def for_each(tell: Callable[[Results, str], str], results: Results) -> str:
    """Something of every pipeline: the best one's to be seen, the others' folded."""
    names = _with_predictions(results)
    if not names:
        return h.paragraph("The results hold no predictions.")
    first, *rest = names
    parts = [h.heading(first), tell(results, first)]
    return "".join(parts + [h.details(name, tell(results, name)) for name in rest])
