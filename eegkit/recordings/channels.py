"""Channels by their names: one spelling for each electrode, and where it lies."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from eegkit.indexing import refuse_repeats
from eegkit.recordings.lacking import lacking
from eegkit.recordings.units import microvolts_per

if TYPE_CHECKING:
    import mne

# The positions of the 10-05 system on MNE's template head.
MONTAGE = "colin27_1005"
# Names of the 10-20 system of 1958 and those that replaced them in 1991; a zero typed for O.
MODERN_NAMES = {"t3": "t7", "t4": "t8", "t5": "p7", "t6": "p8", "01": "o1", "02": "o2"}
_PREFIX = re.compile(r"^(?:eeg|pol)[ _.:-]+")
_REFERENCE = re.compile(
    r"\s*[-_ /:]\s*(ref|le|re|ler|cle|ar|avg|av|a1|a2|m1|m2|a1\+?a2|m1\+?m2|cz ref)$"
)
# What is one reference under several names.
REFERENCES = dict.fromkeys(("le", "ler", "a1a2", "a1+a2"), "linked ears")
REFERENCES |= dict.fromkeys(("m1m2", "m1+m2"), "linked mastoids")
REFERENCES |= dict.fromkeys(("ar", "av", "avg"), "average")
# MNE numbers channels of one name, from 0 on.
FIRST_OF_SEVERAL = "-0"
REMEDY = (
    "Rename what has another name there (raw.rename_channels of MNE), or train again on channels "
    "that all recordings have: channels=."
)
_NUMBERED = re.compile(r"(.*)-(\d+)$")
# What the labels of other signals are made of, with a number or a side (HEOGL, EMG1, DC01).
_OTHER_KINDS = re.compile(
    r"""([hv]?e?og[uo]?|e[ck]g|emg|erg|ecgv?|e[ck]g[lr]|eog[hv]|emg[lr]|[lr]eog|roc|loc|io|oculogram
    |chin|submental|masseter|tibialis|leg|[lr]leg
    |resp|respiration|respiratory|breath|breathing|flow|airflow|nasal|oronasal|oral|cannula
    |therm|thermistor|thor|thorax|thoracic|chest|abd|abdo|abdomen|abdominal|effort|rip|snore|snoring|mic
    |torace|addome|termistore|pressione|flusso|xflow|xsum|tib|plm|ptt|vns
    |temp|temperature|rectal|s[pa]o2|osat|o2sat|sat|pulse|pulserate|pr|pleth|plet|ppg|heart|heartrate|hr|bpm
    |ibi|rr|bp|abp|nibp|gsr|eda|scl|scr|etco2|co2|cpap|pap|bursts|suppr
    |photic|phot|light|lux|sound|noise|audio|event|events|evt|mark|marker[a-z]*|markers|sync|status|annotations
    |trig|trigger|triggers|stim|stimulus|sti|din|button|response|time|timestamp|sample|counter|interpolated|battery[a-z]*|cms|drl
    |acc[xyz]?|accel|accelerometer|gyro|gyro[xyz]|mag[xyz]|position|pos|body|motion|move|activity
    |aux|bip|exg|misc|dc|ana|analog|gnd|ground|impedance|imp|cal|quality|(raw)?cq|eq|hsi|digital|unused|nc|n/c|empty|dummy|none|null
    |reserved|disconnected|unconnected|blank|spare|off)[lr]?\d*""",
    re.VERBOSE,
)
_WORDS = re.compile(r"[^\W_]+")
# Types that EDF+ sets before a name, as in "Resp oro-nasal" (Kemp & Olivan, 2003).
_EEG_TYPE = re.compile(r"eeg(?![a-z])[ _:.-]*", re.IGNORECASE)
# References alone: an ear or mastoid against another, ears that are linked, what is called REF.
_EARS = re.compile(r"(?:[am][12]\s*[-_/:+ ]?\s*[am][12]|ref(?:erence)?\d?)", re.IGNORECASE)
# Eyes against a mastoid or an earlobe, by the sleep manual of the AASM; E1 alone is EEG of EGI.
_EYE = re.compile(r"e[12][-/:_ ][am][12]", re.IGNORECASE)


def plain_name(name: str) -> str:
    """A channel's name to compare by.

    Without case, dots, a leading ``EEG`` and a usual reference behind (``-REF``, ``-LE``); T3,
    T4, T5 and T6 are T7, T8, P7 and P8.

    Parameters
    ----------
    name : str
        As a file has it.

    Returns
    -------
    str
        In small letters.

    Examples
    --------
    >>> from eegkit.recordings import plain_name
    >>> plain_name("EEG T3-REF"), plain_name("Fc5."), plain_name("FP1-F7")
    ('t7', 'fc5', 'fp1-f7')
    """
    bare = _PREFIX.sub("", name.strip().lower().strip(". "))
    bare = _REFERENCE.sub("", bare).strip(". ")
    old, _, new = bare.partition("/")  # "T3/T7"
    return new if new and MODERN_NAMES.get(old) == new else MODERN_NAMES.get(bare, bare)


def reference_of(name: str) -> str:
    """The reference that a label names (``"EEG T3-LE"``: linked ears); empty where it names none.

    Examples
    --------
    >>> from eegkit.recordings import reference_of
    >>> reference_of("EEG T3-LE"), reference_of("C3-A1+A2"), reference_of("Fc5.")
    ('linked ears', 'linked ears', '')
    """
    match = _REFERENCE.search(_PREFIX.sub("", name.strip().lower().strip(". ")))
    return REFERENCES.get(match[1], match[1].upper()) if match else ""


@functools.cache
def electrode_spellings() -> Mapping[str, str]:
    """How the 10-05 system spells each electrode that has a position, by `plain_name`.

    Returns
    -------
    mapping of str to str
        It cannot be changed.

    Examples
    --------
    >>> from eegkit.recordings import electrode_spellings
    >>> electrode_spellings()["fp1"]
    'Fp1'
    """
    import mne

    names = mne.channels.make_standard_montage(MONTAGE).ch_names
    # The montage has the old names, too; those that replaced them come last and stay.
    modern_last = sorted(names, key=lambda name: name.lower() not in MODERN_NAMES)
    return MappingProxyType({plain_name(name): name for name in modern_last})


def canonical_name(name: str) -> str:
    """The spelling of the 10-05 system (``"Fc5."`` is FC5); others without spaces around.

    Parameters
    ----------
    name : str
        As a file has it.

    Returns
    -------
    str
        As `electrode_spellings` has it.

    Examples
    --------
    >>> from eegkit.recordings import canonical_name
    >>> canonical_name("EEG FP1-REF"), canonical_name(" photic ")
    ('Fp1', 'photic')
    """
    return electrode_spellings().get(plain_name(name), name.strip())


def canonical_names(names: Sequence[str]) -> tuple[str, ...]:
    """Canonical names of channels, in order; those stay as they are that would become alike.

    Parameters
    ----------
    names : sequence of str
        As a file has them.

    Returns
    -------
    tuple of str
        For each name its `canonical_name`.

    Examples
    --------
    >>> from eegkit.recordings import canonical_names
    >>> canonical_names(["Fc5.", "T3", "EEG T7"])
    ('FC5', 'T3', 'EEG T7')
    """
    canonical = [canonical_name(name) for name in names]
    return tuple(
        new if canonical.count(new) == 1 else old for old, new in zip(names, canonical, strict=True)
    )


def eeg_channels(units: Mapping[str, str], *, typed: bool = False) -> list[str]:
    """Those of some names that label EEG.

    Signals that their labels or units name otherwise are none: ECG, EOG, EMG, respiration,
    temperature, oxygen, markers, status, photic stimulation, auxiliary and unused inputs. Nor are
    references alone: an ear or mastoid against another (``A2-A1``).

    Parameters
    ----------
    units : mapping of str to str
        The unit of every name, empty where none is known.
    typed : bool, default False
        Whether labels may begin with their type, as in EDF files: where some begin with ``EEG``,
        others are no EEG, unless they are electrodes of the 10-05 system.

    Returns
    -------
    list of str

    Examples
    --------
    >>> from eegkit.recordings.channels import eeg_channels
    >>> names = ["EEG Fpz-Cz", "EOG horizontal", "Resp oro-nasal", "P4-O2", "EEG A2-A1"]
    >>> eeg_channels(dict.fromkeys(names, ""), typed=True)
    ['EEG Fpz-Cz', 'P4-O2']
    """
    types = typed and any(_EEG_TYPE.match(name.strip()) for name in units)
    return [name for name, unit in units.items() if _is_eeg(name.strip(), unit, types)]


def _is_eeg(label: str, unit: str, types: bool) -> bool:
    electrode, *others = _NUMBERED.sub(r"\1", label).split("-")
    references = (*electrode_spellings(), "ref", "le", "re", "ar", "avg")
    bare = _EEG_TYPE.sub("", label, count=1) if _EEG_TYPE.match(label) else label
    if _EYE.fullmatch(label) or _EARS.fullmatch(bare):
        return False
    if plain_name(electrode) in electrode_spellings() and all(
        plain_name(part) in references for part in others
    ):
        return True
    if bare == label and (
        (types and "eeg" not in label.lower()) or (unit and microvolts_per(unit) is None)
    ):
        return False
    # Dashes and dots, and numbers that MNE gives to equal ones, stand for unused inputs.
    if "$" in label or not _WORDS.search(_NUMBERED.sub(r"\1", label)):
        return False
    return not any(_OTHER_KINDS.fullmatch(word) for word in _WORDS.findall(bare.lower()))


def numbered_names(names: Iterable[str]) -> dict[str, list[str]]:
    """Channels that had one name until MNE numbered them, by that name."""
    several: dict[str, list[str]] = {}
    for name in names:
        match = _NUMBERED.match(name)
        if match:
            several.setdefault(match[1], []).append(name)
    return {
        name: numbered
        for name, numbered in several.items()
        if [f"{name}-{i}" for i in range(len(numbered))] == numbered and len(numbered) > 1
    }


def match_channels(
    ch_names: Iterable[str],
    recorded: Sequence[str],
    source: Any = "The recording",
    *,
    on_several: Literal["warn", "first"] = "warn",
) -> dict[str, tuple[str, ...]]:
    """The recorded channel that each wanted one is, or the two whose difference it is.

    Parameters
    ----------
    ch_names : iterable of str
        The wanted channels.
    recorded : sequence of str
        The channels of the recording.
    source : str or path, default "The recording"
        For messages.
    on_several : {"warn", "first"}, default "warn"
        Whether to tell that there are several channels of one name, of which the first is taken.

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

    Warns
    -----
    UserWarning
        Of several channels of one name.

    Examples
    --------
    >>> from eegkit.recordings import match_channels
    >>> match_channels(["C3", "FP1-F7"], ["EEG C3-REF", "EEG FP1-REF", "EEG F7-REF"])
    {'C3': ('EEG C3-REF',), 'FP1-F7': ('EEG FP1-REF', 'EEG F7-REF')}
    """
    plain: dict[str, list[str]] = {}
    for name in recorded:
        plain.setdefault(plain_name(name), []).append(name)
    electrodes = _by_electrode(recorded)
    sources: dict[str, tuple[str, ...]] = {}
    missing, twice = [], []
    for name in ch_names:
        key = plain_name(name)
        same = [name] if name in recorded else plain.get(key)
        if not same and key + FIRST_OF_SEVERAL in plain:
            same = plain[key + FIRST_OF_SEVERAL]
            twice.append(name)
        if same and len(same) > 1:
            raise ValueError(
                f"The channel {name} may be {' or '.join(same)} of {source}; rename one."
            )
        sources[name] = tuple(same) if same else _difference(key, electrodes)
        if not sources[name]:
            missing.append(name)
    if missing:
        raise ValueError(f"{source} {lacking(missing, len(sources), recorded)} {REMEDY}")
    if twice and on_several == "warn":
        warnings.warn(
            f"{source} has several channels called {', '.join(twice)}; the first is read. Name the "
            f"one that is meant, as {twice[0]}{FIRST_OF_SEVERAL}, or remove the others.",
            UserWarning,
            stacklevel=2,
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
        Their names, each once.
    sfreq : float
        Sampling rate in Hz.
    montage : mne.channels.DigMontage, optional
        Where they lie; by default where the 10-05 system has those that it knows.

    Returns
    -------
    mne.Info
        Of type EEG, all of them.

    Raises
    ------
    ValueError
        A name is there more than once.

    Examples
    --------
    >>> from eegkit.recordings import make_info
    >>> info = make_info(["C3", "Cz", "C4"], 128.0)
    >>> len(info.get_montage().get_positions()["ch_pos"])
    3
    """
    refuse_repeats(ch_names)
    if montage is None:
        return _template_info(tuple(ch_names), float(sfreq)).copy()
    return _info_at(ch_names, sfreq, montage)


