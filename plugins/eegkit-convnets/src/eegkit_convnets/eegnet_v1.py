"""EEGNet as first published: spatial filters, and their outputs read as an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from scipy.stats import uniform
from torch import nn

from eegkit.classifiers import FeatureMap, NeuralClassifier
from eegkit.classifiers.layers import Dropout
from eegkit.parameters import Count, ParameterError, Proportion


class EEGNetV1Module(nn.Module):
    """The net of `EEGNetV1`; see there for the parameters.

    Shapes: B trials, C channels, T samples, S spatial filters, F filters of the image.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        *,
        n_spatial: int,
        n_filters: int,
        kernel_size1: Sequence[int],
        kernel_size2: Sequence[int],
        pool_size: Sequence[int],
        dropout: float,
    ) -> None:
        super().__init__()
        n_channels, n_times = input_shape
        # The paper's batch norm is Keras's: epsilon 1e-3, momentum 0.99 (0.01 here).
        self.spatial = nn.Sequential(
            nn.Conv1d(n_channels, n_spatial, 1),
            nn.BatchNorm1d(n_spatial, eps=1e-3, momentum=0.01),
            nn.ELU(),
            Dropout(dropout),
        )
        blocks: list[nn.Module] = []
        height, length, width = n_spatial, n_times, 1
        for kernel_size in (kernel_size1, kernel_size2):
            blocks += [
                _same(kernel_size),
                nn.Conv2d(width, n_filters, (kernel_size[0], kernel_size[1])),
                nn.BatchNorm2d(n_filters, eps=1e-3, momentum=0.01),
                # ELU after the pooling: it commutes with the maximum, on fewer values.
                nn.MaxPool2d(tuple(pool_size)),
                nn.ELU(),
                Dropout(dropout),
            ]
            height, length, width = height // pool_size[0], length // pool_size[1], n_filters
        self.image = nn.Sequential(*blocks)
        self.head = nn.Linear(n_filters * height * length, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.spatial(x).unsqueeze(1)  # (B, 1, S, T)
        x = self.image(x)  # (B, F, S', T')
        return self.head(x.flatten(1))  # (B, n_classes)

    def feature_map(self) -> FeatureMap:
        """What is classified: (B, F, S', T'); the height is of filters, not of channels."""
        return FeatureMap(self.image, lambda x: x.flatten(1, 2))


def _same(kernel_size: Sequence[int]) -> nn.ZeroPad2d:
    """The padding that keeps the size; of an even kernel's, one more at the end."""
    height, length = kernel_size
    return nn.ZeroPad2d(((length - 1) // 2, length // 2, (height - 1) // 2, height // 2))


class EEGNetV1(NeuralClassifier):
    """EEGNet of 2016: spatial filters, then an image CNN over filters and time, on raw EEG.

    The net that `EEGNet` replaced: 16 mixtures of the channels are put below one another as
    an image of one colour, which two blocks of convolution and max pooling read.

    Stages at 64 channels, 128 samples, 2 classes: (64, 128) -> spatial filters (16, 128)
    -> image (1, 16, 128) -> convolution (2, 32) and pooling (4, 8, 32) -> convolution (8, 4)
    and pooling (4, 4, 8) -> 128 -> 2; 2,122 parameters.

    Parameters
    ----------
    max_epochs : int, default 100
        Passes over the training trials. As `EEGNet`, the net learns slowly, and its running means
        and variances follow more slowly still.
    n_spatial : int, default 16
        Spatial filters: the height of the image.
    n_filters : int, default 4
        Filters of both convolutions.
    kernel_size1, kernel_size2 : (int, int), default (2, 32) and (8, 4)
        Height, in spatial filters, and length, in samples, of the two convolutions.
    pool_size : (int, int), default (2, 4)
        Height and length of both max poolings. A trial has at least ``pool_size[1] ** 2``
        samples.
    dropout : float, default 0.25
        After the spatial filters and both poolings.

    See Also
    --------
    EEGNet : the net of 2018, smaller and better.
    eegkit.NeuralClassifier : the parameters of training.

    Notes
    -----
    The paper penalises the spatial filters by the sum of their absolute values and their
    squares, the other filters by their squares; here `weight_decay` is the only penalty.

    Published settings: ``"lawhern"``, the paper's.

    References
    ----------
    V. J. Lawhern et al. (2016), EEGNet: a compact convolutional network for EEG-based
    brain-computer interfaces, arXiv:1611.08024, version 1.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit_convnets import EEGNetV1
    >>> X = np.random.default_rng(0).normal(size=(8, 64, 128))
    >>> net = EEGNetV1(max_epochs=1, random_state=0).fit(X, ["left", "right"] * 4)
    >>> sum(p.numel() for p in net.net_.module_.parameters())
    2122
    """

    fits_in_threads = True

    max_epochs = 100
    n_spatial: Count = 16
    n_filters: Count = 4
    kernel_size1: tuple[Count, Count] = (2, 32)
    kernel_size2: tuple[Count, Count] = (8, 4)
    pool_size: tuple[Count, Count] = (2, 4)
    dropout: Proportion = 0.25

    published_settings = {
        "lawhern": {
            "n_spatial": 16,
            "n_filters": 4,
            "kernel_size1": (2, 32),
            "kernel_size2": (8, 4),
            "pool_size": (2, 4),
            "dropout": 0.25,
        }
    }

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {
            "kernel_size1": (2, 4),
            "pool_size": (2, 1),
            "dropout": 0.0,
            "max_epochs": 8,
            "lr": 2e-2,
        }

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return super().search_space() | {
            "n_spatial": [8, 16, 32],
            "n_filters": [4, 8],
            "kernel_size1": [(2, 16), (2, 32), (4, 32)],
            "dropout": uniform(0.1, 0.5),
        }

    def check_parameters(self) -> None:
        super().check_parameters()
        if self.n_spatial < self.pool_size[0] ** 2:
            raise ParameterError(
                f"n_spatial is {self.n_spatial}, too few to be pooled twice by "
                f"{self.pool_size[0]}; expected at least {self.pool_size[0] ** 2}, or a smaller "
                "pool_size.",
                "n_spatial",
            )

    def min_input_shape(self) -> tuple[int, ...]:
        return (1, self.pool_size[1] ** 2)

    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        return EEGNetV1Module(input_shape, n_classes, **self.architecture_params())
