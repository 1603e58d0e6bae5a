"""Whether attributions can be trusted: do they follow the weights, and does hiding what they name
change the answer?"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from sklearn.base import clone

from eegkit.access import trials_of_subjects
from eegkit.evaluation.running.bars import step_bar
from eegkit.explanation import curves
from eegkit.explanation.faithfulness import Faithfulness
from eegkit.explanation.random_weights import with_random_weights
from eegkit.explanation.reading import best_of, is_net, parts, signals_like
from eegkit.explanation.targets import class_codes
from eegkit.labels import hard_labels
from eegkit.parameters import Count, ParameterError, check_for
from eegkit.text import count, shortlist

# Maps of another net that are as like as this do not follow the weights.
MOST_LIKE = 0.5
# Maps of the same net, from fewer trials: a baseline that is their mean, or noise, is another.
LEAST_AGAIN = 0.5
ALPHA = 0.05
# Of fewer trials hiding says nothing.
FEWEST_HIDDEN = 5
COLUMNS = ["check", "detail", "value", "limit", "passed"]


def check(
    several: Sequence[Any],
    *,
    explain_with: Callable[..., Any] | None = None,
    train: Any = None,
    source: Mapping[str, Any] | None = None,
    n_trials: int = 32,
    n_stages: int = 5,
    random_state: int = 0,
    verbose: bool | None = None,
) -> Faithfulness:
    """Check attributions; see `Attributions.check`, which has the parameters.

    Parameters
    ----------
    several : sequence of Attributions
        Those of one decoder, or of each fold's, which are judged together.
    """
    check_for(Count).require("n_trials", n_trials)
    check_for(Count).require("n_stages", n_stages)
    if not sum(map(len, several)):
        raise ValueError("There are no trials to check the maps on; expected some.")
    if any(attributions.decoder is None for attributions in several):
        raise ValueError(
            "These attributions do not hold their decoder, since they were read from a pickle; "
            "check those that explain and explain_people give, before they are saved."
        )
    _refuse_training(train, len(several))
    inside = _inside_source(several[0], source)
    rng = np.random.default_rng(random_state)
    draws = [a[np.sort(rng.permutation(len(a))[:n_trials])] for a in several]
    rows: list[dict[str, Any]] = []
    skipped: dict[str, str] = {}
    _of_decoder(several, rows, skipped)
    _of_numbers(several, rows)
    n_steps = len(draws) * _n_steps(draws[0], n_stages) + (train is not None)
    with step_bar("Checking", n_steps, verbose) as advance:
        repetitions = [_Repetition(some, explain_with, advance) for some in draws]
        likenesses = [repetition.likeness(repetition.reader) for repetition in repetitions]
        rows.append(_row("again", "", float(np.mean(likenesses)), LEAST_AGAIN, above=True))
        _of_weights(repetitions, n_stages, rng, rows, skipped)
        _of_labels(repetitions, train, rng, rows, skipped)
        _of_hiding(repetitions, rng, rows, skipped)
    _of_source(several, inside, rows, skipped)
    return Faithfulness(pd.DataFrame(rows, columns=COLUMNS), skipped)


def _n_steps(some: Any, n_stages: int) -> int:
    """How often one decoder's trials are explained again, or hidden along an axis."""
    stages = n_stages if is_net(parts(best_of(some.decoder))[1]) else 0
    return 1 + stages + len(curves.axes_of(some))


def _refuse_training(train: Any, n_decoders: int) -> None:
    """Refuse trials to train on again that cannot serve."""
    if train is not None and n_decoders > 1:
        raise ParameterError(
            "train is given, but each of these decoders was trained on other people; check one of "
            "results.decoders() by explain(...).check(train=...).",
            "train",
        )
    if train is not None and not (hasattr(train, "X") and hasattr(train, "y")):
        raise ParameterError(
            f"train is {type(train).__name__}; expected Trials, which know their labels.", "train"
        )


def _row(check: str, detail: str, value: float, limit: float, *, above: bool) -> dict[str, Any]:
    passed = value >= limit if above else value < limit
    return dict(zip(COLUMNS, (check, detail, value, limit, bool(passed)), strict=True))


