"""Callbacks beside skorch's own: progress, a log, the best weights."""

from __future__ import annotations

import csv
import os
from typing import Any

from rich import progress
from safetensors.torch import save_file
from skorch.callbacks import Callback

from eegkit.atomic import atomic_write

__all__ = ["BestWeights", "CSVLog", "ProgressBar"]


class ProgressBar(Callback):
    """A bar with the epoch, the losses and the remaining time; ``verbose=1`` shows it.

    See Also
    --------
    CSVLog : a callback, with an example of its use.
    """

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        self.progress_ = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[scores]}"),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(),
        )
        self.task_ = self.progress_.add_task(
            "epoch", total=net.n_epochs, completed=len(net.history), scores=""
        )
        self.progress_.start()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        row = net.history[-1]
        names = ("train_loss", "valid_loss", "valid_acc")
        scores = "  ".join(f"{name} {row[name]:.3f}" for name in names if name in row)
        self.progress_.update(self.task_, completed=len(net.history), scores=scores)

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        self.progress_.stop()

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if not k.endswith("_")}


class CSVLog(Callback):
    """A table of the epochs, written anew after each of them.

    Parameters
    ----------
    path : path
        The CSV file; it appears whole after every epoch, with all epochs so far.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from eegkit.classifiers import CNNBiGRU
    >>> from eegkit.testing import example_trials
    >>> from eegkit.transforms import STFT
    >>> from eegkit.classifiers.callbacks import CSVLog
    >>> trials = example_trials()
    >>> X = STFT().fit_transform(trials)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     log = CSVLog(Path(folder) / "log.csv")
    ...     net = CNNBiGRU(max_epochs=2, callbacks=[log], random_state=0).fit(X, trials.y)
    ...     pd.read_csv(log.path)["epoch"].tolist()
    [1, 2]
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        rows = [scalars(row) for row in net.history]
        with atomic_write(self.path) as part, part.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(n for row in rows for n in row)))
            writer.writeheader()
            writer.writerows(rows)


class BestWeights(Callback):
    """The weights of the best epoch so far, in a safetensors file.

    ``init_weights=path`` begins with them.

    Parameters
    ----------
    path : path
        The file; a good one is replaced by a better one, never by half of one.
    monitor : str, default "valid_loss"
        A loss, or whatever else of the history gets better as it falls.

    Raises
    ------
    ValueError
        While training: an epoch has no such entry.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from eegkit.classifiers import CNNBiGRU
    >>> from eegkit.testing import example_trials
    >>> from eegkit.transforms import STFT
    >>> from eegkit.classifiers.callbacks import BestWeights
    >>> trials = example_trials()
    >>> X = STFT().fit_transform(trials)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     best = BestWeights(Path(folder) / "best.safetensors", monitor="train_loss")
    ...     net = CNNBiGRU(max_epochs=2, callbacks=[best], random_state=0).fit(X, trials.y)
    ...     again = CNNBiGRU(max_epochs=1, init_weights=best.path).fit(X, trials.y)
    """

    def __init__(self, path: str | os.PathLike[str], monitor: str = "valid_loss") -> None:
        self.path, self.monitor = path, monitor

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        values = [row.get(self.monitor) for row in net.history]
        if values[-1] is None:
            names = ", ".join(scalars(net.history[-1]))
            raise ValueError(
                f"BestWeights watches {self.monitor!r}, but an epoch has only {names}; hold trials "
                "out by validation_split, or watch another."
            )
        if values[-1] > min(values) or values.index(values[-1]) < len(values) - 1:
            return
        state = net.module_.state_dict()
        with atomic_write(self.path) as part:
            save_file({n: v.detach().cpu().contiguous() for n, v in state.items()}, part)


def scalars(row: dict[str, Any], marks: bool = False) -> dict[str, Any]:
    """What was recorded of an epoch, with skorch's marks of the best or without them."""
    plain = {k: v.item() if getattr(v, "shape", None) == () else v for k, v in row.items()}
    kept = {k: v for k, v in plain.items() if isinstance(v, bool | int | float | str)}
    return {k: v for k, v in kept.items() if marks or not k.endswith("_best")}
