"""Batches of trials: sliced by index, read ahead from files, resident on a GPU."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skorch.dataset import Dataset
from torch.nn import functional as F

from eegkit.blocks import READ_BYTES, release
from eegkit.classifiers._generators import generator

# A file is read ahead in another thread where a batch of it is at least this large.
AHEAD_BYTES = 2**20
# To read a trial of a file anywhere, the kernel may map a page of this size around it.
FAULT_BYTES = 2**21
# Trials move to a GPU for good where they take at most this part of its free memory.
RESIDENT_PART = 0.5

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]


class TrialData(Dataset):
    """Some of the trials of an array, and what is known of them; nothing is copied.

    A data set of skorch, whose callbacks read its `X` and `y`.

    Parameters
    ----------
    array : ndarray or memmap, n_all trials first
    targets : ndarray
        int64 codes, shape (n_all,), or float32 class probabilities, (n_all, n_classes).
    rows : ndarray of int, shape (n_trials,)
        The trials that belong to the data set.
    shape : tuple of int
        Shape the net expects of one trial; shorter trials are padded with zeros at the end.
    weight : ndarray, shape (n_all,), optional
        Weights of the trials in the loss.
    strata : ndarray of int, shape (n_all,), optional
        What batches are balanced over.
    """

    def __init__(
        self,
        array: NDArray[Any],
        targets: NDArray[Any],
        rows: NDArray[np.intp],
        shape: Sequence[int],
        weight: NDArray[np.float32] | None = None,
        strata: NDArray[np.intp] | None = None,
    ) -> None:
        self.array, self.rows, self.shape = array, rows, tuple(shape)
        self.targets = torch.from_numpy(targets)
        self.weight = None if weight is None else torch.from_numpy(weight)
        self.strata = strata
        # In memory and as the net wants it, a batch is one indexing of a tensor.
        ready = (
            array.dtype == np.float32 and array.shape[1:] == self.shape and array.flags.writeable
        )
        in_memory = ready and array.flags.c_contiguous and not _is_mapped(array)
        self.tensor: torch.Tensor | None = torch.from_numpy(array) if in_memory else None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def X(self) -> NDArray[Any]:
        """The trials, copied."""
        return self.array[self.rows]

    @property
    def y(self) -> NDArray[Any]:
        """Their codes, or class probabilities."""
        return self.targets.cpu().numpy()[self.rows]

    def __getitem__(self, index: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        rows = self.rows[index]
        return self.array[rows], self.targets.cpu().numpy()[rows]

    def with_rows(self, rows: NDArray[np.intp]) -> TrialData:
        """Others of the trials."""
        subset = copy.copy(self)
        subset.rows = rows
        return subset

    @property
    def codes(self) -> NDArray[np.int64]:
        """The class of every trial of the array; of probabilities the most probable one."""
        y = self.targets.cpu().numpy()
        return y.argmax(axis=1) if y.ndim == 2 else y

    @property
    def reads_ahead(self) -> bool:
        """Whether the trials come from a file."""
        return self.tensor is None and _is_mapped(self.array)

    def move_to(self, device: str) -> None:
        """Move everything to a GPU where it fits."""
        if torch.device(device).type != "cuda" or self.array.dtype.kind != "f":
            return
        n_bytes = 4 * len(self.array) * int(np.prod(self.shape))
        if n_bytes <= RESIDENT_PART * torch.cuda.mem_get_info(device)[0]:
            X = as_input(self.array, self.shape) if self.tensor is None else self.tensor
            self.tensor = X.to(device)
            self.targets = self.targets.to(device)
            self.weight = None if self.weight is None else self.weight.to(device)

    def batch(self, index: torch.Tensor) -> Batch:
        """The trials at positions of the whole array."""
        if self.tensor is not None:
            X = self.tensor.index_select(0, index)
        else:
            X = as_input(self._read(index.cpu().numpy()), self.shape)
        weight = None if self.weight is None else self.weight.index_select(0, index)
        return X, self.targets.index_select(0, index), weight

    def _read(self, index: NDArray[np.intp]) -> NDArray[Any]:
        """Some trials; what was touched of a memmap to read them leaves memory again."""
        at_once = max(1, READ_BYTES // (self.array[:1].nbytes + FAULT_BYTES))
        parts = []
        for start in range(0, len(index), at_once):
            parts.append(self.array[index[start : start + at_once]])
            release(self.array)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


class Batches:
    """Batches of `TrialData`, each one slice: no work per trial.

    A last batch of a single trial joins the one before it when training, because batch
    normalisation has no variance to divide by there.
    """

    def __init__(
        self,
        dataset: TrialData,
        batch_size: int,
        shuffle: bool = False,
        device: str = "cpu",
        augment: Callable[[Batch], Batch] | None = None,
    ) -> None:
        self.dataset, self.batch_size, self.shuffle = dataset, batch_size, shuffle
        self.device, self.augment = device, augment

    def __len__(self) -> int:
        n = len(self.dataset)
        count = -(-n // self.batch_size)
        return count - 1 if self.shuffle and n % self.batch_size == 1 and n > 1 else count

    def __iter__(self) -> Iterator[Batch]:
        order = self._order().to(self.dataset.targets.device)
        parts = list(order.split(self.batch_size))
        if len(parts) > len(self):
            parts[-2:] = [torch.cat(parts[-2:])]
        batches: Iterator[Batch] = map(self.dataset.batch, parts)
        batch_bytes = 4 * self.batch_size * int(np.prod(self.dataset.shape))
        if self.dataset.reads_ahead and batch_bytes >= AHEAD_BYTES:
            batches = _ahead(self.dataset.batch, parts)
        if self.device != "cpu":
            batches = (_to_device(batch, self.device) for batch in batches)
        return batches if self.augment is None else map(self.augment, batches)

    def _order(self) -> torch.Tensor:
        rows = torch.from_numpy(self.dataset.rows)
        if not self.shuffle:
            return rows
        if self.dataset.strata is None:
            return rows[torch.randperm(len(rows), generator=generator())]
        return rows[_balanced_order(self.dataset.strata[self.dataset.rows])]


def _balanced_order(strata: NDArray[np.intp]) -> torch.Tensor:
    """Positions in which the strata take turns, so that every batch holds each as often.

    As many as there are trials; the trials of small strata come several times, each as often
    as the others of its stratum or once more.
    """
    members = [torch.from_numpy(np.flatnonzero(strata == s)) for s in np.unique(strata)]
    n_turns = -(-len(strata) // len(members))
    orders = []
    for positions in members:
        n = len(positions)
        rounds = [torch.randperm(n, generator=generator()) for _ in range(-(-n_turns // n))]
        orders.append(positions[torch.cat(rounds)])
    turns = torch.stack([positions[:n_turns] for positions in orders], dim=1)
    return turns.reshape(-1)[: len(strata)]


def _ahead(read: Callable[[torch.Tensor], Batch], parts: list[torch.Tensor]) -> Iterator[Batch]:
    """Each batch while the one before it is worked on."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(read, parts[0])
        for part in parts[1:]:
            ready, coming = coming.result(), thread.submit(read, part)
            yield ready
        yield coming.result()


