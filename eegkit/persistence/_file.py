"""`save` and `load`: estimators in files of tensors and a description."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from eegkit import tensor_file
from eegkit.access import readers
from eegkit.libraries import install_command
from eegkit.persistence._classes import named_classes, version_of
from eegkit.persistence._decode import Decoder
from eegkit.persistence._encode import Encoder
from eegkit.recordings.files import FORMATS
from eegkit.tensor_file import CorruptFileError

FORMAT_VERSION = 1
LIBRARIES = ("eegkit", "numpy", "scikit-learn", "torch")


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
            "versions": {
                name: version_of(name) for name in sorted({*LIBRARIES, *encoder.distributions})
            },
        }
        tensor_file.write(Path(path), encoder.tensors, description)
    except RecursionError:
        raise ValueError(f"{type(estimator).__name__} holds itself; it cannot be saved.") from None


def load(path: str | os.PathLike[str], custom_classes: Iterable[type] = ()) -> Any:
    """Load an estimator that `save` wrote.

    Classes are looked up by their registered names; nothing else that the file names is
    imported, and nothing in it is run. The digest tells damage, not forgery. A file says nothing
    of where to write: parameters that name such a place (``checkpoint_dir``, ``memory``, the
    folder of `eegkit.transforms.Cached`) have their defaults; set them again where you want them.

    Parameters
    ----------
    path : str or path-like
        A file that `save` wrote.
    custom_classes : iterable of classes
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

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from eegkit import load, save
    >>> from eegkit.testing import example_trials
    >>> from eegkit.transforms import Crop
    >>> crop = Crop(tmin=0.1, tmax=0.5).fit(example_trials())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(crop, Path(folder) / "crop.safetensors")
    ...     load(Path(folder) / "crop.safetensors")
    Crop(tmax=0.5, tmin=0.1)
    """
    classes_by_name = named_classes(custom_classes)
    name = str(path)
    data = tensor_file.existing(Path(path), "a saved estimator").read_bytes()
    description, tensors = _read_checked(data, name)
    try:
        decoder = Decoder(tensors, description["versions"], classes_by_name)
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


def _read_checked(data: bytes, name: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The description and the tensors, if they are what `save` wrote."""
    try:
        description, tensors = tensor_file.read(data, name)
    except CorruptFileError as error:
        if Path(name).suffix.lower() in FORMATS:
            raise CorruptFileError(
                f"{name} is a recording by its name, and no file of eegkit.save; expected a saved "
                "decoder, which comes first: eegkit predict MODEL RECORDING."
            ) from error
        raise CorruptFileError(f"{error} Copy it again, or save the estimator again.") from error
    file_version = description.get("format_version") if isinstance(description, dict) else None
    if type(file_version) is not int or file_version < 1:
        raise CorruptFileError(
            f"{name} is no file of eegkit.save: its format version is {file_version!r}."
        )
    if file_version > FORMAT_VERSION:
        raise ValueError(
            f"{name} has the format version {file_version}; this eegkit reads up to "
            f"{FORMAT_VERSION}. Upgrade it: {install_command('--upgrade', 'eegkit')}."
        )
    return description, tensors


def _input_of(estimator: Any) -> dict[str, Any]:
    """What a fitted estimator reads, and the classes it tells apart, for whoever opens the file.

    Loading does not need it: the same is in the states of the estimators.
    """

    def first_known(attribute: str) -> Any:
        values = (getattr(part, attribute, None) for part in readers(estimator))
        return next((value for value in values if value is not None), None)

    attributes = ("input_shape_", "ch_names_", "sfreq_", "preparation_")
    shape, names, sfreq, preparation = map(first_known, attributes)
    classes = getattr(estimator, "classes_", None)
    return {
        "shape": None if shape is None else [int(n) for n in shape],
        "ch_names": None if names is None else [str(name) for name in names],
        "sfreq": None if sfreq is None else float(sfreq),
        "preparation": None if preparation is None else preparation.to_dict(),
        "classes": None if classes is None else [str(label) for label in classes],
    }
