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
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from itertools import product
from typing import Any, Protocol

from eegkit.text import nearest, suggest

KINDS = ("datasets", "transforms", "classifiers")
# The version of what a plugin may rely on; see "Versions of the interface" in docs/plugins.md.
INTERFACE = 1
INTERFACE_GROUP = "eegkit.interface"
CORE = "eegkit"
# What the classes of a kind have.
METHODS = {
    "datasets": ("load", "facts"),
    "transforms": ("fit", "transform", "get_params", "set_params"),
    "classifiers": ("fit", "predict", "get_params", "set_params"),
    "families": ("member_names", "member"),
}


@dataclass(frozen=True)
class Entry:
    """One registered name: its kind, the distribution it comes from and what it points at.

    The name of a family is that before the colon in the names of its members.
    """

    kind: str
    name: str
    distribution: str
    target: str
    family: bool = False

    def called(self, name: str) -> bool:
        """Whether this is what `name`, plain or as ``distribution:name``, asks for."""
        return name in (self.name, f"{self.distribution}:{self.name}")


class Family(Protocol):
    """What a class registered as a family answers, of itself or as class methods."""

    def member_names(self) -> list[str]:
        """The names of all members, without the family's; none has a colon."""

    def member(self, name: str) -> type:
        """The class of one member, the same each time."""


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


def _points(kind: str) -> dict[Entry, EntryPoint]:
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(map(repr, KINDS))}.")
    installed = _installed(tuple(map(_folder_state, sys.path)))
    return {
        entry: point
        for entry, point in installed.items()
        if entry.kind == kind and (entry.distribution == CORE or not _plugins_off())
    }


def _folder_state(folder: str) -> tuple[str, int, int]:
    """What is another after a distribution was added to a folder of packages, or removed."""
    try:
        state = os.stat(folder or os.curdir)
    except OSError:
        return folder, 0, 0
    return folder, state.st_ino, state.st_mtime_ns


@lru_cache(maxsize=1)
def _installed(folders: tuple[tuple[str, int, int], ...]) -> dict[Entry, EntryPoint]:
    """All that is registered. Hundreds of files are read for it: once, while `folders` stay."""
    points = {}
    everything = entry_points()
    for kind, family in product(KINDS, (False, True)):
        for point in everything.select(group=f"eegkit.{kind}" + ".families" * family):
            distribution = point.dist.name if point.dist is not None else "unknown"
            points[Entry(kind, point.name, distribution, point.value, family)] = point
    return points


@lru_cache(maxsize=1)
def _interfaces(folders: tuple[tuple[str, int, int], ...]) -> dict[str, str]:
    """For which version of the interface distributions say that they are written."""
    points = entry_points(group=INTERFACE_GROUP)
    return {point.dist.name: point.value for point in points if point.dist is not None}


def check_interface(distribution: str) -> None:
    """Refuse a distribution that is written for another version of the plugin interface.

    Raises
    ------
    ImportError
        It is; the message says what to upgrade.
    """
    wanted = _interfaces(tuple(map(_folder_state, sys.path))).get(distribution)
    if wanted in (None, f"v{INTERFACE}"):
        return
    is_newer = wanted[1:].isdecimal() and int(wanted[1:]) > INTERFACE
    advice = "upgrade eegkit" if is_newer else f"upgrade {distribution}"
    raise ImportError(
        f"{distribution} is written for version {wanted.removeprefix('v')} of eegkit's plugin "
        f"interface, and this eegkit has version {INTERFACE}; {advice}."
    )


def entries(kind: str) -> list[Entry]:
    """Every registered entry of one kind but the families, sorted by name. Imports nothing."""
    return _sorted_entries(kind, family=False)


def families(kind: str) -> list[Entry]:
    """Every registered family of one kind, sorted by name. Imports nothing."""
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
    """Every distribution that registers something, the core's too, sorted. Imports nothing."""
    return sorted({entry.distribution for kind in KINDS for entry in _points(kind)})


def name_of(cls: type) -> str | None:
    """The name under which a class is registered, or None. Imports nothing.

    Whether plugins are turned off makes no difference, as names of steps are made of it.

    Examples
    --------
    >>> from eegkit import registry
    >>> from eegkit.classifiers import CNNBiGRU
    >>> registry.name_of(CNNBiGRU)
    'cnn_bigru'
    """
    for entry in _installed(tuple(map(_folder_state, sys.path))):
        module, _, name = entry.target.partition(":")
        if name == cls.__name__ and getattr(sys.modules.get(module), name, None) is cls:
            return entry.name
    return None


def get(kind: str, name: str) -> type:
    """The class registered under a name.

    Parameters
    ----------
    kind : {"datasets", "transforms", "classifiers"}
    name : str
        The registered name, or ``"distribution:name"`` where two distributions claim one
        name; of a member of a family ``"family:member"``.

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
    name : str
        The family's name, or ``"distribution:name"``.

    Raises
    ------
    ValueError
        No family has that name, or two distributions claim it.
    PluginError
        The class could not be imported.
    """
    entry, point, member = _find(kind, name)
    if not entry.family or member is not None:
        raise ValueError(f"{name!r} is one of the {kind}, not a family of them.")
    return _load(entry, point)


def _load(entry: Entry, point: EntryPoint) -> Any:
    try:
        check_interface(entry.distribution)
        plugin = point.load()
        _check_kind(plugin, "families" if entry.family else entry.kind)
    except KeyboardInterrupt:
        raise  # of whoever waits for the import
    except BaseException as error:  # a plugin may end in SystemExit
        raise _plugin_error(entry, error) from error
    _failures.pop(entry, None)
    return plugin


def import_class(kind: str, target: str) -> type:
    """The class that an entry point names, of a project that need not be installed.

    Parameters
    ----------
    kind : {"datasets", "transforms", "classifiers"}
    target : str
        As ``module:Class``.

    Raises
    ------
    ImportError, TypeError
        It cannot be imported, or has not the methods of its kind.
    """
    plugin = EntryPoint("", target, f"eegkit.{kind}").load()
    _check_kind(plugin, kind)
    return plugin


def _plugin_error(entry: Entry, error: BaseException) -> PluginError:
    """Keep the failure, and tell it with the plugin's own traceback."""
    _failures[entry] = f"{type(error).__name__}: {error}".rstrip(": ")
    return PluginError(
        f"{entry.kind[:-1]} {entry.name!r} of the distribution {entry.distribution!r} "
        f"({entry.target}) failed to import:\n\n{traceback.format_exc()}"
    )


def _check_kind(plugin: Any, kind: str) -> None:
    """A class, with the methods of its kind; a family may be an object."""
    methods = METHODS[kind]
    expected = f"expected a class with {', '.join(methods)}"
    if not isinstance(plugin, type) and kind != "families":
        raise TypeError(f"it is {plugin!r:.60}, no class; {expected}.")
    lacking = [name for name in methods if not callable(getattr(plugin, name, None))]
    if lacking:
        raise TypeError(f"{plugin!r:.60} has no {', '.join(lacking)}; {expected}.")
    if kind == "transforms" and "ClassifierMixin" in [base.__name__ for base in plugin.__mro__]:
        raise TypeError(f"{plugin.__name__} is a classifier; register it under eegkit.classifiers.")


def _member(entry: Entry, family: Family, name: str) -> type:
    try:
        members = list(family.member_names())
        member = family.member(name) if name in members else None
        if member is not None:
            _check_kind(member, entry.kind)
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
    """The entries that were asked for and failed to import, each with its reason."""
    return dict(_failures)