def _to_device(batch: Batch, device: str) -> Batch:
    X, y, weight = batch
    weight = None if weight is None else weight.to(device, non_blocking=True)
    return X.to(device, non_blocking=True), y.to(device, non_blocking=True), weight


class Augment:
    """Applies a callable to batches, alone or beside the original trials.

    Parameters
    ----------
    function : callable
        ``function(X, y)`` gives X, or X and y; `copy.deepcopy` of it is used.
    ratio : int, optional
        Augmented copies of each trial, beside it; None puts one in its place.
    """

    def __init__(self, function: Callable[..., Any], ratio: int | None) -> None:
        self.function, self.ratio = copy.deepcopy(function), ratio

    def seed(self, seed: int) -> None:
        """Seed the generators that braindecode's transforms carry."""
        modules = getattr(self.function, "modules", None)
        for number, part in enumerate([self.function] if modules is None else modules()):
            if hasattr(part, "rng"):
                part.rng = np.random.RandomState((seed + number) % 2**32)

    def __call__(self, batch: Batch) -> Batch:
        X, y, weight = batch
        if self.ratio is None:
            X, y = self._apply(X, y)
            return X, y, weight
        copies = [self._apply(X, y) for _ in range(self.ratio)]
        X, y = torch.cat([X, *(c[0] for c in copies)]), torch.cat([y, *(c[1] for c in copies)])
        return X, y, None if weight is None else weight.repeat(self.ratio + 1)

    def _apply(self, X: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        result = self.function(X, y)
        new_X, new_y = result if isinstance(result, tuple | list) else (result, y)
        if not isinstance(new_X, torch.Tensor) or new_X.shape != X.shape:
            shape = getattr(new_X, "shape", type(new_X).__name__)
            raise ValueError(f"augment made {shape} of a batch of {X.shape}; expected this shape.")
        return new_X.to(X.dtype), new_y


def as_input(X: NDArray[Any], shape: Sequence[int]) -> torch.Tensor:
    """Trials as a float32 tensor, zero-padded at the end of every axis to `shape`.

    Its memory is its own: a net may work in place, and X is the caller's.
    """
    if X.shape[1:] == tuple(shape):
        return torch.from_numpy(np.array(X, np.float32, order="C"))
    tensor = torch.from_numpy(np.require(X, np.float32, ["C", "W"]))
    missing = [n - size for n, size in zip(shape, tensor.shape[1:], strict=True)]
    return F.pad(tensor, [side for n in reversed(missing) for side in (0, n)])


def _is_mapped(array: NDArray[Any]) -> bool:
    """Whether the array lies in a file."""
    owner: Any = array
    while isinstance(owner, np.ndarray):
        if isinstance(owner, np.memmap):
            return True
        owner = owner.base
    return False
