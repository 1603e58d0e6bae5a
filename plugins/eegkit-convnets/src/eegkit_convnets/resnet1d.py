"""ResNet1D: residual blocks of convolutions along time, on raw EEG."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import nn

from eegkit.classifiers import FeatureMap, NeuralClassifier
from eegkit.parameters import Count, OddCount

# Blocks of the four stages; a block has two convolutions, the first and the last layer are
# one each. 18 and 34 are He et al.'s (table 1).
BLOCKS = {10: (1, 1, 1, 1), 18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}


class BasicBlock(nn.Module):
    """Two convolutions and a shortcut around them; 1x1 where the shape changes."""

    def __init__(self, n_in: int, n_out: int, kernel_size: int, stride: int) -> None:
        super().__init__()
        around = kernel_size // 2
        self.residual = nn.Sequential(
            nn.Conv1d(n_in, n_out, kernel_size, stride, around, bias=False),
            nn.BatchNorm1d(n_out),
            nn.ReLU(),
            nn.Conv1d(n_out, n_out, kernel_size, padding=around, bias=False),
            nn.BatchNorm1d(n_out),
        )
        self.shortcut = (
            nn.Identity()
            if n_in == n_out and stride == 1
            else nn.Sequential(nn.Conv1d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm1d(n_out))
        )
        self.activation = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, n_in, T) -> (B, n_out, T / stride)."""
        return self.activation(self.residual(x) + self.shortcut(x))


class ResNet1DModule(nn.Module):
    """The net of `ResNet1D`; see there for the parameters.

    Shapes: B trials, C channels, T samples.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        *,
        depth: int,
        width: int,
        kernel_size: int,
        stem_kernel_size: int,
    ) -> None:
        super().__init__()
        n_channels = input_shape[0]
        self.stem = nn.Sequential(
            nn.Conv1d(n_channels, width, stem_kernel_size, 2, stem_kernel_size // 2, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.MaxPool1d(3, 2, 1),
        )
        stages: list[nn.Module] = []
        n_in = width
        for i, n_blocks in enumerate(BLOCKS[depth]):
            n_out, stride = width * 2**i, 1 if i == 0 else 2
            blocks = [BasicBlock(n_in, n_out, kernel_size, stride)]
            blocks += [BasicBlock(n_out, n_out, kernel_size, 1) for _ in range(n_blocks - 1)]
            stages.append(nn.Sequential(*blocks))
            n_in = n_out
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(n_in, n_classes)
        for layer in self.modules():
            if isinstance(layer, nn.Conv1d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)  # (B, width, T / 4)
        x = self.stages(x)  # (B, 8 * width, T / 32)
        return self.head(x.mean(2))  # (B, n_classes)

    def feature_map(self) -> FeatureMap:
        """The last stage's maps: (B, 8 * width, T / 32)."""
        return FeatureMap(self.stages)


class ResNet1D(NeuralClassifier):
    """ResNet1D: residual blocks of convolutions along time, on raw EEG.

    He et al.'s nets of basic blocks with every image layer replaced by the same along time,
    the channels of the EEG in the place of the colours. The mean over time before the last
    layer lets it take any length.

    Stages at 22 channels, 1000 samples, 4 classes: (22, 1000) -> convolution of step 2
    (64, 500) -> max pooling (64, 250) -> stages (64, 250), (128, 125), (256, 63), (512, 32)
    -> mean (512) -> 4; 3,855,364 parameters.

    Parameters
    ----------
    depth : {10, 18, 34}, default 18
        Layers with weights, those of the shortcuts not counted.
    width : int, default 64
        Filters of the first stage; each stage doubles them.
    kernel_size : int, default 3
        Length of the filters in samples of their stage, an odd number.
    stem_kernel_size : int, default 7
        Length of the first filters in samples, an odd number.

    See Also
    --------
    eegkit.NeuralClassifier : the parameters of training.

    Notes
    -----
    Depths 18 and 34 are those of [1]_, table 1; 10 has one block a stage. The shortcuts are
    its option B. The 1-D form is that of [2]_, which reads EEG with these nets. The first
    residual nets on time series [3]_ have the mean over time, too, but three blocks of three
    convolutions and no pooling.

    Published settings: ``"resnet18"`` and ``"resnet34"``, those of [1]_, table 1.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren, J. Sun (2015), Deep residual learning for image
       recognition, arXiv:1512.03385.
    .. [2] P. Bizopoulos, G. I. Lambrou, D. Koutsouris (2019), Signal2Image modules in deep
       neural networks for EEG classification, arXiv:1904.13216.
    .. [3] Z. Wang, W. Yan, T. Oates (2017), Time series classification from scratch with
       deep neural networks: a strong baseline, arXiv:1611.06455.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit_convnets import ResNet1D
    >>> X = np.random.default_rng(0).normal(size=(8, 22, 250))
    >>> net = ResNet1D(max_epochs=1, random_state=0).fit(X, ["a", "b", "c", "d"] * 2)
    >>> sum(p.numel() for p in net.net_.module_.parameters())
    3855364
    """

    fits_in_threads = True

    depth: Literal[10, 18, 34] = 18
    width: Count = 64
    kernel_size: OddCount = 3
    stem_kernel_size: OddCount = 7

    published_settings = {
        f"resnet{depth}": {"depth": depth, "width": 64, "kernel_size": 3, "stem_kernel_size": 7}
        for depth in (18, 34)
    }

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"depth": 10, "width": 4, "max_epochs": 6, "lr": 1e-2}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return super().search_space() | {
            "depth": list(BLOCKS),
            "width": [16, 32, 64],
            "kernel_size": [3, 5, 7],
            "stem_kernel_size": [7, 15, 31],
        }

    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        return ResNet1DModule(input_shape, n_classes, **self.architecture_params())
