"""Open recordings of any usual format by their suffix, and refuse those cut short."""

from __future__ import annotations

import contextlib
import importlib.util
import math
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from eegkit.libraries import install_command
from eegkit.recordings.edf import rate_of, read_header
from eegkit.recordings.mat import check_mat
from eegkit.text import count

if TYPE_CHECKING:
    import mne

# The name of MNE's reader, and the files that lie beside the one that is opened.
FORMATS: dict[str, tuple[str, tuple[str, ...]]] = {
    ".edf": ("read_raw_edf", ()),
    ".bdf": ("read_raw_bdf", ()),
    ".gdf": ("read_raw_gdf", ()),
    ".vhdr": ("read_raw_brainvision", (".eeg", ".dat", ".vmrk")),
    ".set": ("read_raw_eeglab", (".fdt",)),
    ".fif": ("read_raw_fif", ()),
}
# By the bytes of a sample, EDF and BDF differ.
SUFFIX_OF_BYTES = {2: ".edf", 3: ".bdf"}
# Bytes of a sample by GDF's type numbers; of other types MNE tells.
GDF_BYTES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 8, 8: 8, 16: 4, 17: 8}


class _CutShortError(Exception):
    """A file ends before what its header announces."""


class _OtherFormatError(Exception):
    """A file does not begin as those of its format do."""


def open_recording(path: Path) -> mne.io.BaseRaw:
    """Open a recording by its suffix; its signals are not read yet.

    Parameters
    ----------
    path : pathlib.Path
        The file: ``.edf``, ``.bdf``, ``.gdf``, ``.vhdr``, ``.set`` or ``.fif``.

    Returns
    -------
    mne.io.BaseRaw
        Its signals in V, as MNE has them.

    Raises
    ------
    ValueError
        The file is broken, cut short, or of no known format; the message names it.
    ImportError
        Something that reads the format is not installed.

    Examples
    --------
    >>> from pathlib import Path
    >>> from eegkit.recordings import open_recording
    >>> open_recording(Path("notes.txt"))
    Traceback (most recent call last):
    ValueError: notes.txt is of no known format; expected one of .edf, .bdf, ...

    See Also
    --------
    read_windows : a recording that is opened and cut.
    """
    import mne

    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f"{path} is of no known format; expected one of {', '.join(FORMATS)}.")
    if suffix == ".set" and importlib.util.find_spec("pymatreader") is None:
        raise ImportError(
            f"{path} is read by pymatreader, which is not installed: "
            f"{install_command('eegkit[eeglab]')}."
        )
    check_whole(path)
    with naming_the_file(path):
        raw = getattr(mne.io, FORMATS[suffix][0])(path, verbose="error")
        # Some programs fill up names with NUL.
        names = {name: name.split("\0")[0].strip() for name in raw.ch_names if "\0" in name}
        return raw.rename_channels(names) if names else raw


def at_own_rate(raw: mne.io.BaseRaw, names: Sequence[str]) -> mne.io.BaseRaw:
    """A recording in which some channels have the rate at which they were sampled (`rate_of`).

    Other channels may be left out. What is in memory already is left as it is.
    """
    import mne

    if raw.preload or math.isclose(rate_of(raw, names), raw.info["sfreq"]):
        return raw
    path = Path(raw.filenames[0])
    read = getattr(mne.io, FORMATS[path.suffix.lower()][0])
    own = read(path, include=list(names), verbose="error")
    if set(names) - set(own.ch_names):  # MNE gave them other names
        return raw
    return own.set_annotations(raw.annotations, verbose="error")


@contextlib.contextmanager
def naming_the_file(path: Path) -> Iterator[None]:
    """Whatever is raised within becomes a `ValueError` that names the file.

    MNE raises whatever the broken bytes lead to.

    Parameters
    ----------
    path : pathlib.Path
        The file that is read.

    Yields
    ------
    None
        It is a context manager; an ``ImportError`` passes, as the file is not at fault.

    Raises
    ------
    ValueError
        Something was raised within.

    Examples
    --------
    >>> from pathlib import Path
    >>> from eegkit.recordings import naming_the_file
    >>> with naming_the_file(Path("sub-01.edf")):
    ...     int("12 Hz")
    Traceback (most recent call last):
    ValueError: sub-01.edf cannot be read: ValueError: invalid literal for int() ...
    """
    try:
        yield
    except ImportError:
        raise  # the file is not at fault
    except Exception as error:
        if isinstance(error, ValueError) and str(path) in str(error):
            raise
        raise ValueError(f"{path} cannot be read: {type(error).__name__}: {error}") from error


def companions(path: Path) -> list[Path]:
    """The files beside a recording that hold its signals or markers, as far as names tell.

    A BrainVision header names them; others are those of the same stem. What a recording of
    another format leads to is known once it is open (``raw.filenames``).
    """
    suffixes = FORMATS.get(path.suffix.lower(), ("", ()))[1]
    files = [path.with_suffix(suffix) for suffix in suffixes]
    if path.suffix.lower() == ".vhdr" and path.is_file():
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        names = re.findall(r"^\s*(?:DataFile|MarkerFile)\s*=\s*(.+?)\s*$", text, re.M | re.I)
        files += [path.parent / name.replace("$b", path.stem) for name in names]
    return [file for file in dict.fromkeys(files) if file.is_file()]


