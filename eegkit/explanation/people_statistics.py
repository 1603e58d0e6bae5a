"""Sign flips of whole people, corrected over all points of a map, by MNE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegkit.recordings import make_info
from eegkit.text import shortlist

# Of fewer, two sides, there is no p below 0.05.
FEWEST = 6
# Of so many, flips find about as much as they should.
MANY = 12


def level(n_people: int) -> float:
    """The p below which pictures and reports mark a point: stricter where flips find too much.

    See the notes of `PeopleAttributions.test`.
    """
    return 0.01 if n_people < MANY else 0.05


def corrected(
    maps: NDArray[Any],
    axes: Sequence[str],
    ch_names: Sequence[str] | None,
    correction: str,
    n_permutations: int,
    random_state: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """t of every point over people, and its p, corrected; of values above zero only.

    Both are compared with the largest of either sign, which is stricter than one side asks for:
    decoders of cross-validation share most of their people, and that makes up for it.

    Parameters
    ----------
    maps : ndarray, shape (n_people, *axes)
    axes : sequence of str
    ch_names : sequence of str, or None
        Of the axis "channel", for neighbours.
    correction : {"max", "cluster"}
    n_permutations, random_state : int

    Returns
    -------
    t, p : ndarray, shape (*axes)
        A point where all maps are zero has t = 0 and p = 1.

    Raises
    ------
    ValueError
        There are too few people; all maps are zero; or electrodes have no positions.
    """
    n_people = len(maps)
    if n_people < FEWEST:
        raise ValueError(
            f"There are maps of {n_people} people, of whom no test by sign flips gives p below "
            f"{2.0 ** (1 - n_people):g}; it takes {FEWEST} people or more."
        )
    scaled = _scaled(maps)
    if correction == "cluster":
        return _clusters(
            scaled, _neighbours(axes, maps.shape[1:], ch_names), n_permutations, random_state
        )
    return _largest(scaled, n_permutations, random_state)


def against_chance(
    maps: NDArray[Any], chance: Sequence[NDArray[Any]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """t of every point over people, and its p against the largest t of maps by chance.

    Parameters
    ----------
    maps : ndarray, shape ``(n_people, *axes)``
    chance : sequence of ndarray, shape ``(n_people, *axes)`` each

    Returns
    -------
    t, p : ndarray, shape ``(*axes)``

    Raises
    ------
    ValueError
        Maps by chance are missing or of another shape; or somebody's map is zero.
    """
    shapes = {part.shape[1:] for part in chance}
    if shapes != {maps.shape[1:]}:
        raise ValueError(
            f"chance has maps of {shortlist(sorted(map(str, shapes))) or 'no shuffle'}; expected "
            f"those that explain_chance gives with the same options, {maps.shape[1:]}."
        )
    t = _t(_scaled(maps))
    largest = np.sort([_t(_scaled(part)).max() for part in chance])
    n_as_large = len(largest) - np.searchsorted(largest, t)
    return t, (1 + n_as_large) / (1 + len(largest))


def _t(maps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Student's t over people; 0 where nobody differs from the others."""
    error = maps.std(axis=0, ddof=1) / np.sqrt(len(maps))
    return np.divide(maps.mean(axis=0), error, out=np.zeros_like(error), where=error > 0)


def _scaled(maps: NDArray[Any]) -> NDArray[np.float64]:
    """Maps of the same root mean square."""
    flat = maps.reshape(len(maps), -1).astype(np.float64)
    size = np.sqrt(np.mean(flat**2, axis=1, keepdims=True))
    if not size.all():
        raise ValueError(
            "Somebody's map is zero everywhere: the method says the same of every class, as "
            "attention_rollout does, or the decoder does not look at the trials."
        )
    return (flat / size).reshape(maps.shape)


def _largest(
    maps: NDArray[np.float64], n_permutations: int, random_state: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from mne.stats import permutation_t_test
    from mne.utils import use_log_level

    varies = maps.std(axis=0) > 0
    t, p = np.zeros(maps.shape[1:]), np.ones(maps.shape[1:])
    with use_log_level("ERROR"):
        t[varies], p[varies], _ = permutation_t_test(
            maps[:, varies], n_permutations, tail=1, seed=random_state
        )
    return t, p


def _clusters(
    maps: NDArray[np.float64], neighbours: Any, n_permutations: int, random_state: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from mne.stats import permutation_cluster_1samp_test
    from mne.utils import use_log_level

    with use_log_level("ERROR"):
        t, clusters, p_values, _ = permutation_cluster_1samp_test(
            maps, n_permutations=n_permutations, adjacency=neighbours, out_type="mask",
            seed=random_state,
        )  # fmt: skip
    t, p = np.nan_to_num(t), np.ones(t.shape)
    for mask, p_value in zip(clusters, p_values, strict=True):
        p[mask & (t > 0)] = p_value
    return t, p


def _neighbours(axes: Sequence[str], shape: tuple[int, ...], ch_names: Sequence[str] | None) -> Any:
    """Which points lie beside which: electrodes by their positions, others by their order."""
    from mne.stats import combine_adjacency

    parts = [
        _electrodes(ch_names) if axis == "channel" else n
        for axis, n in zip(axes, shape, strict=True)
    ]
    return combine_adjacency(*parts)


def _electrodes(ch_names: Sequence[str] | None) -> Any:
    from mne.channels import find_ch_adjacency
    from mne.utils import use_log_level

    if ch_names is None:
        raise ValueError(
            "correction='cluster' asks which electrodes are neighbours, but the trials name no "
            "channels; use correction='max'."
        )
    info = make_info(ch_names, 1.0)
    nowhere = [ch["ch_name"] for ch in info["chs"] if np.isnan(ch["loc"][:3]).any()]
    if nowhere:
        raise ValueError(
            f"correction='cluster' asks which electrodes are neighbours, but the 10-05 system has "
            f"no position of {shortlist(nowhere)}; use correction='max'."
        )
    with use_log_level("ERROR"):
        return find_ch_adjacency(info, "eeg")[0]
