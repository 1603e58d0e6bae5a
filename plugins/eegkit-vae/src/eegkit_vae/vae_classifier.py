"""A variational autoencoder and a classifier, trained together."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from scipy.stats import loguniform
from torch import nn

from eegkit import NeuralClassifier, ParameterError
from eegkit.classifiers import AttentionMap, FeatureMap
from eegkit.parameters import NonNegative
from eegkit_vae._autoencoder import AutoencoderParams, beta_at, bound, draw, make_vae

LEAST_VARIANCE = 1e-8


class RunningStandardisation(nn.Module):
    """Brings every channel to zero mean and unit variance, by those of all trials so far.

    Unlike batch normalisation it weighs all trials alike, uses the same numbers in training
    as after it, and can be undone.
    """

    mean: torch.Tensor
    variance: torch.Tensor
    n_seen: torch.Tensor

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_channels, 1))
        self.register_buffer("variance", torch.ones(n_channels, 1))
        self.register_buffer("n_seen", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            self._see(x.detach())
        return (x - self.mean) / self.scale

    def undo(self, x: torch.Tensor) -> torch.Tensor:
        """Back to the unit of the input."""
        return x * self.scale + self.mean

    @property
    def scale(self) -> torch.Tensor:
        return self.variance.clamp_min(LEAST_VARIANCE).sqrt()

    @torch.no_grad()
    def _see(self, x: torch.Tensor) -> None:
        """Merge the moments of a batch with those so far (Chan et al. 1979)."""
        mean = x.mean((0, 2))[:, None]
        variance = (x - mean).square().mean((0, 2))[:, None]
        self.n_seen += x.shape[0]
        part = x.shape[0] / self.n_seen
        difference = mean - self.mean
        within = torch.lerp(self.variance, variance, part)
        self.variance.copy_(within + part * (1 - part) * difference.square())
        self.mean.copy_(self.mean + part * difference)


class SmallConvNetModule(nn.Module):
    """The classifier where none is given: spatial filters, then temporal ones, then a line.

    Shapes: B trials, C channels, T samples, S spatial filters.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        n_spatial: int = 16,
        kernel_length: int = 32,
        pools: tuple[int, int] = (4, 8),
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        n_channels, n_times = input_shape
        layers: list[nn.Module] = [
            nn.Conv1d(n_channels, n_spatial, 1, bias=False),
            nn.BatchNorm1d(n_spatial),
        ]
        for pool, length in zip(pools, (kernel_length, max(1, kernel_length // 2)), strict=True):
            pool = min(pool, n_times)
            layers += [
                nn.ZeroPad1d(((length - 1) // 2, length // 2)),
                nn.Conv1d(n_spatial, n_spatial, length, groups=n_spatial, bias=False),
                nn.Conv1d(n_spatial, n_spatial, 1, bias=False),
                nn.BatchNorm1d(n_spatial),
                nn.ELU(),
                nn.AvgPool1d(pool),
                nn.Dropout(dropout),
            ]
            n_times //= pool
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(n_spatial * n_times, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.features(x)  # (B, S, T/32)
        return self.head(x.flatten(1))  # (B, n_classes)

    def feature_map(self) -> FeatureMap:
        """What is classified: (B, S, T/32)."""
        return FeatureMap(self.features)


class VAEClassifierModule(nn.Module):
    """The net of `VAEClassifier`; see there for the parameters.

    Shapes: B trials, C channels, T samples, L latents, N latent frames.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        *,
        classifier: nn.Module | None,
        architecture: str,
        n_latent: int | None,
        n_hidden: int | None,
        stride: int,
        beta: float,
        warmup: int,
        noise: float | None,
        alpha: float,
    ) -> None:
        super().__init__()
        self.beta, self.warmup, self.noise, self.alpha = beta, warmup, noise, alpha
        self.size = math.prod(input_shape)
        self.standardisation = RunningStandardisation(input_shape[0])
        self.autoencoder = make_vae(input_shape, architecture, n_latent, n_hidden, stride)
        self.classifier = classifier or SmallConvNetModule(input_shape, n_classes)
        self._terms: tuple[torch.Tensor, torch.Tensor] | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.standardisation(x)  # (B, C, T)
        mean, log_variance = self.autoencoder.encode(x)  # (B, L, N) or (B, L) each
        if not self.training:
            x_hat = self.autoencoder.decode(mean)
        else:
            x_hat = self.autoencoder.decode(draw(mean, log_variance))
            terms = bound(x, x_hat, mean, log_variance, self.noise)
            self._terms = terms.reconstruction, terms.kl
        return self.classifier(self.standardisation.undo(x_hat))  # (B, n_classes)

    def feature_map(self) -> FeatureMap | None:
        """That of the classifier, which reads the decoded trial."""
        inner = getattr(self.classifier, "feature_map", None)
        return None if inner is None else inner()

    def attention_map(self) -> AttentionMap | None:
        """That of the classifier."""
        inner = getattr(self.classifier, "attention_map", None)
        return None if inner is None else inner()

    def extra_loss(self, epoch: int) -> torch.Tensor:
        """What is added to the cross entropy of the batch that `forward` has just seen."""
        assert self._terms is not None
        (reconstruction, kl), self._terms = self._terms, None
        beta = beta_at(epoch, self.beta, self.warmup)
        return self.alpha * (reconstruction + beta * kl) / self.size


class VAEClassifier(AutoencoderParams, NeuralClassifier):
    """A variational autoencoder before a classifier, trained together on raw trials.

    The autoencoder of `VAEDenoiser` makes the trials anew, and the classifier reads what it
    made. One loss trains both: the cross entropy of the classes plus `alpha` times the
    autoencoder's, so that what tells the classes apart is kept though it may be weak.

    Stages at 22 channels, 1000 samples, 4 classes: (22, 1000) -> standardised -> mean and
    log-variance (32, 250) each -> (22, 1000), back in microvolts -> spatial filters
    (16, 1000) -> temporal filters and pooling (16, 250) -> again (16, 31) -> 4; 53,680
    parameters, 49,964 of them the autoencoder's.

    Parameters
    ----------
    classifier : NeuralClassifier, optional
        The net that reads the trials, unfitted; one that reads raw trials. Its parameters of
        architecture alone are used. By default a small convolutional net: 16 spatial filters,
        then twice a temporal filter of each and a mixing of all, batch norm, ELU,
        average pooling (4, 8) and dropout, then a linear layer.
    architecture : {"conv", "dense"}, default "conv"
        Of the autoencoder; see `VAEDenoiser`, as for the next four.
    n_latent : int, optional
        Latents, of "conv" for each frame of `stride` samples; by default 32 for "conv", 20 for
        "dense".
    n_hidden : int, optional
        Hidden units; by default 64 for "conv", 2000 for "dense".
    stride : int, default 4
        Samples between frames of the latents.
    beta : float, default 0.5
        Weight of the divergence between the latents and their prior.
    warmup : int, default 5
        Epochs over which the weight rises along a line to `beta`; 0 for none.
    noise : float, optional
        Standard deviation of the decoder's Gaussian, in standard deviations of the channels;
        by default the one that fits each batch best.
    alpha : float, default 1.0
        Weight of the autoencoder's loss, in nats a sample, against the cross entropy.

    See Also
    --------
    eegkit.NeuralClassifier : the parameters of training.
    eegkit_vae.VAEDenoiser : the autoencoder alone, before any classifier.

    Notes
    -----
    Training reads trials decoded from drawn latents, prediction those from their mean. The
    ``train_loss`` of ``history_`` holds both terms, the ``valid_loss`` the cross entropy
    alone. Weights of trials and of classes weigh the cross entropy alone. Trials are
    standardised by the moments of all trials that training has seen, kept in the module.

    References
    ----------
    D. P. Kingma, M. Welling (2014), Auto-encoding variational Bayes, arXiv:1312.6114. An
    autoencoder and a classifier under one loss: D. P. Kingma et al. (2014), Semi-supervised
    learning with deep generative models, arXiv:1406.5298, whose classifier reads the trial
    and not what is made of it.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit_vae import VAEClassifier
    >>> X = np.random.default_rng(0).normal(size=(8, 22, 1000))
    >>> net = VAEClassifier(max_epochs=1, random_state=0).fit(X, ["a", "b", "c", "d"] * 2)
    >>> sum(p.numel() for p in net.net_.module_.parameters())
    53680
    """

    input_kind: ClassVar[str] = "raw"
    fits_in_threads = True

    classifier: NeuralClassifier | None = None
    alpha: NonNegative = 1.0

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"n_latent": 4, "n_hidden": 4, "max_epochs": 10, "lr": 2e-2}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return super().search_space() | {
            "n_latent": [16, 32, 64],
            "stride": [2, 4, 8],
            "beta": loguniform(0.1, 3),
            "alpha": loguniform(0.1, 10),
        }

    def check_parameters(self) -> None:
        super().check_parameters()
        net = self.classifier
        if net is None:
            return
        if net.input_kind != "raw":
            raise ParameterError(
                f"classifier is {type(net).__name__}, which reads {net.input_kind}s; expected one "
                "that reads raw trials, as the autoencoder makes them.",
                "classifier",
            )
        net.check_parameters()

    @property
    def has_generator(self) -> bool:
        return super().has_generator and (self.classifier is None or self.classifier.has_generator)

    def min_input_shape(self) -> tuple[int, ...]:
        net = self.classifier
        return super().min_input_shape() if net is None else net.min_input_shape()

    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        net = self.classifier
        classifier = None if net is None else net.build_module(input_shape, n_classes)
        params = self.architecture_params() | {"classifier": classifier}
        return VAEClassifierModule(input_shape, n_classes, **params)
