"""What an audit looks at, and how its checks report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.evaluation.splits.named import Fold
from eegkit.trials import Trials

COLUMNS = ("kind", "severity", "folds", "n_trials", "detail", "advice")
SEVERITIES = ("leak", "warning", "note")


@dataclass(frozen=True)
class Tally:
    """How many folds a check concerns, which test trials (a mask), and the first example."""

    folds: int
    trials: NDArray[np.bool_]
    example: str


NOTHING = Tally(0, np.zeros(0, dtype=bool), "")


class Findings:
    """What is audited, and a list of findings that becomes a table, the worst first."""

    def __init__(self, trials: Trials, folds: Sequence[Fold]) -> None:
        self.trials = trials
        self.folds = folds
        self._rows: list[tuple[str, str, int, int, str, str]] = []

    def tally(
        self, hits: Callable[[Fold], NDArray[np.intp]], example: Callable[[Fold, int], str]
    ) -> Tally:
        """Count the test trials that `hits` gives of each fold; `example` says the first one."""
        n_folds, mask, first = 0, np.zeros(len(self.trials), dtype=bool), ""
        for fold in self.folds:
            rows = hits(fold)
            if len(rows):
                n_folds += 1
                mask[rows] = True
                first = first or f"{example(fold, rows[0])} (fold {fold.number})"
        return Tally(n_folds, mask, first)

    def add(
        self, kind: str, severity: str, detail: str, advice: str = "", tally: Tally = NOTHING
    ) -> None:
        self._rows.append((kind, severity, tally.folds, int(tally.trials.sum()), detail, advice))

    def not_checked(self, detail: str, advice: str = "") -> None:
        """Say that something could not be looked at."""
        self.add("not_checked", "note", detail, advice)

    def add_tally(self, kind: str, severity: str, tally: Tally, finding: str, advice: str) -> None:
        """Report a tally that counted something."""
        if tally.folds:
            self.add(kind, severity, f"{finding}, for one {tally.example}.", advice, tally)

    def table(self) -> pd.DataFrame:
        rows = sorted(self._rows, key=lambda row: SEVERITIES.index(row[1]))
        return as_table(rows)


def as_table(rows: Sequence[Any]) -> pd.DataFrame:
    """Findings, each a row with all the columns or a dict of them, as a table."""
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"folds": "int64", "n_trials": "int64"})
