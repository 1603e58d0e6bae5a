"""A temporal convolution and a spatial one after it, computed as one.

With temporal filters w_f (biases b_f) and spatial filters S_s (biases d_s), nothing but a sum
lies between them:

    y_s[t] = sum_fc S_sfc (sum_k w_fk x_c[t + k] + b_f) + d_s
           = sum_ck W_sck x_c[t + k] + sum_fc S_sfc b_f + d_s,    W_sck = sum_f S_sfc w_fk

The merged filters W take S C K products a sample where the two take F C K + S F C, and no
(B, F, C, T) array is made. The gradient comes through W by the chain rule.

Shapes: B trials, C channels, T samples, F temporal filters of length K, S spatial filters.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from eegkit.classifiers.layers import has_hooks


class TimeSpace(nn.Module):
    """F filters along time, then S filters over all of them and all channels.

    With a batch norm in between the two cannot be merged, and hooks of theirs need them apart.
    """

    def __init__(
        self,
        n_channels: int,
        n_temporal: int,
        n_spatial: int,
        length: int,
        bias: bool = False,
        norm: bool = False,
    ) -> None:
        super().__init__()
        self.temporal = nn.Conv2d(1, n_temporal, (1, length))
        self.norm = nn.BatchNorm2d(n_temporal) if norm else None
        self.spatial = nn.Conv2d(n_temporal, n_spatial, (n_channels, 1), bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, T) -> (B, S, T - K + 1)."""
        if self.norm is None and not has_hooks(self.temporal, self.spatial):
            return F.conv1d(x, *self.kernels())
        x = self.temporal(x.unsqueeze(1))  # (B, F, C, T - K + 1)
        if self.norm is not None:
            x = self.norm(x)
        return self.spatial(x).squeeze(2)

    def kernels(self) -> tuple[torch.Tensor, torch.Tensor]:
        """W, shape (S, C, K), and its bias, shape (S,)."""
        w, S = self.temporal.weight[:, 0, 0], self.spatial.weight[..., 0]
        assert self.temporal.bias is not None  # it was made with one
        bias = S.sum(2) @ self.temporal.bias
        if self.spatial.bias is not None:
            bias = bias + self.spatial.bias
        return torch.einsum("sfc,fk->sck", S, w), bias


def xavier(module: nn.Module) -> None:
    """Glorot's uniform weights and biases of 0, to begin with; for `nn.Module.apply`."""
    if isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Linear)):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
