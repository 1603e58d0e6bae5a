"""Data sets by name: registered ones, and recordings of the user's own by their folder."""

from __future__ import annotations

import dataclasses
import inspect
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from eegkit import registry
from eegkit.datasets._base import Dataset
from eegkit.datasets.bids import Bids, bids_recordings, from_bids
from eegkit.datasets.folder import Folder, from_folder, labelled_folder
from eegkit.text import nearest, suggest
from eegkit.trials import Trials

# Before the colon of ``folder:PATH``: what documents the options, and what makes the data set.
PLACES: dict[str, tuple[Callable[..., Trials], Callable[..., Dataset]]] = {
    "folder": (from_folder, labelled_folder),
    "bids": (from_bids, bids_recordings),
}
TYPES = {"folder": Folder, "bids": Bids}
TABLES = (".csv", ".tsv")


def load_dataset(name: str, **options: Any) -> Trials:
    """Load a data set by its registered name, or recordings of your own by their folder.

    Parameters
    ----------
    name : str
        One of ``eegkit.registry.names("datasets")``, e.g. ``"simulated"``; or ``"folder:PATH"`` or
        ``"bids:PATH"``.
    **options
        The data set's own options; ``eegkit info NAME`` lists them. Those of a folder are those of
        `eegkit.datasets.from_folder` and `eegkit.datasets.from_bids`.

    Returns
    -------
    Trials

    Raises
    ------
    ValueError
        The name is unknown, or the data set has no such option.
    FileNotFoundError
        The folder is not there.

    Examples
    --------
    >>> from eegkit import load_dataset
    >>> len(load_dataset("simulated", n_subjects=2, n_trials=4))
    8
    >>> trials = load_dataset("folder:recordings", labels="labels.csv")  # doctest: +SKIP
    """
    return make_dataset(name, **options).load()


def make_dataset(name: str, **options: Any) -> Dataset:
    """The data set of that name with those options, not yet loaded.

    Raises
    ------
    ValueError
        As `load_dataset`.
    """
    names = dataset_options(name)
    for option in options:
        if option not in names:
            raise ValueError(
                f"The data set {name!r} has no option {option!r}{suggest(option, names)}"
            )
    place, folder = _place(name)
    if place is None:
        dataset = _registered(name)(**options)
        dataset.registered_name = name
        return dataset
    folder = options.pop("path", folder)
    if place == "folder" and options.get("labels") is None:
        raise ValueError(_no_labels(name, Path(folder).expanduser()))
    if place == "bids" and options.get("subjects") is not None:
        options["subjects"] = [str(subject) for subject in options["subjects"]]
    return PLACES[place][1](folder, **options)


def dataset_options(name: str) -> list[str]:
    """The names of what a data set can be asked for.

    Raises
    ------
    ValueError
        The name is unknown.
    """
    place, _ = _place(name)
    if place is not None:
        return [*list(inspect.signature(PLACES[place][0]).parameters)[1:], "path"]
    fields = _registered(name)
    return [field.name for field in dataclasses.fields(fields) if field.init]


def option_types(name: str) -> Mapping[str, Any]:
    """The annotations of what a data set can be asked for.

    Raises
    ------
    ValueError
        The name is unknown.
    """
    place, _ = _place(name)
    cls = TYPES[place] if place is not None else _registered(name)
    return getattr(cls, "parameter_types", {})


def _registered(name: str) -> Any:
    """The class of that name; of a folder's it is said how to ask for that."""
    try:
        return registry.get("datasets", name)
    except ValueError as error:
        place, colon, folder = name.partition(":")
        near = nearest(place, PLACES, n=1) if colon and folder else []
        if near:
            hint = f"did you mean {near[0]}:{folder}?"
            raise ValueError(f"No data set is named {name!r}; {hint}") from error
        if not os.path.isdir(name):
            raise
        is_bids = os.path.exists(os.path.join(name, "dataset_description.json"))
        raise ValueError(
            f"No data set is named {name!r}, but a folder is; did you mean "
            f"{'bids' if is_bids else 'folder'}:{name}?"
        ) from error


def _place(name: str) -> tuple[str | None, str]:
    """``folder`` or ``bids``, and the path behind it; None of a registered name."""
    place, colon, folder = name.partition(":")
    if place not in PLACES:
        return None, ""
    if not (colon and folder):
        raise ValueError(f"{name!r} names no folder; expected {place}:PATH.")
    return place, folder


def _no_labels(name: str, folder: Path) -> str:
    tables = sorted(p for p in folder.glob("*") if p.suffix.lower() in TABLES)
    there = f" There is {', '.join(map(str, tables[:3]))}." if tables else ""
    return (
        f"{name} needs labels: a table (.csv or .tsv) with the columns file, label and subject, "
        "and onset and duration in s where a label is of a piece. Name it by --labels TABLE on the "
        f"command line, by labels: in an experiment, by labels= in Python.{there}"
    )
