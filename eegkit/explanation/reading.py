"""What a decoder is made of, and what its classifier reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from eegkit.access import access_of
from eegkit.base import AXES, Estimator
from eegkit.classifiers import NeuralClassifier
from eegkit.explanation.beginnings import start_behind, start_of
from eegkit.parameters import ParameterError
from eegkit.signals import SignalArray, as_signals
from eegkit.step_names import flat_steps

Space = Literal["input", "raw", "spectrum"]
# The axes of one trial, by their number.
NAMES = {1: ("feature",), 2: ("channel", "time"), 3: ("channel", "freq", "frame")}


@dataclass(frozen=True)
class Reading:
    """Trials as they are explained, and what is known of them.

    Parameters
    ----------
    X : ndarray of float32, shape (n_trials, *axes)
    axes : tuple of str
        What each axis of a trial is.
    facts : dict of str to object
        ``ch_names``, ``sfreq``, ``freqs`` in Hz, ``times`` in s, ``tmin``, when the first sample
        is, ``groups``, ``onsets``; None where unknown.
    """

    X: NDArray[np.float32]
    axes: tuple[str, ...]
    facts: dict[str, Any]

    @property
    def step(self) -> float | None:
        """From one sample or frame to the next in s; None where that is unknown."""
        times, sfreq = self.facts["times"], self.facts["sfreq"]
        if times is not None and len(times) > 1:
            return float(times[1] - times[0])
        return 1 / sfreq if sfreq is not None and self.axes[-1] == "time" else None

    def signals(self, X: NDArray[np.float32], rows: Any = slice(None)) -> Any:
        """Trials like these, of the people of some rows, as the decoder takes them."""
        return signals_like(X, self.facts, rows)


def best_of(decoder: Any) -> Any:
    """What a search has chosen and answers by; of others the decoder itself."""
    while hasattr(decoder, "best_estimator_"):
        if len(getattr(decoder, "estimators_", [decoder])) > 1:  # whose answers are their mean
            break
        decoder = decoder.best_estimator_
    return decoder


def parts(decoder: Any) -> tuple[list[Any], Any]:
    """The steps before the classifier, and the classifier."""
    *transforms, classifier = flat_steps(best_of(decoder))
    if best_of(classifier) is classifier:
        return transforms, classifier
    inner, classifier = parts(classifier)  # a search behind the transforms
    return transforms + inner, classifier


def is_net(classifier: Any) -> bool:
    """Whether gradients of a classifier can be had."""
    return isinstance(classifier, NeuralClassifier)


def own_signals(decoder: Any, X: Any) -> Any:
    """Trials for a decoder, which steps that are not of this package may overwrite."""
    signals = as_signals(X)
    transforms, classifier = parts(decoder)
    is_ours = all(isinstance(step, Estimator) for step in [*transforms, classifier])
    is_safe = is_ours or not isinstance(signals, np.ndarray) or not signals.flags.writeable
    return signals if is_safe else signals.copy()


def read(decoder: Any, X: Any, space: Space) -> Reading:
    """Trials as the decoder's classifier reads them ("input"), or as the decoder does."""
    transforms, classifier = parts(decoder)
    signals, start = own_signals(decoder, X), start_of(X)
    of_trials = getattr(signals, "of_trials", {})  # which steps may forget
    reader = transforms[0] if transforms and space != "input" else classifier
    if space == "input":
        for transform in transforms:
            before, signals = signals, transform.transform(signals)
            start = start_behind(transform, start, before, signals)
    reading = _reading(signals, reader, start)
    reading.facts.update(of_trials)
    return reading


def signals_like(X: NDArray[Any], known: Mapping[str, Any], rows: Any = slice(None)) -> Any:
    """Trials as an array that knows what others do of their axes and people.

    Parameters
    ----------
    X : ndarray, shape (n_trials, *axes)
    known : dict of str to object
        The facts of a `Reading`.
    rows : index, optional
        Whose trials these are.
    """
    names = {2: (), 3: ("ch_names", "sfreq"), 4: ("ch_names", "freqs", "times")}
    facts = {name: known[name] for name in names.get(X.ndim, ("ch_names",))}
    for name in ("groups", "onsets"):
        facts[name] = None if known[name] is None else known[name][rows]
    if facts.get("times") is not None:  # those of its own signals, which begin at 0
        facts["times"] = facts["times"] - known["tmin"]
    facts = {name: value for name, value in facts.items() if value is not None}
    return SignalArray(X, **facts) if facts else X


def _reading(signals: Any, reader: Any, start: float | None) -> Reading:
    signals = signals if isinstance(signals, SignalArray) else SignalArray(signals)
    shape = getattr(reader, "input_shape_", signals.shape[1:])
    if signals.ndim == 2 and getattr(reader, "input_kind", None) != "raw":
        shape = signals.shape[1:]  # features, whatever a net makes of them
    array = np.ascontiguousarray(signals, dtype=np.float32).reshape(len(signals), *shape)
    axes = NAMES.get(len(shape), tuple(f"axis {i}" for i in range(len(shape))))
    if getattr(reader, "input_kind", "raw") == "covariance":
        axes = AXES["covariance"][1:]
    facts = dict(signals.metadata)
    for name in ("ch_names", "sfreq"):
        if facts.get(name) is None:
            facts[name] = getattr(reader, f"{name}_", None)
    if axes[-1] == "time" and facts["sfreq"] is not None:
        facts["times"] = np.arange(shape[-1]) / facts["sfreq"]
    if facts.get("times") is not None:
        facts["times"] = None if start is None else facts["times"] + start
    facts["tmin"] = start
    names = ("ch_names", "sfreq", "freqs", "times", "tmin", "groups", "onsets")
    return Reading(array, axes, {name: facts.get(name) for name in names})


def bins(reading: Reading) -> NDArray[np.float64] | None:
    """The frequencies of signals in Hz; None where the sampling rate is unknown."""
    sfreq = reading.facts["sfreq"]
    return None if sfreq is None else np.fft.rfftfreq(reading.X.shape[-1], 1 / sfreq)


def check_space(space: Any) -> None:
    """Refuse what is no space."""
    if space not in get_args(Space):
        raise ParameterError(
            f"space is {space!r}; expected 'input', what the classifier reads, 'raw', what the "
            "decoder reads, or 'spectrum', the frequencies of the raw trials.",
            "space",
        )


def refuse_no_net(decoder: Any, method: str) -> None:
    """Refuse gradients of decoders that have none."""
    _, classifier = parts(decoder)
    if not is_net(classifier):
        raise ParameterError(
            f"{method} looks into nets, but {type(classifier).__name__} is none; "
            "method='occlusion' explains any decoder that has predict_proba.",
            "method",
        )


def raw_steps(decoder: Any) -> list[Any]:
    """The steps before the net as torch modules.

    Raises
    ------
    ParameterError
        One of them has no such form.
    """
    modules = []
    for step in parts(decoder)[0]:
        try:
            if access_of(step) != "none":
                raise ValueError("it treats a trial by others of the same person")
            modules.append(step.as_module())
        except (AttributeError, ValueError) as error:
            reason = "" if isinstance(error, AttributeError) else f" ({str(error).rstrip('.')})"
            raise ParameterError(
                f"No gradient goes to raw trials, since {type(step).__name__} has none{reason}; "
                "space='input' is what the net reads, method='occlusion' explains raw trials.",
                "space",
            ) from error
    return modules
