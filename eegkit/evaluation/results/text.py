"""Results in a sentence and in a few lines."""

from __future__ import annotations

from typing import Any

from eegkit.text import count


def sentence(results: Any) -> str:
    """How much was evaluated, and whether people were kept apart."""
    n_subjects = len(results.table[["dataset", "subject"]].drop_duplicates())
    n_folds = sum(results.settings.n_folds.values())
    parts = [
        count(len(results.pipelines), "pipeline"),
        count(len(results.datasets), "data set") if len(results.datasets) > 1 else "",
        count(n_subjects, "person", "people"),
        f"{count(n_folds, 'fold')} ({results.split})",
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
        parts.append(
            f"  {name}{access}: {row.metric} {row.mean:.3f} {spread}, chance {row.chance:.3f}, "
            f"{row.n_above_chance} of {row.n_subjects} {'right' if of_people else 'above'}"
        )
    if results.access_note:
        parts.append(f"  {results.access_note}")
    return "\n".join(parts) + ">"
