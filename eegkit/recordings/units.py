"""Units of signals, as files spell them."""

from __future__ import annotations

import re
import struct
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from eegkit._compat import signals_of_file
from eegkit.recordings.edf import read_header
from eegkit.signals_input import MICROVOLTS_PER_VOLT

if TYPE_CHECKING:
    import mne

PREFIXES = {"": 1e6, "m": 1e3, "u": 1.0, "n": 1e-3, "p": 1e-6}
WORDS = {"milli": "m", "micro": "u", "mk": "u", "mc": "u", "nano": "n", "pico": "p"}
# The Greek letter, the sign; either of them in UTF-8, or in Shift-JIS, that was read as Latin-1 or
# as Windows-1252.
MICRO = re.compile("\u03bc|\u00b5|\u00ce\u00bc|\u00c2\u00b5|\u0083\u00ca|\u0192\u00ca")
UNKNOWN_TO_MNE = "a unit that MNE does not know"
# By GDF's numbers (ISO 11073-10101); 0 and 512 say nothing.
GDF_UNITS = {4256: "V", 4274: "mV", 4275: "uV", 4276: "nV", 4277: "pV", 0: "", 512: ""}


def microvolts_per(unit: str) -> float | None:
    """How many microvolts a unit is, however it is spelled; None where it is no voltage.

    Examples
    --------
    >>> from eegkit.recordings.units import microvolts_per
    >>> microvolts_per("uV"), microvolts_per("Millivolt"), microvolts_per("degC")
    (1.0, 1000.0, None)
    """
    text = re.sub(r"[\s.\[\]()\0]", "", MICRO.sub("u", unit))
    if text == "MV":
        return None  # mega, or milli
    text = re.sub(r"volts?$", "v", text.lower())
    prefix = WORDS.get(text[:-1], text[:-1])
    return PREFIXES.get(prefix) if text.endswith("v") else None


def check_units(raw: mne.io.BaseRaw, names: Sequence[str], source: Any) -> NDArray[np.float64]:
    """What the signals that MNE gives in V are to be multiplied by, to be in microvolts.

    MNE takes units that it does not know for V.

    Parameters
    ----------
    raw : mne.io.BaseRaw
    names : sequence of str
        Channels of it.
    source : path or str
        For messages.

    Returns
    -------
    ndarray, shape (n_names,)

    Raises
    ------
    ValueError
        A unit is no voltage.

    Warns
    -----
    UserWarning
        The file says no unit: it is taken for microvolts.
    """
    units = units_of(raw)
    factors = np.full(len(names), MICROVOLTS_PER_VOLT)
    silent, strange = [], []
    for i, name in enumerate(names):
        if name not in units:
            continue
        unit, factor_of_mne = units[name]
        factor = microvolts_per(unit) if unit else 1.0
        if factor is None:
            strange.append(f"{name} is in {unit!r}")
        else:
            factors[i] = factor / factor_of_mne
        silent += [] if unit else [name]
    if strange:
        raise ValueError(
            f"In {source}, {', '.join(strange)}; expected V, mV, uV or nV. Correct the unit in the "
            "header of the file, or leave these channels out by channels=."
        )
    if silent:
        warnings.warn(
            f"{source} does not say the unit of {', '.join(silent)}: the numbers are taken for "
            "microvolts, times 1. Write the unit into the header if it is another.",
            UserWarning,
            stacklevel=2,
        )
    return factors


def units_of(raw: mne.io.BaseRaw) -> dict[str, tuple[str, float]]:
    """For every channel of an EDF, BDF, GDF or BrainVision file its unit, and MNE's factor to V.

    Of BrainVision files, only of channels whose unit MNE does not know; empty for other formats,
    whose units are fixed.
    """
    path = Path(raw.filenames[0] or "")
    if type(raw).__name__ == "RawBrainVision":
        # MNE takes what is no V, mV, uV or nV for other than EEG, and its numbers for V.
        kinds = zip(raw.ch_names, raw.get_channel_types(), strict=True)
        return {name: (UNKNOWN_TO_MNE, 1.0) for name, kind in kinds if kind == "misc"}
    read = _READERS.get(path.suffix.lower())
    if read is None or len(raw.filenames) > 1:
        return {}
    with path.open("rb") as file:
        units = read(file)
    pairs = zip(raw.ch_names, signals_of_file(raw), strict=True)
    return {name: (units[signal], factor) for name, (signal, factor) in pairs}


def _edf_units(file: BinaryIO) -> Sequence[str]:
    return read_header(file).units


def _gdf_units(file: BinaryIO) -> Sequence[str]:
    header = file.read(256)
    if float(header[4:8]) < 1.9:
        n_signals = struct.unpack_from("<I", header, 252)[0]
        file.seek(256 + 96 * n_signals)
        fields = (file.read(8) for _ in range(n_signals))
        return [field.split(b"\0")[0].decode("latin-1").strip() for field in fields]
    n_signals = struct.unpack_from("<H", header, 252)[0]
    file.seek(256 + 102 * n_signals)
    codes = struct.unpack(f"<{n_signals}H", file.read(2 * n_signals))
    return [GDF_UNITS.get(code, f"number {code} of GDF") for code in codes]


_READERS = {".edf": _edf_units, ".bdf": _edf_units, ".gdf": _gdf_units}
