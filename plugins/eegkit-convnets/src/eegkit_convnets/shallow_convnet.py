"""ShallowConvNet: band power, learned, on raw EEG."""

from __future__ import annotations

from typing import Any

import torch
from scipy.stats import uniform
from torch import nn

from eegkit import NeuralClassifier
from eegkit.classifiers import FeatureMap
from eegkit.classifiers.layers import Dropout
from eegkit.parameters import Count, Proportion
from eegkit_convnets._time_space import TimeSpace, xavier

LEAST_POWER = 1e-6


class ShallowConvNetModule(nn.Module):
    """The net of `ShallowConvNet`; see there for the parameters.

    Shapes: B trials, C channels, T samples, F filters.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        *,
        n_temporal: int,
        n_spatial: int,
        kernel_length: int,
        pool_length: int,
        pool_stride: int,
        dropout: float,
    ) -> None:
        super().__init__()
        n_channels, n_times = input_shape
        n_pooled = (n_times - kernel_length + 1 - pool_length) // pool_stride + 1
        self.filters = TimeSpace(n_channels, n_temporal, n_spatial, kernel_length)
        self.norm = nn.BatchNorm1d(n_spatial)
        self.pool = nn.AvgPool1d(pool_length, pool_stride)
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(n_spatial * n_pooled, n_classes)
        self.apply(xavier)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm(self.filters(x))  # (B, F, T - kernel_length + 1)
        x = self.pool(x.square()).clamp(min=LEAST_POWER).log()  # (B, F, T')
        return self.head(self.dropout(x).flatten(1))  # (B, n_classes)

    def feature_map(self) -> FeatureMap:
        """The logarithms of power that are classified: (B, F, T')."""
        return FeatureMap(self.dropout)


class ShallowConvNet(NeuralClassifier):
    """ShallowConvNet: filters, squares, means and logarithms, on raw EEG.

    The steps of filter-bank common spatial patterns in one net: temporal and spatial
    filters, and the logarithm of the power of what they give.

    Stages at 22 channels, 1000 samples, 4 classes: (22, 1000) -> temporal filters
    (40, 22, 976) -> spatial filters and batch norm (40, 976) -> square, mean, logarithm
    (40, 61) -> 2440 -> 4; 46,084 parameters.

    Parameters
    ----------
    n_temporal : int, default 40
        Temporal filters.
    n_spatial : int, default 40
        Spatial filters, over all channels and temporal filters.
    kernel_length : int, default 25
        Length of the temporal filters in samples: a tenth of a second at the paper's 250 Hz.
    pool_length, pool_stride : int, default 75 and 15
        Length and step of the mean, in samples. A trial has at least
        ``kernel_length + pool_length - 1`` samples.
    dropout : float, default 0.5
        Before the last layer.

    See Also
    --------
    eegkit.NeuralClassifier : the parameters of training.

    Notes
    -----
    Trials are read whole, without the paper's cropped training. Powers below 1e-6 count as
    1e-6, so that the logarithm is finite. The temporal and the spatial filters have nothing
    between them and are computed as one convolution: the same parameters and, but for
    rounding, the same numbers.

    Published settings: ``"schirrmeister"``, the paper's, for 250 Hz.

    References
    ----------
    R. T. Schirrmeister et al. (2017), Deep learning with convolutional neural networks for
    EEG decoding and visualization, Human Brain Mapping 38, 5391, figure 2, arXiv:1703.05051.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit_convnets import ShallowConvNet
    >>> X = np.random.default_rng(0).normal(size=(8, 22, 1000))
    >>> net = ShallowConvNet(max_epochs=1, random_state=0).fit(X, ["a", "b", "c", "d"] * 2)
    >>> sum(p.numel() for p in net.net_.module_.parameters())
    46084
    """

    fits_in_threads = True

    n_temporal: Count = 40
    n_spatial: Count = 40
    kernel_length: Count = 25
    pool_length: Count = 75
    pool_stride: Count = 15
    dropout: Proportion = 0.5

    published_settings = {
        "schirrmeister": {
            "n_temporal": 40,
            "n_spatial": 40,
            "kernel_length": 25,
            "pool_length": 75,
            "pool_stride": 15,
            "dropout": 0.5,
        }
    }

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {
            "n_temporal": 24,
            "n_spatial": 24,
            "kernel_length": 2,
            "pool_length": 1,
            "pool_stride": 1,
            "dropout": 0.0,
            "max_epochs": 30,
            "lr": 2e-2,
        }

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return super().search_space() | {
            "n_temporal": [20, 40, 60],
            "n_spatial": [20, 40, 60],
            "kernel_length": [13, 25, 50],
            "dropout": uniform(0.2, 0.5),
        }

    def min_input_shape(self) -> tuple[int, ...]:
        return (1, self.kernel_length + self.pool_length - 1)

    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        return ShallowConvNetModule(input_shape, n_classes, **self.architecture_params())
