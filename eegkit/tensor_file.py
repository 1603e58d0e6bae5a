"""Arrays and a description in one safetensors file, written whole and read only if whole."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

DTYPES = {
    "BOOL": "?",
    **{f"I{8 * n}": f"<i{n}" for n in (1, 2, 4, 8)},
    **{f"U{8 * n}": f"<u{n}" for n in (1, 2, 4, 8)},
    **{f"F{8 * n}": f"<f{n}" for n in (2, 4, 8)},
}


class CorruptFileError(ValueError):
    """A file that eegkit did not write, or that has changed since."""


def write(path: Path, tensors: Mapping[str, NDArray[Any]], description: dict[str, Any]) -> None:
    """Write a file beside `path`, then move it there: a good one never gives way to half a one.

    Parameters
    ----------
    path : Path
    tensors : mapping of str to ndarray
        Of dtypes that safetensors has, in C order.
    description : dict
        What JSON can hold.

    Raises
    ------
    ValueError
        The description holds infinity or NaN.
    """
    text = json.dumps(description, allow_nan=False)
    metadata = {"format": "eegkit", "eegkit": text, "blake2b": digest(text, tensors)}
    beside = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        safetensors.numpy.save_file(dict(tensors), beside, metadata=metadata)
        _sync(beside)
        os.replace(beside, path)
        if os.name == "posix":
            _sync(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def read(data: bytes, name: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The description and the tensors in the bytes of a file, if they are what was written.

    Raises
    ------
    CorruptFileError
        They are not; `name` says of which file.
    """
    try:
        tensors = {tensor: _array(spec) for tensor, spec in safetensors.deserialize(data)}
        n_header = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + n_header])["__metadata__"]
        text, expected = metadata["eegkit"], metadata["blake2b"]
        description = json.loads(text)
        seen = digest(text, tensors)
    except Exception as error:
        raise CorruptFileError(
            f"{name} is cut off, damaged, or no file of eegkit's: {type(error).__name__}: "
            f"{error}. Expected a safetensors file with eegkit's description."
        ) from error
    if seen != expected:
        raise CorruptFileError(
            f"{name} is damaged: the digest of what it holds is {seen[:12]}..., but "
            f"{str(expected)[:12]}... was written with it."
        )
    return description, tensors


def digest(text: str, tensors: Mapping[str, NDArray[Any]]) -> str:
    """Of the description, and of the names, dtypes, shapes and bytes of all tensors."""
    made = hashlib.blake2b(digest_size=32)

    def add(part: bytes) -> None:
        made.update(len(part).to_bytes(8, "little") + part)

    add(text.encode("utf-8", "surrogatepass"))
    for name, array in sorted(tensors.items()):
        add(json.dumps([name, array.dtype.str, array.shape]).encode())
        made.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return made.hexdigest()


def _array(spec: dict[str, Any]) -> NDArray[Any]:
    flat = np.frombuffer(spec["data"], np.dtype(DTYPES[spec["dtype"]]))
    return flat.reshape(spec["shape"])


def _sync(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
