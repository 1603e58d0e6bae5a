"""The training engine: batches sliced by index, a skorch net, prediction in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import skorch
import torch
from numpy.typing import NDArray
from skorch.callbacks import Callback, EarlyStopping
from torch import nn
from torch.nn import functional as F

OPTIMIZERS = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
    "sgd": torch.optim.SGD,
}


class ArrayDataset(torch.utils.data.Dataset):
    """Some of the trials of an array, and their encoded labels; nothing is copied.

    Parameters
    ----------
    X : ndarray or memmap, n_all trials first
    y : ndarray of int64, shape (n_all,)
    rows : ndarray of int, shape (n_trials,)
        The trials that belong to the data set.
    shape : tuple of int
        Shape the net expects of one trial; shorter trials are padded with zeros at the end.
    """

    def __init__(
        self, X: NDArray[Any], y: NDArray[np.int64], rows: NDArray[np.intp], shape: Sequence[int]
    ) -> None:
        self.X, self.y, self.rows, self.shape = X, y, rows, tuple(shape)

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, positions: NDArray[np.intp]) -> tuple[torch.Tensor, torch.Tensor]:
        rows = self.rows[positions]
        return as_input(self.X[rows], self.shape), torch.from_numpy(self.y[rows])


class Batches:
    """Batches of an `ArrayDataset`, each one slice of the array: no work per trial.

    A last batch of a single trial joins the one before it when training, because batch
    normalisation has no variance to divide by there.
    """

    def __init__(self, dataset: ArrayDataset, batch_size: int, shuffle: bool = False) -> None:
        self.dataset, self.batch_size, self.shuffle = dataset, batch_size, shuffle

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        n = len(self.dataset)
        order = torch.randperm(n).numpy() if self.shuffle else np.arange(n)
        bounds = list(range(self.batch_size, n, self.batch_size))
        if self.shuffle and bounds and n - bounds[-1] == 1:
            bounds.pop()
        for positions in np.split(order, bounds):
            yield self.dataset.batch(positions)


def as_input(X: NDArray[Any], shape: Sequence[int]) -> torch.Tensor:
    """Trials as a float32 tensor, zero-padded at the end of every axis to `shape`."""
    tensor = torch.from_numpy(np.ascontiguousarray(X, dtype=np.float32))
    if tensor.shape[1:] == tuple(shape):
        return tensor
    missing = [n - seen for n, seen in zip(shape, tensor.shape[1:], strict=True)]
    return F.pad(tensor, [side for n in reversed(missing) for side in (0, n)])


class Net(skorch.NeuralNet):
    """skorch's net without its printing; ``verbose`` brings that back."""

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        callbacks = super()._default_callbacks
        return callbacks if self.verbose else [c for c in callbacks if c[0] != "print_log"]


def make_net(
    module: nn.Module,
    *,
    device: str,
    batch_size: int,
    max_epochs: int = 1,
    lr: float = 1e-3,
    weight_decay: float = 0.0,
    optimizer: str = "adamw",
    loss_weight: NDArray[np.float64] | None = None,
    valid: ArrayDataset | None = None,
    patience: int | None = None,
    callbacks: Sequence[Callback] = (),
    verbose: int = 0,
) -> Net:
    """An initialized skorch net around a module."""
    weight = None if loss_weight is None else torch.tensor(loss_weight, dtype=torch.float32)
    callbacks = list(callbacks or ())
    if patience is not None:
        callbacks.append(
            EarlyStopping(patience=patience, load_best=True, sink=print if verbose else _silent)
        )
    net = Net(
        module,
        criterion=nn.CrossEntropyLoss(weight=weight),
        optimizer=OPTIMIZERS[optimizer],
        optimizer__weight_decay=weight_decay,
        lr=lr,
        max_epochs=max_epochs,
        batch_size=batch_size,
        iterator_train=Batches,
        iterator_train__shuffle=True,
        iterator_valid=Batches,
        train_split=None if valid is None else lambda dataset: (dataset, valid),
        callbacks=callbacks,
        device=device,
        verbose=verbose,
    )
    return net.initialize()


def _silent(*args: Any, **kwargs: Any) -> None:
    """Where a callback would print."""


def predict_proba(
    net: Net, X: NDArray[Any], shape: Sequence[int], batch_size: int
) -> NDArray[np.float32]:
    """Class probabilities, shape (n_trials, n_classes), read from X block by block."""
    net.module_.eval()
    with torch.inference_mode():
        parts = [
            net.module_(as_input(X[start : start + batch_size], shape).to(net.device))
            .softmax(-1)
            .cpu()
            for start in range(0, len(X), batch_size)
        ]
    return torch.cat(parts).numpy()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's generators inside, and leave them outside as they were."""
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


def pick_device(device: str) -> str:
    """The device to train on: ``"auto"`` is the first GPU there is, else the CPU."""
    if device != "auto":
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def weights_of(module: nn.Module) -> dict[str, NDArray[Any]]:
    """The module's parameters and buffers as numpy arrays."""
    return {name: value.detach().cpu().numpy() for name, value in module.state_dict().items()}


def set_weights(module: nn.Module, weights: dict[str, NDArray[Any]]) -> None:
    """Load what `weights_of` gave."""
    module.load_state_dict({name: torch.from_numpy(np.array(w)) for name, w in weights.items()})
