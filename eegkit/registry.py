"""Find data sets, transforms and classifiers, the core's and the plugins', by name.

Everything is registered through entry points in the groups
``eegkit.datasets``, ``eegkit.transforms`` and ``eegkit.classifiers``; the core
uses the same groups as any plugin. Listing reads installed metadata only; a
class is imported when it is asked for. A plugin that fails to import breaks
nothing but itself: its failure is kept and raised in full when its name is
requested.

Set the environment variable ``EEGKIT_NO_PLUGINS=1`` to see the core alone.
"""

from __future__ import annotations

import difflib
import os
import traceback
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

KINDS = ("datasets", "transforms", "classifiers")
CORE = "eegkit"


@dataclass(frozen=True)
class Entry:
    """One registered name: its kind, the distribution it comes from and what it points at."""

    kind: str
    name: str
    distribution: str
    target: str


@dataclass(frozen=True)
class Description:
    """An :class:`Entry` with the first line of its class's docstring, or why it failed to load."""

    entry: Entry
    summary: str
    failure: str | None = None


class PluginError(ImportError):
    """A registered class could not be imported; the message holds the plugin's own traceback."""


_failures: dict[Entry, str] = {}


def _plugins_off() -> bool:
    return os.environ.get("EEGKIT_NO_PLUGINS", "").lower() not in ("", "0", "false", "no")


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(map(repr, KINDS))}.")


def _found(kind: str) -> dict[Entry, EntryPoint]:
    _check_kind(kind)
    found = {}
    for point in entry_points(group=f"eegkit.{kind}"):
        distribution = point.dist.name if point.dist is not None else "unknown"
        if distribution == CORE or not _plugins_off():
            found[Entry(kind, point.name, distribution, point.value)] = point
    return found


def entries(kind: str) -> list[Entry]:
    """Every registered entry of one kind, sorted by name. Imports nothing."""
    return sorted(_found(kind), key=lambda entry: (entry.name, entry.distribution))


def names(kind: str) -> list[str]:
    """Every registered name of one kind, sorted. Imports nothing.

    A name that two distributions claim is listed as ``distribution:name``, once for each.

    Parameters
    ----------
    kind : {"datasets", "transforms", "classifiers"}

    Examples
    --------
    >>> from eegkit import registry
    >>> "stft" in registry.names("transforms")
    True
    """
    listed = entries(kind)
    plain = [entry.name for entry in listed]
    return [e.name if plain.count(e.name) == 1 else f"{e.distribution}:{e.name}" for e in listed]


def get(kind: str, name: str) -> type:
    """The class registered under a name.

    Parameters
    ----------
    kind : {"datasets", "transforms", "classifiers"}
    name : str
        The registered name, or ``"distribution:name"`` where two distributions claim one name.

    Raises
    ------
    ValueError
        The name is unknown (the nearest names are suggested), or claimed by two distributions.
    PluginError
        The class could not be imported; the message holds the whole traceback.

    Examples
    --------
    >>> from eegkit import registry
    >>> registry.get("transforms", "stft").__name__
    'STFT'
    """
    entry, point = _find(kind, name)
    try:
        loaded = point.load()
    except Exception as error:
        _failures[entry] = f"{type(error).__name__}: {error}"
        raise PluginError(
            f"{kind[:-1]} {entry.name!r} of the distribution {entry.distribution!r} "
            f"({entry.target}) failed to import:\n\n{traceback.format_exc()}"
        ) from error
    _failures.pop(entry, None)
    return loaded


def _find(kind: str, name: str) -> tuple[Entry, EntryPoint]:
    found = _found(kind)
    distribution, _, plain = name.rpartition(":")
    matches = [
        entry
        for entry in found
        if entry.name == name or (entry.name == plain and entry.distribution == distribution)
    ]
    if len(matches) == 1:
        return matches[0], found[matches[0]]
    if matches:
        choices = " or ".join(sorted(repr(f"{e.distribution}:{e.name}") for e in matches))
        raise ValueError(
            f"{kind[:-1]} {name!r} is claimed by {len(matches)} distributions; ask for {choices}."
        )
    near = difflib.get_close_matches(name, names(kind), n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(map(repr, near))}? " if near else ""
    raise ValueError(
        f"No {kind[:-1]} is named {name!r}. {hint}Installed: {', '.join(names(kind)) or 'none'}."
    )


def describe(kind: str, name: str) -> Description:
    """Say what a name is: its distribution and summary, or why it failed to import.

    Imports the class; never raises for a plugin that does not import.
    """
    entry, _ = _find(kind, name)
    try:
        doc = get(kind, name).__doc__ or ""
    except PluginError:
        return Description(entry, summary="", failure=_failures[entry])
    return Description(entry, summary=doc.strip().partition("\n")[0])


def failures() -> dict[Entry, str]:
    """The entries that were asked for and failed to import, each with its reason."""
    return dict(_failures)
