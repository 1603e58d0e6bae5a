"""The section of a report about settings that were chosen."""

from __future__ import annotations

import pandas as pd

from eegkit.evaluation import Results, Tuning
from eegkit.naming import headed
from eegkit.plots.tuning import Kind, TuningDisplay
from eegkit.reporting import markup as h
from eegkit.reporting.headline import comparison
from eegkit.text import count

DIFFERENCE = "tuned less the other [95 % interval]"
PICTURES: dict[Kind, str] = {
    "history": "{metric} of every setting of {name} on the people who chose, and the best so far, "
    "by fold.",
    "importances": "How much the parameters of {name} had to do with differences between settings "
    "(PED-ANOVA, folds pooled).",
}


def tuning(results: Results) -> str:
    """What searches chose in every fold, and whether that did better than others."""
    if results.searches is None:
        return ""
    names = results.searches["pipeline"].unique()
    return "".join(_search(results, results.tuning(name)) for name in names) + h.paragraph(
        "Settings are chosen in every fold by people of its training side; the scores of this "
        "report are those of people who had no part in it. A setting is stopped where the best one "
        "so far is ahead on the same people by more than chance."
    )


def _search(results: Results, tuning: Tuning) -> str:
    settings = tuning.settings()
    places = ["seed", "fold"] if settings["seed"].any() else ["fold"]
    chosen = settings[[*places, "score"]].join(_written(settings[tuning.parameters]))
    agreement = tuning.agreement().rename_axis("parameter").reset_index()
    values = ["most_chosen", "lowest", "highest"]
    agreement[values] = _written(agreement[values])
    tried = tuning.table[[*places, "trial", "state", "score", "n_fits"]]
    tried = tried.join(_written(tuning.table[tuning.parameters]))
    return "".join(
        (
            h.heading(tuning.pipeline),
            h.paragraph(tuning.describe()),
            _against_others(results, tuning.pipeline),
            h.heading("Chosen"),
            h.table(chosen),
            h.heading("Agreement of the folds"),
            h.table(agreement),
            *(_picture(results, tuning, kind) for kind in PICTURES),
            h.details(f"All {count(len(tried), 'setting')} that were tried", h.table(tried)),
        )
    )


def _against_others(results: Results, name: str) -> str:
    """The differences between a tuned pipeline and every other one, over people."""
    if len(results.pipelines) == 1:
        return ""
    tests = comparison(results)
    if isinstance(tests, str):
        return h.paragraph(tests)
    rows = []
    for row in tests[(tests["first"] == name) | (tests["second"] == name)].itertuples():
        ends = (row.mean_difference, row.low, row.high)
        other = row.second
        if row.second == name:
            ends, other = (-row.mean_difference, -row.high, -row.low), row.first
        rows.append((other, *ends, row.p_corrected, row.n_subjects))
    table = pd.DataFrame(
        rows, columns=["other", "difference", "low", "high", "p_corrected", "n_subjects"]
    )
    table[DIFFERENCE] = h.intervals(table[["difference", "low", "high"]])
    return h.heading(f"{headed(results.metrics[0])}, against the others") + h.table(
        table[["other", DIFFERENCE, "p_corrected", "n_subjects"]]
    )


def _picture(results: Results, tuning: Tuning, kind: Kind) -> str:
    """A picture, or why there is none."""
    try:
        display = TuningDisplay.from_results(results, kind, pipeline=tuning.pipeline)
    except (ImportError, ValueError) as error:
        return h.paragraph(str(error))
    caption = PICTURES[kind].format(metric=headed(tuning.metric), name=tuning.pipeline)
    return h.figure(display.figure_, caption)


def _written(settings: pd.DataFrame) -> pd.DataFrame:
    """Settings as text, numbers in four digits; a table would round small ones to nothing."""

    def write(value: object) -> str:
        if value is None or value != value:
            return h.NO_VALUE
        return f"{value:.4g}" if isinstance(value, float) else str(value)

    return settings.astype(object).map(write)
