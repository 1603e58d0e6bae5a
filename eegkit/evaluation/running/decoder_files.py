"""Fitted decoders beside the records of finished folds, as files that `eegkit.load` reads too."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from eegkit import tensor_file
from eegkit.access import parts_of
from eegkit.persistence import load, save


def save_decoder(decoder: Any, path: Path, pipeline: str) -> str | None:
    """Write a decoder; the checksum of its file, or None and a warning where it cannot be saved."""
    try:
        save(decoder, path)
    except (ValueError, ImportError) as error:
        path.unlink(missing_ok=True)
        warnings.warn(
            f"The decoders of {pipeline!r} cannot be saved, so the store does not keep them, and "
            f"fits them again when they are wanted: {error}",
            UserWarning,
            stacklevel=6,
        )
        return None
    return tensor_file.checksum(path)


def load_decoder(path: Path, checksum: str | None, pipeline: Any) -> Any:
    """The decoder that a record speaks of; None where it was not kept or is no longer there.

    Parameters
    ----------
    path : Path
    checksum : str or None
        What the record says; None of one that was written without a decoder.
    pipeline : estimator
        What was fitted: its classes need not be registered.

    Raises
    ------
    CorruptFileError
        The file is damaged, or holds another decoder.
    """
    if checksum is None or not path.is_file():
        return None
    if tensor_file.checksum(path) != checksum:
        raise tensor_file.CorruptFileError(f"{path} holds another decoder than that of its fold.")
    parts = {type(part) for part in parts_of(pipeline)}
    return load(path, [cls for cls in parts if not cls.__module__.startswith("sklearn.")])
