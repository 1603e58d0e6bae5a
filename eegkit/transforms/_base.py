"""`Transformer`: the base of every transform, which works through trials in blocks."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from sklearn.base import TransformerMixin

from eegkit.access import access_of
from eegkit.atomic import atomic_write
from eegkit.base import Estimator, inner_fits
from eegkit.blocks import release, row_blocks
from eegkit.parameters import ParameterError, Positive
from eegkit.signals import SignalArray
from eegkit.transforms._threads import map_in_threads

# Large enough to keep numpy busy, small enough for its temporaries to stay in cache.
BLOCK_BYTES = 2**21
# Memory that the temporaries of a block take, in multiples of its larger side.
BLOCK_COST = 6
RELEASE_BYTES = 2**25
T = TypeVar("T")


class Transformer(TransformerMixin, Estimator):
    """A scikit-learn transformer of trials.

    A transform of your own is a subclass with its parameters as annotated fields and two
    methods: `prepare`, which checks the parameters against the training trials, learns what
    there is to learn and sets ``output_shape_``; and `transform_block`, which transforms
    some of the trials. `output_metadata` says what the output knows (rate, channels,
    frequencies, times) where that is not the rate and the channels of X.

    Parameters
    ----------
    max_memory_mb : float, default 512
        Memory that the work may take beside X and the output, in MB.
    n_jobs : int, optional
        Threads, as in joblib: None is one, -1 is all cores. The result is the same.

    Attributes
    ----------
    input_shape_, output_shape_ : tuple of int
        Shape of one trial before and after.

    Examples
    --------
    >>> from eegkit import Transformer
    >>> from eegkit.testing import example_trials
    >>> class Rectify(Transformer):
    ...     def prepare(self, signals):
    ...         self.output_shape_ = self.input_shape_
    ...     def transform_block(self, block):
    ...         return abs(block)
    >>> bool((Rectify().fit_transform(example_trials()) >= 0).all())
    True
    """

    max_memory_mb: Positive = 512.0
    n_jobs: int | None = None

    def fit(self, X: Any, y: Any = None) -> Transformer:
        """Check the parameters against the trials, and learn what there is to learn.

        Parameters
        ----------
        X : array-like, shape (n_trials, n_channels, n_times), Trials or mne.Epochs
            Signals in microvolts; 2-D is one channel.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError
            X is malformed, or a parameter does not fit it.
        """
        self.check_parameters()
        signals = self._check_input(X, reset=True)
        with inner_fits():
            self.prepare(signals)
        if not hasattr(self, "output_shape_"):
            raise TypeError(
                f"{type(self).__name__}.prepare does not set output_shape_, the shape of what "
                "transform_block makes of one trial, such as self.output_shape_ = "
                "self.input_shape_."
            )
        return self

    def transform(self, X: Any, out: NDArray[Any] | str | os.PathLike[str] | None = None) -> Any:
        """Transform the trials.

        Parameters
        ----------
        X : array-like, shape (n_trials, n_channels, n_times), Trials or mne.Epochs
            Signals in microvolts, of the channels, length and rate seen in `fit`. A memmap is
            read block by block.
        out : ndarray, memmap or path, optional
            Where to put the result: an array of the result's shape, or the ``.npy`` file to
            make, which appears whole or not at all and is given back as a memmap.

        Returns
        -------
        SignalArray, float32
            n_trials of the shape ``output_shape_``.

        Raises
        ------
        ValueError
            X is malformed, or differs from what was seen in `fit`.
        sklearn.exceptions.NotFittedError
            `fit` was not called.
        """
        signals = self._check_input(X, reset=False)
        shape = (len(signals), *self.output_shape_)
        if isinstance(out, str | os.PathLike):
            array = _write_whole(Path(out), shape, lambda memmap: self._fill(signals, memmap))
        else:
            array = np.empty(shape, dtype=np.float32) if out is None else out
            if array.shape != shape:
                raise ValueError(f"out has shape {array.shape}; expected {shape}.")
            self._fill(signals, array)
        return SignalArray(array, **signals.of_trials, **self.output_metadata(signals))

    def as_module(self) -> Any:
        """The fitted transform as a ``torch.nn.Module``, on trials as `transform` takes them.

        Raises
        ------
        ValueError
            With these parameters it has no such form.
        """
        raise ValueError(f"{self!r} has no form as a torch module.")

    def _fill(self, signals: SignalArray, out: NDArray[Any]) -> None:
        """Transform block after block, or several at once, into `out`."""
        array = signals.view(np.ndarray)
        row_bytes = 4 * max(int(np.prod(array.shape[1:])), int(np.prod(out.shape[1:])))
        transform_rows = self._transform_rows(signals)
        pending_bytes = 0

        def work(rows: slice) -> int:
            part = transform_rows(array[rows], rows)
            expected = out[rows].shape
            if np.shape(part) != expected:
                raise ValueError(
                    f"{type(self).__name__}.transform_block gives an array of shape "
                    f"{np.shape(part)}; expected {expected}: as many trials as it was given, of "
                    f"the output_shape_ that prepare sets, {self.output_shape_}."
                )
            out[rows] = part
            return (rows.stop - rows.start) * row_bytes

        for n_bytes in self._map_blocks(work, len(array), row_bytes):
            pending_bytes += n_bytes
            if pending_bytes > RELEASE_BYTES:
                release(array)
                release(out)
                pending_bytes = 0

    def _map_blocks(self, work: Callable[[slice], T], n_rows: int, row_bytes: int) -> Iterator[T]:
        """Results of the work on each block of rows, in order, within the memory allowed."""
        n_jobs = effective_n_jobs(self.n_jobs)
        max_bytes = int(self.max_memory_mb * 2**20 / (BLOCK_COST * n_jobs))
        blocks = row_blocks(n_rows, row_bytes, min(BLOCK_BYTES, max_bytes), n_jobs)
        return map_in_threads(work, blocks, n_jobs)

    def _transform_rows(
        self, signals: SignalArray
    ) -> Callable[[NDArray[Any], slice], NDArray[np.float32]]:
        """What transforms a block of these trials, given it and its rows."""
        return lambda block, rows: self._transform_unchanged(block)

    def _transform_unchanged(self, block: NDArray[Any]) -> NDArray[np.float32]:
        """Transform a block that may be the caller's own array, which nothing may write into."""
        values = np.asarray(block, dtype=np.float32).view()
        values.flags.writeable = False
        try:
            return self.transform_block(values)
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            raise ValueError(
                f"{type(self).__name__}.transform_block writes into the block that it is given, "
                "which is the caller's X; write into a copy of it, block.copy(), or make a new "
                "array."
            ) from error

    @abstractmethod
    def prepare(self, signals: SignalArray) -> None:
        """Check the parameters against the training trials, and learn what there is to learn.

        A subclass sets its fitted attributes here, ``output_shape_`` among them.

        Parameters
        ----------
        signals : SignalArray
            The trials of `fit`, checked.

        Raises
        ------
        ValueError
            A parameter does not fit them.
        """

    @abstractmethod
    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Transform some trials; called in several threads at once.

        Parameters
        ----------
        block : ndarray of float32, shape ``(n_block, *input_shape_)``
            Read-only: it may be the caller's own X.

        Returns
        -------
        ndarray of float32, shape ``(n_block, *output_shape_)``
        """

    def output_metadata(self, signals: SignalArray) -> dict[str, Any]:
        """What the output knows of itself, but for what belongs to trials.

        Parameters
        ----------
        signals : SignalArray
            The trials that are transformed.

        Returns
        -------
        dict of str to object
            Keyword arguments of `SignalArray`; by default the rate and the channels of X.
        """
        return {
            "sfreq": getattr(self, "sfreq_", None) or signals.sfreq,
            "ch_names": signals.ch_names,
        }

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def refuse_access(parameter: str, transformer: Any) -> None:
    """Refuse a transform of trials by others, where trials are given to it in blocks."""
    access = access_of(transformer)
    if access != "none":
        raise ParameterError(
            f"{parameter} holds {transformer!r}, of access {access!r}: what it makes of a trial "
            "depends on others of the same person, and trials come in blocks here. Make it a step "
            "of its own.",
            parameter,
        )


def _write_whole(
    path: Path, shape: tuple[int, ...], fill: Callable[[NDArray[Any]], None]
) -> NDArray[Any]:
    """Fill a ``.npy`` file beside `path`, then move it there; give it back as a memmap."""
    if path.suffix != ".npy":
        raise ValueError(f"out is {str(path)!r}; expected the name of a .npy file.")
    with atomic_write(path) as part:
        write_npy(part, shape, fill)
    return np.load(path, mmap_mode="r")


def write_npy(path: Path, shape: tuple[int, ...], fill: Callable[[NDArray[Any]], None]) -> None:
    """Fill a file of float32 in NumPy's format, as a memmap."""
    array = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    fill(array)
    array.flush()
