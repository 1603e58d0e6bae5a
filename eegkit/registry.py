"""Find data sets, transforms and classifiers, the core's and the plugins', by name.

Everything is registered through entry points in the groups
``eegkit.datasets``, ``eegkit.transforms`` and ``eegkit.classifiers``; the core
uses the same groups as any plugin. Listing reads installed metadata only; a
class is imported when it is asked for. A plugin that fails to import breaks
nothing but itself: its failure is kept and raised in full when its name is
requested.

A whole family of classes, known only when it is asked, is registered once, in
the group ``eegkit.datasets.families`` and so on, by a class that is a `Family`.
Its members are named ``family:member``.

Set the environment variable ``EEGKIT_NO_PLUGINS=1`` to see the core alone.
"""

from __future__ import annotations

import os
import sys
import traceback
from importlib.metadata import EntryPoint
from typing import Any

from eegkit.plugin_entries import (
    INTERFACE,
    KINDS,
    Description,
    Entry,
    Family,
    PluginError,
    check_interface,
    check_kind,
    installed_entries,
)
from eegkit.text import nearest, suggest

__all__ = [
    "INTERFACE", "KINDS", "Description", "Entry", "Family", "PluginError", "describe",
    "distributions", "entries", "failures", "families", "get", "get_family", "name_of", "names",
]  # fmt: skip

CORE = "eegkit"

_failures: dict[Entry, str] = {}


def _plugins_off() -> bool:
    return os.environ.get("EEGKIT_NO_PLUGINS", "").lower() not in ("", "0", "false", "no")


def _points(kind: str) -> dict[Entry, EntryPoint]:
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(map(repr, KINDS))}.")
    installed = installed_entries()
    return {
        entry: point
        for entry, point in installed.items()
        if entry.kind == kind and (entry.distribution == CORE or not _plugins_off())
    }


def entries(kind: str) -> list[Entry]:
    """Every registered entry of one kind but the families, sorted by name. Imports nothing.

    Parameters
    ----------
    kind : {"datasets", "transforms", "classifiers"}
        What is listed.

    Returns
    -------
    list of Entry
        Also those whose class cannot be imported.

    Raises
    ------
    ValueError
        There is no such kind.

    Examples
    --------
    >>> from eegkit import registry
    >>> next(entry.target for entry in registry.entries("transforms") if entry.name == "stft")
    'eegkit.transforms:STFT'
    """
    return _sorted_entries(kind, family=False)


def families(kind: str) -> list[Entry]:
    """Every registered family of one kind, sorted by name. Imports nothing.

    Parameters
    ----------
    kind : {"datasets", "transforms", "classifiers"}
        What is listed.

    Returns
    -------
    list of Entry
        With the family's own name.

    Raises
    ------
    ValueError
        There is no such kind.

    Examples
    --------
    >>> from eegkit import registry
    >>> [entry.name for entry in registry.families("transforms")]
    []
    """
    return _sorted_entries(kind, family=True)


def _sorted_entries(kind: str, *, family: bool) -> list[Entry]:
    entries = [entry for entry in _points(kind) if entry.family == family]
    return sorted(entries, key=lambda entry: (entry.name, entry.distribution))


def names(kind: str) -> list[str]:
    """Every registered name of one kind, sorted. Imports nothing.

    A name that two distributions claim is listed as ``distribution:name``, once for each.
    Members of `families` are not listed.

    Parameters
    ----------
    kind : {"datasets", "transforms", "classifiers"}
        What is listed.

    Returns
    -------
    list of str
        As `get` takes them.

    Raises
    ------
    ValueError
        There is no such kind.

    Examples
    --------
    >>> from eegkit import registry
    >>> "stft" in registry.names("transforms")
    True
    """
    return _unique_names(entries(kind))


def _unique_names(items: list[Entry]) -> list[str]:
    plain = [entry.name for entry in items]
    return [e.name if plain.count(e.name) == 1 else f"{e.distribution}:{e.name}" for e in items]


def distributions() -> list[str]:
    """Every distribution that registers something, the core's too, sorted. Imports nothing.

    Returns
    -------
    list of str
        Names as they are installed.

    Examples
    --------
    >>> from eegkit import registry
    >>> "eegkit" in registry.distributions()
    True
    """
    return sorted({entry.distribution for kind in KINDS for entry in _points(kind)})


def name_of(class_: type) -> str | None:
    """The name under which a class is registered, or None. Imports nothing.

    Whether plugins are turned off makes no difference, as names of steps are made of it.

    Parameters
    ----------
    class_ : type
        The class.

    Returns
    -------
    str or None
        None where it is registered by no distribution.

    Examples
    --------
    >>> from eegkit import registry
    >>> from eegkit.classifiers import CNNBiGRU
    >>> registry.name_of(CNNBiGRU)
    'cnn_bigru'
    """
    for entry in installed_entries():
        module, _, name = entry.target.partition(":")
        if name == class_.__name__ and getattr(sys.modules.get(module), name, None) is class_:
            return entry.name
    return None


