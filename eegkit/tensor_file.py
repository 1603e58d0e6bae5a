"""Arrays and a description in one safetensors file, written whole and read only if whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from numpy.typing import NDArray

from eegkit.atomic import atomic_write
from eegkit.blocks import read_blocks
from eegkit.text import no_such

DTYPES = {
    "BOOL": "?",
    **{f"I{8 * n}": f"<i{n}" for n in (1, 2, 4, 8)},
    **{f"U{8 * n}": f"<u{n}" for n in (1, 2, 4, 8)},
    **{f"F{8 * n}": f"<f{n}" for n in (2, 4, 8)},
}


NAMES = {np.dtype(code): name for name, code in DTYPES.items()}
# What a file mapped without a look at all of it is checked by.
SMALL_BYTES = 2**20


class CorruptFileError(ValueError):
    """A file that eegkit did not write, or that has changed since.

    See Also
    --------
    eegkit.load : raises it.
    """


def write(path: Path, tensors: Mapping[str, NDArray[Any]], description: dict[str, Any]) -> None:
    """Write a file beside `path`, then move it there: a good one never gives way to half a one.

    Parameters
    ----------
    path : Path
    tensors : mapping of str to ndarray
        Of dtypes that safetensors has, in C order; written without a copy.
    description : dict
        What JSON can hold.

    Raises
    ------
    ValueError
        The description holds infinity or NaN.
    """
    text = json.dumps(description, allow_nan=False)
    metadata = {
        "format": "eegkit",
        "eegkit": text,
        "blake2b": digest(text, tensors),
        "blake2b_small": digest(text, _small(tensors)),
    }
    with atomic_write(path, durable=True) as part:
        _write(part, tensors, metadata)


def _write(path: Path, tensors: Mapping[str, NDArray[Any]], metadata: dict[str, str]) -> None:
    """The file itself: the length of the header, the header, and the bytes of the arrays.

    Large items come first, so that every array begins at a multiple of its item size.
    """
    items = sorted(tensors.items(), key=lambda item: (-item[1].dtype.itemsize, item[0]))
    header: dict[str, Any] = {"__metadata__": metadata}
    end = 0
    for name, array in items:
        start, end = end, end + array.nbytes
        header[name] = {
            "dtype": NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, array in items:
            for block in read_blocks(_bytes_of(array)):
                file.write(block.data)


def _bytes_of(array: NDArray[Any]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def read_mapped(path: Path, verify: bool = True) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """As `read`, from the file itself; the arrays are read-only memmaps.

    Parameters
    ----------
    path : Path
    verify : bool, default True
        Compare the digest of everything, which reads the whole file; else only its length, and
        the digest of the description and of the arrays below 1 MB.

    Raises
    ------
    CorruptFileError
        It is not what was written.
    """
    return _check_digest(lambda: _map_file(path), str(path), verify)


def existing(path: Path, kind: str) -> Path:
    """The path of a file that is there.

    Raises
    ------
    FileNotFoundError
        There is none; names that are near are said.
    ValueError
        It is a folder.
    """
    if path.is_dir():
        raise ValueError(f"{path} is a folder; expected the file of {kind}.")
    if not path.exists():
        raise no_such(path)
    return path


def read(data: bytes, name: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The description and the tensors in the bytes of a file, if they are what was written.

    Raises
    ------
    CorruptFileError
        They are not; `name` says of which file.
    """

    def parse() -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
        tensors = {tensor: _array(spec) for tensor, spec in safetensors.deserialize(data)}
        n_header = int.from_bytes(data[:8], "little")
        return json.loads(data[8 : 8 + n_header])["__metadata__"], tensors

    return _check_digest(parse, name)


def checksum(path: Path) -> str:
    """The digest that a file says it has; `read` compares it with what it holds.

    Raises
    ------
    CorruptFileError
        It says none.
    """
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            return file.metadata()["blake2b"]
    except (safetensors.SafetensorError, TypeError, KeyError) as error:
        raise CorruptFileError(
            f"{path} is cut off, damaged, or no file of eegkit's: {type(error).__name__}: {error}."
        ) from error


def check_key(description: Mapping[str, Any], key: str, path: Path) -> None:
    """Refuse a file that says of itself that it answers to another key than its name does.

    Raises
    ------
    CorruptFileError
        It was moved or copied to a name that is not its own.
    """
    if description.get("key") != key:
        raise CorruptFileError(
            f"{path} has the name of another file: it holds what belongs to "
            f"{description.get('key')!r}."
        )


def _check_digest(
    parse: Callable[[], tuple[dict[str, str], dict[str, NDArray[Any]]]],
    name: str,
    verify: bool = True,
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What is parsed, if its digest is the one that was written with it."""
    try:
        metadata, tensors = parse()
        text, expected = metadata["eegkit"], metadata["blake2b" if verify else "blake2b_small"]
        description = json.loads(text)
        checksum = digest(text, tensors if verify else _small(tensors))
    except OSError:
        raise  # it could not be read at all
    except Exception as error:
        raise CorruptFileError(
            f"{name} is cut off, damaged, or no file of eegkit's: {type(error).__name__}: "
            f"{error}. Expected a safetensors file with eegkit's description."
        ) from error
    if checksum != expected:
        raise CorruptFileError(
            f"{name} is damaged: the digest of what it holds is {checksum[:12]}..., but "
            f"{str(expected)[:12]}... was written with it."
        )
    return description, tensors


def _map_file(path: Path) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
    with safetensors.safe_open(path, framework="numpy") as file:  # checks the header
        names = list(file.keys())
    with path.open("rb") as file:
        n_header = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(n_header))
    whole = np.memmap(path, np.uint8, mode="r", offset=8 + n_header)
    tensors = {}
    for name in names:
        start, end = header[name]["data_offsets"]
        tensors[name] = _array({**header[name], "data": whole[start:end]})
    return header["__metadata__"], tensors


def digest(text: str, tensors: Mapping[str, NDArray[Any]]) -> str:
    """Of the description, and of the names, dtypes, shapes and bytes of all tensors."""
    hasher = hashlib.blake2b(digest_size=32)

    def add(part: bytes) -> None:
        hasher.update(len(part).to_bytes(8, "little") + part)

    add(text.encode("utf-8", "surrogatepass"))
    for name, array in sorted(tensors.items()):
        add(json.dumps([name, array.dtype.str, array.shape]).encode())
        for block in read_blocks(_bytes_of(array)):
            hasher.update(block.data)
    return hasher.hexdigest()


def _small(tensors: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name: array for name, array in tensors.items() if array.nbytes < SMALL_BYTES}


def _array(spec: dict[str, Any]) -> NDArray[Any]:
    data, dtype = spec["data"], np.dtype(DTYPES[spec["dtype"]])
    flat = data.view(dtype) if isinstance(data, np.ndarray) else np.frombuffer(data, dtype)
    return flat.reshape(spec["shape"])
