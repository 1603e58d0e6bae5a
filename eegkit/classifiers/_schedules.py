"""How the learning rate changes while a net is trained."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR, ReduceLROnPlateau

from eegkit.classifiers._options import TrainingOptions

# Of the plateau schedule.
PATIENCE, FACTOR = 5, 0.5


def scheduler_of(
    optimizer: torch.optim.Optimizer, options: TrainingOptions, n_epochs: int, n_batches: int
) -> Any:
    """The scheduler of so many epochs of so many batches; None of a rate that stays."""
    kind = options.lr_schedule
    if kind == "cosine":
        return CosineAnnealingLR(optimizer, n_epochs)
    if kind == "plateau":
        return ReduceLROnPlateau(optimizer, factor=FACTOR, patience=PATIENCE)
    if kind is None:
        return None
    return OneCycleLR(
        optimizer,
        options.lr,
        total_steps=n_epochs * n_batches,
        cycle_momentum="betas" in optimizer.defaults,
    )
