"""The file: tensors as safetensors keeps them, and a description beside them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from eegkit.persistence._classes import named_classes
from eegkit.persistence._decode import Decoder
from eegkit.persistence._encode import Encoder

FORMAT_VERSION = 1
LIBRARIES = ("eegkit", "numpy", "scikit-learn", "torch")
DTYPES = {
    "BOOL": "?",
    **{f"I{8 * n}": f"<i{n}" for n in (1, 2, 4, 8)},
    **{f"U{8 * n}": f"<u{n}" for n in (1, 2, 4, 8)},
    **{f"F{8 * n}": f"<f{n}" for n in (2, 4, 8)},
}


class CorruptFileError(ValueError):
    """A file that `eegkit.save` did not write, or that has changed since."""


def save(estimator: Any, path: str | os.PathLike[str]) -> None:
    """Save an estimator to one file, without pickle.

    The file is a safetensors file: the arrays, weights included, are its tensors; its
    metadata say what they belong to, and with which versions they were made. It appears
    whole or not at all.

    Parameters
    ----------
    estimator : estimator
        A transform, a classifier or a pipeline, fitted or not. Estimators of scikit-learn's
        own, as steps, need skops (``pip install eegkit[skops]``).
    path : str or path-like
        The file to make; one that is there is replaced.

    Raises
    ------
    ValueError
        Something in the estimator cannot be saved; the message says which attribute it is.
    ImportError
        An estimator of scikit-learn's own is in it, and skops is not installed.

    See Also
    --------
    load : the reverse.

    Examples
    --------
    >>> import tempfile
    >>> import eegkit
    >>> from eegkit.transforms import STFT
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     eegkit.save(STFT(sfreq=128.0), f"{folder}/stft.safetensors")
    ...     eegkit.load(f"{folder}/stft.safetensors")
    STFT(sfreq=128.0)
    """
    if not isinstance(estimator, BaseEstimator):
        raise ValueError(f"estimator is a {type(estimator).__name__}; expected an estimator.")
    encoder = Encoder()
    try:
        description = {
            "format_version": FORMAT_VERSION,
            "input": _input_of(estimator),
            "estimator": encoder.encode(estimator),
            "versions": _versions(encoder.distributions),
        }
        text = json.dumps(description, allow_nan=False)
    except RecursionError:
        raise ValueError(f"{type(estimator).__name__} holds itself; it cannot be saved.") from None
    metadata = {"format": "eegkit", "eegkit": text, "blake2b": _digest(text, encoder.tensors)}
    _write(Path(path), encoder.tensors, metadata)


def load(path: str | os.PathLike[str], known: Iterable[type] = ()) -> Any:
    """Load an estimator that `save` wrote.

    Classes are looked up by their registered names; nothing else that the file names is
    imported, and nothing in it is run. The digest tells damage, not forgery.

    Parameters
    ----------
    path : str or path-like
    known : iterable of classes
        Classes of your own that are registered nowhere, such as ``[MyNet]``.

    Returns
    -------
    estimator
        On the machine it was saved on, it predicts the same bit for bit.

    Raises
    ------
    CorruptFileError
        `save` did not write the file, or it has changed since. It is a ``ValueError``.
    ValueError
        The file has a newer format, or holds a class that is not installed, not known, or
        that no longer takes what was saved of it.
    ImportError
        A class of the file is installed, but cannot be imported, or skops is missing.
    FileNotFoundError
        There is no such file.
    """
    path = Path(path)
    return _decoded(path.read_bytes(), str(path), named_classes(known))


def _decoded(data: bytes, name: str, known: dict[str, type]) -> Any:
    """The estimator in the bytes of a file."""
    description, tensors = _checked(data, name)
    try:
        decoder = Decoder(tensors, description["versions"], known)
        return decoder.decode(description["estimator"])
    except ImportError:
        raise
    except ValueError as error:
        raise ValueError(f"{name} cannot be loaded: {error}") from error
    except Exception as error:
        raise CorruptFileError(
            f"{name} cannot be loaded: its description is malformed ({type(error).__name__}: "
            f"{error}). Save the estimator again."
        ) from error


def _checked(data: bytes, name: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The description and the tensors, if they are what `save` wrote."""
    try:
        tensors = {tensor: _array(spec) for tensor, spec in safetensors.deserialize(data)}
        n_header = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + n_header])["__metadata__"]
        text, expected = metadata["eegkit"], metadata["blake2b"]
        description = json.loads(text)
        format_version = description["format_version"]
    except Exception as error:
        raise CorruptFileError(
            f"{name} is cut off, damaged, or no file of eegkit.save: {type(error).__name__}: "
            f"{error}. Expected a safetensors file with eegkit's description; copy it again, or "
            "save the estimator again."
        ) from error
    if type(format_version) is int and format_version > FORMAT_VERSION:
        raise ValueError(
            f"{name} has the format version {format_version}; this eegkit reads up to "
            f"{FORMAT_VERSION}. Upgrade it: pip install --upgrade eegkit."
        )
    seen = _digest(text, tensors)
    if seen != expected or format_version != FORMAT_VERSION:
        raise CorruptFileError(
            f"{name} is damaged: the digest of what it holds is {seen[:12]}..., but "
            f"{str(expected)[:12]}... was written with it. Copy it again, or save the estimator "
            "again."
        )
    return description, tensors


def _array(spec: dict[str, Any]) -> NDArray[Any]:
    flat = np.frombuffer(spec["data"], np.dtype(DTYPES[spec["dtype"]]))
    return flat.reshape(spec["shape"])


def _digest(text: str, tensors: dict[str, NDArray[Any]]) -> str:
    """Of the description, and of the names, dtypes, shapes and bytes of all tensors."""
    digest = hashlib.blake2b(digest_size=32)

    def add(part: bytes) -> None:
        digest.update(len(part).to_bytes(8, "little") + part)

    add(text.encode("utf-8", "surrogatepass"))
    for name, array in sorted(tensors.items()):
        add(json.dumps([name, array.dtype.str, array.shape]).encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _versions(distributions: set[str]) -> dict[str, str]:
    versions = {}
    for name in sorted({*LIBRARIES, *distributions}):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "unknown"
    return versions


def _input_of(estimator: Any) -> dict[str, Any]:
    """What a fitted estimator reads, and the classes it tells apart, for whoever opens the file.

    Loading does not need it: the same is in the states of the estimators.
    """
    first = estimator
    while getattr(first, "steps", None):
        first = first.steps[0][1]
    shape, names = getattr(first, "input_shape_", None), getattr(first, "ch_names_", None)
    sfreq, classes = getattr(first, "sfreq_", None), getattr(estimator, "classes_", None)
    return {
        "shape": None if shape is None else [int(n) for n in shape],
        "ch_names": None if names is None else [str(name) for name in names],
        "sfreq": None if sfreq is None else float(sfreq),
        "classes": None if classes is None else [str(label) for label in classes],
    }


def _write(path: Path, tensors: dict[str, NDArray[Any]], metadata: dict[str, str]) -> None:
    """Write beside `path`, then move it there: a good file never gives way to half a one."""
    beside = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        safetensors.numpy.save_file(tensors, beside, metadata=metadata)
        _sync(beside)
        os.replace(beside, path)
        if os.name == "posix":
            _sync(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
