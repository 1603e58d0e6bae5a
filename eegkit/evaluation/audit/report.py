"""The leakage audit: what stands on both sides of a split and should not."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, fields, replace
from typing import Any

import pandas as pd

from eegkit.evaluation.audit.copy_checks import check_content
from eegkit.evaluation.audit.findings import COLUMNS, SEVERITIES, Findings, as_table
from eegkit.evaluation.audit.label_checks import check_labels
from eegkit.evaluation.audit.metadata_checks import check_levels, make_levels
from eegkit.evaluation.audit.prefit_checks import check_normalisation, check_pipelines
from eegkit.evaluation.splits.named import Fold, folds_of, keeps_apart, make_splitter
from eegkit.text import count
from eegkit.trials import Trials

_WIDTH = 96


@dataclass(repr=False, eq=False)
class Audit:
    """What an audit found about a split.

    Made by `audit_split` and `audit_folds`.

    Parameters
    ----------
    findings : pandas.DataFrame
        One row per finding, the worst first, with columns ``kind``; ``severity``
        (``"leak"``: test trials are known in training; ``"warning"``: the score may measure
        something else; ``"note"``: good to know); ``folds``, how many of them are concerned;
        ``n_trials``, how many test trials are; ``detail``, a sentence with the first example;
        ``advice``.
    keeps_apart : str
        What the split was held to.
    n_folds, n_trials, n_subjects : int
        What was audited.

    Examples
    --------
    >>> from eegkit.evaluation import audit_split
    >>> from eegkit.testing import example_trials
    >>> from sklearn.model_selection import KFold
    >>> trials = example_trials(n_trials=24)
    >>> audit_split(trials, "group-3").ok
    True
    >>> audit = audit_split(trials, KFold(3, shuffle=True, random_state=0))
    >>> audit.ok
    False
    >>> audit.findings[["kind", "severity", "folds", "n_trials"]].head(1)
          kind severity  folds  n_trials
    0  subject     leak      3        24
    """

    findings: pd.DataFrame
    _: KW_ONLY
    keeps_apart: str
    n_folds: int
    n_trials: int
    n_subjects: int

    def __post_init__(self) -> None:
        absent = [name for name in COLUMNS if name not in self.findings]
        if absent:
            raise ValueError(
                f"The findings lack the columns {', '.join(absent)}; expected {', '.join(COLUMNS)}."
            )
        self.findings = self.findings[list(COLUMNS)].reset_index(drop=True)

    @property
    def ok(self) -> bool:
        """Whether no leak was found; there may be warnings and notes."""
        return not (self.findings["severity"] == "leak").any()

    def with_findings(self, rows: Sequence[Mapping[str, Any]]) -> Audit:
        """The audit with more findings, such as what was seen of fitted pipelines.

        Parameters
        ----------
        rows : sequence of dict
            With the columns of `findings`.
        """
        table = [*self.findings.to_dict("records"), *rows]
        table.sort(key=lambda row: SEVERITIES.index(row["severity"]))
        return replace(self, findings=as_table(table))

    def raise_for_leaks(self) -> None:
        """Raise one error that names every leak and says what to do.

        Raises
        ------
        ValueError
            There are leaks.
        """
        leaks = self.findings[self.findings["severity"] == "leak"]
        if not len(leaks):
            return
        lines = [f"- {row.detail} {row.advice}" for row in leaks.itertuples()]
        opening = "A leak was" if len(leaks) == 1 else f"{len(leaks)} leaks were"
        raise ValueError(
            f"{opening} found: test trials are known in training, so the score would say little "
            "about new data.\n" + "\n".join(lines)
        )

    def describe(self) -> str:
        """One sentence: what was audited, and how many findings there are."""
        counts = self.findings["severity"].value_counts()
        totals = [count(int(counts.get(name, 0)), name) for name in SEVERITIES if name in counts]
        return (
            f"{count(self.n_folds, 'fold')} of {count(self.n_trials, 'trial')} of "
            f"{count(self.n_subjects, 'person', 'people')}, held to keep each "
            f"{self.keeps_apart} on one side: {', '.join(totals) or 'nothing found'}"
        )

    def to_dict(self) -> dict[str, Any]:
        """The audit as plain Python values, which JSON can hold; `from_dict` reads them."""
        findings = self.findings.astype(object).to_dict(orient="records")
        return vars(self) | {"findings": findings}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Audit:
        """The audit that `to_dict` wrote.

        Raises
        ------
        ValueError
            Something is missing.
        """
        names = [field.name for field in fields(cls)]
        absent = [name for name in names if name not in content]
        if absent:
            raise ValueError(f"This is no audit: it lacks {', '.join(absent)}.")
        values = {name: content[name] for name in names}
        return cls(**values | {"findings": as_table(content["findings"])})

    def __repr__(self) -> str:
        lines = [f"<Audit: {self.describe()}"]
        for row in self.findings.itertuples():
            text = f"{row.severity:<8}{row.kind}{_extent(row)}: {row.detail} {row.advice}"
            lines += textwrap.wrap(
                text, _WIDTH, initial_indent="  ", subsequent_indent=" " * 10,
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
        return "\n".join(lines) + ">"

    def _repr_html_(self) -> str:
        table = self.findings.to_html(index=False, border=0)
        return f"<div><p><b>Audit</b>: {html.escape(self.describe())}</p>{table}</div>"


def audit_split(
    trials: Trials,
    cv: Any = "group-5",
    *,
    random_state: int | None = None,
    pipeline: Any = None,
) -> Audit:
    """Look for leaks in a split before anything is fitted.

    Parameters
    ----------
    trials : Trials
        Those that shall be split; see `audit_folds` for the columns that are looked at.
    cv : str, splitter, or iterable of (train, test), default "group-5"
        See `make_splitter`. It is held to what its attribute ``keeps_apart`` names; a
        splitter without one, of scikit-learn say, to keeping people apart.
    random_state : int, optional
        See `make_splitter`.
    pipeline : estimator or dict of str to estimator, optional
        What shall be evaluated: its steps must be fitted anew in every fold, and hold no labels of
        test trials. Nothing is fitted here, so whether it sees no more of the people tested than
        its access says (`eegkit.access`) is checked by `evaluate` alone.

    Returns
    -------
    Audit

    Raises
    ------
    ValueError
        The trials cannot be split that way.

    See Also
    --------
    audit_folds : The same for folds that are there already; says what is looked for.

    Examples
    --------
    >>> from eegkit.evaluation import audit_split
    >>> from eegkit.testing import example_trials
    >>> audit_split(example_trials(n_trials=24), "loso").ok
    True
    """
    _check(trials)
    splitter = make_splitter(cv, random_state=random_state)
    folds = folds_of(splitter, trials)
    return audit_folds(trials, folds, keeps_apart(splitter), pipeline=pipeline)


def audit_folds(
    trials: Trials, folds: Sequence[Fold], keeps_apart: str = "subject", *, pipeline: Any = None
) -> Audit:
    """Look for leaks in folds.

    Parameters
    ----------
    trials : Trials
        Metadata columns that are used where they are there: ``dataset``, ``subject``,
        ``session``, ``run``, ``recording`` (the file, say), ``onset`` (s from the start of the
        recording), ``duration`` (s, of a trial that was filled up), and ``parent`` and
        ``window_onset_s``, which `SlidingWindows` writes.
    folds : list of Fold
        Which trials train and which test, fold by fold.
    keeps_apart : str, default "subject"
        What the split promises to keep on one side: ``"dataset"``, ``"subject"``,
        ``"session"``, ``"run"``, ``"block"`` (of time, within a run), or a metadata column.
    pipeline : estimator or dict of str to estimator, optional
        What shall be evaluated.

    Returns
    -------
    Audit
        Kinds of findings: ``same_trial``; ``dataset``, ``subject``, ``session``, ``run``,
        ``recording``, ``parent`` on both sides although the split promises otherwise, and
        ``by_design`` where it does not; ``alias``, one person under two names; ``overlap``,
        windows that overlap in time; ``copy``, ``shared_samples``, ``near_copy`` and
        ``shifted_copy``, found in the signals alone; ``class_by_subject`` and so on,
        confounding of class with who, when or where; ``identification``; ``one_class``,
        ``unseen_class``, ``one_class_tested``; ``standardized``, ``min_max``, ``whitened``,
        the marks of a transform fitted to all trials; ``frozen`` and ``pretrained`` steps;
        ``labels`` of test trials in a parameter; of fitted pipelines, which `evaluate` looks at,
        ``access`` and ``by_place``;
        ``inner_split``, a search that tunes with the same people on both sides;
        ``one_person``; ``not_checked``.

    Raises
    ------
    ValueError
        There are no folds, a fold names trials that do not exist or has an empty side, or
        `keeps_apart` is no known level or column.

    Notes
    -----
    The signals are read once, in blocks, for all folds. Near copies are pairs of trials whose
    correlation over all channels is at least 0.98 in magnitude, to the average reference and
    without linear drift; a scaled, flipped, re-referenced or slightly noisy copy is one.
    The comparison of all pairs takes time that grows with the square of the number of trials.
    Not found are copies with more noise, and copies that were filtered or resampled anew and
    shifted.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.evaluation import audit_folds
    >>> from eegkit.evaluation.splits.named import Fold
    >>> from eegkit.testing import example_trials
    >>> trials = example_trials(n_trials=12)
    >>> audit = audit_folds(trials, [Fold(0, np.arange(8), np.arange(7, 12))])
    >>> audit.findings["kind"].head(2).tolist()
    ['same_trial', 'subject']
    """
    _check(trials)
    folds = list(folds)
    if not folds:
        raise ValueError("There are no folds to audit; the splitter gave none.")
    for fold in folds:
        fold.check(len(trials))
    levels = make_levels(trials, keeps_apart)
    findings = Findings(trials, folds)
    leaky = check_levels(levels, findings)
    check_labels(levels, findings)
    check_content(findings, leaky)
    check_normalisation(levels, findings)
    if pipeline is not None:
        check_pipelines(pipeline, findings, people_apart=keeps_apart in ("subject", "dataset"))
    return Audit(
        findings.table(),
        keeps_apart=keeps_apart,
        n_folds=len(folds),
        n_trials=len(trials),
        n_subjects=int(trials.metadata["subject"].nunique()),
    )


def _check(trials: Any) -> None:
    if not isinstance(trials, Trials):
        raise ValueError(
            f"trials is a {type(trials).__name__}; expected Trials, see Trials.from_arrays and "
            "Trials.from_epochs."
        )


def _extent(row: Any) -> str:
    counts = ((row.folds, "fold"), (row.n_trials, "test trial"))
    parts = [count(n, noun) for n, noun in counts if n]
    return f" ({', '.join(parts)})" if parts else ""
