"""EEGNet: a compact convolutional net for raw EEG."""

from __future__ import annotations

from typing import Any

import torch
from scipy.stats import uniform
from torch import nn
from torch.nn.utils import parametrize

from eegkit.classifiers import FeatureMap, NeuralClassifier
from eegkit.classifiers.layers import Dropout, is_stacked, on_stack
from eegkit.parameters import Count, Positive, Proportion
from eegkit_convnets._layers import Depthwise, Pointwise
from eegkit_convnets._space_first import applies, space_first


class MaxNorm(nn.Module):
    """Scale every filter of a weight down to a maximal Euclidean norm."""

    def __init__(self, max_norm: float) -> None:
        super().__init__()
        self.max_norm = max_norm

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        return on_stack(self._all, weight) if is_stacked() else weight.renorm(2, 0, self.max_norm)

    def _all(self, weights: torch.Tensor) -> torch.Tensor:
        """Those of several nets."""
        filters = weights.flatten(0, 1).renorm(2, 0, self.max_norm)
        return filters.unflatten(0, weights.shape[:2])


def _same(length: int) -> nn.ZeroPad2d:
    """The padding that keeps the number of samples; of an even filter's, one more at the end."""
    return nn.ZeroPad2d(((length - 1) // 2, length // 2, 0, 0))


def _batch_norm(n_maps: int) -> nn.BatchNorm2d:
    """The paper's, which is Keras's: epsilon 1e-3, momentum 0.99 (0.01 here)."""
    return nn.BatchNorm2d(n_maps, eps=1e-3, momentum=0.01)


def _activation(n_maps: int, pool: int, dropout: float) -> list[nn.Module]:
    """What follows the spatial and the separable convolution."""
    return [_batch_norm(n_maps), nn.ELU(), nn.AvgPool2d((1, pool)), Dropout(dropout)]


class EEGNetModule(nn.Module):
    """The net of `EEGNet`; see there for the parameters.

    Shapes: B trials, C channels, T samples.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        *,
        F1: int,
        D: int,
        F2: int,
        kernel_length: int,
        separable_length: int,
        pool1: int,
        pool2: int,
        dropout: float,
        norm_spatial: float,
        norm_dense: float,
    ) -> None:
        super().__init__()
        n_channels, n_times = input_shape
        self.temporal = nn.Sequential(
            _same(kernel_length),
            nn.Conv2d(1, F1, (1, kernel_length), bias=False),
            _batch_norm(F1),
        )
        spatial = nn.Conv2d(F1, D * F1, (n_channels, 1), groups=F1, bias=False)
        parametrize.register_parametrization(spatial, "weight", MaxNorm(norm_spatial))
        self.spatial = nn.Sequential(
            spatial,
            *_activation(D * F1, pool1, dropout),
        )
        self.separable = nn.Sequential(
            _same(separable_length),
            Depthwise(D * F1, separable_length),
            Pointwise(D * F1, F2),
            *_activation(F2, pool2, dropout),
        )
        self.head = nn.Linear(F2 * (n_times // pool1 // pool2), n_classes)
        parametrize.register_parametrization(self.head, "weight", MaxNorm(norm_dense))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if applies(x, self.temporal, self.spatial):  # the same in fewer operations
            x = space_first(x, self.temporal, self.spatial)  # (B, D*F1, 1, T)
            x = self.spatial[2:](x)
        else:
            x = self.temporal(x.unsqueeze(1))  # (B, F1, C, T)
            x = self.spatial(x)  # (B, D*F1, 1, T/pool1)
        x = self.separable(x)  # (B, F2, 1, T/pool1/pool2)
        return self.head(x.flatten(1))  # (B, n_classes)

    def feature_map(self) -> FeatureMap:
        """The separable convolution's maps, before they are pooled: (B, F2, 1, T/pool1)."""
        return FeatureMap(self.separable[4], lambda x: x.squeeze(2))


EEGNET_8_2 = {
    "F1": 8,
    "D": 2,
    "F2": 16,
    "kernel_length": 64,
    "separable_length": 16,
    "pool1": 4,
    "pool2": 8,
    "dropout": 0.5,
    "norm_spatial": 1.0,
    "norm_dense": 0.25,
}


class EEGNet(NeuralClassifier):
    """EEGNet: temporal, spatial and separable convolutions on raw EEG.

    Stages at 22 channels, 1000 samples, 4 classes: (22, 1000) -> temporal filters
    (8, 22, 1000) -> spatial filters (16, 1, 1000) -> pooling (16, 1, 250) -> separable
    convolution and pooling (16, 1, 31) -> 496 -> 4; 3,444 parameters.

    Parameters
    ----------
    max_epochs : int, default 100
        Passes over the training trials. With few filters, which start small, the net learns
        slowly, and its running means and variances follow more slowly still: after 20 passes over
        some hundred trials it does not yet know the trials that it was trained on.
    F1 : int, default 8
        Temporal filters.
    D : int, default 2
        Spatial filters for each temporal one.
    F2 : int, default 16
        Pointwise filters; the paper takes F1 * D.
    kernel_length : int, default 64
        Length of the temporal filters in samples: half a second at the paper's 128 Hz.
    separable_length : int, default 16
        Length of the separable convolution in (pooled) samples.
    pool1, pool2 : int, default 4 and 8
        Average pooling after the spatial and the separable convolution.
    dropout : float, default 0.5
        The paper's for decoding within a subject; it takes 0.25 across subjects.
    norm_spatial, norm_dense : float, default 1.0 and 0.25
        Largest norm of a spatial filter and of a class's weights.

    See Also
    --------
    eegkit.NeuralClassifier : the parameters of training.

    Notes
    -----
    The paper's constraint rescales weights after each step; here the norm is part of the
    function (a parametrisation), so it holds during the step as well.

    Published settings, all of [1]_, table 2: ``"lawhern"`` is EEGNet-8,2 within a subject,
    ``"lawhern_across_subjects"`` the same with its other dropout, ``"lawhern_4_2"`` EEGNet-4,2.

    References
    ----------
    .. [1] V. J. Lawhern et al. (2018), EEGNet: a compact convolutional neural network for
       EEG-based brain-computer interfaces, Journal of Neural Engineering 15, 056013, table 2.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit_convnets import EEGNet
    >>> X = np.random.default_rng(0).normal(size=(8, 22, 1000))
    >>> net = EEGNet(max_epochs=1, random_state=0).fit(X, ["a", "b", "c", "d"] * 2)
    >>> sum(p.numel() for p in net.net_.module_.parameters())
    3444
    """

    fits_in_threads = True

    max_epochs = 100
    F1: Count = 8
    D: Count = 2
    F2: Count = 16
    kernel_length: Count = 64
    separable_length: Count = 16
    pool1: Count = 4
    pool2: Count = 8
    dropout: Proportion = 0.5
    norm_spatial: Positive = 1.0
    norm_dense: Positive = 0.25

    published_settings = {
        "lawhern": EEGNET_8_2,
        "lawhern_across_subjects": EEGNET_8_2 | {"dropout": 0.25},
        "lawhern_4_2": EEGNET_8_2 | {"F1": 4, "F2": 8},
    }

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {
            "kernel_length": 8,
            "pool1": 2,
            "pool2": 2,
            "dropout": 0.0,
            "norm_dense": 4.0,
            "max_epochs": 30,
            "lr": 2e-2,
        }

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return super().search_space() | {
            "F1": [4, 8, 16],
            "D": [1, 2, 4],
            "F2": [8, 16, 32],
            "kernel_length": [32, 64, 128],
            "dropout": uniform(0.1, 0.5),
        }

    def min_input_shape(self) -> tuple[int, ...]:
        return (1, self.pool1 * self.pool2)

    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        return EEGNetModule(input_shape, n_classes, **self.architecture_params())
