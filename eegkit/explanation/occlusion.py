"""Occlusion: how the answer changes when a part of the trial is hidden. Needs no gradient."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from eegkit.access import access_of
from eegkit.explanation.answers import Answer
from eegkit.explanation.baselines import Baseline, baseline_of
from eegkit.explanation.reading import Reading, bins
from eegkit.parameters import Count, ParameterError, Positive, Seed
from eegkit.text import shortlist, suggest
from eegkit.transforms.band_power import BANDS

PARTS = ("channel", "band", "window", "feature")
N_WINDOWS = 8
# Memory of a trial on its way through a decoder, in multiples of the trial.
COST = 16
# What stands in place of some rows of the trials.
Origin = Callable[[NDArray[np.intp]], NDArray[np.float32]]


@dataclass(frozen=True)
class Request:
    """A decoder, or its classifier alone, the trials to explain, and its answers to them.

    Parameters
    ----------
    predictor : estimator
        It has predict_proba and reads the trials of `reading`.
    reading : Reading
    codes : ndarray of int, shape (n_trials,)
    proba : ndarray, shape (n_trials, n_classes)
    max_memory_mb : float
    """

    predictor: Any
    reading: Reading
    codes: NDArray[np.intp]
    proba: NDArray[Any]
    max_memory_mb: float


def occlusion(
    request: Request,
    *,
    by: str | Sequence[str] | None = None,
    bands: Mapping[str, tuple[float, float]] | None = None,
    window_s: Positive | None = None,
    baseline: Baseline = "others",
    n_others: Count = 4,
    random_state: Seed = 0,
) -> Answer:
    """The probability of the class less the one without a part of the trial [1]_.

    The part becomes that of other trials, or of a baseline. Bands of raw trials are exchanged by
    Fourier's transform. What others have there is something that the decoder knows: zeros it has
    never seen, and their logarithm is far from all that it has.

    Parameters
    ----------
    by : "channel", "band", "window", "feature", or several of the first three, optional
        What is hidden, each alone; of several every combination. By default channels, of
        features every feature.
    bands : mapping of str to (float, float), optional
        In Hz, the upper end not included; by default delta to gamma, as far as there are any.
    window_s : float, optional
        Length of the windows in s, side by side; by default an eighth of the trial.
    baseline : "others", "zero", "mean" or array-like, default "others"
        What stands in place of the part: that of `n_others` others of the trials explained, each
        in turn, of which the mean is taken; zeros, the mean of the trials, or an array of a
        trial's shape.
    n_others : int, default 4
        See `baseline`; fewer where there are fewer.
    random_state : int, default 0
        Which others.

    References
    ----------
    .. [1] M. D. Zeiler, R. Fergus (2014), Visualizing and understanding convolutional networks,
       ECCV, arXiv:1311.2901.
    """
    reading = request.reading
    names = _names(by, reading)
    frequencies = _bands(bands, reading) if "band" in names else None
    windows = _windows(window_s, reading) if "window" in names else None
    hiding = _Hiding(reading, names, frequencies, windows)
    origins = _origins(reading.X, baseline, n_others, random_state)
    values = np.mean([_lost(request, hiding, origin) for origin in origins], axis=0)
    shape = [len(part) for part in hiding.choices]
    ends = None if windows is None else tuple(end for end, _ in windows)
    return Answer(values.reshape(-1, *shape), axes=names, bands=frequencies, windows=ends)


def _lost(request: Request, hiding: _Hiding, origin: Origin) -> NDArray[np.float32]:
    """How much probability each trial loses without each part, (n_trials, n_parts)."""
    X = request.reading.X
    values = np.empty((len(X), len(hiding.parts)), np.float32)
    is_apart = access_of(request.predictor) == "none"
    at_once = max(1, int(request.max_memory_mb * 2**20 / (COST * X[0].nbytes)))
    n_trials = min(at_once, len(X)) if is_apart else len(X)
    n_parts = max(1, at_once // n_trials) if is_apart else 1
    for start in range(0, len(X), n_trials):
        rows = np.arange(start, min(start + n_trials, len(X)))
        before = request.proba[rows, request.codes[rows]]
        for numbers, variants in hiding.variants(rows, origin(rows), n_parts):
            after = _proba(request, variants, np.tile(rows, len(numbers)))
            values[rows[:, None], numbers] = before[:, None] - after.reshape(len(numbers), -1).T
    return values


def _origins(
    X: NDArray[np.float32], baseline: Any, n_others: int, random_state: int
) -> list[Origin]:
    """What stands in place of hidden parts, one after the other."""
    if not (isinstance(baseline, str) and baseline == "others"):
        fixed = baseline_of(X, baseline)[None]
        return [lambda rows: fixed]
    if len(X) == 1:
        raise ParameterError(
            "baseline is 'others', but there is one trial only; explain several at once, or set "
            "baseline='zero'.",
            "baseline",
        )
    steps = 1 + np.random.default_rng(random_state).permutation(len(X) - 1)[:n_others]
    return [lambda rows, step=step: X[(rows + step) % len(X)] for step in steps]  # type: ignore[misc]


def _proba(request: Request, X: NDArray[np.float32], rows: NDArray[np.intp]) -> NDArray[Any]:
    """The probability of the class of each of the trials, which are those of some rows."""
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # told of X itself
        proba = request.predictor.predict_proba(request.reading.signals(X, rows))
    return np.asarray(proba)[np.arange(len(rows)), request.codes[rows]]


class _Hiding:
    """Trials without their parts, one after the other."""

    def __init__(
        self,
        reading: Reading,
        names: tuple[str, ...],
        bands: Mapping[str, tuple[float, float]] | None,
        windows: Sequence[tuple[tuple[float, float], slice]] | None,
    ) -> None:
        self.reading, self.names = reading, names
        choices: dict[str, Sequence[Any]] = {
            "channel": range(reading.X.shape[1]),
            "feature": range(reading.X.shape[1]),
            "band": list((bands or {}).values()),
            "window": [samples for _, samples in windows or ()],
        }
        self.choices = [choices[name] for name in names]
        self.parts = list(np.ndindex(*map(len, self.choices)))

    def variants(
        self, rows: NDArray[np.intp], origin: NDArray[np.float32], n_parts: int
    ) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """The numbers of some parts, and the trials without each of them, one below another."""
        X = self.reading.X[rows]
        for start in range(0, len(self.parts), n_parts):
            numbers = list(range(start, min(start + n_parts, len(self.parts))))
            variants = [self._without(X, origin, self.parts[i]) for i in numbers]
            yield numbers, np.concatenate(variants)

    def _without(
        self, X: NDArray[np.float32], origin: NDArray[np.float32], part: tuple[int, ...]
    ) -> NDArray[np.float32]:
        places = zip(self.names, self.choices, part, strict=True)
        hidden = {name: choices[i] for name, choices, i in places}
        first = hidden.get("channel", hidden.get("feature"))
        rows = slice(None) if first is None else slice(first, first + 1)
        samples = hidden.get("window", slice(None))
        content = X[:, rows] - origin[:, rows]
        if "band" in hidden:
            content = self._of_band(content, hidden["band"])
        X = X.copy()
        if X.ndim == 2:
            X[:, rows] -= content
        else:
            X[:, rows, ..., samples] -= content[..., samples]
        return X

    def _of_band(
        self, content: NDArray[np.float32], band: tuple[float, float]
    ) -> NDArray[np.float32]:
        """What a difference between trials has of a band."""
        if content.ndim == 4:
            inside = _inside(self.reading.facts["freqs"], band)
            return content * inside[:, None].astype(np.float32)
        spectrum = scipy.fft.rfft(content)
        return scipy.fft.irfft(spectrum * _inside(bins(self.reading), band), content.shape[-1])


def check_by(by: str | Sequence[str] | None) -> None:
    """Refuse names of nothing that can be hidden, and names that come twice.

    Raises
    ------
    ParameterError
    """
    names = [by] if isinstance(by, str) else [] if by is None else list(by)
    for name in names:
        if name not in PARTS:
            raise ParameterError(f"by names {name!r}{suggest(name, PARTS)}", "by")
    if by is not None and (not names or len(set(names)) < len(names)):
        raise ParameterError(f"by is {by!r}; expected what to hide, each once.", "by")


def _names(by: str | Sequence[str] | None, reading: Reading) -> tuple[str, ...]:
    """What is hidden, in the order of the axes."""
    possible = {"feature": PARTS[3:], "channel": PARTS[:3]}.get(reading.axes[0], ())
    if not possible:
        raise ParameterError(
            f"What the classifier reads, {' x '.join(reading.axes)}, has no parts that could be "
            "hidden; use space='raw'.",
            "space",
        )
    names = [by] if isinstance(by, str) else [possible[0]] if by is None else list(by)
    for name in names:
        if name not in possible:
            raise ParameterError(
                f"by names {name!r}, but trials of {' x '.join(reading.axes)} are hidden by "
                f"{', '.join(possible)}.",
                "by",
            )
    return tuple(name for name in PARTS if name in names)


def _bands(
    bands: Mapping[str, tuple[float, float]] | None, reading: Reading
) -> dict[str, tuple[float, float]]:
    """The bands of which there is anything."""
    freqs = reading.facts["freqs"] if reading.X.ndim == 4 else bins(reading)
    if freqs is None:
        raise ParameterError(
            "by names 'band', but X does not know its frequencies; give an X that does "
            "(trials.X, mne.Epochs).",
            "by",
        )
    ranges = {
        k: (float(low), float(up)) for k, (low, up) in (BANDS if bands is None else bands).items()
    }
    if not ranges:
        raise ParameterError("bands is {}; expected names with (low, high) in Hz.", "bands")
    empty = [name for name, band in ranges.items() if not _inside(freqs, band).any()]
    if empty and (bands is not None or len(empty) == len(ranges)):
        raise ParameterError(
            f"No frequency from {freqs[0]:g} to {freqs[-1]:g} Hz lies in {shortlist(empty)}.",
            "bands",
        )
    return {name: band for name, band in ranges.items() if name not in empty}


def _windows(window_s: float | None, reading: Reading) -> list[tuple[tuple[float, float], slice]]:
    """Beginning and end of the windows in s (in samples, where s are unknown), and their samples.

    The last one takes what is left over.
    """
    n, times = reading.X.shape[-1], reading.facts["times"]
    length = max(1.0, n / N_WINDOWS) if window_s is None else _length(window_s, reading)
    starts = np.round(np.arange(max(1, int(n / length))) * length).astype(int)
    begin, step = (0.0, 1.0) if times is None else (float(times[0]), reading.step or 1.0)
    return [
        ((begin + a * step, begin + b * step), slice(a, b))
        for a, b in itertools.pairwise([*starts.tolist(), n])
    ]


def _length(window_s: float, reading: Reading) -> float:
    """How many samples or frames a window has."""
    n, step = reading.X.shape[-1], reading.step
    if step is None:
        raise ParameterError(
            f"window_s is {window_s:g} s, but X does not know its times; give an X that does "
            "(trials.X, mne.Epochs), or leave it out.",
            "window_s",
        )
    if not step <= window_s <= n * step:
        raise ParameterError(
            f"window_s is {window_s:g}; expected from {step:g} to {n * step:g}.", "window_s"
        )
    return window_s / step


def _inside(freqs: Any, band: tuple[float, float]) -> NDArray[np.bool_]:
    low, up = band
    return (np.asarray(freqs) >= low) & (np.asarray(freqs) < up)
