"""The files of the HMS competition: the table of labels, recordings, spectrograms."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SFREQ = 200.0
EKG = "EKG"
CHANNELS = (
    "Fp1", "F3", "C3", "P3", "F7", "T3", "T5", "O1", "Fz", "Cz",
    "Pz", "Fp2", "F4", "C4", "P4", "F8", "T4", "T6", "O2",
)  # fmt: skip
COLUMNS = (*CHANNELS, EKG)
PATTERNS = ("Seizure", "LPD", "GPD", "LRDA", "GRDA", "Other")
VOTES = [f"{pattern.lower()}_vote" for pattern in PATTERNS]
OFFSET = "eeg_label_offset_seconds"
IDS = ["eeg_id", "eeg_sub_id", "spectrogram_id", "label_id", "patient_id"]
NUMBERS = [*IDS, OFFSET, "spectrogram_label_offset_seconds", *VOTES]
REGIONS = ("LL", "RL", "LP", "RP")
SPECTROGRAM_S = 600.0

_AGAIN = "remove the file and get it again."


@dataclass(frozen=True)
class Labels:
    """The table of labels, and which of its rows are of which recording."""

    table: pd.DataFrame
    rows: dict[int, NDArray[np.intp]]


def read_labels(path: Path) -> Labels:
    """Read ``train.csv``, once for all recordings.

    Raises
    ------
    ValueError
        The table is broken; the message names it.
    """
    stat = path.stat()
    return _read_labels(path, stat.st_size, stat.st_mtime_ns)


@functools.lru_cache(maxsize=4)
def _read_labels(path: Path, size: int, mtime: int) -> Labels:
    try:
        table = pd.read_csv(path, low_memory=False)
    except Exception as error:  # pandas raises whatever the broken bytes lead to
        raise ValueError(f"{path} cannot be read as CSV ({error}); {_AGAIN}") from error
    lacking = [name for name in [*NUMBERS, "expert_consensus"] if name not in table]
    if lacking:
        raise ValueError(
            f"{path} lacks the columns {', '.join(lacking)}; it has "
            f"{', '.join(map(str, table.columns[:20]))}. It shall be the competition's train.csv."
        )
    if not len(table):
        raise ValueError(f"{path} has no rows; {_AGAIN}")
    for name in NUMBERS:
        column = table[name]
        numeric = pd.api.types.is_numeric_dtype(column) and column.dtype != bool
        # Of 2 ** 53 on, a float does not tell integers apart.
        if not numeric or not (column.abs() < 2**53).all():
            raise ValueError(f"{path}: the column {name} holds more than numbers; {_AGAIN}")
        if "offset" not in name:
            if not (column == column.round()).all():
                raise ValueError(f"{path}: the column {name} holds broken numbers; {_AGAIN}")
            table[name] = column.astype(np.int64)
    votes = table[VOTES]
    if (votes < 0).any(axis=None) or not (votes.sum(axis=1) > 0).all():
        raise ValueError(f"{path}: not every row has votes; {_AGAIN}")
    strange = set(map(str, table["expert_consensus"])) - set(PATTERNS)
    if strange:
        raise ValueError(
            f"{path}: expert_consensus is {', '.join(sorted(strange)[:5])}; expected "
            f"{', '.join(PATTERNS)}. {_AGAIN}"
        )
    people = table.groupby("eeg_id")["patient_id"].nunique()
    if (people > 1).any():
        raise ValueError(f"{path}: recording {people.idxmax()} is of several patients; {_AGAIN}")
    return Labels(table, dict(table.groupby("eeg_id").indices))


def read_eeg(path: Path) -> NDArray[np.float32]:
    """The signals of a recording, by ``.parquet`` as published or ``.npy`` as converted.

    Parameters
    ----------
    path : Path

    Returns
    -------
    ndarray of float32, shape (20, n_times)
        In microvolts, the channels in the order of `COLUMNS`; NaN where nothing was recorded.
        Of ``.npy`` a read-only memmap.

    Raises
    ------
    ValueError
        The file is broken; the message names it.
    """
    return _map_npy(path) if path.suffix == ".npy" else _read_parquet(path, COLUMNS)


def _map_npy(path: Path) -> NDArray[np.float32]:
    try:
        signals = np.lib.format.open_memmap(path, mode="r")
        if signals.dtype != "<f4" or signals.shape[:-1] != (len(COLUMNS),) or not signals.size:
            raise ValueError(f"it holds {signals.dtype} of shape {signals.shape}")
        n_bytes = signals.offset + signals.nbytes
        if n_bytes != path.stat().st_size or not signals.flags.c_contiguous:
            raise ValueError(f"it has {path.stat().st_size} bytes in another order or number")
    except Exception as error:  # NumPy raises whatever the broken bytes lead to
        raise ValueError(
            f"{path} is not what eegkit convert writes ({error}); remove it and convert again."
        ) from error
    return signals


def _read_parquet(path: Path, columns: tuple[str, ...]) -> NDArray[np.float32]:
    """Columns of a Parquet file as rows of an array."""
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            table = file.read(columns=list(columns), use_threads=False)
        lacking = [name for name in columns if name not in table.column_names]
        if lacking:
            raise ValueError(f"it lacks the columns {', '.join(lacking)}")
        if not table.num_rows:
            raise ValueError("it has no rows")
        signals = np.empty((len(columns), table.num_rows), dtype=np.float32)
        with np.errstate(over="ignore"):  # infinite then, which is refused
            for row, name in zip(signals, columns, strict=True):
                row[:] = _as_numbers(table.column(name))
    except Exception as error:  # pyarrow raises whatever the broken bytes lead to
        raise ValueError(
            f"{path} cannot be read as Parquet of the competition ({error}); {_AGAIN}"
        ) from error
    return signals


def _as_numbers(column: Any) -> NDArray[Any]:
    import pyarrow as pa

    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        raise ValueError(f"a column holds {column.type}, not numbers")
    return column.to_numpy()


class PublishedSpectrogram(NamedTuple):
    """What `read_spectrogram` gives.

    Attributes
    ----------
    power : ndarray of float32, shape (4, n_freqs, n_times)
        Power of the regions; NaN where nothing was recorded.
    freqs : ndarray, shape (n_freqs,)
        In Hz.
    times : ndarray, shape (n_times,)
        In s from the start of the file.
    regions : tuple of str
        ``"LL"`` left lateral, ``"RL"`` right lateral, ``"LP"`` left and ``"RP"`` right
        parasagittal.
    """

    power: NDArray[np.float32]
    freqs: NDArray[np.float64]
    times: NDArray[np.float64]
    regions: tuple[str, ...]


def read_spectrogram(
    path: Path | str, offset: float | None = None, duration: float = SPECTROGRAM_S
) -> PublishedSpectrogram:
    """Read a spectrogram that was published with the HMS data, or ten minutes of it.

    Parameters
    ----------
    path : path-like
        ``train_spectrograms/<spectrogram_id>.parquet``.
    offset : float, optional
        Where to begin, in s: ``spectrogram_label_offset_seconds`` of the table, or
        ``spectrogram_offset`` of the metadata that `HMS` gives. By default all of it is read.
    duration : float, default 600.0
        How much to read from there on, in s. The EEG of the same row of the table is its middle.

    Returns
    -------
    PublishedSpectrogram
        ``power``, ``freqs``, ``times`` and ``regions``.

    Raises
    ------
    ValueError
        The file is broken, or ends before the time asked for.
    """
    import pyarrow.parquet as pq

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there.")
    try:
        names = pq.read_schema(path).names
    except Exception as error:
        raise ValueError(f"{path} cannot be read as Parquet ({error}); {_AGAIN}") from error
    matches = [re.fullmatch(r"(LL|RL|LP|RP)_(\d{1,3}(?:\.\d{1,4})?)", str(name)) for name in names]
    parts = {(match[1], float(match[2])): match[0] for match in matches if match}
    freqs = sorted({freq for _, freq in parts})
    if not freqs or len(parts) != len(REGIONS) * len(freqs) or "time" not in names:
        raise ValueError(
            f"{path} has {len(names)} columns; expected time, and the same frequencies for each of "
            f"{', '.join(REGIONS)}, such as LL_0.59. {_AGAIN}"
        )
    columns = tuple(parts[region, freq] for region in REGIONS for freq in freqs)
    values = _read_parquet(path, ("time", *columns))
    times = values[0].astype(np.float64)
    if not (np.isfinite(times).all() and (np.diff(times) > 0).all()):
        raise ValueError(f"{path}: its column time does not grow; {_AGAIN}")
    power = values[1:].reshape(len(REGIONS), len(freqs), len(times))
    if offset is not None:
        inside = (times >= offset) & (times < offset + duration)
        step = times[1] - times[0] if len(times) > 1 else 0.0
        if not inside.any() or times[-1] + step < offset + duration:
            raise ValueError(
                f"{path} reaches from {times[0]:g} to {times[-1]:g} s; expected all of "
                f"{offset:g} to {offset + duration:g} s. Choose another offset."
            )
        power, times = power[:, :, inside], times[inside]
    return PublishedSpectrogram(power, np.array(freqs), times, REGIONS)
