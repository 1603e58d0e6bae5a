"""The variational autoencoders that the denoiser and the classifier share."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Annotated, Any, Literal, NamedTuple, cast

import torch
from torch import nn
from torch.nn import functional as F

from eegkit.base import Estimator
from eegkit.classifiers.training import generator
from eegkit.parameters import Count, Interval, NonNegative, Positive

# The log-variance of the posterior bends towards these limits, so that no batch overflows it.
LIMIT = 10.0
# Least part of a channel's variance that the reconstruction can miss: a flat channel is
# reconstructed without error, whose logarithm would be infinite.
LEAST_ERROR = 1e-6


class VAEModule(nn.Module):
    """A variational autoencoder of standardised trials.

    Shapes: B trials, C channels, T samples, H hidden units, L latents, N latent frames.

    Parameters
    ----------
    input_shape : tuple of int
        (n_channels, n_times).
    latent_shape : tuple of int
        Shape of one trial's latents.
    """

    def __init__(self, input_shape: tuple[int, ...], latent_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.input_shape, self.latent_shape = tuple(input_shape), latent_shape

    @abstractmethod
    def posterior(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log-variance, without limits."""

    @abstractmethod
    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """The mean of the trials that latents stand for, (B, C, T)."""

    def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log-variance of the latents of trials, each (B, *latent_shape)."""
        mean, log_variance = self.posterior(x)
        return mean, LIMIT * torch.tanh(log_variance / LIMIT)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decode(self.encode(x)[0])  # (B, C, T)


class DenseVAE(VAEModule):
    """One hidden layer on either side of the latents."""

    def __init__(self, input_shape: tuple[int, ...], n_latent: int = 20, n_hidden: int = 2000):
        super().__init__(input_shape, (n_latent,))
        size = math.prod(input_shape)
        self.encoder = nn.Sequential(nn.Linear(size, n_hidden), nn.GELU())
        self.mean = nn.Linear(n_hidden, n_latent)
        self.log_variance = nn.Linear(n_hidden, n_latent)
        self.decoder = nn.Sequential(
            nn.Linear(n_latent, n_hidden), nn.GELU(), nn.Linear(n_hidden, size)
        )

    def posterior(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = self.encoder(x.flatten(1))  # (B, H)
        return self.mean(x), self.log_variance(x)  # (B, L) each

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return self.decoder(z).unflatten(1, self.input_shape)  # (B, C, T)


class ConvVAE(VAEModule):
    """Filters of two strides, from frame to frame of the latents; linear, and a bent part beside.

    The linear parts begin as an orthogonal transform and half its transpose (every sample
    lies in two filters), and the bent parts at zero. From there a few hundred steps find the
    subspace of the signal; from the usual random beginning they lose what is weak in it.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_latent: int = 32,
        n_hidden: int = 64,
        *,
        stride: int,
    ) -> None:
        n_channels, n_times = input_shape
        n_frames = -(-n_times // stride)
        super().__init__(input_shape, (n_latent, n_frames))
        # Half a filter reaches over each end of the trial; the last frame may be incomplete.
        before = stride // 2
        self.padding = (before, n_frames * stride - n_times + stride - before)
        filters: dict[str, Any] = {"kernel_size": 2 * stride, "stride": stride}
        self.mean = nn.Conv1d(n_channels, n_latent, **filters)
        self.log_variance = nn.Conv1d(n_channels, n_latent, **filters)
        self.bent_posterior = nn.Sequential(
            nn.Conv1d(n_channels, n_hidden, **filters),
            nn.GELU(),
            nn.Conv1d(n_hidden, 2 * n_latent, 1),
        )
        self.decoder = nn.ConvTranspose1d(n_latent, n_channels, **filters)
        self.bent_decoder = nn.Sequential(
            nn.Conv1d(n_latent, n_hidden, 3, padding=1),
            nn.GELU(),
            nn.ConvTranspose1d(n_hidden, n_channels, **filters),
        )
        nn.init.orthogonal_(self.mean.weight)
        with torch.no_grad():
            self.decoder.weight.copy_(self.mean.weight / 2)
            self.log_variance.weight.mul_(0.1)
            nn.init.constant_(cast(nn.Parameter, self.log_variance.bias), -2.0)
        nn.init.zeros_(cast(nn.Conv1d, self.bent_posterior[-1]).weight)
        nn.init.zeros_(cast(nn.ConvTranspose1d, self.bent_decoder[-1]).weight)

    def posterior(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = F.pad(x, self.padding)
        mean, log_variance = self.bent_posterior(x).chunk(2, 1)  # (B, L, N) each
        return self.mean(x) + mean, self.log_variance(x) + log_variance

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        x = self.decoder(z) + self.bent_decoder(z)  # (B, C, padded T)
        return x.narrow(2, self.padding[0], self.input_shape[1])


class AutoencoderParams(Estimator):
    """The parameters of the autoencoder and its loss; `VAEDenoiser` documents them."""

    architecture: Literal["conv", "dense"] = "conv"
    n_latent: Count | None = None
    n_hidden: Count | None = None
    stride: Count = 4
    beta: NonNegative = 0.5
    warmup: Annotated[int, Interval(ge=0)] = 5
    noise: Positive | None = None

    published_settings = {
        "dense": {
            "architecture": "dense",
            "n_latent": 20,
            "n_hidden": 2000,
            "stride": 4,
            "beta": 1.0,
            "warmup": 0,
            "noise": 1.0,
        }
    }


def make_vae(
    input_shape: tuple[int, ...],
    architecture: str,
    n_latent: int | None,
    n_hidden: int | None,
    stride: int,
) -> VAEModule:
    """The untrained autoencoder; `VAEDenoiser` documents the parameters."""
    sizes = {"n_latent": n_latent, "n_hidden": n_hidden}
    options = {name: value for name, value in sizes.items() if value is not None}
    if architecture == "dense":
        return DenseVAE(input_shape, **options)
    return ConvVAE(input_shape, **options, stride=stride)


def draw(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Latents drawn from the posterior so that gradients reach it (Kingma & Welling, eq. 10)."""
    noise = torch.empty_like(mean).normal_(generator=generator())
    return mean + torch.exp(0.5 * log_variance) * noise


class Bound(NamedTuple):
    """The terms of the (negative) bound, in nats a trial, and the error they come from."""

    reconstruction: torch.Tensor
    kl: torch.Tensor
    error: torch.Tensor  # mean squared error of every channel


def bound(
    x: torch.Tensor,
    x_hat: torch.Tensor,
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    noise: float | None,
) -> Bound:
    """The bound of a batch but for constants (Kingma & Welling, eq. 10 and appendix B).

    The reconstruction is the negative logarithm of a Gaussian of standard deviation `noise`,
    or, for each channel, of the one under which the batch is most likely: that is half the
    number of samples times the logarithm of the mean squared error (Rybkin et al. 2021).
    """
    mean, log_variance = mean.float(), log_variance.float()
    n_times = x.shape[2]
    error = (x.float() - x_hat.float()).square().mean((0, 2))
    if noise is None:
        reconstruction = 0.5 * n_times * error.clamp_min(LEAST_ERROR).log().sum()
    else:
        reconstruction = 0.5 * n_times * error.sum() / noise**2
    divergence = mean.square() + log_variance.exp() - 1 - log_variance
    return Bound(reconstruction, 0.5 * divergence.flatten(1).sum(1).mean(), error)


def beta_at(epoch: int, beta: float, warmup: int) -> float:
    """The weight of the divergence in an epoch, counted from 1: a line up to `beta`."""
    return beta * min(1.0, epoch / warmup) if warmup else beta
