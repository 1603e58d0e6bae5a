"""Training an autoencoder: a short loop, repeatable bit for bit on the CPU."""

from __future__ import annotations

import math
import time
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from eegkit.classifiers.training import generator
from eegkit_vae._autoencoder import Bound, VAEModule, beta_at, bound, draw

OPTIMIZERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


class Options(Protocol):
    """What a training reads of the denoiser's parameters."""

    max_epochs: int
    batch_size: int
    lr: float
    weight_decay: float
    optimizer: str
    beta: float
    warmup: int
    noise: float | None
    verbose: int


class Standardisation:
    """Between microvolts and standard deviations of the channels."""

    def __init__(self, mean: NDArray[np.float64], scale: NDArray[np.float64]) -> None:
        self.mean = mean[:, None].astype(np.float32)
        self.scale = scale[:, None].astype(np.float32)

    def apply(self, X: NDArray[Any]) -> torch.Tensor:
        """Standardised trials, as a tensor."""
        return torch.from_numpy((np.asarray(X, dtype=np.float32) - self.mean) / self.scale)

    def undo(self, trials: torch.Tensor) -> NDArray[np.float32]:
        """The trials in microvolts."""
        return trials.cpu().numpy() * self.scale + self.mean


def train(
    module: VAEModule,
    X: NDArray[Any],
    standardisation: Standardisation,
    options: Options,
    device: str,
) -> tuple[dict[str, list[Any]], NDArray[np.float32]]:
    """Train the module in place, within `drawing` or `seeded`.

    Returns
    -------
    history : dict of str to list
        What was recorded of each epoch.
    error : ndarray, shape (n_channels,)
        Mean squared error of the last epoch, of standardised trials.
    """
    arguments = {"lr": options.lr, "weight_decay": options.weight_decay}
    optimizer = OPTIMIZERS[options.optimizer](module.parameters(), **arguments)
    n_batches = -(-len(X) // options.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.max_epochs * n_batches)
    history: dict[str, list[Any]] = {}
    module.train()
    for epoch in range(1, options.max_epochs + 1):
        start, rate = time.perf_counter(), optimizer.param_groups[0]["lr"]
        beta = beta_at(epoch, options.beta, options.warmup)
        terms = torch.zeros(2, device=device)
        error = torch.zeros(module.input_shape[0], device=device)
        for rows in torch.randperm(len(X), generator=generator()).split(options.batch_size):
            x = standardisation.apply(X[rows.numpy()]).to(device)
            objective = _descend(module, x, beta, options.noise, optimizer)
            schedule.step()
            share = len(rows) / len(X)
            terms += share * torch.stack([objective.reconstruction, objective.kl])
            error += share * objective.error
        reconstruction, kl = terms.cpu().numpy().astype(float)
        row = {
            "epoch": epoch,
            "lr": rate,
            "beta": beta,
            "loss": (reconstruction + beta * kl) / math.prod(module.input_shape),
            "reconstruction": reconstruction,
            "kl": kl,
            "explained": 1 - float(error.mean()),
            "dur": time.perf_counter() - start,
        }
        _note(row, history, options)
    return history, error.cpu().numpy()


def _descend(
    module: VAEModule,
    x: torch.Tensor,
    beta: float,
    noise: float | None,
    optimizer: torch.optim.Optimizer,
) -> Bound:
    """One step of the optimiser, and the bound of the batch before it."""
    mean, log_variance = module.encode(x)
    output = module.decode(draw(mean, log_variance))
    objective = bound(x, output, mean, log_variance, noise)
    loss = (objective.reconstruction + beta * objective.kl) / math.prod(module.input_shape)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return Bound(*(term.detach() for term in objective))


def _note(row: dict[str, Any], history: dict[str, list[Any]], options: Options) -> None:
    """Add an epoch to the history, and refuse one whose loss is not finite."""
    if not math.isfinite(row["loss"]):
        raise FloatingPointError(
            f"The loss became {row['loss']} in epoch {row['epoch']}. Lower lr (now "
            f"{options.lr:g}), and look for trials with far larger values than the others."
        )
    if options.verbose:
        print("  ".join(f"{name} {value:.4g}" for name, value in row.items()))
    for name, value in row.items():
        history.setdefault(name, []).append(value)
