"""Whether recordings have the same channels, by their headers, and what to say where not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eegkit.recordings import match_channels, plain_name
from eegkit.recordings.lacking import lacking
from eegkit.text import count, shortlist

COMMON = "common"
REMEDY = f"Name those to read by channels=, or take what all have by channels={COMMON!r}."
# So many kinds of differences are told.
MOST_KINDS = 5


@dataclass(frozen=True)
class Header:
    """What the header of a recording says.

    Parameters
    ----------
    ch_names : tuple of str
        Names of the channels that may be read, as the file spells them.
    sfreq : float
        In Hz.
    rereferenced : bool, default False
        Whether the file says that its signals are no longer against the reference of the
        recording.
    other_names : tuple of str, default ()
        Channels that are not to be read, as their labels or units say that they are no scalp EEG.
    """

    ch_names: tuple[str, ...]
    sfreq: float
    rereferenced: bool = False
    other_names: tuple[str, ...] = ()

    @property
    def plain_names(self) -> set[str]:
        return set(map(plain_name, self.ch_names))


def check_shared(headers: Mapping[Path, Header], channels: Sequence[str], *, named: bool) -> None:
    """Refuse recordings that lack channels, or have others as well.

    Parameters
    ----------
    headers : dict of Path to Header
    channels : sequence of str
        Those to read.
    named : bool
        Whether the user named them or asked for what all have; then others may be there.

    Raises
    ------
    ValueError
        They do; what several recordings have in common is said once.
    """
    if not channels:
        raise ValueError(
            f"The recordings do not share these channels: they have none in common. {REMEDY}"
        )
    plain = set(map(plain_name, channels))
    differences: dict[tuple[tuple[str, ...], ...], list[Path]] = {}
    for path, header in headers.items():
        missing = tuple(name for name in channels if not _has(header, name))
        more = tuple(name for name in header.ch_names if plain_name(name) not in plain)
        if named and missing:
            differences.setdefault((missing, header.ch_names), []).append(path)
        elif not named and (missing or more):
            differences.setdefault((missing, more), []).append(path)
    if not differences:
        return
    texts = []
    for (missing, names), paths in list(differences.items())[:MOST_KINDS]:
        many = len(paths) > 1
        if named:
            text = lacking(missing, len(channels), names, many=many)
        else:
            text = _differs(missing, names, many)
        texts.append(f"{_recordings(paths, len(headers))} {text}")
    n_more = sum(map(len, list(differences.values())[MOST_KINDS:]))
    if n_more:
        texts.append(f"{count(n_more, 'more recording')} differ in other ways.")
    if len(differences) == 1 and len(paths) == len(headers):
        raise ValueError(f"{texts[0]} {REMEDY}")
    raise ValueError(
        f"The recordings do not share {'these' if named else 'all'} channels: {' '.join(texts)} "
        f"{REMEDY}"
    )


def _recordings(paths: Sequence[Path], n_recordings: int) -> str:
    if len(paths) == 1:
        return str(paths[0])
    part = "The" if len(paths) == n_recordings else f"{len(paths)} of"
    return f"{part} {n_recordings} recordings ({shortlist((path.name for path in paths), 3)})"


def _differs(missing: Sequence[str], more: Sequence[str], many: bool) -> str:
    lack, have = ("lack", "have") if many else ("lacks", "has")
    parts = [f"{lack} {', '.join(missing)}"] if missing else []
    return " and ".join(parts + ([f"{have} {', '.join(more)} besides"] if more else [])) + "."


def _has(header: Header, name: str) -> bool:
    try:
        match_channels([name], header.ch_names, on_several="first")
    except ValueError:
        return False
    return True
