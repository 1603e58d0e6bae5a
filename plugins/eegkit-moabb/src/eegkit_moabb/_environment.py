"""MOABB imported, kept quiet, kept off the network and pointed at a folder."""

from __future__ import annotations

import functools
import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

# What follows changes the process: one load at a time.
_one_at_a_time = threading.RLock()

MEANT_FOR_PROGRAMMERS = (
    DeprecationWarning,
    FutureWarning,
    PendingDeprecationWarning,
    ResourceWarning,
)


class Library(NamedTuple):
    """The modules of MOABB that are used here."""

    datasets: ModuleType
    paradigms: ModuleType


@functools.cache
def library() -> Library:
    """MOABB, imported when first asked for (some seconds), without its warnings."""
    with warnings.catch_warnings(), redirect_stdout(sys.stderr):
        warnings.simplefilter("ignore")
        import moabb.datasets
        import moabb.paradigms
    return Library(moabb.datasets, moabb.paradigms)


def download_errors() -> tuple[type[Exception], ...]:
    """What MOABB raises, beside ``OSError``, where a download fails."""
    from moabb.datasets.download import DatasetDownloadError, NemarDownloadError

    return DatasetDownloadError, NemarDownloadError


@contextmanager
def sandbox(folder: Path | None, download: bool) -> Iterator[list[str]]:
    """Run MOABB with its files in a folder, quietly; without `download` also off the network.

    Parameters
    ----------
    folder : Path or None
        Where the files lie or shall lie; None for where MOABB is set up to keep them.
    download : bool

    Yields
    ------
    list of str
        The hosts that were asked for, and refused, so far.
    """
    with ExitStack() as stack:
        stack.enter_context(_one_at_a_time)
        stack.enter_context(_quiet(logging.ERROR if download else logging.CRITICAL))
        stack.enter_context(_stored_in(folder))
        yield [] if download else stack.enter_context(_offline())


def usual_folder() -> Path:
    """Where MOABB keeps its files if nobody names a folder."""
    import mne

    return Path(mne.get_config("MNE_DATA") or Path.home() / "mne_data").expanduser()


@contextmanager
def _quiet(least: int) -> Iterator[None]:
    """No log below a level, no warnings for programmers; the global generator as it was."""
    import mne
    import pooch

    loggers = [logging.getLogger("moabb"), pooch.get_logger()]
    levels, state = [logger.level for logger in loggers], np.random.get_state()  # noqa: NPY002
    try:
        for logger in loggers:
            logger.setLevel(least)
        with warnings.catch_warnings(), redirect_stdout(sys.stderr), mne.use_log_level("error"):
            for kind in MEANT_FOR_PROGRAMMERS:
                warnings.simplefilter("ignore", kind)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        np.random.set_state(state)  # noqa: NPY002


@contextmanager
def _stored_in(folder: Path | None) -> Iterator[None]:
    """Let MNE's settings, by which MOABB finds its files, name the folder."""
    import mne

    # Where nothing is set MOABB would write its choice into the user's settings.
    settings = {"MNE_DATA": str(usual_folder() if folder is None else folder)}
    if folder is not None:
        # A setting for one data set has precedence; a folder that was given has it over both.
        keys = [key for key in (*mne.get_config(), *os.environ) if key.startswith("MNE_DATASETS_")]
        settings |= {key: str(folder) for key in keys if key.endswith("_PATH")}
    before = {key: os.environ.get(key) for key in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


class _RefusedError(OSError):
    """The network was asked for without leave."""


class _Offline:
    """A stretch of time in which this thread, and those it starts, get no network.

    Attributes
    ----------
    hosts : list of str
        Those that were asked for, and refused.
    folders : list of str
        Those that were made.
    """

    def __init__(self) -> None:
        self.hosts: list[str] = []
        self.folders: list[str] = []
        # Other threads of the process are left alone.
        self._threads = {thread.ident for thread in threading.enumerate()}
        self._threads.discard(threading.get_ident())

    def audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event not in EVENTS or threading.get_ident() in self._threads:
            return
        if event == "os.mkdir":
            if not os.path.exists(args[0]):
                self.folders.append(os.path.abspath(args[0]))
            return
        host = args[0]
        if event in ("socket.connect", "socket.sendto"):
            if not isinstance(args[1], tuple):
                return  # a socket within this machine
            host = args[1][0]
        self.hosts.append(str(host))
        raise _RefusedError(f"{host} was asked for, but nothing may be downloaded.")


EVENTS = (
    "os.mkdir",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.sendto",
)
_current: _Offline | None = None


@contextmanager
def _offline() -> Iterator[list[str]]:
    """Refuse the network to this thread, and those it starts; gives the hosts it asked for.

    MOABB has no switch for that, and its data sets download in many ways (pooch, requests,
    httpx, MNE), but Python reports all of them to audit hooks before anything happens. Folders
    made for files that did not come are removed again: some data sets take an empty one for a
    download that was.
    """
    global _current
    _listen()
    _current = offline = _Offline()
    try:
        yield offline.hosts
    finally:
        _current = None
        for folder in reversed(offline.folders):
            with suppress(OSError):  # it holds something, or is gone
                os.rmdir(folder)


@functools.cache
def _listen() -> None:
    """Add the audit hook, once, as Python cannot remove it; it does nothing most of the time."""

    def audit(event: str, args: tuple[Any, ...]) -> None:
        offline = _current  # which another thread may set to None meanwhile
        if offline is not None:
            offline.audit(event, args)

    sys.addaudithook(audit)
