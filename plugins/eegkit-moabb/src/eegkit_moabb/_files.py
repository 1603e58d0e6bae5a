"""Which files MOABB reads, and the state they are in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eegkit.kept_files import state_of


def file_states(dataset: Any, people: list[Any]) -> dict[str, list[int]]:
    """The states of the files that a data set of MOABB reads for some people, by path.

    They are those that its ``data_path`` names, or that lie in folders it names, which is all that
    MOABB tells of them; of a data set that names none, none.

    Parameters
    ----------
    dataset : moabb.datasets.base.BaseDataset
    people : list of int or str

    Returns
    -------
    dict of str to list of int
        See `eegkit.kept_files.state_of`.
    """
    states: dict[str, list[int]] = {}
    for person in people:
        with contextlib.suppress(Exception):  # MOABB raises whatever its code leads to
            files = _files_in(dataset.data_path(person))
            states.update({str(file.resolve()): state_of(file) for file in files})
    return states


def _files_in(paths: Any) -> Iterator[Path]:
    """The files among paths, lists of them and folders."""
    if isinstance(paths, str | Path):
        path = Path(paths)
        candidates = path.rglob("*") if path.is_dir() else [path]
        yield from (file for file in candidates if file.is_file())
    elif isinstance(paths, dict):
        yield from _files_in(list(paths.values()))
    elif isinstance(paths, list | tuple):
        for part in paths:
            yield from _files_in(part)
