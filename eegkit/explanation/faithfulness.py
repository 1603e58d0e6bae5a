"""`Faithfulness`: what checks of attributions found, in figures and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Faithfulness:
    """What checks of attributions found; what `Attributions.check` gives.

    Parameters
    ----------
    table : pandas.DataFrame
        A row for each figure: ``check``, ``detail`` (the share of layers that are random, or what
        was hidden), ``value``, ``limit`` (None of figures for information) and ``passed`` (None
        likewise).
    skipped : dict of str to str
        Checks that were not made, and why.

    See Also
    --------
    eegkit.explain : makes the attributions that are checked.
    """

    table: pd.DataFrame
    skipped: Mapping[str, str]

    @property
    def passed(self) -> bool:
        """Whether every check that was made passed, and one at least was; see `skipped`."""
        verdicts = [bool(v) for v in self.table["passed"] if v is not None]
        return bool(verdicts) and all(verdicts)

    def describe(self) -> str:
        """The verdict in sentences: what was not checked, and whether the maps can be trusted.

        What speaks against them comes first.
        """
        rows = [row for row in self.table.to_dict("records") if row["passed"] is not None]
        failed = [SENTENCES[row["check"]][0].format(**row) for row in rows if not row["passed"]]
        good = [SENTENCES[row["check"]][1].format(**row) for row in rows if row["passed"]]
        missing = "; nor ".join(f"{name}, since {why}" for name, why in self.skipped.items())
        sentences = [f"Not checked is {missing}."] if missing else []
        if failed:
            sentences.insert(0, f"Not to be trusted: {'; '.join(failed)}.")
        elif good:
            sentences.append(f"Trustworthy as far as checked: {'; '.join(good)}.")
        return " ".join(sentences) or "Not checked."

    def __repr__(self) -> str:
        return f"<Faithfulness: {self.describe()}>"


# Of each check, the words where it failed and where it passed.
SENTENCES = {
    "decoder": (
        "the decoder is right in {value:.0%} of these trials, which chance is as well, so there "
        "is nothing to explain",
        "the decoder is right in {value:.0%} of these trials",
    ),
    "numbers": ("{detail} are not numbers everywhere", "the maps are numbers"),
    "again": (
        "the method gives other maps of this decoder (correlation {value:z.2f})",
        "the method gives these maps of this decoder",
    ),
    "random weights": (
        "with random weights the maps stay as they are (correlation {value:z.2f}), so they do not "
        "follow the decoder",
        "with random weights the maps are others (correlation {value:z.2f})",
    ),
    "random labels": (
        "a decoder trained on random labels has the same maps (correlation {value:z.2f})",
        "a decoder trained on random labels has other maps (correlation {value:z.2f})",
    ),
    "hiding": (
        "hiding what they name changes the answer no more than hiding random parts "
        "(p = {value:.2g})",
        "hiding what they name changes the answer more than hiding random parts (p = {value:.2g})",
    ),
    "source": (
        "they name the source in {value:.0%} of the trials only",
        "they name the source in {value:.0%} of the trials",
    ),
}
