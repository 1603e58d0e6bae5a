"""DeepConvNet: four blocks of convolution and max pooling on raw EEG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from scipy.stats import uniform
from torch import nn

from eegkit.classifiers import FeatureMap, NeuralClassifier
from eegkit.classifiers.layers import Dropout
from eegkit.parameters import Count, Counts, Proportion
from eegkit_convnets._time_space import TimeSpace, xavier


class DeepConvNetModule(nn.Module):
    """The net of `DeepConvNet`; see there for the parameters.

    Shapes: B trials, C channels, T samples, F filters of a block.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        *,
        n_filters: Sequence[int],
        kernel_length: int,
        pool_length: int,
        pool_stride: int,
        dropout: float,
        bias: bool,
        norm_between: bool,
        dropout_head: float,
    ) -> None:
        super().__init__()
        n_channels, n_times = input_shape
        blocks: list[nn.Module] = []
        width = n_filters[0]
        for n in n_filters:
            # The first block has two convolutions, along time and over the channels.
            filters: list[nn.Module] = (
                [Dropout(dropout), nn.Conv1d(width, n, kernel_length, bias=bias)]
                if blocks
                else [TimeSpace(n_channels, n, n, kernel_length, bias, norm_between)]
            )
            # ELU after the pooling: it commutes with the maximum, on fewer values.
            pool = nn.MaxPool1d(pool_length, pool_stride)
            blocks.append(nn.Sequential(*filters, nn.BatchNorm1d(n), pool, nn.ELU()))
            width, n_times = n, (n_times - kernel_length + 1 - pool_length) // pool_stride + 1
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Sequential(Dropout(dropout_head), nn.Linear(width * n_times, n_classes))
        self.apply(xavier)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.blocks(x)  # (B, F, T')
        return self.head(x.flatten(1))  # (B, n_classes)

    def feature_map(self) -> FeatureMap:
        """The last block's maps: (B, F, T')."""
        return FeatureMap(self.blocks)


class DeepConvNet(NeuralClassifier):
    """DeepConvNet: four blocks of convolution and max pooling, on raw EEG.

    Every block is a convolution along time, batch norm, ELU and max pooling; the first one
    filters space as well.

    Stages at 22 channels, 1000 samples, 4 classes: (22, 1000) -> temporal filters
    (25, 22, 991) -> spatial filters (25, 991) -> pooling (25, 330) -> blocks (50, 107),
    (100, 32), (200, 7) -> 1400 -> 4; 282,879 parameters.

    Parameters
    ----------
    max_epochs : int, default 40
        Passes over the training trials.
    lr : float, default 1e-2
        Learning rate at the start. With 1e-3, the paper's, a net that reads some hundred trials
        whole does not know the trials that it was trained on after 60 passes.
    lr_schedule : {None, "cosine", "plateau", "one_cycle"}, default "cosine"
        How the learning rate changes; see `NeuralClassifier`.
    n_filters : sequence of int, default (25, 50, 100, 200)
        Filters of each block; the first block has as many temporal as spatial ones.
    kernel_length : int, default 10
        Length of the filters in samples of their block.
    pool_length, pool_stride : int, default 3
        Length and step of the max pooling. A trial has at least the samples that leave one
        value after the last block: 441 with the defaults.
    dropout : float, default 0.5
        Before every block but the first.
    bias : bool, default False
        Biases also in the convolutions that a batch norm follows, where they have no effect.
    norm_between : bool, default False
        A batch norm between the temporal and the spatial filters, too. The two are then not
        merged into one convolution, which takes several times as long.
    dropout_head : float, default 0.0
        Before the last layer.

    See Also
    --------
    eegkit.NeuralClassifier : the parameters of training.

    Notes
    -----
    Trials are read whole, without the paper's cropped training. The temporal and the spatial
    filters have nothing between them and are computed as one convolution: the same
    parameters and, but for rounding, the same numbers.

    Published settings: ``"schirrmeister"``, the paper's, and ``"motor_imagery"``, a longer
    variant of a project on motor imagery, with filters of 20 samples, pooling of 6 with step 3,
    a batch norm and biases at each of its five convolutions, and a dropout of 0.25 after every
    block but the first and before the last layer: 541,254 parameters at 22 channels, 1000
    samples and 4 classes.

    References
    ----------
    R. T. Schirrmeister et al. (2017), Deep learning with convolutional neural networks for
    EEG decoding and visualization, Human Brain Mapping 38, 5391, figure 1, arXiv:1703.05051.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit_convnets import DeepConvNet
    >>> X = np.random.default_rng(0).normal(size=(8, 22, 1000))
    >>> net = DeepConvNet(max_epochs=1, random_state=0).fit(X, ["a", "b", "c", "d"] * 2)
    >>> sum(p.numel() for p in net.net_.module_.parameters())
    282879

    >>> longer = DeepConvNet.published("motor_imagery")
    >>> sum(p.numel() for p in longer.build_module((22, 1000), 4).parameters())
    541254
    """

    fits_in_threads = True

    max_epochs = 40
    lr = 1e-2
    lr_schedule = "cosine"
    n_filters: Counts = (25, 50, 100, 200)
    kernel_length: Count = 10
    pool_length: Count = 3
    pool_stride: Count = 3
    dropout: Proportion = 0.5
    bias: bool = False
    norm_between: bool = False
    dropout_head: Proportion = 0.0

    published_settings = {
        "schirrmeister": {
            "n_filters": (25, 50, 100, 200),
            "kernel_length": 10,
            "pool_length": 3,
            "pool_stride": 3,
            "dropout": 0.5,
            "bias": False,
            "norm_between": False,
            "dropout_head": 0.0,
            "lr": 1e-3,
            "lr_schedule": None,
        },
        "motor_imagery": {
            "n_filters": (25, 50, 100, 200),
            "kernel_length": 20,
            "pool_length": 6,
            "pool_stride": 3,
            "dropout": 0.25,
            "bias": True,
            "norm_between": True,
            "dropout_head": 0.25,
            "lr": 1e-3,
            "lr_schedule": None,
        },
    }

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {
            "n_filters": (8, 16),
            "kernel_length": 2,
            "pool_length": 2,
            "pool_stride": 1,
            "dropout": 0.0,
            "max_epochs": 10,
            "lr": 2e-2,
            "lr_schedule": None,
        }

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return super().search_space() | {
            "n_filters": [(25, 50), (25, 50, 100), (25, 50, 100, 200)],
            "kernel_length": [5, 10, 20],
            "pool_length": [3, 6],
            "dropout": uniform(0.2, 0.5),
        }

    def min_input_shape(self) -> tuple[int, ...]:
        n_times = 1
        for _ in self.n_filters:
            n_times = (n_times - 1) * self.pool_stride + self.pool_length + self.kernel_length - 1
        return (1, n_times)

    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        return DeepConvNetModule(input_shape, n_classes, **self.architecture_params())
