"""What a decoder may see of the people it is used on, before or while it answers: its access.

``"none"``
    Nothing but the trial itself. Whatever is known of people is known of those of training.
``"causal"``
    Unlabelled trials of the same person that came before, in the order of their onsets.
``"calibration"``
    The first unlabelled trials of the person, which are then not scored.
``"transductive"``
    All unlabelled trials of the person that are given at once, later ones too.
``"labelled"``
    The first trials of the person with their labels, which are then not scored.

An estimator declares its access by a tag, as `AccessTags` has it; `evaluate` writes it beside every
score, and holds the estimator to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Tags, get_tags

from eegkit.labels import trial_names
from eegkit.signals import SignalArray
from eegkit.text import shortlist

Access = Literal["none", "causal", "calibration", "transductive", "labelled"]
# From the least to the most that is seen of new people.
LEVELS: tuple[str, ...] = get_args(Access)
# Where searches of scikit-learn, Optuna, scikit-optimize and eegkit keep what they choose among.
SPACES = ("param_grid", "param_distributions", "search_spaces", "space")


@dataclass(slots=True)
class AccessTags(Tags):
    """scikit-learn's tags of an estimator, and its access."""

    access: str = "none"


def with_access(tags: Tags, access: str) -> AccessTags:
    """Tags that say an access, for ``__sklearn_tags__``.

    Parameters
    ----------
    tags : sklearn.utils.Tags
    access : str
        One of `LEVELS`.

    Returns
    -------
    AccessTags
    """
    values = {field.name: getattr(tags, field.name) for field in fields(Tags)}
    return AccessTags(**values, access=access)


def access_of(estimator: Any) -> str:
    """The widest access of an estimator and of all that are in it.

    Parameters
    ----------
    estimator : estimator
        scikit-learn's and others' have access none, unless their tags say otherwise.

    Returns
    -------
    str
        One of `LEVELS`.

    Examples
    --------
    >>> from eegkit.access import access_of
    >>> from sklearn.linear_model import LogisticRegression
    >>> access_of(LogisticRegression())
    'none'
    """
    levels = [getattr(get_tags(part), "access", "none") for part in parts_of(estimator)]
    return max(levels, key=LEVELS.index, default="none")


def unequal_access(access: Mapping[str, str]) -> str:
    """A sentence for a ranking of decoders that may not see the same of the people tested.

    Parameters
    ----------
    access : dict of str to str
        By decoder.

    Returns
    -------
    str
        Empty where all have the same.

    Examples
    --------
    >>> from eegkit.access import unequal_access
    >>> unequal_access({"a": "none", "b": "transductive", "c": "none"})
    'Not like with like, since access differs: none of a, c; transductive of b.'
    >>> unequal_access({"a": "none", "c": "none"})
    ''
    """
    decoders: dict[str, list[str]] = {}
    for name in sorted(access, key=lambda name: LEVELS.index(access[name])):
        decoders.setdefault(access[name], []).append(name)
    if len(decoders) < 2:
        return ""
    parts = [f"{level} of {shortlist(names)}" for level, names in decoders.items()]
    return f"Not like with like, since access differs: {'; '.join(parts)}."


def parts_of(estimator: Any) -> Iterator[Any]:
    """An estimator and all that are in it or that it would choose among, outer ones first."""
    seen: set[int] = set()
    values = [estimator]
    if hasattr(estimator, "get_params") and not isinstance(estimator, type):
        values += estimator.get_params(deep=True).values()
    for part in values:
        is_estimator = hasattr(part, "__sklearn_tags__") and not isinstance(part, type)
        if is_estimator and id(part) not in seen:
            seen.add(id(part))
            yield part
            for _, candidates in searched(part):
                for candidate in candidates if isinstance(candidates, list | tuple) else ():
                    yield from parts_of(candidate)


def readers(estimator: Any) -> Iterator[Any]:
    """A fitted estimator, and who reads the trials inside of it first, from outside to inside."""
    while estimator is not None:
        yield estimator
        steps, members = getattr(estimator, "steps", None), getattr(estimator, "estimators_", None)
        inner = [steps[0][1]] if steps else list(members)[:1] if members is not None else []
        estimator = inner[0] if inner else getattr(estimator, "estimator_", None)


def searched(search: Any) -> Iterator[tuple[str, Any]]:
    """Every parameter that a search would choose, and what it chooses among; of others nothing."""
    for attribute in SPACES:
        spaces = getattr(search, attribute, None) or ()
        for space in [spaces] if isinstance(spaces, Mapping) else spaces:
            if isinstance(space, Mapping):
                yield from ((str(name), values) for name, values in space.items())


def calibration_rows(estimator: Any, signals: SignalArray) -> NDArray[np.bool_]:
    """Which of some trials the steps of an estimator calibrate on, so that nobody scores them.

    Parameters
    ----------
    estimator : estimator
        Fitted or not. Steps that calibrate have a method of this name.
    signals : SignalArray
        Raw trials, or whatever knows the people and the onsets.

    Returns
    -------
    ndarray of bool, shape (n_trials,)
    """
    rows = np.zeros(len(signals), dtype=bool)
    for part in parts_of(estimator):
        if hasattr(part, "calibration_rows"):
            rows |= part.calibration_rows(signals)
    return rows


def trials_of_subjects(signals: SignalArray) -> Iterator[tuple[Any, NDArray[np.intp]]]:
    """Every subject, and its trials in the order in which they were recorded.

    Signals that know nobody are of one subject, None. Those that do not know when they were
    recorded are taken in the order in which they stand.
    """
    n_trials = len(signals)
    order = np.arange(n_trials)
    if signals.onsets is not None:
        order = np.argsort(signals.onsets, kind="stable")
    if signals.groups is None:
        yield None, order
        return
    subjects, codes = np.unique(trial_names(signals.groups, "groups"), return_inverse=True)
    for i, subject in enumerate(subjects.tolist()):
        yield subject, order[codes[order] == i]


def with_groups(signals: SignalArray, groups: ArrayLike | None) -> SignalArray:
    """The same trials of these subjects; None leaves those that they know.

    Parameters
    ----------
    signals : SignalArray
    groups : array-like, shape (n_trials,), or None
    """
    if groups is None:
        return signals
    facts = signals.metadata | {"groups": trial_names(groups, "groups")}
    return SignalArray(signals.view(np.ndarray), **facts)


def first_trials(
    signals: SignalArray, rows: NDArray[np.intp], n_trials: int | None, seconds: float
) -> NDArray[np.intp]:
    """The first of somebody's trials.

    Parameters
    ----------
    signals : SignalArray
        Of many people.
    rows : ndarray of int
        This person's trials in order, as `trials_of_subjects` gives them.
    n_trials : int or None
        So many of them; None takes those that begin within `seconds`.
    seconds : float
        From the beginning of the person's first trial. Where onsets are not known, trials are
        taken to follow each other without gap or overlap.

    Raises
    ------
    ValueError
        Neither onsets nor the length of a trial is known.
    """
    if n_trials is not None:
        return rows[:n_trials]
    onsets = signals.onsets
    if onsets is not None:
        return rows[onsets[rows] < seconds]
    if signals.ndim != 3 or signals.sfreq is None:
        raise ValueError(
            f"The first {seconds:g} s of a person are asked for, but X says neither when its "
            "trials were recorded nor how long they are; give the number of trials, n_calibration."
        )
    return rows[: int(np.ceil(seconds * signals.sfreq / signals.shape[-1]))]
