"""Transformed trials kept in a folder, by what they were made of."""

from __future__ import annotations

import copy
import os
import zlib
from dataclasses import KW_ONLY
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from eegkit.atomic import atomic_write
from eegkit.blocks import read_blocks
from eegkit.identity import UnidentifiableError, identify
from eegkit.indexing import OF_TRIALS
from eegkit.kept_files import remove_leftovers
from eegkit.parameters import PathLike
from eegkit.signals import SignalArray
from eegkit.transforms._base import Transformer, refuse_access, write_npy

# Parameters that change how the work is done, but not what comes out.
HOW = ("max_memory_mb", "n_jobs")
# The end of every complete file: these bytes, its key, and the CRC-32 of all bytes before.
SEAL = b"\neegkit\n"
SEAL_BYTES = len(SEAL) + 20 + 4


class Cached(Transformer, kw_only=False):
    """A transform whose results are kept in a folder and used again.

    The result is a ``.npy`` file named after everything it was made of: the samples and what
    X knows (rate, channels, people), the code, parameters and learned state of the
    transform, and the versions of the libraries. The same trials through the same transform
    are read back, in this process or another, as a memmap; anything else is another file.

    Parameters
    ----------
    transformer : transform or Pipeline of transforms
        What to keep the results of.
    folder : str or path-like, or None
        Where to keep them; made if it is not there. None keeps nothing: so is one that `load`
        gave, since a file shall not say where to write, until ``set_params(folder=...)``.
    max_memory_mb, n_jobs
        See `Transformer`.

    Attributes
    ----------
    transformer_ : transform
        The fitted transform; `transformer` is left as it was.

    See Also
    --------
    cached_files : What is in the folder.
    clear_cache : Empty it.
    eegkit.Pipeline : Its ``memory`` keeps what `fit` made of the training trials.

    Notes
    -----
    A file is written beside its place, sealed with a checksum and then moved there, so
    processes may share the folder and be killed at any moment: a file is there whole or not at
    all. Its key and checksum are verified on every use; a file that was cut, changed or given
    another's name is made again. What a killed process left behind goes after a day, or with
    `clear_cache`. A transform of your own that was edited has other files.

    ``transform(X, out=...)`` writes where it is told and leaves the folder alone.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from eegkit.transforms import STFT, Cached, cached_files, clear_cache
    >>> folder = tempfile.mkdtemp()
    >>> stft = Cached(STFT(sfreq=128), folder)
    >>> X = np.zeros((1, 19, 640))
    >>> np.array_equal(stft.fit_transform(X), stft.fit_transform(X))
    True
    >>> len(cached_files(folder)), clear_cache(folder)
    (1, 68560)
    """

    transformer: Any
    folder: PathLike | None
    _: KW_ONLY

    @property
    def input_kind(self) -> str:  # type: ignore[override]
        first = self.transformer
        while hasattr(first, "steps"):
            first = first.steps[0][1]
        return getattr(first, "input_kind", "raw")

    def check_parameters(self) -> None:
        super().check_parameters()
        refuse_access("transformer", self.transformer)

    def prepare(self, signals: SignalArray) -> None:
        self.transformer_ = clone(self.transformer).fit(signals)
        self.sfreq_ = getattr(self.transformer_, "sfreq_", None) or signals.sfreq
        self._raw = signals.metadata | dict.fromkeys(OF_TRIALS)
        self._state = self._state_of(self.transformer_)
        self.output_shape_ = self.transformer_.transform(signals[:1]).shape[1:]

    def transform(self, X: Any, out: NDArray[Any] | str | os.PathLike[str] | None = None) -> Any:
        """Transform the trials, or read back what was made of them before.

        Parameters
        ----------
        X : array-like, shape ``(n_trials, *input_shape_)``, Trials or mne.Epochs
        out : ndarray, memmap or path, optional
            As in `Transformer.transform`; the folder is then left alone.

        Returns
        -------
        SignalArray, float32, shape ``(n_trials, *output_shape_)``
            Without `out`, a read-only memmap of the kept file.
        """
        if out is not None or self.folder is None:
            return super().transform(X, out)
        signals = self._check_input(X, reset=False)
        path = self._path(signals)
        if not _is_whole(path):
            self._make(path, signals)
        array = np.load(path, mmap_mode="r")
        return SignalArray(array, **signals.of_trials, **self.output_metadata(signals))

    def _path(self, signals: SignalArray) -> Path:
        """The file of these trials, named after everything it is made of."""
        digest = identify(self._state, signals.view(np.ndarray), signals.metadata)
        name = type(self.transformer_).__name__.lower()
        return Path(str(self.folder)).expanduser() / f"{name}-{digest}.npy"

    def _make(self, path: Path, signals: SignalArray) -> None:
        """Write the file and seal it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent)
        with atomic_write(path, durable=True) as part:
            shape = (len(signals), *self.output_shape_)
            write_npy(part, shape, lambda array: self._fill(signals, array))
            with part.open("ab") as file:
                file.write(SEAL + _key_of(path))
            checksum = _checksum(part, part.stat().st_size)
            with part.open("ab") as file:
                file.write(checksum)

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(self.transformer_.transform(SignalArray(block, **self._raw)))

    def _state_of(self, transformer: Any) -> str:
        """What identifies the code, parameters and learned state of a fitted transform."""
        same = copy.deepcopy(transformer)
        how = [n for n in same.get_params() if n.split("__")[-1] in HOW]
        try:
            return identify(same.set_params(**dict.fromkeys(how)))
        except UnidentifiableError as error:
            raise ValueError(
                f"Cached keeps only what can be identified, but {error} Change that, or use "
                f"{type(transformer).__name__} without Cached."
            ) from error

    def output_metadata(self, signals: SignalArray) -> dict[str, Any]:
        trial = self.transformer_.transform(signals[:1])
        metadata = trial.metadata if isinstance(trial, SignalArray) else {}
        return {name: value for name, value in metadata.items() if name not in OF_TRIALS}


def _key_of(path: Path) -> bytes:
    return bytes.fromhex(path.stem[-40:])


def _checksum(path: Path, n_bytes: int) -> bytes:
    """The CRC-32 of the first bytes of a file."""
    crc = 0
    for block in read_blocks(np.memmap(path, np.uint8, mode="r", shape=(n_bytes,))):
        crc = zlib.crc32(block.data, crc)
    return crc.to_bytes(4, "little")


def _is_whole(path: Path) -> bool:
    """Whether the file is there, under its own name and as it was written, to the last byte."""
    try:
        with path.open("rb") as file:
            n_bytes = file.seek(0, os.SEEK_END)
            if n_bytes <= SEAL_BYTES:
                return False
            file.seek(n_bytes - SEAL_BYTES)
            seal = file.read()
    except FileNotFoundError:
        return False
    return seal[:-4] == SEAL + _key_of(path) and seal[-4:] == _checksum(path, n_bytes - 4)
