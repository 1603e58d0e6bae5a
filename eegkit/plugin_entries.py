"""What plugins register: entries and families, and whether they have what their kind has."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from itertools import product
from typing import Any, Protocol

KINDS = ("datasets", "transforms", "classifiers")
# The version of what a plugin may rely on; see "Versions of the interface" in docs/plugins.md.
INTERFACE = 1
INTERFACE_GROUP = "eegkit.interface"
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

    Parameters
    ----------
    kind : {"datasets", "transforms", "classifiers"}
        What is registered.
    name : str
        Of a family that before the colon in the names of its members.
    distribution : str
        As it is installed.
    target : str
        Module and class, ``"module:Class"``.
    family : bool, default False
        Whether it is a `Family`.

    See Also
    --------
    eegkit.registry.entries : all of a kind, with an example.
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
    """What a class registered as a family answers, of itself or as class methods.

    See Also
    --------
    eegkit.registry.families : those that are registered, with an example.
    """

    def member_names(self) -> list[str]:
        """The names of all members, without the family's; none has a colon."""

    def member(self, name: str) -> type:
        """The class of one member, the same each time."""


@dataclass(frozen=True)
class Description:
    """An `Entry` with the first line of its class's docstring, or why it failed to load.

    Parameters
    ----------
    entry : Entry
        What is described.
    summary : str
        The first line; empty where it failed to load.
    failure : str, optional
        Why it did.

    See Also
    --------
    eegkit.registry.describe : makes it, with an example.
    """

    entry: Entry
    summary: str
    failure: str | None = None


class PluginError(ImportError):
    """A registered class could not be imported; the message holds the plugin's own traceback.

    See Also
    --------
    eegkit.registry.get : raises it.
    eegkit.registry.failures : those of this process.
    """


def check_kind(plugin: Any, kind: str) -> None:
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


def installed_entries() -> dict[Entry, EntryPoint]:
    """All that is registered, whether plugins are turned off or not. Imports nothing."""
    return _installed(tuple(map(_folder_state, sys.path)))


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
    check_kind(plugin, kind)
    return plugin