def get(kind: str, name: str) -> type:
    """The class registered under a name.

    Parameters
    ----------
    kind : {"datasets", "transforms", "classifiers"}
        What is asked for.
    name : str
        The registered name, or ``"distribution:name"`` where two distributions claim one
        name; of a member of a family ``"family:member"``.

    Returns
    -------
    type
        The class itself, not an instance.

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
    entry, point, member = _find(kind, name)
    if not entry.family:
        return _load(entry, point)
    if member is None:
        raise ValueError(
            f"{name!r} is a family of {kind}; name one of them, as {name}:<code>. "
            f"They are listed by: eegkit info {name}"
        )
    return _member(entry, _load(entry, point), member)


def get_family(kind: str, name: str) -> Family:
    """The class registered for a family.

    Parameters
    ----------
    kind : {"datasets", "transforms", "classifiers"}
        What its members are.
    name : str
        The family's name, or ``"distribution:name"``.

    Returns
    -------
    Family
        Which names its members, and gives their classes.

    Raises
    ------
    ValueError
        No family has that name, or two distributions claim it.
    PluginError
        The class could not be imported.

    See Also
    --------
    families : lists them, with an example.
    """
    entry, point, member = _find(kind, name)
    if not entry.family or member is not None:
        raise ValueError(f"{name!r} is one of the {kind}, not a family of them.")
    return _load(entry, point)


def _load(entry: Entry, point: EntryPoint) -> Any:
    try:
        check_interface(entry.distribution)
        plugin = point.load()
        check_kind(plugin, "families" if entry.family else entry.kind)
    except KeyboardInterrupt:
        raise  # of whoever waits for the import
    except BaseException as error:  # a plugin may end in SystemExit
        raise _plugin_error(entry, error) from error
    _failures.pop(entry, None)
    return plugin


def _plugin_error(entry: Entry, error: BaseException) -> PluginError:
    """Keep the failure, and tell it with the plugin's own traceback."""
    _failures[entry] = f"{type(error).__name__}: {error}".rstrip(": ")
    return PluginError(
        f"{entry.kind[:-1]} {entry.name!r} of the distribution {entry.distribution!r} "
        f"({entry.target}) failed to import:\n\n{traceback.format_exc()}"
    )


def _member(entry: Entry, family: Family, name: str) -> type:
    try:
        members = list(family.member_names())
        member = family.member(name) if name in members else None
        if member is not None:
            check_kind(member, entry.kind)
            return member
    except Exception as error:
        raise _plugin_error(entry, error) from error
    raise ValueError(
        f"No {entry.kind[:-1]} of the family {entry.name!r} is named {name!r}"
        f"{suggest(name, members, '', prefix=f'{entry.name}:')} "
        f"All {len(members)} are listed by: eegkit info {entry.name}"
    )


def _find(kind: str, name: str) -> tuple[Entry, EntryPoint, str | None]:
    """The entry that a name asks for; of a member its family's, and the member's own name."""
    points = _points(kind)
    before, _, behind = name.rpartition(":")
    for family, plain, member in (
        (False, name, None),
        (True, name, None),
        (True, before, behind),
    ):
        matches = [e for e in points if e.family == family and e.called(plain)]
        if len(matches) == 1:
            return matches[0], points[matches[0]], member
        if matches:
            ends = "" if member is None else f":{member}"
            claims = sorted(repr(f"{e.distribution}:{e.name}{ends}") for e in matches)
            raise ValueError(
                f"{kind[:-1]} {name!r} is claimed by {len(matches)} distributions; ask for "
                f"{' or '.join(claims)}."
            )
    raise ValueError(_unknown(kind, name))


def _unknown(kind: str, name: str) -> str:
    prefixes = _unique_names(families(kind))
    before, colon, behind = name.rpartition(":")
    alike = nearest(before, prefixes, n=1) if colon else []
    hint = suggest(name, [*names(kind), *(f"{prefix}:{behind}" for prefix in alike)], "")
    listing = ", ".join([*names(kind), *(f"{prefix}:<code>" for prefix in prefixes)])
    return f"No {kind[:-1]} is named {name!r}{hint} Installed: {listing or 'none'}."


def describe(kind: str, name: str) -> Description:
    """Say what a name, or a family's, is: its distribution and summary, or why it failed to import.

    Imports the class; never raises for a plugin that does not import.

    Parameters
    ----------
    kind : {"datasets", "transforms", "classifiers"}
        What it is.
    name : str
        As `get` takes it, or that of a family.

    Returns
    -------
    Description
        The entry, and its summary or failure.

    Raises
    ------
    ValueError
        The name is unknown, or claimed by two distributions.

    Examples
    --------
    >>> from eegkit import registry
    >>> registry.describe("transforms", "band_pass").summary
    'Zero-phase Butterworth filter: band-pass, or low- or high-pass with one edge.'
    """
    entry, point, member = _find(kind, name)
    try:
        plugin = _load(entry, point)
        plugin = plugin if member is None else _member(entry, plugin, member)
        doc = plugin.__doc__
    except PluginError:
        return Description(entry, summary="", failure=_failures[entry])
    summary = doc.strip().partition("\n")[0] if isinstance(doc, str) else ""
    return Description(entry, summary=summary)


def failures() -> dict[Entry, str]:
    """The entries that were asked for and failed to import, each with its reason.

    Returns
    -------
    dict of Entry to str
        Those of this process; an entry that was imported since is in it no more.

    Examples
    --------
    >>> from eegkit import registry
    >>> stft = registry.get("transforms", "stft")
    >>> "stft" in [entry.name for entry in registry.failures()]
    False
    """
    return dict(_failures)
