"""Files that caches keep in folders: which there are, and how they go again."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

COMPLETE = re.compile(r"[a-z0-9_]+-[0-9a-f]{40}\.(npy|safetensors)")
PARTIAL = re.compile(rf"\.{COMPLETE.pattern}\.[0-9a-f]{{32}}\.part")
LEFTOVER_S = 24 * 3600.0


@dataclass(frozen=True)
class CachedFile:
    """A file that a cache keeps.

    Parameters
    ----------
    path : pathlib.Path
        Where it lies.
    n_bytes : int
        Its size.
    made : float
        When it was written, in s since 1970.
    complete : bool
        False for what is being written, or was left behind by a process that was killed.

    See Also
    --------
    cached_files : lists them, with an example.
    """

    path: Path
    n_bytes: int
    made: float
    complete: bool


def cached_files(folder: str | os.PathLike[str]) -> list[CachedFile]:
    """What caches keep in a folder, the oldest first.

    Parameters
    ----------
    folder : str or path-like
        That of `Cached`, of a pipeline's `memory` or of a data set's `cache`.

    Returns
    -------
    list of CachedFile
        Files of other names are left out; an absent folder is empty.

    Examples
    --------
    >>> import tempfile
    >>> from eegkit.testing import example_trials
    >>> from eegkit.transforms import BandPass, Cached, cached_files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     filtered = Cached(BandPass(l_freq=4, h_freq=40), folder).fit_transform(example_trials())
    ...     [file.complete for file in cached_files(folder)]
    [True]
    """
    files = []
    for path in Path(folder).expanduser().glob("*"):
        complete = COMPLETE.fullmatch(path.name) is not None
        if complete or PARTIAL.fullmatch(path.name):
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue  # another process has just moved it
            files.append(CachedFile(path, stat.st_size, stat.st_mtime, complete))
    return sorted(files, key=lambda file: (file.made, file.path))


def clear_cache(folder: str | os.PathLike[str]) -> int:
    """Remove what caches keep in a folder, and nothing else.

    Parameters
    ----------
    folder : str or path-like
        As of `cached_files`.

    Returns
    -------
    int
        Bytes that were freed.

    Examples
    --------
    >>> import tempfile
    >>> from eegkit.testing import example_trials
    >>> from eegkit.transforms import BandPass, Cached, cached_files, clear_cache
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     filtered = Cached(BandPass(l_freq=4, h_freq=40), folder).fit_transform(example_trials())
    ...     clear_cache(folder) > 0, cached_files(folder)
    (True, [])
    """
    return _remove(cached_files(folder))


def remove_leftovers(folder: Path) -> None:
    """Remove what processes that were killed left behind, once it is a day old."""
    before = time.time() - LEFTOVER_S
    _remove([f for f in cached_files(folder) if not f.complete and f.made < before])


def state_of(path: str | os.PathLike[str]) -> list[int]:
    """What changes whenever a file does: its size, and the times of two kinds of changes, in ns.

    The first time can be set, as copying tools do; the second is the system's own (on Windows,
    when the file was made).
    """
    stat = os.stat(path)
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


def _remove(files: list[CachedFile]) -> int:
    for file in files:
        file.path.unlink(missing_ok=True)
    return sum(file.n_bytes for file in files)
