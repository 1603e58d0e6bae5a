"""`harmonize`: trials of several data sets become trials of one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit import Trials
from eegkit.parameters import Positive, check_for
from eegkit.recordings import (
    Preparation,
    canonical_name,
    electrode_spellings,
    make_info,
    plain_name,
)
from eegkit.transforms import Resample

COMMON, INTERPOLATE = "common", "interpolate"
# Fewer electrodes do not say what lies between them.
MIN_ELECTRODES = 4


def harmonize(
    parts: Mapping[str, Trials] | Sequence[Trials],
    *,
    channels: str | Sequence[str] = COMMON,
    target_sfreq: float | None = None,
    window_s: float | None = None,
    labels: Mapping[str, Mapping[Any, Any]] | None = None,
    scale: str | None = None,
) -> Trials:
    """Bring trials of several data sets to the same channels, rate, length and labels.

    Parameters
    ----------
    parts : mapping of str to Trials, or sequence of Trials
        The trials by the name of their data set; those of a sequence are called ``"0"``,
        ``"1"`` and so on.
    channels : {"common", "interpolate"} or sequence of str, default "common"
        - ``"common"``: the channels that all parts have, in the order of the first part.
        - ``"interpolate"``: every channel with a known position that any part has; a part
          that has not recorded it gets it from its neighbours.
        - names: those channels, in that order, interpolated where a part has them not.
    target_sfreq : float, optional
        Rate in Hz to resample to; by default the lowest of the parts.
    window_s : float, optional
        Length in s to cut the trials to, end to end, what remains being dropped; by default
        the length of the shortest trials.
    labels : mapping of str to mapping, optional
        For each data set, what its labels become: ``{"seed_iv": {"happy": "high", "sad":
        "low", "fear": "low", "neutral": None}}``. Trials whose label becomes None are left
        out. Labels of data sets not named stay as they are.
    scale : {"dataset"}, optional
        Divide the signals of each data set by their median standard deviation over trials
        and channels, so that amplifiers of different gain become alike; by default the
        signals stay in microvolts.

    Returns
    -------
    Trials
        The parts in their order. Metadata: the columns that all parts have, and ``dataset``;
        ``subject`` becomes ``"<dataset>/<subject>"``, so that people stay apart, and
        ``onset``, where known, that of the cut trial.

    Raises
    ------
    ValueError
        The parts share no channel, a channel cannot be interpolated, a trial is shorter than
        `window_s`, a label is unknown, or the labels of a part occur in no other.

    Notes
    -----
    Channels are found without regard to case; T3, T4, T5 and T6 are T7, T8, P7 and P8.
    Interpolation is by spherical splines [1]_ on MNE's template head (positions of the 10-05
    system), separately for each part. An interpolated channel is a weighted sum of recorded
    ones and adds no information: 62 channels from 14 electrodes still have 14 dimensions.

    The parts keep their references (an average, Cz, a mastoid): put
    ``Montage(kind="average")`` into the pipeline to have one. With ``scale="dataset"`` the
    scale is computed from all trials of a data set, also those that are tested on later; it is
    one number and knows no labels.

    Where the labels of the parts are not equally frequent, a classifier gains by telling the
    data sets apart. Look at the scores of each data set, too.

    References
    ----------
    .. [1] Perrin, F., Pernier, J., Bertrand, O., & Echallier, J. F. (1989). Spherical splines
       for scalp potential and current density mapping. Electroencephalography and Clinical
       Neurophysiology, 72(2), 184-187. https://doi.org/10.1016/0013-4694(89)90180-6

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit import Trials
    >>> from eegkit_emotion import harmonize
    >>> a = Trials.from_arrays(
    ...     np.ones((2, 2, 256)), ["low", "high"], sfreq=128, subject="S1", ch_names=["T3", "Cz"]
    ... )
    >>> b = Trials.from_arrays(
    ...     np.ones((2, 3, 800)), ["sad", "joy"], sfreq=200, subject="S1",
    ...     ch_names=["CZ", "Oz", "T7"],
    ... )
    >>> both = harmonize({"a": a, "b": b}, labels={"b": {"sad": "low", "joy": "high"}})
    >>> both
    <Trials: 6 trials of 2 people, 2 channels x 256 samples at 128 Hz; high 3, low 3>
    >>> both.ch_names, list(dict.fromkeys(both.groups))
    (['T7', 'Cz'], ['a/S1', 'b/S1'])
    """
    trials = _name(parts)
    check_for(Literal["dataset"] | None).require("scale", scale)
    check_for(Positive | None).require("target_sfreq", target_sfreq)
    check_for(Positive | None).require("window_s", window_s)
    rate = min(part.sfreq for part in trials.values()) if target_sfreq is None else target_sfreq
    labelled = _map_labels(trials, labels or {})
    ch_names = _choose(labelled, channels)
    signals = {
        name: _resample(_pick(name, part, ch_names), part.sfreq, rate)
        for name, part in labelled.items()
    }
    n_times = _length(signals, rate, window_s)
    pieces = [_finish(name, labelled[name], X, rate, n_times, scale) for name, X in signals.items()]
    columns = [c for c in pieces[0][2].columns if all(c in table for _, _, table in pieces)]
    steps = _steps(labelled, ch_names, rate, scale)
    return Trials.concatenate(
        [
            Trials(X, y, table[columns], make_info(ch_names, rate), _preparation(part, steps))
            for (X, y, table), part in zip(pieces, labelled.values(), strict=True)
        ]
    )


def _steps(
    parts: Mapping[str, Trials], names: Sequence[str], rate: float, scale: str | None
) -> tuple[str, ...]:
    """What is done to trials here that no recording goes through, in words."""
    before = [part.preparation.other_steps for part in parts.values() if part.preparation]
    steps = [step for part_steps in before for step in part_steps]
    lacking = [name for name, part in parts.items() if set(names) - set(part.ch_names)]
    if any(set(map(plain_name, names)) - set(map(plain_name, parts[n].ch_names)) for n in lacking):
        steps.append("channels that were not recorded interpolated")
    if any(part.sfreq != rate for part in parts.values()):
        steps.append("trials resampled one by one")
    if scale is not None:
        steps.append("divided by the median standard deviation of the data set")
    return tuple(dict.fromkeys(steps))


def _preparation(part: Trials, steps: tuple[str, ...]) -> Preparation | None:
    if part.preparation is None:
        return None
    return dataclasses.replace(part.preparation, sfreq=None, window_s=None, other_steps=steps)


def _resample(X: NDArray[np.float32], recorded: float, target_sfreq: float) -> NDArray[np.float32]:
    """Bring trials, shape (n_trials, n_channels, n_times), from one rate to another."""
    if float(target_sfreq) == recorded:
        return X
    return np.asarray(Resample(target_sfreq=float(target_sfreq), sfreq=recorded).fit_transform(X))


def _name(parts: Mapping[str, Trials] | Sequence[Trials]) -> dict[str, Trials]:
    if isinstance(parts, Mapping):
        trials = dict(parts)
    elif isinstance(parts, Sequence) and not isinstance(parts, str):
        trials = {str(i): part for i, part in enumerate(parts)}
    else:
        trials = {}
    if not trials or not all(
        isinstance(name, str) and name and isinstance(part, Trials) for name, part in trials.items()
    ):
        raise ValueError(
            f"There is nothing to harmonize in a {type(parts).__name__}; expected Trials by the "
            "name of their data set, or a list of Trials."
        )
    for name, part in trials.items():
        if not len(part):
            raise ValueError(f"{name} has no trials; leave it out.")
        if part.y.ndim != 1:
            raise ValueError(f"{name} has soft labels; give each trial one label first.")
    return trials


def _map_labels(
    trials: dict[str, Trials], labels: Mapping[str, Mapping[Any, Any]]
) -> dict[str, Trials]:
    """The parts with their new labels, without the trials that get none."""
    for name in labels:
        if name not in trials:
            raise ValueError(
                f"labels names {name!r}, but the data sets are {', '.join(trials)}; correct it."
            )
    labelled = {}
    for name, part in trials.items():
        labelled[name] = _relabel(name, part, labels[name]) if name in labels else part
    classes = {name: set(part.y.tolist()) for name, part in labelled.items()}
    for name, part_classes in classes.items():
        rest = set().union(*(other for key, other in classes.items() if key != name))
        if rest and not part_classes & rest:
            raise ValueError(
                f"The labels of {name} ({_listing(part_classes)}) occur in no other data set "
                f"({_listing(rest)}); bring them to the same by labels=."
            )
    return labelled


def _relabel(name: str, part: Trials, new: Mapping[Any, Any]) -> Trials:
    old = part.y.tolist()
    unknown = set(old) - set(new)
    if unknown:
        raise ValueError(
            f"labels does not say what {_listing(unknown)} of {name} becomes; expected one for "
            f"each of {_listing(set(old))}, or None to leave trials out."
        )
    mask = np.array([new[label] is not None for label in old])
    if not mask.any():
        raise ValueError(f"labels leaves no trial of {name}; leave the data set out instead.")
    left = part[mask] if not mask.all() else part
    y = np.array([new[label] for label in old if new[label] is not None])
    return Trials(left.X, y, left.metadata, left.info)


def _listing(labels: set[Any]) -> str:
    return ", ".join(sorted(map(str, labels)))


def _choose(trials: dict[str, Trials], channels: str | Sequence[str]) -> list[str]:
    """The names of the channels to make, as the 10-05 system spells them."""
    has = {name: _index(name, part) for name, part in trials.items()}
    if isinstance(channels, str):
        check_for(Literal["common", "interpolate"]).require("channels", channels)
        order = dict.fromkeys(channel for index in has.values() for channel in index)
        if channels == COMMON:
            keys = [key for key in order if all(key in index for index in has.values())]
            if not keys:
                listing = "; ".join(f"{n}: {', '.join(p.ch_names)}" for n, p in trials.items())
                raise ValueError(
                    f"The data sets have no channel in common ({listing}); take "
                    "channels='interpolate', or name channels."
                )
        else:
            keys = [key for key in order if key in electrode_spellings()]
            if not keys:
                raise ValueError("No channel has a known position; take channels='common'.")
    else:
        keys = [plain_name(name) for name in channels]
        if not keys or len(set(keys)) < len(keys):
            raise ValueError(
                f"channels is {list(channels)}; expected names of channels, each once."
            )
    spellings = {plain_name(c): canonical_name(c) for p in trials.values() for c in p.ch_names}
    spellings |= electrode_spellings()
    request = {} if isinstance(channels, str) else {plain_name(c): c for c in channels}
    return [spellings.get(key, request.get(key, key)) for key in keys]


def _index(name: str, part: Trials) -> dict[str, int]:
    index = {plain_name(channel): i for i, channel in enumerate(part.ch_names)}
    if len(index) < len(part.ch_names):
        raise ValueError(
            f"{name} has a channel twice (T3 is T7, and so on): {', '.join(part.ch_names)}."
        )
    return index


def _pick(name: str, part: Trials, ch_names: list[str]) -> NDArray[np.float32]:
    """The wanted channels of a part, interpolated where it has them not."""
    index = _index(name, part)
    X = np.asarray(part.X)
    absent = [channel for channel in ch_names if plain_name(channel) not in index]
    if not absent:
        return np.ascontiguousarray(X[:, [index[plain_name(channel)] for channel in ch_names]])
    weights = _weights(name, part.ch_names, absent)
    rows = np.zeros((len(ch_names), X.shape[1]), dtype=np.float32)
    for row, channel in zip(rows, ch_names, strict=True):
        if plain_name(channel) in index:
            row[index[plain_name(channel)]] = 1
        else:
            row[:] = weights[channel]
    return np.matmul(rows, X)


def _weights(name: str, ch_names: Sequence[str], absent: list[str]) -> dict[str, NDArray[Any]]:
    """For each absent channel, the weights of those that are there."""
    import mne

    spellings = electrode_spellings()
    unknown = [channel for channel in absent if plain_name(channel) not in spellings]
    if unknown:
        raise ValueError(
            f"{name} lacks {', '.join(unknown)}, whose position is unknown, so that it cannot be "
            "interpolated; leave it out of channels."
        )
    sources = [i for i, channel in enumerate(ch_names) if plain_name(channel) in spellings]
    if len(sources) < MIN_ELECTRODES:
        raise ValueError(
            f"{name} lacks {', '.join(absent)} and has {len(sources)} channels with known "
            f"positions; expected at least {MIN_ELECTRODES} to interpolate from."
        )
    names = [spellings[plain_name(name)] for name in [*(ch_names[i] for i in sources), *absent]]
    # Interpolation is linear: interpolated from the identity, it shows its weights.
    unit = np.vstack([np.eye(len(sources)), np.zeros((len(absent), len(sources)))])
    evoked = mne.EvokedArray(unit, make_info(names, 1.0), verbose="error")
    evoked.info["bads"] = names[len(sources) :]
    evoked.interpolate_bads(verbose="error")
    rows = np.zeros((len(absent), len(ch_names)))
    rows[:, sources] = evoked.data[len(sources) :]
    return dict(zip(absent, rows, strict=True))


def _length(signals: dict[str, NDArray[Any]], rate: float, window_s: float | None) -> int:
    """Samples of a trial."""
    shortest = min(signals, key=lambda name: signals[name].shape[2])
    n_available = signals[shortest].shape[2]
    if window_s is None:
        return n_available
    n_times = round(window_s * rate)
    if n_times < 1:
        raise ValueError(f"window_s is {window_s:g} s, less than a sample at {rate:g} Hz.")
    if n_times > n_available:
        raise ValueError(
            f"window_s is {window_s:g} s, but the trials of {shortest} last {n_available / rate:g} "
            "s; make window_s shorter, or load longer trials."
        )
    return n_times


def _finish(
    name: str, part: Trials, X: NDArray[Any], rate: float, n_times: int, scale: str | None
) -> tuple[NDArray[np.float32], NDArray[Any], pd.DataFrame]:
    """Cut a part to one length, scale it, and say in its metadata where it is from."""
    n_trials, n_channels, n_available = X.shape
    n_cuts = n_available // n_times
    # As (trial, channel, cut, time), then the cuts of a trial one after the other.
    cut: NDArray[Any] = X[:, :, : n_cuts * n_times].reshape(n_trials, n_channels, n_cuts, n_times)
    cut = cut.transpose(0, 2, 1, 3).reshape(n_trials * n_cuts, n_channels, n_times)
    if scale == "dataset":
        deviation = float(np.median(X.std(axis=2)))
        if not deviation > 0:
            raise ValueError(f"The signals of {name} are constant and cannot be scaled.")
        cut = cut / np.float32(deviation)
    table = part.metadata.iloc[np.repeat(np.arange(n_trials), n_cuts)].reset_index(drop=True)
    if "onset" in table:
        table["onset"] = table["onset"] + np.tile(np.arange(n_cuts) * n_times / rate, n_trials)
    table["subject"] = [f"{name}/{subject}" for subject in table["subject"]]
    table["dataset"] = name
    y = np.repeat(part.y, n_cuts)
    return np.ascontiguousarray(cut, dtype=np.float32), y, table
