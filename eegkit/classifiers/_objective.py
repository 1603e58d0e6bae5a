"""What a net is trained for, and how well it does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

TOP = 5


class Objective(nn.Module):
    """Cross entropy of labels, or Kullback-Leibler divergence of class probabilities.

    Parameters
    ----------
    class_weight : Tensor, shape (n_classes,), optional
        Weights of the classes; the mean is a weighted one.
    label_smoothing : float
        Probability that is spread over all classes.
    """

    def __init__(self, class_weight: torch.Tensor | None = None, label_smoothing: float = 0.0):
        super().__init__()
        self.register_buffer("class_weight", class_weight)
        self.label_smoothing = label_smoothing

    def forward(
        self, logits: torch.Tensor, y: torch.Tensor, weight: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Mean loss of a batch; `y` are codes or probabilities, `weight` the trials' weights."""
        classes: Any = self.class_weight
        options: dict[str, Any] = {"weight": classes, "label_smoothing": self.label_smoothing}
        if y.ndim == 2:
            y = y * (1 - self.label_smoothing) + self.label_smoothing / y.shape[1]
            losses = F.kl_div(F.log_softmax(logits, -1), y, reduction="none").sum(-1)
            if weight is None:
                return losses.mean()
            total = weight
        elif weight is None:
            return F.cross_entropy(logits, y, **options)
        else:
            losses = F.cross_entropy(logits, y, reduction="none", **options)
            total = weight if classes is None else weight * classes[y]
        return (losses * weight).sum() / total.sum().clamp_min(torch.finfo(losses.dtype).tiny)


def losses_of_all(
    criteria: Sequence[Objective],
    logits: torch.Tensor,
    y: Sequence[torch.Tensor],
    weights: Sequence[torch.Tensor | None],
) -> torch.Tensor:
    """The loss of each of several nets, logits of shape (n_nets, n_trials, n_classes)."""
    smoothing = {criterion.label_smoothing for criterion in criteria}
    is_plain = all(c.class_weight is None for c in criteria) and all(w is None for w in weights)
    if not is_plain or len(smoothing) > 1 or y[0].ndim == 2:
        each = zip(criteria, logits.unbind(), y, weights, strict=True)
        return torch.stack([criterion(*of_net) for criterion, *of_net in each])
    losses = F.cross_entropy(
        logits.flatten(0, 1), torch.cat(list(y)), reduction="none", label_smoothing=smoothing.pop()
    )
    return losses.view(len(logits), -1).mean(1)


def accuracies(logits: torch.Tensor, y: torch.Tensor) -> dict[str, float]:
    """Part of the trials whose most probable class is right, or among the first five."""
    codes = y.argmax(-1) if y.ndim == 2 else y
    shares = {"acc": (logits.argmax(-1) == codes).float().mean().item()}
    if logits.shape[1] > TOP:
        top = logits.topk(TOP, dim=-1).indices
        shares["top5"] = (top == codes[:, None]).any(-1).float().mean().item()
    return shares


class Tally:
    """The losses and answers of the steps of an epoch.

    Kept in one place: tensors of their own would lie scattered over memory, which would then be
    given back and taken again for every batch.

    Parameters
    ----------
    n_batches, n_trials : int
    device : str
    """

    def __init__(self, n_batches: int, n_trials: int, device: str) -> None:
        self.losses = torch.empty(n_batches, device=device)
        self.sizes: list[int] = []
        self.n_trials = n_trials
        self.logits: torch.Tensor | None = None
        self.labels: torch.Tensor | None = None

    def add(self, loss: torch.Tensor, logits: torch.Tensor, y: torch.Tensor) -> None:
        """Note a step."""
        if self.logits is None or self.labels is None:
            self.logits = logits.new_empty((self.n_trials, *logits.shape[1:]))
            self.labels = y.new_empty((self.n_trials, *y.shape[1:]))
        start = sum(self.sizes)
        self.losses[len(self.sizes)] = loss
        self.logits.narrow(0, start, len(y)).copy_(logits)
        self.labels.narrow(0, start, len(y)).copy_(y)
        self.sizes.append(len(y))

    def metrics(self, epoch: int, lr: float) -> dict[str, float]:
        """Loss and accuracy of the epoch on the way.

        Raises
        ------
        FloatingPointError
            The loss became infinite or NaN.
        """
        assert self.logits is not None
        assert self.labels is not None
        values = self.losses.double().cpu().numpy()
        mean = values @ np.array(self.sizes) / self.n_trials
        if not math.isfinite(mean):
            first = 1 + int(np.flatnonzero(~np.isfinite(values))[0])
            raise FloatingPointError(
                f"The loss became {mean} in epoch {epoch}, batch {first}. Lower lr (now {lr:g}), "
                "set clip_grad_norm (1.0, say), standardise the trials, or train with "
                "precision='32'."
            )
        return {"loss": float(mean)} | accuracies(self.logits, self.labels)
