"""A fitted autoencoder as torch modules between trials in microvolts."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from eegkit_vae._autoencoder import VAEModule, draw


class DenoisingModule(nn.Module):
    """A fitted `VAEDenoiser` as a module: trials in microvolts to denoised ones.

    Parameters
    ----------
    autoencoder : torch.nn.Module
        Copied.
    mean, scale : ndarray, shape (n_channels,)
    """

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(
        self, autoencoder: VAEModule, mean: NDArray[np.float64], scale: NDArray[np.float64]
    ) -> None:
        super().__init__()
        self.autoencoder = copy.deepcopy(autoencoder).cpu().eval()
        self.register_buffer("mean", torch.tensor(mean[:, None], dtype=torch.float32))
        self.register_buffer("scale", torch.tensor(scale[:, None], dtype=torch.float32))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = (x - self.mean) / self.scale  # (B, C, T)
        return self.autoencoder(x) * self.scale + self.mean  # (B, C, T)


class PosteriorDraws(DenoisingModule):
    """New trials near those of a batch, as the ``augment=`` of a net takes it."""

    @torch.no_grad()
    def forward(self, X: torch.Tensor, y: Any = None) -> Any:
        self.to(X.device)
        latents = draw(*self.autoencoder.encode((X - self.mean) / self.scale))
        return self.autoencoder.decode(latents) * self.scale + self.mean, y
