"""Trials that were prepared and are kept in files."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from eegkit.kept_files import remove_leftovers, state_of
from eegkit.tensor_file import CorruptFileError, check_key
from eegkit.trials import Trials
from eegkit.trials_file import read_trials, write_trials

CACHE_VARIABLE = "EEGKIT_CACHE"


def kept_trials(
    path: Path,
    title: str,
    make: Callable[[], tuple[Trials, bool]],
    files: Mapping[str, list[int]] | None = None,
) -> Trials:
    """Trials that were kept in a file; made, and kept for the next time, where there is none.

    Parameters
    ----------
    path : pathlib.Path
        The file; its name is to say all that the trials depend on.
    title : str
        What they are, for messages.
    make : callable
        Gives the trials, and whether they are all there: those of which some had to be left
        out are not kept, as the next attempt may find what was missing.
    files : mapping of str to list, optional
        The states (see `eegkit.kept_files.state_of`) of files that are known once the trials
        were made: filled by `make`. Where one has changed since, the trials are made again.

    Returns
    -------
    Trials
        Mapped from the file, where they could be kept. The whole file was compared with its
        checksum.

    Warns
    -----
    UserWarning
        The file was damaged and is made again, or the trials could not be kept.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from eegkit.datasets import kept_trials
    >>> from eegkit.testing import example_trials
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "example-8.safetensors"
    ...     trials = kept_trials(path, "An example", lambda: (example_trials(8), True))
    ...     path.is_file(), len(trials)
    (True, 8)
    """
    check = functools.partial(_check_facts, path)
    try:
        return Trials(*read_trials(path, True, check))
    except FileNotFoundError:
        pass
    except _OutdatedError:
        pass
    except CorruptFileError as error:
        warnings.warn(f"{error} It is made again.", UserWarning, stacklevel=5)
    trials, whole = make()
    if not whole:
        return trials
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent)
        facts = {"key": path.stem, "files": dict(files or {})}
        X = np.asarray(trials.X)
        parts = X, trials.y, trials.metadata, trials.info, trials.preparation
        write_trials(path, parts, **facts)
    except (OSError, ValueError) as error:
        warnings.warn(
            f"{title} could not be kept in {path.parent} ({error}); it was loaded all the same.",
            UserWarning,
            stacklevel=5,
        )
        return trials
    return Trials.load(path, verify=False)


class _OutdatedError(Exception):
    """A file that kept trials are from has changed."""


def _check_facts(path: Path, facts: Mapping[str, Any]) -> None:
    """Refuse a file of another name, or one whose trials are from files that have changed."""
    check_key(facts, path.stem, path)
    for file, state in facts["files"].items():
        if not os.path.exists(file) or state_of(file) != state:
            raise _OutdatedError(file)


def cache_folder(asked: bool | str | os.PathLike[str] = True) -> Path:
    """The folder of prepared trials.

    Parameters
    ----------
    asked : bool or path
        A folder of one's own, or True for that of the environment variable ``EEGKIT_CACHE``,
        else the user's cache folder.

    Returns
    -------
    pathlib.Path
        It need not be there.

    Examples
    --------
    >>> from eegkit.datasets import cache_folder
    >>> cache_folder("scratch/trials").name
    'trials'
    """
    if not isinstance(asked, bool):
        return Path(asked).expanduser()
    if os.environ.get(CACHE_VARIABLE):
        return Path(os.environ[CACHE_VARIABLE]).expanduser()
    import pooch

    return Path(pooch.os_cache("eegkit")) / "trials"