@functools.lru_cache(maxsize=64)
def _template_info(ch_names: tuple[str, ...], sfreq: float) -> mne.Info:
    """Looking up positions takes longer than reading a minute of EEG: once is enough."""
    return _info_at(ch_names, sfreq, MONTAGE)


def _info_at(ch_names: Sequence[str], sfreq: float, montage: Any) -> mne.Info:
    import mne

    if isinstance(montage, str):
        montage = mne.channels.make_standard_montage(MONTAGE)
        montage.rename_channels(_as_named(ch_names, montage.ch_names))
    info = mne.create_info(list(ch_names), sfreq, "eeg", verbose="error")
    return info.set_montage(montage, match_case=False, on_missing="ignore", verbose="error")


def _as_named(ch_names: Sequence[str], electrodes: Sequence[str]) -> dict[str, str]:
    """What electrodes are called where channels spell them otherwise ("EEG Fp1")."""
    spellings, known = electrode_spellings(), {name.lower() for name in electrodes}
    present = {name.lower() for name in ch_names}
    names: dict[str, str] = {}
    for name in ch_names:
        electrode = spellings.get(plain_name(name), name)
        if name.lower() not in known and electrode.lower() not in present:
            names.setdefault(electrode, name)
    return {electrode: name for electrode, name in names.items() if electrode in electrodes}
