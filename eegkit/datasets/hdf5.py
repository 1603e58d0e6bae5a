"""Trials from and to HDF5 files of arrays named by split: ``X_train``, ``y_train`` and so on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.atomic import atomic_write
from eegkit.labels import trial_names
from eegkit.text import no_such
from eegkit.trials import Trials
from eegkit.trials_checks import METADATA_COLUMNS

WHOLE = "all"

# An array that is larger than both of these bytes and so many times what is stored of it is there
# to fill the memory.
SMALL_BYTES, MOST_COMPRESSED = 2**25, 100


def from_hdf5(
    path: str | os.PathLike[str],
    *,
    sfreq: float | None = None,
    ch_names: Sequence[str] | None = None,
    subject: str | None = None,
) -> Trials:
    """Trials of an HDF5 file that holds arrays ``X_<split>`` and ``y_<split>``.

    That is how many projects keep a training, a validation and a test set in one file. Their
    trials are joined; the metadata's column ``split`` says where each is from.

    Parameters
    ----------
    path : str or path-like
        The file.
    sfreq : float, optional
        Sampling rate in Hz; needed where the file's attribute ``sfreq`` does not say it.
    ch_names : sequence of str, optional
        Channel names; by default those of the file's attribute, else made up.
    subject : str, optional
        Whose all trials are, or ``"y"`` where the label is the person, as in person
        identification. By default what arrays ``subject_<split>`` say.

    Returns
    -------
    Trials
        X is read into memory; arrays ``session_<split>`` and ``run_<split>`` are used where they
        are there.

    Raises
    ------
    ValueError
        The file is broken, lacks arrays, or nobody says the rate or the subjects.
    FileNotFoundError
        There is no such file.

    Examples
    --------
    >>> from eegkit.datasets import from_hdf5
    >>> trials = from_hdf5("people.h5", sfreq=160, subject="y")  # doctest: +SKIP
    """
    path = Path(path)
    arrays, attributes = _read_arrays(path)
    splits = [name.removeprefix("X_") for name in arrays if name.startswith("X_")]
    lacking = [f"y_{split}" for split in splits if f"y_{split}" not in arrays]
    if not splits or lacking:
        raise ValueError(
            f"{path} holds {', '.join(arrays) or 'no arrays'}; expected X_train and y_train, or "
            f"other names after X_ and y_{'; it lacks ' + ', '.join(lacking) if lacking else ''}."
        )
    rate = sfreq if sfreq is not None else attributes.get("sfreq")
    if rate is None:
        raise ValueError(f"{path} does not say its sampling rate; pass sfreq=, in Hz.")
    if ch_names is None and "ch_names" in attributes:
        ch_names = [str(name) for name in _values(attributes["ch_names"])]
    parts = []
    for split in splits:
        for name in ("y", *METADATA_COLUMNS):
            _flatten(arrays, f"{name}_{split}", len(np.atleast_1d(arrays[f"X_{split}"])))
        content = _content(path, arrays, split, subject)
        part = Trials.from_arrays(sfreq=float(rate), ch_names=ch_names, **content)
        part.metadata["split"] = split
        parts.append(part)
    return Trials.concatenate(parts)


def _read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """All arrays of a file, and those of its attributes that are used."""
    import h5py

    if not path.is_file():
        raise no_such(path)
    try:
        with h5py.File(path, "r") as file:
            arrays = {name: _values(item) for name, item in file.items() if hasattr(item, "shape")}
            names = ("sfreq", "ch_names")
            return arrays, {name: file.attrs[name] for name in names if name in file.attrs}
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError) as error:
        raise ValueError(f"{path} cannot be read as HDF5: {error}") from error


def _flatten(arrays: dict[str, NDArray[Any]], name: str, n_trials: int) -> None:
    """Make one axis of a column, and of a row as MATLAB writes it, of one entry for each trial."""
    values = arrays.get(name)
    if values is not None and values.ndim == 2 and 1 in values.shape and values.size == n_trials:
        arrays[name] = values.ravel()


def _content(
    path: Path, arrays: dict[str, NDArray[Any]], split: str, subject: str | None
) -> dict[str, Any]:
    """Signals, labels, subject, session and run of the trials of a split."""
    X, y = arrays[f"X_{split}"], arrays[f"y_{split}"]
    if X.ndim != 3 or len(X) != len(y) or X.dtype.kind not in "fiu":
        raise ValueError(
            f"{path}: X_{split} is {X.dtype} of shape {X.shape} and y_{split} has shape "
            f"{y.shape}; expected numbers, (n_trials, n_channels, n_times), and a label for "
            "each trial."
        )
    if subject is None and f"subject_{split}" not in arrays:
        raise ValueError(
            f"{path} has no array subject_{split}; pass subject='y' if the labels are the "
            "people, or subject= with the name of the one person."
        )
    content: dict[str, Any] = {n: arrays.get(f"{n}_{split}", "0") for n in METADATA_COLUMNS}
    if subject is not None:
        content["subject"] = y if subject == "y" else subject
    return content | {"X": X, "y": y}


def to_hdf5(trials: Trials, path: str | os.PathLike[str], split: str | None = None) -> None:
    """Write trials as `from_hdf5` reads them.

    Parameters
    ----------
    trials : Trials
        With subject, session and run of each.
    path : str or path-like
        A file that is there is replaced, once the new one is whole.
    split : str, optional
        Column of the metadata that names the split of each trial; by default all are of one,
        ``X_all``.

    Raises
    ------
    ValueError
        The metadata have no such column, or trials lack a subject, session or run.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from eegkit.datasets import from_hdf5, to_hdf5
    >>> from eegkit.testing import example_trials
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "example.h5"
    ...     to_hdf5(example_trials(n_trials=8), path)
    ...     from_hdf5(path).X.shape
    (8, 3, 96)
    """
    import h5py

    table: pd.DataFrame = trials.metadata
    if split is not None and split not in table:
        raise ValueError(f"metadata has no column {split!r}; it has {', '.join(table.columns)}.")
    splits = np.full(len(trials), WHOLE) if split is None else table[split].astype(str).to_numpy()
    with atomic_write(path) as part, h5py.File(part, "w") as file:
        file.attrs["sfreq"] = trials.sfreq
        file.attrs["ch_names"] = trials.ch_names
        for name in dict.fromkeys(splits):
            rows = np.flatnonzero(splits == name)
            file[f"X_{name}"] = np.asarray(trials.X)[rows]
            file[f"y_{name}"] = _writable(trials.y[rows])
            for column in METADATA_COLUMNS:
                values = trial_names(table[column], f"metadata[{column!r}]", column)
                file[f"{column}_{name}"] = _writable(values[rows])


def _values(item: Any) -> NDArray[Any]:
    """An array of HDF5, its texts as such; refused where it is far larger than what is stored."""
    is_stored = hasattr(item, "file")
    if is_stored and item.nbytes > max(SMALL_BYTES, MOST_COMPRESSED * item.id.get_storage_size()):
        raise ValueError(
            f"{item.name} of shape {item.shape} would take {item.nbytes / 1e6:,.0f} MB, but "
            f"{item.id.get_storage_size() / 1e6:.3g} MB are stored; store it without compression"
        )
    values: NDArray[Any] = np.asarray(item[...] if is_stored else item)
    if values.dtype.kind in "OS":
        texts = [v.decode() if isinstance(v, bytes) else str(v) for v in values.reshape(-1)]
        return np.array(texts).reshape(values.shape)
    return values


def _writable(values: NDArray[Any]) -> Any:
    return values if values.dtype.kind in "fiub" else [str(value) for value in values]
