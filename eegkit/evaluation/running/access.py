"""What becomes of findings about the access of fitted pipelines: an error, or part of the audit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from eegkit.evaluation.audit.report import Audit
from eegkit.evaluation.running.fold import Outcome, Task
from eegkit.evaluation.splits.named import Fold


def fold_to_check(folds: Sequence[Fold]) -> Fold:
    """The one of the first test trials, in whatever order the folds come."""
    return min(folds, key=lambda f: (f.test.tolist(), -len(f.train), f.train.tolist()))


def refuse_findings(task: Task, outcome: Outcome) -> None:
    """Raise where a pipeline sees more of the people tested than its access says.

    Raises
    ------
    ValueError
        It names the pipeline, the step, and what changed.
    """
    for row in outcome.findings:
        if row["severity"] == "leak":
            raise ValueError(
                f"Pipeline {task.pipeline!r} sees more of the people it is tested on than its "
                f"access says{row['detail']} {row['advice']}"
            )


# What to do with an outcome, by `on_leak`.
ACCEPT: dict[str, Callable[[Task, Outcome], None]] = {
    "refuse": refuse_findings,
    "mark": lambda task, outcome: None,
}


def tell_findings(
    audits: dict[str, dict[str, Any]], tasks: Sequence[Task], outcomes: Sequence[Outcome]
) -> None:
    """Add them to the audit of their data set, in place."""
    for name, values in audits.items():
        rows = [
            row | {"detail": f"Pipeline {task.pipeline!r}{row['detail']}"}
            for task, outcome in zip(tasks, outcomes, strict=True)
            if task.dataset == name
            for row in outcome.findings
        ]
        if rows:
            audits[name] = Audit.from_dict(values).with_findings(rows).to_dict()
