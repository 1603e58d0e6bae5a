"""Results in a sentence and in a few lines."""

from __future__ import annotations

import html
from typing import Any

from eegkit.text import count


def sentence(results: Any) -> str:
    """How much was evaluated, and whether people were kept apart."""
    n_subjects = len(results.table[["dataset", "subject"]].drop_duplicates())
    n_folds = sum(results.settings.n_folds.values())
    n_seeds = results.table["seed"].nunique()
    parts = [
        count(len(results.pipelines), "pipeline"),
        count(len(results.datasets), "data set") if len(results.datasets) > 1 else "",
        count(n_subjects, "person", "people"),
        f"{count(n_folds, 'fold')} ({results.split})",
        count(n_seeds, "seed") if n_seeds > 1 else "",
        f"{count(len(results.failures), 'fit')} failed" if len(results.failures) else "",
        "people kept apart",
    ]
    if results.subject_overlap:
        parts[-1] = "trained and tested on the same people"
    return ", ".join(filter(None, parts)) + ("; SOMETHING LEAKS" if results.leaks else "")


def lines(results: Any) -> str:
    """The sentence, and a line for each pipeline and metric."""
    parts = [f"<Results: {sentence(results)}"]
    for row in results.summary().itertuples():
        name = row.pipeline if len(results.datasets) == 1 else f"{row.dataset}, {row.pipeline}"
        of_people = row.answers == "per person"
        access = "" if row.access == "none" else f" (access {row.access})"
        spread = f"[{row.ci_low:.3f}, {row.ci_high:.3f}]" if of_people else f"± {row.sd:.3f}"
        seeds = f", sd {row.sd_seeds:.3f} over {row.n_seeds} seeds" if row.n_seeds > 1 else ""
        parts.append(
            f"  {name}{access}: {row.metric} {row.mean:.3f} {spread}{seeds}, "
            f"chance {row.chance:.3f}, {row.n_above_chance} of {row.n_subjects} "
            + ("right" if of_people else "above")
        )
    parts += [f"  {note}" for note in (results.access_note, results.training_note) if note]
    return "\n".join(parts) + ">"


def as_html(results: Any) -> str:
    """The sentence and the summary as a table, for notebooks."""
    table = results.summary().to_html(index=False, float_format="{:.3f}".format, border=0)
    notes = f"{results.access_note} {results.training_note}"
    words = html.escape(f"{sentence(results)}. {notes}".strip())
    return f"<div><p><b>Results</b>: {words}</p>{table}</div>"