class _Repetition:
    """The same method for other decoders, and how like their maps are."""

    def __init__(
        self, some: Any, explain_with: Callable[..., Any] | None, advance: Callable[[], None]
    ) -> None:
        self.some, self.advance = some, advance
        self.explain_with = explain_with or some.again
        decoder = best_of(some.decoder)
        self.reader = parts(decoder)[1] if some.space == "input" else decoder
        names = ("ch_names", "sfreq", "freqs", "times", "tmin", "groups", "onsets")
        self.X = signals_like(some.X, {name: getattr(some, name) for name in names})

    def likeness(self, reader: Any) -> float:
        """The mean rank correlation of the maps with those that the method gives of a decoder."""
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # told of the maps
            values = self.explain_with(reader, self.X, self.some.targets, target="true")
        values = np.asarray(getattr(values, "values", values))
        self.advance()
        return likeness(self.some.values, values)

    def gain(self, axis: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """How much more the order of the maps along an axis does than a random one, by trial."""
        codes = class_codes(self.some.targets, self.some.classes)
        gain = curves.gain(self.some, axis, self.reader, self.X, codes, rng)
        self.advance()
        return gain


def likeness(first: NDArray[Any], second: NDArray[Any]) -> float:
    """The mean over trials of Spearman's correlation of two maps; 0 of one that is flat.

    Parameters
    ----------
    first, second : ndarray, shape (n_trials, *axes)
    """
    ranks = [stats.rankdata(v.reshape(len(v), -1), axis=1) for v in (first, second)]
    one, two = (r - r.mean(axis=1, keepdims=True) for r in ranks)
    size = np.sqrt((one**2).sum(axis=1) * (two**2).sum(axis=1))
    product = (one * two).sum(axis=1)
    return float(np.divide(product, size, out=np.zeros_like(size), where=size > 0).mean())


def _flat(attributions: Any) -> NDArray[Any]:
    return np.asarray(attributions.values).reshape(len(attributions), -1)


def _of_numbers(several: Sequence[Any], rows: list[Any]) -> None:
    """Told where it fails alone: maps that hold NaN, of which nothing below can judge."""
    finite = [np.isfinite(_flat(part)).all(axis=1) for part in several]
    is_finite = np.concatenate(finite)
    if not is_finite.all():
        detail = f"{int((~is_finite).sum())} of {len(is_finite)} maps"
        rows.append(_row("numbers", detail, float(is_finite.mean()), 1.0, above=True))


def _of_decoder(several: Sequence[Any], rows: list[Any], skipped: dict[str, str]) -> None:
    """Whether the decoder knows the classes at all."""
    name = "whether the decoder knows the classes"
    if any(attributions.y is None for attributions in several):
        skipped[name] = "no labels were given"
        return
    y = np.concatenate([attributions.y for attributions in several])
    predicted = np.concatenate([attributions.predicted for attributions in several])
    is_known = ~np.asarray(pd.isna(y))
    if is_known.any() and not set(y[is_known].tolist()) & set(several[0].classes.tolist()):
        seen = shortlist(map(repr, sorted(set(y[is_known].tolist()), key=str)))
        skipped[name] = f"the labels, {seen}, are none of its classes"
        return
    y, right = y[is_known], (predicted == y)[is_known]
    most = max(Counter(y.tolist()).values(), default=0) / max(1, len(y))
    if most == 1 or most ** len(y) >= ALPHA or not len(y):
        few = f"{count(len(y), 'trial')} with a label cannot tell it from chance"
        skipped[name] = "all trials are of one class" if most == 1 and len(y) > 1 else few
        return
    p = stats.binomtest(int(right.sum()), len(y), most, alternative="greater").pvalue
    row = _row("decoder", f"p = {p:.2g}", p, ALPHA, above=False)
    rows.append(row | {"value": float(right.mean()), "limit": float(most)})


def _of_weights(
    repetitions: Sequence[_Repetition],
    n_stages: int,
    rng: Any,
    rows: list[Any],
    skipped: dict[str, str],
) -> None:
    """The weights made random, layer by layer from the head [1]_; the last stage decides.

    References
    ----------
    .. [1] J. Adebayo et al. (2018), Sanity checks for saliency maps, arXiv:1810.03292.
    """
    if not is_net(parts(repetitions[0].reader)[1]):
        skipped["whether the maps follow the weights"] = "only a net has weights to make random"
        return
    stages = [with_random_weights(repetition.reader, n_stages, rng) for repetition in repetitions]
    for i, readers in enumerate(zip(*stages, strict=True)):
        pairs = zip(repetitions, readers, strict=True)
        value = float(np.mean([repetition.likeness(reader) for repetition, reader in pairs]))
        row = _row("random weights", f"{(i + 1) / n_stages:.0%}", value, MOST_LIKE, above=False)
        rows.append(row if i == n_stages - 1 else row | {"limit": None, "passed": None})


def _of_labels(
    repetitions: Sequence[_Repetition],
    train: Any,
    rng: Any,
    rows: list[Any],
    skipped: dict[str, str],
) -> None:
    """The decoder fitted again, on labels that mean nothing."""
    if train is None:
        skipped["whether they follow what was learned"] = (
            "no training trials were given, as check(train=...) takes them in Python"
        )
        return
    [repetition] = repetitions
    y = hard_labels(np.asarray(train.y))
    order = np.arange(len(y))
    for _, trials in trials_of_subjects(train.X):  # whose shares of classes stay
        order[trials] = rng.permutation(trials)
    if np.array_equal(y[order], y):  # everybody is of one class
        order = rng.permutation(len(y))
    decoder = clone(best_of(repetition.some.decoder)).fit(train.X, y[order])
    reader = parts(decoder)[1] if repetition.some.space == "input" else decoder
    rows.append(_row("random labels", "", repetition.likeness(reader), MOST_LIKE, above=False))


HIDING = "whether hiding what they name changes the answer"


def _of_hiding(
    repetitions: Sequence[_Repetition], rng: Any, rows: list[Any], skipped: dict[str, str]
) -> None:
    """Deletion and insertion along each axis against random orders [1]_.

    References
    ----------
    .. [1] V. Petsiuk et al. (2018), RISE, BMVC, arXiv:1806.07421.
    """
    first = repetitions[0].some
    gains = {
        first.axes[axis]: np.concatenate([repetition.gain(axis, rng) for repetition in repetitions])
        for axis in curves.axes_of(first)
    }
    for name, gain in gains.items():
        values = (f"by {name}", float(gain.mean()))
        rows.append(dict(zip(COLUMNS, ("curve", *values, None, None), strict=True)))
    others = [name for name in first.axes if name not in gains]
    if not gains:
        skipped[HIDING] = f"there is no way here to hide parts by {shortlist(others)}"
        return
    n_trials = len(next(iter(gains.values())))
    if n_trials < FEWEST_HIDDEN:
        skipped[HIDING] = f"it takes {FEWEST_HIDDEN} trials to say, and here is {n_trials}"
        return
    if others:
        skipped[f"{HIDING} by {shortlist(others)}"] = "there is no way here to hide that"
    gain = np.mean(list(gains.values()), axis=0)
    p = float(stats.ttest_1samp(gain, 0, alternative="greater").pvalue) if gain.std() else 1.0
    rows.append(_row("hiding", "", p, ALPHA, above=False))


def _of_source(
    several: Sequence[Any],
    source: Mapping[str, NDArray[np.bool_]],
    rows: list[Any],
    skipped: dict[str, str],
) -> None:
    """Of how many trials that were answered rightly a map is largest in the source."""
    if not source:
        return
    first = several[0]
    values = np.concatenate([_of_right_answers(attributions) for attributions in several])
    if not len(values):
        skipped["whether they name the source"] = "no trial was answered rightly"
        return
    hits, chance = np.ones(len(values), bool), 1.0
    for name, inside in source.items():
        axis = 1 + first.axes.index(name)
        others = tuple(i for i in range(1, values.ndim) if i != axis)
        hits &= inside[values.mean(axis=others).argmax(axis=1)]
        chance *= inside.mean()
    if any(attributions.y is None for attributions in several):
        skipped["whether they name the source where the answer is right"] = "no labels were given"
    p = stats.binomtest(int(hits.sum()), len(hits), chance, alternative="greater").pvalue
    row = _row("source", f"p = {p:.2g}", p, ALPHA, above=False)
    rows.append(row | {"value": float(hits.mean()), "limit": chance})


def _of_right_answers(attributions: Any) -> NDArray[Any]:
    """The maps of trials that were answered rightly; of all, where no labels are known."""
    values = np.asarray(attributions.values)
    return values if attributions.y is None else values[attributions.predicted == attributions.y]


def _inside_source(first: Any, source: Mapping[str, Any] | None) -> dict[str, NDArray[np.bool_]]:
    """Which places along each axis are of the source."""
    unknown = [name for name in source or {} if name not in first.axes]
    if unknown:
        raise ParameterError(
            f"source names {shortlist(map(repr, unknown))}, but the maps have the axes "
            f"{shortlist(first.axes)}.",
            "source",
        )
    return {
        name: _inside(name, first.coordinates(name), place)
        for name, place in (source or {}).items()
    }


def _inside(axis: str, coordinates: Collection[Any], place: Any) -> NDArray[np.bool_]:
    """Which places along an axis are of the source: a range of Hz or s, or names."""
    if isinstance(place, tuple) and len(place) == 2 and not isinstance(place[0], str):
        return np.array([place[0] <= value <= place[1] for value in coordinates])
    names = {place} if isinstance(place, str) or np.ndim(place) == 0 else set(place)
    unknown = sorted(map(repr, names - set(coordinates)))
    if unknown:
        raise ParameterError(
            f"source has {shortlist(unknown)} along {axis!r}, where the maps have "
            f"{shortlist(map(str, coordinates))}.",
            "source",
        )
    return np.array([value in names for value in coordinates])
