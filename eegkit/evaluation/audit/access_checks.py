"""Whether a fitted decoder sees no more of the people tested than its access says.

Its answers to some trials are asked for again after other trials were changed. What may not
have been seen must not have changed anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import get_tags

from eegkit.access import access_of, parts_of, trials_of_subjects
from eegkit.signals import SignalArray

# People of a fold that are looked at, and how many scored trials of each.
N_PEOPLE, N_TRIALS = 3, 40
# Batches of other sizes round otherwise; no answer that was seen to peek came near.
TOLERANCE = 1e-4
# Labels told by noise: that often by chance in one of so many tries, all of which must agree.
ALPHA, N_PERMUTATIONS, N_TRIES = 1e-3, 1999, 3
ADVICE = {
    "none": "Let the step learn from training people alone; or declare what it sees, by its tags.",
    "causal": "Let the step look at the same person's earlier trials only, by their onsets.",
    "calibration": "Let the step look at the trials that its calibration_rows names only.",
    "labelled": "Let the step look at the trials that its calibration_rows names only.",
    "transductive": "Let the step look at each person's trials by themselves.",
}
DIRECTLY = (
    "See what reaches the decoder besides signals: labels in a parameter, names of people, or the "
    "order of trials."
)


@dataclass(frozen=True)
class Change:
    """Other trials were changed: trials `after` of `X` are trials `before` of the few as before."""

    what: str
    X: SignalArray
    before: NDArray[np.intp]
    after: NDArray[np.intp]
    of_signals: bool = True


class Witness:
    """A fitted decoder, and some people of the test trials whom it is asked about again.

    Parameters
    ----------
    decoder : estimator
        Fitted.
    X : SignalArray
        All test trials of a fold.
    y : ndarray, shape (n_trials,)
        Their labels, of which the decoder should know nothing.
    unscored : ndarray of bool, shape (n_trials,)
        Those that it calibrates on.
    """

    def __init__(
        self, decoder: Any, X: SignalArray, y: NDArray[Any], unscored: NDArray[np.bool_]
    ) -> None:
        self.decoder, self.X_all = decoder, X
        self.levels = {getattr(get_tags(part), "access", "none") for part in parts_of(decoder)}
        self.rows = self._few(X, unscored)
        self.X, self.y, self.unscored = X[self.rows], y[self.rows], unscored[self.rows]
        self.classes = getattr(decoder, "classes_", np.unique(y))
        self.base = self.answers(self.X)
        amplitude = np.asarray(self.X, dtype=float)
        self.sd = amplitude.std(axis=(0, *range(2, self.X.ndim)), keepdims=True) + 1e-12

    def _few(self, X: SignalArray, unscored: NDArray[np.bool_]) -> NDArray[np.intp]:
        """The rows of the first few people; where later trials are none of its business, fewer."""
        parts = []
        for _, trials in list(trials_of_subjects(X))[:N_PEOPLE]:
            most = int(unscored[trials].sum()) + N_TRIALS
            parts.append(trials if "transductive" in self.levels else trials[:most])
        return np.sort(np.concatenate(parts))

    def answers(self, X: Any, decoder: Any = None) -> NDArray[np.float64]:
        """What the decoder answers, shape (n_trials, n_classes) or (n_trials, n_scores)."""
        decoder = self.decoder if decoder is None else decoder
        for method in ("predict_proba", "decision_function"):
            if hasattr(decoder, method):
                values = np.asarray(getattr(decoder, method)(X), dtype=float)
                return values.reshape(len(values), -1)
        return (np.asarray(decoder.predict(X))[:, None] == self.classes).astype(float)

    def differ(self, change: Change, answers: NDArray[np.float64]) -> NDArray[np.float64]:
        """By how much the answers to trials that stayed the same have changed, where they have."""
        before, after = self.base[change.before], answers[change.after]
        tolerance = TOLERANCE * max(1.0, float(np.nanmax(np.abs(before), initial=0.0)))
        same = np.isclose(before, after, rtol=0, atol=tolerance, equal_nan=True).all(axis=1)
        return np.abs(before - after).max(axis=1)[~same]

    def noise(self, n_trials: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Signals of so many trials that are nothing but noise, as large as those of the people."""
        shape = (n_trials, *self.X.shape[1:])
        return (rng.standard_normal(shape) * self.sd).astype(np.float32)

    def changes(self) -> Iterator[Change]:
        """What must not change the answers: other signals, and then other numbers and orders."""
        scored, rng = ~self.unscored, np.random.default_rng(0)
        left_out: list[Change] = []
        for what, changed in self._others():
            kept = np.flatnonzero(scored & ~changed & ~self._may_depend_on(changed))
            if not len(kept) or not changed.any():
                continue
            samples = np.array(self.X, dtype=np.float32)
            samples[changed] = 3 * self.noise(int(changed.sum()), rng) + self.sd
            X = SignalArray(samples, **self.X.metadata)
            yield Change(f"{what} were replaced by noise", X, kept, kept)
            places = np.cumsum(~changed)[kept] - 1
            left_out.append(
                Change(f"{what} were left out", self.X[~changed], kept, places, of_signals=False)
            )
        yield from left_out[:1]
        if len(self.rows) < len(self.X_all):
            whole = np.flatnonzero(scored)
            what = "further trials came with them"
            yield Change(what, self.X_all, whole, self.rows[whole], of_signals=False)
        if self.levels == {"none"}:
            order, places = rng.permutation(len(self.rows)), np.arange(len(self.rows))
            what = "the trials came in another order"
            yield Change(what, self.X[order], order, places, of_signals=False)

    def _others(self) -> Iterator[tuple[str, NDArray[np.bool_]]]:
        """Trials to change: which, in words, and a mask."""
        place, size, person = (np.empty(len(self.X), dtype=int) for _ in range(3))
        for i, (_, trials) in enumerate(trials_of_subjects(self.X)):
            place[trials], size[trials], person[trials] = np.arange(len(trials)), len(trials), i
        if not self.levels & {"causal", "transductive"}:
            for half in (1, 0):
                yield "other trials", ((place + person) % 2 == half) & ~self.unscored
        if "causal" in self.levels and "transductive" not in self.levels:
            for part in (2, 3):
                yield "later trials", place >= size // part
        if self.levels != {"none"}:
            for half in (1, 0):
                yield "the trials of other people", person % 2 == half

    def _may_depend_on(self, changed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whose answer may depend on changed trials, by the access of the steps."""
        depends = np.zeros(len(self.X), dtype=bool)
        for _, trials in trials_of_subjects(self.X):
            hits = changed[trials]
            if "causal" in self.levels:
                depends[trials] |= np.cumsum(hits) > hits
            calibrates = bool(self.levels & {"calibration", "labelled"})
            if calibrates and (hits & self.unscored[trials]).any():
                depends[trials] = True
            if "transductive" in self.levels and hits.any():
                depends[trials] = True
        return depends

    def first_step(self, change: Change) -> str:
        """The first step whose output changes; of what is no pipeline, its class."""
        steps = getattr(self.decoder, "steps", None)
        if steps is None:
            return type(self.decoder).__name__
        with suppress(Exception):  # of a step that is not asked one by one
            for i, (name, _) in enumerate(steps[:-1]):
                part = self.decoder[: i + 1]
                before = np.asarray(part.transform(self.X))[change.before]
                after = np.asarray(part.transform(change.X))[change.after]
                if not np.allclose(before, after, rtol=1e-3, atol=1e-6, equal_nan=True):
                    return repr(name)
        return repr(steps[-1][0])

    def p_of_labels(self, rng: np.random.Generator) -> float:
        """How often answers to noise tell as much of labels that were permuted within people."""
        X = SignalArray(self.noise(len(self.X), rng), **self.X.metadata)
        answers = self.answers(X)
        if answers.shape[1] == 1:
            answers = np.column_stack([-answers, answers])
        codes = np.searchsorted(self.classes, self.y).clip(0, answers.shape[1] - 1)
        people = np.empty(len(X), dtype=int)
        for i, (_, trials) in enumerate(trials_of_subjects(X)):
            people[trials] = i
        rows = np.flatnonzero(~self.unscored)
        rows = rows[np.argsort(people[rows], kind="stable")]
        codes, people, places = codes[rows], people[rows], np.arange(len(rows))
        answers = answers[rows]
        score = answers[places, codes].sum()
        n_as_good = 0
        for _ in range(N_PERMUTATIONS):
            permuted = codes[np.lexsort((rng.random(len(codes)), people))]
            n_as_good += answers[places, permuted].sum() >= score - 1e-9
        return (1 + n_as_good) / (1 + N_PERMUTATIONS)


def check_access(
    decoder: Any,
    X: SignalArray,
    y: NDArray[Any],
    unscored: NDArray[np.bool_] | None = None,
) -> list[dict[str, Any]]:
    """Findings about a fitted decoder whose access may be wider than it says.

    Parameters
    ----------
    decoder : estimator
        Fitted, and calibrated where it has to be.
    X : SignalArray
        The test trials of a fold.
    y : ndarray, shape (n_trials,)
        Their labels.
    unscored : ndarray of bool, shape (n_trials,), optional
        Trials that are calibrated on.

    Returns
    -------
    list of dict
        With the columns of `Audit.findings`: at most one leak, or a note that the check could not
        be done. The detail goes on behind the name of the pipeline.
    """
    if unscored is None:
        unscored = np.zeros(len(X), dtype=bool)
    try:
        return _breaches(Witness(decoder, X, y, unscored))
    except Exception as error:
        detail = (
            f": its access was not checked, since it cannot be asked about "
            f"changed trials ({type(error).__name__}: {error})."
        )
        return [_finding("not_checked", "note", detail)]


def _breaches(witness: Witness) -> list[dict[str, Any]]:
    access = access_of(witness.decoder)
    title = f" (access {access})"
    for change in witness.changes():
        differences = witness.differ(change, witness.answers(change.X))
        if not len(differences):
            continue
        again = Change("", witness.X, *(np.arange(len(witness.X)),) * 2)
        if len(witness.differ(again, witness.answers(witness.X))):
            detail = f"{title}: answers to the same trials differ from call to call."
            return [_finding("not_checked", "note", detail, "Give it a random_state.")]
        detail = (
            f"{title}: the answers to {len(differences)} of {len(change.before)} trials change, by "
            f"up to {differences.max():.2g}, when {change.what}. The first step that is changed by "
            f"it is {witness.first_step(change)}."
        )
        if change.of_signals:
            return [_finding("access", "leak", detail, ADVICE[access], len(differences))]
        # Of what draws an answer for each place, say; other trials' signals tell it nothing.
        return [_finding("by_place", "note", detail), *_of_noise(witness, title)]
    return _of_noise(witness, title)


def _of_noise(witness: Witness, title: str) -> list[dict[str, Any]]:
    """Whether the labels are known without signals."""
    if witness.levels & {"causal", "labelled"}:
        return []  # early trials are treated otherwise than late ones, and labels often follow time
    rng = np.random.default_rng(1)
    if all(witness.p_of_labels(rng) < ALPHA for _ in range(N_TRIES)):
        detail = (
            f"{title}: its answers tell the labels when all signals were replaced by noise, "
            f"p < {ALPHA:g} each of {N_TRIES} times."
        )
        return [_finding("access", "leak", detail, DIRECTLY, len(witness.X))]
    return []


def _finding(
    kind: str, severity: str, detail: str, advice: str = "", n_trials: int = 0
) -> dict[str, Any]:
    folds = int(n_trials > 0)
    return {
        "kind": kind, "severity": severity, "folds": folds, "n_trials": n_trials,
        "detail": detail, "advice": advice,
    }  # fmt: skip
