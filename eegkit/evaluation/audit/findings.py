"""How the checks of an audit report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.evaluation.splits import Fold

COLUMNS = ("kind", "severity", "folds", "n_trials", "detail", "advice")
SEVERITIES = ("leak", "warning", "note")


class Tally:
    """The folds and test trials that a check concerns, and the first example of it."""

    def __init__(self, n_trials: int) -> None:
        self.folds = 0
        self.trials = np.zeros(n_trials, dtype=bool)
        self.example = ""

    def add(self, fold: Fold, trials: NDArray[np.intp], example: Callable[[], str]) -> None:
        """Count test trials of a fold; none of them, and the fold does not count."""
        if not len(trials):
            return
        if not self.folds:
            self.example = f"{example()} (fold {fold.number})"
        self.folds += 1
        self.trials[trials] = True

    @property
    def n_trials(self) -> int:
        return int(self.trials.sum())


class Findings:
    """A list of findings that becomes a table, the worst first."""

    def __init__(self, n_trials: int) -> None:
        self.n_trials = n_trials
        self._rows: list[dict[str, Any]] = []

    def tally(self) -> Tally:
        return Tally(self.n_trials)

    def add(
        self,
        kind: str,
        severity: str,
        detail: str,
        advice: str = "",
        tally: Tally | None = None,
    ) -> None:
        self._rows.append(
            {
                "kind": kind,
                "severity": severity,
                "folds": tally.folds if tally else 0,
                "n_trials": tally.n_trials if tally else 0,
                "detail": detail,
                "advice": advice,
            }
        )

    def add_tally(self, kind: str, severity: str, tally: Tally, finding: str, advice: str) -> None:
        """Report a tally that counted something."""
        if tally.folds:
            self.add(kind, severity, f"{finding}, for one {tally.example}.", advice, tally)

    def table(self) -> pd.DataFrame:
        rows = sorted(self._rows, key=lambda row: SEVERITIES.index(row["severity"]))
        table = pd.DataFrame(rows, columns=list(COLUMNS))
        return table.astype({"folds": "int64", "n_trials": "int64"})
