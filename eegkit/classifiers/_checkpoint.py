"""Checkpoints of a training run: killed at any moment, it goes on as if it had not been."""

from __future__ import annotations

import hashlib
import math
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from eegkit import tensor_file
from eegkit.atomic import remove_leftovers
from eegkit.classifiers._engine import Net
from eegkit.classifiers.callbacks import scalars
from eegkit.classifiers.training import set_weights, weights_of
from eegkit.identity import UnidentifiableError, identify
from eegkit.parameters import ParameterError

FORMAT_VERSION = 1
# Not more than this part of the time goes into checkpoints.
PART_OF_TIME = 0.05


class Checkpoint:
    """The state of one run, after an epoch, in one file.

    Parameters
    ----------
    folder : path
        Made if it is not there. Runs of other data or parameters have other files.
    name : str
        What the file's name begins with.
    run : str
        A hash of everything that decides how the run comes out.
    """

    def __init__(self, folder: Any, name: str, run: str) -> None:
        self.path = Path(folder).expanduser() / f"{name}-{run[:20]}.safetensors"
        self.run = run
        self._last, self._cost = -math.inf, 0.0

    def load(self) -> tuple[dict[str, NDArray[Any]], Any] | None:
        """What was saved, if anything was.

        Raises
        ------
        CorruptFileError
            The file is torn, or of something else.
        """
        remove_leftovers(self.path.parent, self.path.name)
        if not self.path.exists():
            return None
        try:
            header, arrays = tensor_file.read(self.path.read_bytes(), str(self.path))
        except tensor_file.CorruptFileError as error:
            raise tensor_file.CorruptFileError(
                f"The checkpoint cannot be used: {error} Remove it to train from the start."
            ) from error
        if header.get("checkpoint_version") != FORMAT_VERSION or header["run"] != self.run:
            raise tensor_file.CorruptFileError(
                f"{self.path} is no checkpoint of this run, though it has its name; move it "
                "away, or choose another checkpoint_dir."
            )
        return arrays, header

    def save(self, net: Net, last: bool) -> None:
        """Save the state after an epoch, unless that was done a moment ago."""
        start = time.monotonic()
        if not last and (start - self._last) * PART_OF_TIME < self._cost:
            return
        arrays = {f"module/{name}": a for name, a in weights_of(net.module_).items()}
        arrays |= {f"best/{name}": v.cpu().numpy() for name, v in (net.best_weights or {}).items()}
        header = {
            "checkpoint_version": FORMAT_VERSION,
            "run": self.run,
            "seed": net.seed,
            "history": [_pack(scalars(row, marks=True), "history", arrays) for row in net.history],
            "optimizer": _pack(net.optimizer_.state_dict(), "optimizer", arrays),
            "scheduler": net.scheduler and _pack(net.scheduler.state_dict(), "schedule", arrays),
            "scaler": _pack(net.scaler.state_dict(), "scaler", arrays),
            "best_loss": _pack(net.best_loss, "best_loss", arrays),
            "n_stalled": net.n_stalled,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        in_order = {name: np.require(array, requirements="C") for name, array in arrays.items()}
        tensor_file.write(self.path, in_order, header)
        self._last = time.monotonic()
        self._cost = self._last - start


def restore(net: Net, arrays: dict[str, NDArray[Any]], header: Any) -> None:
    """Bring a net, set up as the one that was saved, to the state it was saved in."""
    set_weights(net.module_, _below("module/", arrays))
    best = _below("best/", arrays)
    if best:
        net.best_weights = {n: torch.from_numpy(a).to(net.device) for n, a in best.items()}
    net.best_loss, net.n_stalled = _unpack(header["best_loss"], arrays), header["n_stalled"]
    net.optimizer_.load_state_dict(_unpack(header["optimizer"], arrays))
    for parameter, state in net.optimizer_.state.items():
        for name, value in state.items():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                # In the parameter's memory order, which fused optimisers take for granted.
                state[name] = torch.empty_like(parameter).copy_(value)
    if net.scheduler is not None:
        net.scheduler.load_state_dict(_unpack(header["scheduler"], arrays))
    net.scaler.load_state_dict(_unpack(header["scaler"], arrays))
    for row in header["history"]:
        net.history.new_epoch()
        net.history.new_batch()  # what was recorded of batches is not kept
        for name, value in _unpack(row, arrays).items():
            net.history.record(name, value)


def run_of(net: Any, params: dict[str, Any], X: NDArray[Any], *parts: Any) -> str:
    """A digest of all that decides a run: code, parameters, the weights to begin with, and data.

    Raises
    ------
    ParameterError
        Something cannot be identified, so that nobody could tell this run from another.
    """
    weights = params.get("init_weights")
    if isinstance(weights, str | os.PathLike) and os.path.isfile(weights):
        with open(weights, "rb") as file:  # wherever it lies
            content = hashlib.file_digest(file, "sha256").hexdigest()
        params = params | {"init_weights": content}
    try:
        callbacks = [_identity_of(callback) for callback in net.callbacks]
        return identify(type(net), params, callbacks, X, *parts)
    except UnidentifiableError as error:
        raise ParameterError(
            f"checkpoint_dir keeps only what can be told from another run, but {error} Change "
            "that, or train without checkpoint_dir.",
            "checkpoint_dir",
        ) from error


def _identity_of(callback: Any) -> str:
    """Its code and parameters, or, where these cannot be identified (a writer, say), its code."""
    entry = callback[1] if isinstance(callback, tuple) else callback
    try:
        params = entry.get_params(deep=False) if hasattr(entry, "get_params") else None
        return identify(type(entry), params, files=False)  # it may write the files that it names
    except UnidentifiableError:
        return identify(type(entry))


def _below(prefix: str, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}


def _pack(value: Any, name: str, arrays: dict[str, NDArray[Any]]) -> Any:
    """The same in JSON, its tensors among the arrays; dicts keep keys that are no strings."""
    if isinstance(value, torch.Tensor):
        arrays[name] = value.detach().cpu().numpy()
        return {"tensor": name}
    if isinstance(value, dict):
        return {"dict": [[k, _pack(v, f"{name}/{k}", arrays)] for k, v in value.items()]}
    if isinstance(value, list | tuple):
        items = [_pack(v, f"{name}/{i}", arrays) for i, v in enumerate(value)]
        return {type(value).__name__: items}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}
    if value is not None and not isinstance(value, bool | int | float | str):
        raise TypeError(f"{name} is a {type(value).__name__}, which a checkpoint cannot hold.")
    return value


def _unpack(entry: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    if not isinstance(entry, dict):
        return entry
    [(kind, content)] = entry.items()
    if kind == "tensor":
        return torch.from_numpy(arrays[content].copy())
    if kind == "float":
        return float(content)
    if kind == "dict":
        return {key: _unpack(value, arrays) for key, value in content}
    return {"list": list, "tuple": tuple}[kind](_unpack(v, arrays) for v in content)
