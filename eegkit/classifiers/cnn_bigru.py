"""CNN-BiGRU with self-attention, on spectrograms."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, get_args

import torch
from scipy.stats import uniform
from torch import nn

from eegkit.classifiers._base import NeuralClassifier
from eegkit.classifiers.conv_blocks import ConvBlocks
from eegkit.classifiers.feature_maps import FeatureMap
from eegkit.parameters import Count, Counts, Depth, Proportion, check_heads

Temporal = Literal["dynamic", "standard"]
# An axis is halved only while at least two entries remain, so that short spectrograms
# still give the recurrent layers a sequence.
MIN_POOLED = 4


class CNNBiGRUModule(nn.Module):
    """The net of `CNNBiGRU`; see there for the parameters.

    Shapes: B trials, C channels, F frequencies, T frames, K filters of the last block.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        *,
        n_filters: Sequence[int],
        kernel_size: int,
        n_fused: int,
        hidden_size: int,
        n_layers: int,
        n_heads: int,
        dropout: float,
        temporal: str,
        share_cnn: bool,
        n_dense: Sequence[int] | None,
    ) -> None:
        super().__init__()
        n_channels, n_freqs, n_frames = input_shape
        self.n_channels, self.temporal, self.share_cnn = n_channels, temporal, share_cnn
        # One CNN per channel is one convolution in as many groups as there are channels.
        copies = 1 if share_cnn else n_channels
        widths = [copies * n for n in (1, *n_filters)]
        self.cnn, n_freqs = _cnn(widths, kernel_size, copies, (n_freqs, n_frames))
        self.fusion = nn.Sequential(
            nn.Conv2d(widths[-1], copies * n_fused, (n_freqs, 1), groups=copies, bias=False),
            nn.BatchNorm2d(copies * n_fused),
            nn.ReLU(),
        ).to(memory_format=torch.channels_last)
        self.n_fused = n_fused
        self.gru = nn.GRU(
            n_channels * n_fused if temporal == "dynamic" else n_fused,
            hidden_size,
            n_layers,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if n_layers > 1 else 0.0,
        )
        width = 2 * hidden_size
        self.attention = nn.MultiheadAttention(width, n_heads, dropout=dropout, batch_first=True)
        self.norm = nn.LayerNorm(width)
        self.head = _head([width, *(n_dense or [hidden_size])], n_classes, dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n_trials = x.shape[0]
        if self.share_cnn:
            x = x.flatten(0, 1).unsqueeze(1)  # (B*C, 1, F, T)
        x = self.cnn(x)  # (B, C*K, F', T')
        x = self.fusion(x)  # (B, C*n_fused, 1, T')
        x = x.reshape(n_trials, self.n_channels, self.n_fused, -1)
        # The sequence S is the frames, (B, T', C*n_fused), or the channels, (B, C, n_fused).
        dynamic = self.temporal == "dynamic"
        x = x.flatten(1, 2).transpose(1, 2) if dynamic else x.mean(-1)
        x, _ = self.gru(x)  # (B, S, 2*hidden)
        context, _ = self.attention(x, x, x, need_weights=False)
        x = self.norm(x + context)
        return self.head(x.mean(1))  # (B, n_classes)

    def feature_map(self) -> FeatureMap:
        """The CNN's maps, of each channel its own: (B, C*K, F', T'), or (B*C, K, F', T')."""
        sizes = (self.n_channels, -1)
        if self.share_cnn:
            return FeatureMap(self.cnn, lambda x: x.unflatten(0, sizes[::-1]).transpose(1, 2))
        return FeatureMap(self.cnn, lambda x: x.unflatten(1, sizes).transpose(1, 2))


def _cnn(
    widths: Sequence[int], kernel_size: int, copies: int, shape: tuple[int, ...]
) -> tuple[ConvBlocks, int]:
    """Blocks of convolution and pooling, and how many frequencies the last one leaves."""
    blocks: list[nn.Module] = []
    for width, n in itertools.pairwise(widths):
        pool = tuple(2 if size >= MIN_POOLED else 1 for size in shape)
        blocks += [
            nn.Conv2d(width, n, kernel_size, padding="same", groups=copies, bias=False),
            nn.BatchNorm2d(n),
            # ReLU after the pooling: it commutes with the maximum, on a quarter of the values.
            nn.MaxPool2d(pool),
            nn.ReLU(),
        ]
        shape = tuple(size // factor for size, factor in zip(shape, pool, strict=True))
    return ConvBlocks(*blocks).to(memory_format=torch.channels_last), shape[0]


def _head(widths: Sequence[int], n_classes: int, dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width, n in itertools.pairwise(widths):
        layers += [nn.Linear(width, n), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(widths[-1], n_classes))


class CNNBiGRU(NeuralClassifier):
    """A CNN for every channel, a bidirectional GRU and self-attention, on spectrograms.

    Every EEG channel has its own small image CNN: blocks of convolution, batch
    normalisation, 2x2 max pooling and ReLU, all channels computed at once by grouped
    convolution. Frequencies are then fused to `n_fused` features for each channel and
    frame, read by a bidirectional GRU, weighed by multi-head self-attention
    (residual, layer norm), averaged, and classified by dense layers.

    Stages at 19 channels, 100 frequencies, 9 frames, 2 classes: (19, 100, 9) -> CNN
    (19*32, 12, 2) -> fusion (19*8, 1, 2) -> sequence (2, 152) -> GRU (2, 128) -> attention
    (2, 128) -> mean (128) -> 64 -> 2; 330,010 parameters.

    Parameters
    ----------
    max_epochs : int, default 10
        Passes over the training trials; the net learns fast and overfits soon.
    lr : float, default 3e-3
        Learning rate at the start.
    lr_schedule : {None, "cosine", "plateau", "one_cycle"}, default "cosine"
        How the learning rate changes; see `NeuralClassifier`.
    n_filters : sequence of int, default (8, 16, 32)
        Filters of each block. An axis shorter than 4 is not pooled further, so few frames
        and few frequencies are welcome.
    kernel_size : int, default 3
        Length of a filter along both axes, in bins and frames.
    n_fused : int, default 8
        Features that the frequencies of one channel and frame are fused to.
    hidden_size : int, default 64
        Units of the GRU, in each direction.
    n_layers : int, default 1
        Layers of the GRU.
    n_heads : int, default 4
        Heads of the attention; divides 2 * hidden_size.
    dropout : float, default 0.3
        Of the GRU's first layers, the attention and the head.
    temporal : {"dynamic", "standard"}, default "dynamic"
        What the GRU reads as its sequence: "dynamic" the time frames, all channels at
        once; "standard" averages the frames and reads channel after channel.
    share_cnn : bool, default False
        One CNN for all channels instead of one each.
    n_dense : sequence of int, optional
        Units of the head's layers before the last; one of `hidden_size` by default.

    See Also
    --------
    NeuralClassifier : the parameters of training.

    Notes
    -----
    Published settings: ``"emotion"``, those of a project on emotions in DEAP, GAMEEMO and
    SEED-IV: its own CNN for each channel, a head of three layers and a dropout of 0.5.

    References
    ----------
    The parts: K. Cho et al. (2014), arXiv:1406.1078 (GRU); A. Vaswani et al. (2017),
    arXiv:1706.03762 (multi-head attention). Per-channel CNNs followed by a recurrent layer
    on EEG: P. Bashivan et al. (2016), arXiv:1511.06448.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.classifiers import CNNBiGRU
    >>> X = np.random.default_rng(0).normal(size=(8, 3, 20, 5))
    >>> y = ["left", "right"] * 4
    >>> CNNBiGRU(max_epochs=1, random_state=0).fit(X, y).predict_proba(X).shape
    (8, 2)
    """

    input_kind: ClassVar[str] = "spectrogram"
    fits_in_threads = True
    reads_frames = True

    max_epochs = 10
    lr = 3e-3
    lr_schedule = "cosine"
    n_filters: Counts = (8, 16, 32)
    kernel_size: Count = 3
    n_fused: Count = 8
    hidden_size: Count = 64
    n_layers: Depth = 1
    n_heads: Count = 4
    dropout: Proportion = 0.3
    temporal: Temporal = "dynamic"
    share_cnn: bool = False
    n_dense: Counts | None = None

    published_settings = {
        "emotion": {
            "n_filters": (32, 64, 128),
            "kernel_size": 3,
            "n_fused": 32,
            "hidden_size": 128,
            "n_layers": 2,
            "n_heads": 4,
            "dropout": 0.5,
            "temporal": "dynamic",
            "share_cnn": False,
            "n_dense": (256, 128),
            "lr": 1e-3,
            "lr_schedule": None,
        }
    }

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {
            "n_filters": (4, 8),
            "n_fused": 8,
            "hidden_size": 16,
            "n_heads": 2,
            "max_epochs": 15,
            "lr": 1e-2,
            "lr_schedule": None,
        }

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return super().search_space() | {
            "n_filters": [(8, 16), (8, 16, 32), (16, 32, 64)],
            "n_fused": [8, 16, 32],
            "hidden_size": [32, 64, 128],
            "n_layers": [1, 2],
            "dropout": uniform(0.1, 0.5),
            "temporal": list(get_args(Temporal)),
        }

    def check_parameters(self) -> None:
        super().check_parameters()
        check_heads(self.n_heads, **{"2 * hidden_size": 2 * self.hidden_size})

    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        return CNNBiGRUModule(input_shape, n_classes, **self.architecture_params())
