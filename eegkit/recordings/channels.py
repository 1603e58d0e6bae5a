"""Channels by their names: one spelling for each electrode, and where it lies."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from eegkit.text import suggest

if TYPE_CHECKING:
    import mne

# The positions of the 10-05 system on MNE's template head.
MONTAGE = "colin27_1005"
# Names of the 10-20 system of 1958 and those that replaced them in 1991; a zero typed for O.
MODERN_NAMES = {"t3": "t7", "t4": "t8", "t5": "p7", "t6": "p8", "01": "o1", "02": "o2"}
_PREFIX = re.compile(r"^eeg[ _]")
_REFERENCE = re.compile(r"[-_ ](ref|le|re|ar|avg|a1|a2|m1|m2|cz ref)$")
# MNE numbers channels of one name, from 0 on.
FIRST_OF_SEVERAL = "-0"


def plain_name(name: str) -> str:
    """A channel's name to compare by.

    Without case, dots, a leading ``EEG`` and a usual reference behind (``-REF``, ``-LE``); T3,
    T4, T5 and T6 are T7, T8, P7 and P8.

    Examples
    --------
    >>> from eegkit.recordings import plain_name
    >>> plain_name("EEG T3-REF"), plain_name("Fc5."), plain_name("FP1-F7")
    ('t7', 'fc5', 'fp1-f7')
    """
    bare = _PREFIX.sub("", name.strip().lower().strip(". "))
    bare = _REFERENCE.sub("", bare).strip(". ")
    return MODERN_NAMES.get(bare, bare)


@functools.cache
def electrode_spellings() -> Mapping[str, str]:
    """How the 10-05 system spells each electrode that has a position, by `plain_name`."""
    import mne

    names = mne.channels.make_standard_montage(MONTAGE).ch_names
    # The montage has the old names, too; those that replaced them come last and stay.
    modern_last = sorted(names, key=lambda name: name.lower() not in MODERN_NAMES)
    return MappingProxyType({plain_name(name): name for name in modern_last})


def canonical_name(name: str) -> str:
    """The spelling of the 10-05 system (``"Fc5."`` is FC5); others without spaces around."""
    return electrode_spellings().get(plain_name(name), name.strip())


def canonical_names(names: Sequence[str]) -> tuple[str, ...]:
    """Canonical names of channels, in order; those stay as they are that would become alike."""
    canonical = [canonical_name(name) for name in names]
    return tuple(
        new if canonical.count(new) == 1 else old for old, new in zip(names, canonical, strict=True)
    )


def match_channels(
    ch_names: Iterable[str], recorded: Sequence[str], source: Any = "The recording"
) -> dict[str, tuple[str, ...]]:
    """The recorded channel that each wanted one is, or the two whose difference it is.

    Parameters
    ----------
    ch_names : iterable of str
        The wanted channels.
    recorded : sequence of str
    source : str or path, default "The recording"
        For messages.

    Returns
    -------
    dict of str to tuple of str
        For each wanted name one recorded name: the same, or one with the same `plain_name`, of
        several channels of one name the first. A bipolar channel that was not recorded
        (``"FP1-F7"``) is the difference of two that were, against one reference.

    Raises
    ------
    ValueError
        Some were not recorded, or two channels may be meant.
    """
    plain: dict[str, list[str]] = {}
    for name in recorded:
        plain.setdefault(plain_name(name), []).append(name)
    electrodes = _by_electrode(recorded)
    sources: dict[str, tuple[str, ...]] = {}
    missing = []
    for name in ch_names:
        key = plain_name(name)
        same = [name] if name in recorded else plain.get(key) or plain.get(key + FIRST_OF_SEVERAL)
        if same and len(same) > 1:
            raise ValueError(
                f"The channel {name} may be {' or '.join(same)} of {source}; rename one."
            )
        sources[name] = tuple(same) if same else _difference(key, electrodes)
        if not sources[name]:
            missing.append(name)
    if missing:
        raise ValueError(
            f"{source} lacks {len(missing)} of {len(sources)} channels that are needed: "
            f"{', '.join(missing)}{suggest(missing[0], recorded, '')} It has {', '.join(recorded)}."
        )
    return sources


def _by_electrode(recorded: Sequence[str]) -> dict[str, dict[str, str]]:
    """Recorded names by reference, as far as it is named, and electrode."""
    electrodes: dict[str, dict[str, str]] = {}
    for name in recorded:
        first, _, reference = _PREFIX.sub("", name.strip().lower()).partition("-")
        electrodes.setdefault(reference, {}).setdefault(plain_name(first), name)
    return electrodes


def _difference(bipolar: str, electrodes: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    if bipolar.count("-") != 1:
        return ()
    first, second = map(plain_name, bipolar.split("-"))
    for _, names in sorted(electrodes.items()):
        if first in names and second in names:
            return names[first], names[second]
    return ()


def make_info(ch_names: Sequence[str], sfreq: float, montage: Any = None) -> mne.Info:
    """EEG channels with their positions, without what is one person's only.

    Parameters
    ----------
    ch_names : sequence of str
    sfreq : float
        In Hz.
    montage : mne.channels.DigMontage, optional
        Where they lie; by default where the 10-05 system has those that it knows.

    Returns
    -------
    mne.Info
    """
    if montage is None:
        return _template_info(tuple(ch_names), float(sfreq)).copy()
    return _info_at(ch_names, sfreq, montage)


@functools.lru_cache(maxsize=64)
def _template_info(ch_names: tuple[str, ...], sfreq: float) -> mne.Info:
    """Looking up positions takes longer than reading a minute of EEG: once is enough."""
    return _info_at(ch_names, sfreq, MONTAGE)


def _info_at(ch_names: Sequence[str], sfreq: float, montage: Any) -> mne.Info:
    import mne

    info = mne.create_info(list(ch_names), sfreq, "eeg", verbose="error")
    return info.set_montage(montage, match_case=False, on_missing="ignore", verbose="error")