def check_whole(path: Path) -> None:
    """Compare a file's length with what its header announces, where it does.

    MNE reads many a file that is cut short up to where it ends, and an interrupted copy would
    give fewer trials unnoticed. BrainVision and EEGLAB files announce too little.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Raises
    ------
    ValueError
        It is empty, too short, or does not begin like a file of its format.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from eegkit.recordings import check_whole
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "sub-01.edf"
    ...     _ = path.write_bytes(b"0")
    ...     check_whole(path)
    Traceback (most recent call last):
    ValueError: ...
    """
    check = CHECKS.get(path.suffix.lower())
    what = f"{path} is no whole file of its format, {path.suffix}"
    try:
        file_size = path.stat().st_size
        if not file_size:
            raise ValueError("it is empty, of 0 bytes")
        if path.suffix.lower() in (".set", ".mat"):
            check_mat(path)
        if check is None:
            return
        with path.open("rb") as file:
            check(file, file_size)
    except _CutShortError as error:
        raise ValueError(f"{path} is cut short: {error}; remove it and get it again.") from error
    except _OtherFormatError as error:
        raise ValueError(
            f"{what}: {error}. Give it the ending of what it is, or get it again."
        ) from error
    except struct.error as error:
        raise ValueError(
            f"{what}: it ends within its header, after {count(file_size, 'byte')}; remove it and "
            "get it again."
        ) from error
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{what}: {error}; remove it and get it again.") from error


def _refuse_beginning(file: BinaryIO, kind: str) -> NoReturn:
    """Say with what a file begins."""
    file.seek(0)
    beginning = file.read(8)
    is_text = beginning.isascii() and beginning.decode("latin-1").isprintable()
    quote = repr(beginning.decode("ascii")) if is_text else f"the bytes {beginning.hex(' ')}"
    raise _OtherFormatError(f"it does not begin as {kind} does, but with {quote}")


def _check_edf(file: BinaryIO, file_size: int) -> None:
    try:
        header = read_header(file)
    except ValueError:
        file.seek(0)
        if file.read(1) not in (b"0", b"\xff"):
            _refuse_beginning(file, "a file of EDF or BDF")
        raise
    suffix = Path(file.name).suffix.lower()
    if suffix != SUFFIX_OF_BYTES[header.sample_bytes]:
        raise ValueError(
            f"by its content it is a file {SUFFIX_OF_BYTES[header.sample_bytes]}; give it that name"
        )
    if header.n_records == -1:
        return  # the recording was not ended: it lasts as long as the file
    expected = header.n_bytes + header.n_records * header.record_bytes
    _compare(file_size, expected)
    if 0 < header.record_bytes <= file_size - expected:
        raise ValueError(
            f"it has {file_size} bytes, but its header announces {expected}; what follows its "
            f"{header.n_records} records would be taken for signals"
        )


def _check_gdf(file: BinaryIO, file_size: int) -> None:
    header = file.read(256)
    if header[:3] != b"GDF":
        _refuse_beginning(file, "a file of GDF")
    old = float(header[4:8]) < 1.9
    n_bytes = struct.unpack_from("<q" if old else "<H", header, 184)[0] * (1 if old else 256)
    n_records = struct.unpack_from("<q", header, 236)[0]
    n_signals = struct.unpack_from("<I" if old else "<H", header, 252)[0]
    if 256 * (n_signals + 1) > file_size:
        raise _CutShortError(f"it has {file_size} bytes, but announces {n_signals} channels")
    file.seek(256 + 216 * n_signals)
    n_samples = struct.unpack(f"<{n_signals}i", file.read(4 * n_signals))
    kinds = struct.unpack(f"<{n_signals}i", file.read(4 * n_signals))
    per_record = sum(n * GDF_BYTES.get(k, 0) for n, k in zip(n_samples, kinds, strict=True))
    _compare(file_size, n_bytes + n_records * per_record)


def _check_vhdr(file: BinaryIO, file_size: int) -> None:
    """A text with a section that every header of BrainVision has; MNE reads the rest."""
    if b"[common infos]" not in file.read(file_size).lower():
        _refuse_beginning(file, "a header of BrainVision")


def _check_fif(file: BinaryIO, file_size: int) -> None:
    """Go from tag to tag: the last one says that none follows."""
    position = 0
    while True:
        file.seek(position)
        kind, _, size, following = struct.unpack(">4i", file.read(16))
        if position == 0 and kind != 100:  # FIFF_FILE_ID
            _refuse_beginning(file, "a file of FIF")
        if size < 0 or following < -1:
            raise _CutShortError(f"or damaged at byte {position}")
        if following == -1:
            return
        if following in range(1, position + 16):
            raise _CutShortError(f"or damaged at byte {position}: it goes back")
        position = following or position + 16 + size
        if position + 16 > file_size:
            raise _CutShortError(f"it has {file_size} bytes, but goes on at byte {position}")


def _compare(file_size: int, expected: int) -> None:
    if file_size < expected:
        raise _CutShortError(f"it has {file_size} bytes, but its header announces {expected}")


CHECKS: dict[str, Callable[[BinaryIO, int], None]] = {
    ".edf": _check_edf,
    ".bdf": _check_edf,
    ".gdf": _check_gdf,
    ".vhdr": _check_vhdr,
    ".fif": _check_fif,
}
