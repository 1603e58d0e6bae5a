"""What results tell of themselves: names, and how much they can be trusted."""

from __future__ import annotations

from typing import Any

import pandas as pd

from eegkit.access import unequal_access
from eegkit.evaluation.audit.report import Audit
from eegkit.evaluation.results.selection import check_name
from eegkit.evaluation.results.settings import RunSettings
from eegkit.evaluation.results.tables import costs
from eegkit.evaluation.results.tuning import Tuning
from eegkit.tables import Table
from eegkit.text import count, shortlist


class ResultFacts:
    """Facts that follow from the tables and the settings of `Results`."""

    table: pd.DataFrame
    searches: pd.DataFrame | None
    settings: RunSettings
    # By data set, pipeline, seed and fold.
    _decoders: dict[tuple[str, str, int, int], Any]

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics, in order."""
        return list(self.settings.scoring)

    @property
    def pipelines(self) -> list[str]:
        """Names of the pipelines, in order."""
        return list(self.table["pipeline"].unique())

    @property
    def datasets(self) -> list[str]:
        """Names of the data sets, in order."""
        return list(self.table["dataset"].unique())

    @property
    def subject_overlap(self) -> bool:
        """Whether a pipeline was tested on people it was trained on."""
        return self.settings.subject_overlap

    @property
    def split(self) -> str:
        """Which split it was, such as "group-5" or "fixed, by run"."""
        return self.settings.split

    @property
    def audits(self) -> dict[str, Audit]:
        """What the audit found about the split of every data set."""
        return {name: Audit.from_dict(values) for name, values in self.settings.audit.items()}

    @property
    def leaks(self) -> bool:
        """Whether something leaks through the split: such scores say little about new people."""
        return not all(audit.ok for audit in self.audits.values())

    @property
    def access_note(self) -> str:
        """One sentence where pipelines differ in what they may see of the people tested; or ""."""
        return unequal_access({name: self.settings.access_of(name) for name in self.pipelines})

    @property
    def training_note(self) -> str:
        """One sentence on nets that ``together="auto"`` did not train at once, and why; or ""."""
        reasons = []
        for name in self.pipelines:
            table = self.table[self.table["pipeline"] == name]
            for reason, fits in self.settings.one_by_one.get(name, {}).items():
                which = _which(fits, table)
                reasons += [f"{name!r} ({which}), since {reason}"] if which else []
        return f"Nets trained one after the other: {'; '.join(reasons)}." if reasons else ""

    def decoders(
        self, pipeline: str | None = None, dataset: str | None = None, *, seed: int = 0
    ) -> dict[int, Any]:
        """The fitted decoder of every fold, of ``evaluate(..., keep_decoders=True)``.

        Parameters
        ----------
        pipeline, dataset : str, optional
            By default the first ones.
        seed : int, default 0
            The number of the seed.

        Returns
        -------
        dict of int to estimator
            By fold; ``predictions(pipeline).fold`` says which trials each was tested on. A fold
            that failed has none.

        Raises
        ------
        ValueError
            None were kept: not asked for, or the results were read from a file, which holds the
            scores only; or there is no such pipeline, data set or seed.

        Examples
        --------
        >>> from sklearn.dummy import DummyClassifier
        >>> from eegkit import evaluate
        >>> from eegkit.testing import example_trials
        >>> trials = example_trials(n_trials=24)
        >>> results = evaluate(DummyClassifier(), trials, cv="group-3", keep_decoders=True)
        >>> results.decoders()
        {0: DummyClassifier(), 1: DummyClassifier(), 2: DummyClassifier()}
        """
        pipeline = check_name("pipeline", pipeline, self.pipelines)
        dataset = check_name("dataset", dataset, self.datasets)
        kept = {key[2:]: d for key, d in self._decoders.items() if key[:2] == (dataset, pipeline)}
        if not kept:
            raise ValueError(
                f"The results hold no decoders of {pipeline!r} on {dataset!r}: use "
                "evaluate(..., keep_decoders=True). A file of results holds none, but the store "
                "of that call gives them back without a fit."
            )
        seeds = sorted({number for number, _ in kept})
        if seed not in seeds:
            numbers = ", ".join(map(str, seeds))
            raise ValueError(f"seed is {seed!r}; {pipeline!r} was fitted with seed {numbers}.")
        return {fold: kept[number, fold] for number, fold in sorted(kept) if number == seed}

    def costs(self) -> pd.DataFrame:
        """One row per data set and pipeline: what the fits took.

        Returns
        -------
        pandas.DataFrame
            Columns ``dataset``, ``pipeline``, ``n_folds``, ``n_seeds``, ``fit_time_s`` and
            ``score_time_s`` (medians over fits), ``total_s`` (of all fits) and ``peak_mb`` (the
            largest).
        """
        return Table(costs(self.table))

    def tuning(self, pipeline: str | None = None, dataset: str | None = None) -> Tuning:
        """What a pipeline that was tuned chose in every fold, and what that claimed.

        Parameters
        ----------
        pipeline, dataset : str, optional
            By default the first ones that were tuned.

        Returns
        -------
        Tuning

        Raises
        ------
        ValueError
            The pipeline was not tuned.
        """
        return Tuning(self, pipeline, dataset)


def _which(fits: list[list[Any]], table: pd.DataFrame) -> str:
    """Some fits of a pipeline in words."""
    there = set(table[["dataset", "seed", "fold"]].itertuples(index=False, name=None))
    some = [fit for fit in map(tuple, fits) if fit in there]
    if len(some) == len(there):
        return f"all {count(len(some), 'fit')}"
    several = [len({fit[i] for fit in there}) > 1 for i in (0, 1)]
    return shortlist(
        f"{f'{dataset}, ' if several[0] else ''}{f'seed {seed}, ' if several[1] else ''}fold {fold}"
        for dataset, seed, fold in some
    )
