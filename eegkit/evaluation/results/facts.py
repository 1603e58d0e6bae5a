"""What results tell of themselves: names, and how much they can be trusted."""

from __future__ import annotations

import pandas as pd

from eegkit.access import unequal_access
from eegkit.evaluation.audit.report import Audit
from eegkit.evaluation.results.settings import RunSettings
from eegkit.evaluation.results.tuning import Tuning


class ResultFacts:
    """Facts that follow from the tables and the settings of `Results`."""

    table: pd.DataFrame
    searches: pd.DataFrame | None
    settings: RunSettings

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
