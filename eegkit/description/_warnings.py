"""What is wrong with trials, or looks it, in sentences that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import scipy.stats
from numpy.typing import NDArray

from eegkit.amplitude import odd_people
from eegkit.description._scan import Scan
from eegkit.labels import hard_labels, labels_are_subjects, namesakes, same_label_key
from eegkit.text import shortlist

# Power of a line against that beside it, from which on it is worth a word.
LOUD_LINE = 4.0
# How probable a line may be in pure noise, on any channel of anybody.
LINE_CHANCE = 0.01
# The usual spread of a channel in microvolts; scalp EEG has some 5 to 50.
VOLTS, MILLIVOLTS, TOO_LARGE = 1e-3, 0.3, 1000.0
# Standardised channels have a spread of about 1.
STANDARDISED_SPREAD = (0.7, 1.3)
# An offset of so many spreads is worth a word.
LARGE_OFFSET = 10.0
# A class with so many times the trials of another makes accuracy misleading.
IMBALANCE = 2.0


def of_samples(scan: Scan, channels: pd.DataFrame) -> Iterator[str]:
    """About values that are no numbers, do not move, or lie at a limit."""
    n_trials = len(scan.not_finite)
    if scan.not_finite.any():
        bad = channels.index[(channels["missing"] + channels["infinite"]) > 0]
        yield (
            f"{channels['missing'].sum()} samples are missing (NaN) and "
            f"{channels['infinite'].sum()} infinite, in {scan.not_finite.sum()} of {n_trials} "
            f"trials ({shortlist(bad)}); every estimator will refuse them: drop the trials or "
            "channels."
        )
    dead = channels.index[channels["flat_trials"] == n_trials]
    if len(dead):
        yield f"Flat in every trial: {shortlist(dead)}; drop or interpolate."
    flat = channels.loc[~channels.index.isin(dead), "flat_trials"]
    flat = flat[flat > 0].sort_values(ascending=False)
    if len(flat):
        yield f"Flat in some trials: {_with_counts(flat, n_trials)}."
    clipped = channels["clipped_trials"]
    clipped = clipped[clipped > 0].sort_values(ascending=False)
    if len(clipped):
        yield (
            f"Clipped, many samples at a trial's extreme: {_with_counts(clipped, n_trials)}; "
            "the amplifier's range was too small there."
        )


def of_units(channels: pd.DataFrame) -> Iterator[str]:
    """About amplitudes that are not those of EEG in microvolts."""
    spread = channels["spread"][channels["spread"] > 0]
    if not len(spread):
        return
    typical = float(spread.median())
    sentence = f"The median channel has a spread of {typical:.3g} where microvolts are expected"
    if typical < VOLTS:
        yield f"{sentence}: these look like volts; multiply X by 1e6."
    elif typical < MILLIVOLTS:
        yield f"{sentence}: these look like millivolts; multiply X by 1e3."
    elif typical > TOO_LARGE:
        yield (
            f"{sentence}: these look like nanovolts (multiply X by 1e-3) or an amplifier's counts; "
            "scale them."
        )
    elif spread.between(*STANDARDISED_SPREAD).mean() > 0.9:
        yield f"{sentence}, and so have nearly all: these look standardised, not in microvolts."


def of_people(scan: Scan, channels: pd.DataFrame, subject: NDArray[Any]) -> Iterator[str]:
    """About people in another unit than the others, and about offsets."""
    spread = np.where(scan.spread > 0, scan.spread, np.nan)
    size = pd.DataFrame(spread, dtype=float).median(axis=1)
    yield from odd_people(size.groupby(subject).median().to_dict())
    offset = pd.DataFrame(np.abs(scan.mean) / spread, columns=channels.index, dtype=float)
    typical = offset.median()
    far = typical.index[typical > LARGE_OFFSET]
    if len(far):
        yield f"Far from zero, by more than {LARGE_OFFSET:g} spreads: {shortlist(far)}; high-pass."
        return
    people = offset.median(axis=1).groupby(subject).median()
    people = people[people > LARGE_OFFSET]
    if len(people):
        yield (
            f"Far from zero, by more than {LARGE_OFFSET:g} spreads, in some people "
            f"({shortlist(people.index)}); high-pass."
        )


def of_lines(scan: Scan, channels: pd.DataFrame, subject: NDArray[Any]) -> Iterator[str]:
    """About line noise: of which people, on which of their channels."""
    whose = subject[scan.line_trials]
    for line, ratios in scan.line_ratio.items():
        finite = np.where(np.isfinite(ratios), ratios, np.nan)
        table = pd.DataFrame(finite, columns=channels.index, dtype=float)
        loud, some = _loud_lines(table, whose, scan.n_line_segments), ""
        n_people = len(np.unique(whose.astype(str)))
        if loud.empty:  # too few trials of each to say whose
            loud = _loud_lines(table, np.zeros(len(table)), scan.n_line_segments)
        elif len(loud) < n_people:
            some = f" in {len(loud)} of {n_people} people ({shortlist(loud.index)})"
        if loud.empty:
            continue
        loudest = loud.max().dropna().sort_values(ascending=False)
        yield (
            f"Line noise at {line} Hz on {len(loudest)} of {len(channels)} channels"
            f"{some}, at most {loudest.iloc[0]:.3g} times the power beside it "
            f"({loudest.index[0]}); Notch({line}) or a low-pass removes it."
        )


def _loud_lines(ratios: pd.DataFrame, group: NDArray[Any], n_segments: int) -> pd.DataFrame:
    """Power of a line against that beside it: groups that have it, by channels; NaN where not.

    The line's part of the power at it and at two bins beside it has a beta distribution in noise
    without a line, of mean 1/3; its mean over trials is one of more degrees of freedom, which an
    artefact in some trials cannot move far.
    """
    parts = (ratios / (ratios + 2)).groupby(group)
    part, n = parts.mean(), parts.count() * n_segments
    chance = scipy.stats.beta.sf(part, n, 2 * n) * part.size
    times = 2 * part / (1 - part)
    return times.where((times > LOUD_LINE) & (chance < LINE_CHANCE)).dropna(how="all")


def of_labels(y: NDArray[Any], counts: pd.DataFrame, metadata: pd.DataFrame) -> Iterator[str]:
    """About classes that are few, uneven, or tied to people or runs."""
    n_subjects, n_classes = counts.shape
    if n_subjects == 1:
        yield "All trials are of one person: what they tell holds for that person alone."
    if n_classes < 2:
        yield "There is one class only: nothing can be decoded."
        return
    for first, other in namesakes(counts.columns, same_label_key):
        yield (
            f"The labels {first!r} and {other!r} differ in nothing but case or spaces, and are two "
            "classes: write them alike if they are one."
        )
    if labels_are_subjects(y, metadata["subject"].to_numpy()):
        return
    one_each = ((counts > 0).sum(axis=1) == 1).all()
    if one_each and n_subjects > 1:
        yield (
            "Every person has trials of one class only: what tells people apart tells classes "
            "apart, so only scores on other people mean anything."
        )
    else:
        lacking = counts.index[(counts == 0).any(axis=1)]
        if len(lacking):
            yield (
                f"{len(lacking)} of {n_subjects} people lack a class ({shortlist(lacking)}); "
                "their own scores are of the classes they have."
            )
        yield from _of_runs(y, metadata)
    trials = counts.sum().sort_values()
    if trials.iloc[-1] > IMBALANCE * trials.iloc[0]:
        yield (
            f"{trials.index[-1]} has {trials.iloc[-1] / trials.iloc[0]:.3g} times the trials of "
            f"{trials.index[0]}: accuracy flatters, use balanced_accuracy."
        )


def _of_runs(y: NDArray[Any], metadata: pd.DataFrame) -> Iterator[str]:
    keys = [metadata[name] for name in ("subject", "session", "run")]
    runs = pd.Series(hard_labels(y)).groupby(keys, observed=True)
    if runs.nunique().max() == 1 and runs.size().max() > 1:
        yield (
            "Every run holds one class only: drift, or whatever else differs between runs, is "
            "confounded with the label."
        )


def of_copies(copies: pd.DataFrame, shared: pd.Series, n_trials: int) -> Iterator[str]:
    """About trials that are the same, or share samples."""
    if len(copies):
        n_others = int((~copies["same_subject"]).sum())
        labels = int((~copies["same_label"]).sum())
        more = f", {n_others} of another person" if n_others else ""
        more += f", {labels} under another label" if labels else ""
        yield (
            f"{len(copies)} of {n_trials} trials repeat an earlier one sample by sample{more}; "
            "remove them, or one lands in training and the other in test."
        )
    if len(shared):
        yield (
            f"{len(shared)} of {n_trials} trials overlap the next one of their recording, by up "
            f"to {100 * shared.max():.0f} %: keep recordings, or people, on one side of a split."
        )


def _with_counts(counts: pd.Series, n_trials: int) -> str:
    return shortlist(f"{name} ({n} of {n_trials})" for name, n in counts.items())
