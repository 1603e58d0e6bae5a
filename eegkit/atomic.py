"""Write a file whole or not at all: beside its place first, then moved there."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

LEFTOVER_S = 3600.0


@contextmanager
def atomic_write(path: str | os.PathLike[str], *, durable: bool = False) -> Iterator[Path]:
    """Name a file to write beside `path`; at the end of the block it is moved there.

    A good file never gives way to half a one: where the block raises (the disk is full, say, or
    the user stops it), what stood there stays, and the half is removed. Processes that write the
    same file at once do not disturb each other; the last one's stays.

    Parameters
    ----------
    path : str or path-like
        A folder that is not there is made.
    durable : bool, default False
        Wait until the file is on the disk before it is moved, so that it is whole even after the
        machine has lost its power.

    Yields
    ------
    pathlib.Path
        ``.<name>.<32 hex digits>.part`` in the same folder.

    Raises
    ------
    NotADirectoryError
        A file stands where the folder is to be.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from eegkit.atomic import atomic_write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_write(Path(folder) / "notes.txt") as part:
    ...         _ = part.write_text("whole")
    ...     [file.name for file in Path(folder).iterdir()]
    ['notes.txt']
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise NotADirectoryError(
            f"There is no folder {path.parent} to write {path.name} to, and none can be made, "
            "since a file has that name, or the name of a folder above; choose another folder."
        ) from error
    try:
        yield part
        if durable:
            _sync(part)
        os.replace(part, path)
        if durable and os.name == "posix":
            _sync(path.parent)
    finally:
        part.unlink(missing_ok=True)


def remove_leftovers(folder: Path, name: str = "*") -> None:
    """Remove what processes that were killed left half written, once it is an hour old.

    Parameters
    ----------
    folder : Path
    name : str, default "*"
        Of the files that were to be written, or a pattern of such names.
    """
    for part in folder.glob(f".{name}.*.part"):
        with suppress(FileNotFoundError):  # another process has just moved or removed it
            if time.time() - part.stat().st_mtime > LEFTOVER_S:
                part.unlink()


def _sync(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
