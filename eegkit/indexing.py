"""What an index of NumPy does to each axis of an array, and what facts say of axes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Functions of NumPy that are no ufuncs and yet work sample by sample.
ELEMENTWISE = frozenset({np.around, np.clip, np.nan_to_num, np.round, np.where})
# Functions that write into their first argument.
WRITING = frozenset({np.copyto, np.fill_diagonal, np.place, np.put, np.put_along_axis, np.putmask})
FACTS = ("sfreq", "ch_names", "groups", "onsets", "freqs", "times", "preparation")
# Facts with an entry for each trial.
OF_TRIALS = ("groups", "onsets")


def key_of_each_axis(key: Any, ndim: int) -> list[Any] | None:
    """One key per axis, or None where the result's axes no longer match the array's."""
    parts = list(key) if isinstance(key, tuple) else [key]
    parts = [list(part) if isinstance(part, tuple) else part for part in parts]
    if any(part is None for part in parts):
        return None
    if any(isinstance(part, np.ndarray | list) and np.ndim(part) > 1 for part in parts):
        return None
    ellipses = [i for i, part in enumerate(parts) if part is Ellipsis]
    missing = ndim - (len(parts) - len(ellipses))
    where = ellipses[0] if ellipses else len(parts)
    parts[where : where + len(ellipses)] = [slice(None)] * missing
    if sum(not isinstance(part, slice) for part in parts) > 1:
        return None
    return parts


def is_whole(key: Any) -> bool:
    """Whether a key picks all of an axis, in order."""
    return isinstance(key, slice) and key.start in (None, 0) and key.step in (None, 1)


def pick(values: NDArray[Any] | None, key: Any) -> Any:
    return None if values is None else values[key]


def owner_of_memory(array: Any) -> Any:
    """The array that owns the memory an array looks at."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def axis_of_each_fact(ndim: int) -> dict[str, int]:
    """The axis that each fact says something of, in an array of so many axes."""
    axes = dict.fromkeys(OF_TRIALS, 0) | {"ch_names": 1}
    axes |= {"freqs": 2, "times": 3} if ndim == 4 else {"sfreq": ndim - 1}
    return {name: axis for name, axis in axes.items() if axis < ndim}


def pick_names(names: tuple[str, ...] | None, key: Any) -> tuple[str, ...] | None:
    """The channels that an index picks; None where it picks one twice."""
    if names is None:
        return None
    picks = tuple(np.array(names, dtype=object)[key])
    return picks if len(set(picks)) == len(picks) else None


def check_facts(facts: Mapping[str, Any], shape: tuple[int, ...]) -> None:
    """Refuse channels of one name, and facts without one entry for each element of their axis."""
    refuse_repeats(facts["ch_names"] or ())
    for name, axis in axis_of_each_fact(4).items():
        values = facts[name]
        if values is None:
            continue
        if np.ndim(values) == 0:
            raise ValueError(
                f"{name} is {values}; expected one entry for each element of axis {axis}."
            )
        if axis >= len(shape) or len(values) != shape[axis]:
            raise ValueError(
                f"{name} has {len(values)} entries, but the array has shape {shape}: "
                f"expected one entry for each element of axis {axis}."
            )
    if facts["onsets"] is not None and not np.isfinite(facts["onsets"]).all():
        raise ValueError(
            "onsets holds NaN or infinity, so that trials have no order; give the onset of every "
            "trial, or none."
        )


def refuse_repeats(ch_names: Sequence[str]) -> None:
    """Refuse channels of one name: nobody could say which of them is meant.

    Raises
    ------
    ValueError
        Names those that are there more than once.
    """
    repeats = [name for name, n in Counter(ch_names).items() if n > 1]
    if repeats:
        raise ValueError(
            f"ch_names has {', '.join(repeats[:8])} more than once; give every channel "
            "a name of its own, or leave out those that are there twice."
        )


def common_facts(signals: Sequence[Any], shape: tuple[int, ...]) -> dict[str, Any]:
    """What all signals of an operation say of the axes of a result that none of them stretches."""
    facts: dict[str, Any] = {}
    pairs = [(array, array.metadata) for array in signals]
    pairs = [pair for pair in pairs if any(value is not None for value in pair[1].values())]
    if not pairs or any(array.ndim != len(shape) for array, _ in pairs):
        return facts
    for name, axis in axis_of_each_fact(len(shape)).items():
        values = [said[name] for array, said in pairs if array.shape[axis] == shape[axis]]
        if values and all(same(values[0], value) for value in values[1:]):
            facts[name] = values[0]
    if len(shape) == 4:
        rates = {said["sfreq"] for _, said in pairs}
        facts["sfreq"] = rates.pop() if len(rates) == 1 else None
    return facts


def same(first: Any, second: Any) -> bool:
    """Whether two facts are one."""
    return first is second or bool(np.array_equal(first, second))
