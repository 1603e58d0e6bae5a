"""What a net is trained for, and how well it does."""

from __future__ import annotations

from typing import Any

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


def accuracies(logits: torch.Tensor, y: torch.Tensor) -> dict[str, float]:
    """Part of the trials whose most probable class is right, or among the first five."""
    codes = y.argmax(-1) if y.ndim == 2 else y
    shares = {"acc": (logits.argmax(-1) == codes).float().mean().item()}
    if logits.shape[1] > TOP:
        top = logits.topk(TOP, dim=-1).indices
        shares["top5"] = (top == codes[:, None]).any(-1).float().mean().item()
    return shares
