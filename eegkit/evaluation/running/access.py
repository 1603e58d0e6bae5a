"""What becomes of findings about the access of fitted pipelines: an error, or part of the audit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eegkit.evaluation.audit.report import Audit
from eegkit.evaluation.running.fold import Outcome, Task


def refuse_findings(outcome: Outcome) -> None:
    """Raise where a pipeline sees more of the people tested than its access says.

    Raises
    ------
    ValueError
        It names the pipeline, the step, and what changed.
    """
    leaks = [row for row in outcome.findings if row["severity"] == "leak"]
    if leaks:
        lines = " ".join(f"{row['detail']} {row['advice']}" for row in leaks)
        raise ValueError(
            f"A pipeline sees more of the people it is tested on than its access says. {lines}"
        )


def tell_findings(
    audits: dict[str, dict[str, Any]], tasks: Sequence[Task], outcomes: Sequence[Outcome]
) -> None:
    """Add them to the audit of their data set, in place."""
    for name, values in audits.items():
        rows = [
            row
            for task, outcome in zip(tasks, outcomes, strict=True)
            if task.dataset == name
            for row in outcome.findings
        ]
        if rows:
            audits[name] = Audit.from_dict(values).with_findings(rows).to_dict()
