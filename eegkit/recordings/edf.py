"""What the header and the time-keeping of EDF and BDF files say."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import mne

TIMES_OF_RECORDS = ("EDF Annotations", "BDF Annotations")
# The first annotation of a record has its onset alone; by "EDF+" (Kemp & Olivan, 2003), 2.2.4.
_ONSET = re.compile(rb"([+-]\d+(?:\.\d*)?)\x14")


@dataclass(frozen=True)
class EdfHeader:
    """The header of an EDF or BDF file.

    Parameters
    ----------
    n_bytes : int
        Its own length.
    subtype : str
        ``"EDF+D"`` and ``"BDF+D"`` are recordings with pauses.
    n_records : int
        -1 where a recording was not ended.
    record_s : float
        Length of a record, in s.
    labels, units : tuple of str
        Of every signal, the annotations included.
    n_samples : tuple of int
        Of every signal in a record.
    sample_bytes : int
        3 in BDF files, else 2.
    """

    n_bytes: int
    subtype: str
    n_records: int
    record_s: float
    labels: tuple[str, ...]
    units: tuple[str, ...]
    n_samples: tuple[int, ...]
    sample_bytes: int

    @property
    def record_bytes(self) -> int:
        return self.sample_bytes * sum(self.n_samples)


def read_header(file: BinaryIO) -> EdfHeader:
    """The header of an open file; ValueError where it is none."""
    fixed = file.read(256)
    if len(fixed) < 256:
        raise ValueError(f"it ends within its header, after {len(fixed)} of at least 256 bytes")
    n_signals = _whole(fixed[252:256], "number of signals")

    def fields(before: int, width: int) -> tuple[str, ...]:
        file.seek(256 + before * n_signals)
        return tuple(_text(file.read(width)) for _ in range(n_signals))

    return EdfHeader(
        n_bytes=_whole(fixed[184:192], "length of the header"),
        subtype=_text(fixed[192:236]),
        n_records=_whole(fixed[236:244], "number of records"),
        record_s=_number(fixed[244:252], "length of a record in s"),
        labels=fields(0, 16),
        units=fields(96, 8),
        n_samples=tuple(_whole(text, "number of samples in a record") for text in fields(216, 8)),
        sample_bytes=3 if fixed[:1] == b"\xff" else 2,
    )


def _whole(content: bytes | str, what: str) -> int:
    """A field that is a whole number; a sentence says which field holds something else."""
    text = content if isinstance(content, str) else _text(content)
    try:
        return int(text)
    except ValueError as error:
        raise _no_number(text, what, "a whole number") from error


def _number(content: bytes, what: str) -> float:
    text = _text(content)
    try:
        return float(text.replace(",", "."))
    except ValueError as error:
        raise _no_number(text, what, "a number") from error


def _no_number(text: str, what: str, expected: str) -> ValueError:
    content = f"has {text!r}" if text else "has nothing"
    return ValueError(f"its header {content} where the {what} should be; expected {expected}")


def _text(content: bytes) -> str:
    """A field, filled up with spaces or, by some programs, with NUL."""
    return content.split(b"\0")[0].decode("latin-1").strip()


def record_onsets(path: Path, header: EdfHeader) -> NDArray[np.float64]:
    """When every record begins, in s from the start of the first, by its first annotation.

    Raises
    ------
    ValueError
        A record does not say.
    """
    signal = next((i for i, label in enumerate(header.labels) if label in TIMES_OF_RECORDS), None)
    if signal is None:
        raise ValueError(
            f"{path} is {header.subtype}, a recording with pauses, but has no signal "
            f"{TIMES_OF_RECORDS[0]!r} that says when its records begin."
        )
    first = header.sample_bytes * sum(header.n_samples[:signal])
    stop = first + header.sample_bytes * header.n_samples[signal]
    n_records = (path.stat().st_size - header.n_bytes) // header.record_bytes
    onsets = np.empty(n_records)
    if not n_records:
        return onsets
    shape = (n_records, header.record_bytes)
    records = np.memmap(path, np.uint8, "r", header.n_bytes, shape)
    for i, record in enumerate(records):
        match = _ONSET.match(record[first:stop].tobytes())
        if match is None:
            raise ValueError(f"{path} is {header.subtype}, but record {i + 1} has no onset.")
        onsets[i] = float(match[1])
    return onsets - onsets[0]


def rate_of(raw: mne.io.BaseRaw, names: Collection[str]) -> float:
    """The rate in Hz at which some channels of an open recording were sampled.

    Of EDF and BDF files it is that of the fastest of them; MNE gives all channels at the rate of
    the fastest in the file, which may be an ECG.
    """
    path = Path(raw.filenames[0] or "")
    usual = float(raw.info["sfreq"])
    if path.suffix.lower() not in (".edf", ".bdf"):
        return usual
    with path.open("rb") as file:
        header = read_header(file)
    signals = zip(header.labels, header.n_samples, strict=True)
    per_record = [n for label, n in signals if label not in TIMES_OF_RECORDS]
    if len(per_record) != len(raw.ch_names) or not header.record_s > 0:
        return usual
    rows = dict(zip(raw.ch_names, per_record, strict=True))
    return max((rows[name] / header.record_s for name in names), default=usual)
