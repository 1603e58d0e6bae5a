"""CNN-BiLSTM for person identification, on spectrograms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import torch
from scipy.stats import uniform
from torch import nn

from eegkit.classifiers import FeatureMap, NeuralClassifier
from eegkit.parameters import (
    Count,
    Counts,
    Length,
    OddCount,
    ParameterError,
    Proportion,
    is_sequence,
)

# What a parameter left at None is.
LAYOUTS: dict[str, dict[str, tuple[Any, ...]]] = {
    "per_channel": {
        "n_filters": (32, 64, 128),
        "kernel_sizes": (3, 3, 3),
        "conv_dropout": (0.25, 0.25, 0.3),
        "hidden_sizes": (128, 64),
    },
    "merged": {
        "n_filters": (64, 128),
        "kernel_sizes": (5, 3),
        "conv_dropout": (0.3, 0.3),
        "hidden_sizes": (128,),
    },
}
PROJECT: dict[str, Any] = {"layout": "per_channel", "n_dense": 256, "dropout": 0.5}
# Keras's; torch's own is 1e-5.
BATCH_NORM_EPS = 1e-3


class CNNBiLSTMModule(nn.Module):
    """The net of `CNNBiLSTM`; see there for the parameters.

    Shapes: B trials, C channels, F frequencies, T frames, K filters of the last block,
    S steps of the sequence, H units of the last LSTM.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        *,
        layout: str,
        n_filters: Sequence[int],
        kernel_sizes: Sequence[int],
        conv_dropout: Sequence[float],
        hidden_sizes: Sequence[int],
        n_dense: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.layout = layout
        self.n_channels, self.n_freqs, self.n_frames = input_shape
        blocks: list[nn.Module] = []
        width = 1
        for n, kernel_size, rate in zip(n_filters, kernel_sizes, conv_dropout, strict=True):
            blocks += [
                nn.Conv2d(width, n, kernel_size, padding="same"),
                nn.ReLU(),
                nn.BatchNorm2d(n, BATCH_NORM_EPS),
                nn.MaxPool2d(2),
                nn.Dropout(rate),
            ]
            width = n
        self.cnn = nn.Sequential(*blocks).to(memory_format=torch.channels_last)
        self.lstms = nn.ModuleList()
        for hidden_size in hidden_sizes:
            self.lstms.append(nn.LSTM(width, hidden_size, batch_first=True, bidirectional=True))
            width = 2 * hidden_size
        self.head = nn.Sequential(
            nn.Linear(width, n_dense),
            nn.ReLU(),
            nn.BatchNorm1d(n_dense, BATCH_NORM_EPS),
            nn.Dropout(dropout),
            nn.Linear(n_dense, n_classes),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.layout == "merged":
            x = self.cnn(x.flatten(1, 2).unsqueeze(1))  # (B, K, C*F/4, T/4)
            x = x.flatten(2).transpose(1, 2)  # (B, S, K), frames within frequencies
        else:
            x = self.cnn(x.flatten(0, 1).unsqueeze(1))  # (B*C, K, F/8, T/8)
            x = x.mean((2, 3)).unflatten(0, (-1, self.n_channels))  # (B, S, K), S = C
        for lstm in self.lstms:
            x, _ = lstm(x)  # (B, S, 2*H)
        forwards, backwards = x.chunk(2, -1)
        x = torch.cat([forwards[:, -1], backwards[:, 0]], 1)  # (B, 2*H), each at its end
        return self.head(x)  # (B, n_classes)

    def feature_map(self) -> FeatureMap:
        """The CNN's maps, of every channel or of the image that all of them make."""
        if self.layout == "merged":
            return FeatureMap(self.cnn, span=(self.n_channels * self.n_freqs, self.n_frames))
        return FeatureMap(self.cnn, lambda x: x.unflatten(0, (-1, self.n_channels)).transpose(1, 2))


class CNNBiLSTM(NeuralClassifier):
    """Small CNNs and bidirectional LSTMs on spectrograms, made to tell people apart.

    With ``layout="per_channel"`` one CNN, the same for all, reads the spectrogram of every
    channel; the averages of its maps are the features of the channel, and LSTMs read channel
    after channel. With ``layout="merged"`` channels and frequencies are one axis of a single
    image; an LSTM reads every position of what the CNN makes of it. What the last LSTM says
    at its two ends goes to a dense layer, and on to the classes.

    Stages at 64 channels, 50 frequencies, 16 frames, 109 classes. Per channel: (64, 50, 16)
    -> CNN 64 times (128, 6, 2) -> average (64, 128) -> LSTMs (64, 256), (64, 128) -> ends
    (128) -> 256 -> 109; 583,725 parameters. Merged: (64, 50, 16) -> (1, 3200, 16) -> CNN
    (128, 800, 4) -> sequence (3200, 128) -> LSTM (3200, 256) -> ends (256) -> 256 -> 109;
    434,413 parameters.

    Parameters
    ----------
    layout : {"per_channel", "merged"}, default "per_channel"
        What the CNN sees as an image, and the LSTMs as a sequence.
    n_filters : sequence of int, optional
        Filters of each block, which halves both axes; (32, 64, 128), or (64, 128) merged.
    kernel_sizes : int or sequence of int, optional
        Length of the filters of each block along both axes, in bins and frames; odd. 3, or
        (5, 3) merged.
    conv_dropout : float or sequence of float, optional
        Part of the values dropped after each block; (0.25, 0.25, 0.3), or 0.3 merged.
    hidden_sizes : sequence of int, optional
        Units of each LSTM, in each direction; (128, 64), or (128,) merged.
    n_dense : int, default 256
        Units of the dense layer.
    dropout : float, default 0.5
        Part of the values dropped after the dense layer.

    Raises
    ------
    ValueError
        On `fit`, of a parameter that makes no net.

    See Also
    --------
    eegkit.NeuralClassifier : the parameters of training.

    Notes
    -----
    Both layouts are those of nets for telling the 109 people of the PhysioNet EEG Motor
    Movement/Imagery data set [1]_ apart, written in Keras; they have no paper of their own.
    Keras counts 434,285 parameters of the merged net: 896 more for the means and variances of
    the batch norms, and 1,024 fewer because its LSTM has one bias where torch's has two. ReLU
    stands before the batch norms. Their epsilon is Keras's, 1e-3; their momentum is torch's,
    0.1, which suits few epochs.

    Published settings: ``"identification"`` and ``"identification_merged"``, these two.

    The merged sequence is very long: 3200 steps for the sizes above, one after the other.
    Per channel it is as long as there are channels. Frequencies of one channel are next to
    those of another in the merged image, so its filters also span two channels there.

    Every block halves frequencies and frames, and leaves out an odd one at the end, as in
    Keras. Spectrograms with fewer than 2 to the number of blocks of either (8, or 4 merged)
    are padded with zeros.

    References
    ----------
    .. [1] G. Schalk et al. (2004), BCI2000: a general-purpose brain-computer interface
       system, IEEE Transactions on Biomedical Engineering 51(6), 1034-1043.
    .. [2] M. Schuster, K. K. Paliwal (1997), Bidirectional recurrent neural networks, IEEE
       Transactions on Signal Processing 45(11), 2673-2681.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit_sequence import CNNBiLSTM
    >>> X = np.random.default_rng(0).normal(size=(8, 3, 20, 8))
    >>> y = ["S001", "S002"] * 4
    >>> CNNBiLSTM(max_epochs=1, random_state=0).fit(X, y).predict_proba(X).shape
    (8, 2)
    """

    input_kind: ClassVar[str] = "spectrogram"
    fits_in_threads = True
    reads_frames = True

    layout: Literal["per_channel", "merged"] = "per_channel"
    n_filters: Counts | None = None
    kernel_sizes: OddCount | Annotated[Sequence[OddCount], Length()] | None = None
    conv_dropout: Proportion | Annotated[Sequence[Proportion], Length()] | None = None
    hidden_sizes: Counts | None = None
    n_dense: Count = 256
    dropout: Proportion = 0.5

    published_settings = {
        "identification": PROJECT | LAYOUTS["per_channel"],
        "identification_merged": PROJECT | LAYOUTS["merged"] | {"layout": "merged"},
    }

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {
            "n_filters": (8,),
            "kernel_sizes": 3,
            "conv_dropout": 0.0,
            "hidden_sizes": (16,),
            "n_dense": 16,
            "dropout": 0.0,
            "max_epochs": 20,
            "lr": 2e-2,
        }

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return super().search_space() | {
            "conv_dropout": uniform(0.1, 0.4),
            "hidden_sizes": [(64,), (128,), (128, 64)],
            "n_dense": [128, 256, 512],
            "dropout": uniform(0.2, 0.5),
        }

    def check_parameters(self) -> None:
        super().check_parameters()
        sizes = self.architecture_params()
        n_blocks = len(sizes["n_filters"])
        for name in ("kernel_sizes", "conv_dropout"):
            if len(sizes[name]) != n_blocks:
                raise ParameterError(
                    f"{name} is {sizes[name]!r}, of {len(sizes[name])} blocks, but n_filters is "
                    f"{sizes['n_filters']!r}, of {n_blocks}; give one number for each block, or a "
                    "single one for all.",
                    name,
                )

    def min_input_shape(self) -> tuple[int, ...]:
        side = 2 ** len(self.architecture_params()["n_filters"])
        return (1, side, side)

    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        return CNNBiLSTMModule(input_shape, n_classes, **self.architecture_params())

    def architecture_params(self) -> dict[str, Any]:
        """The sizes, with those of the layout where none are given, one for each block."""
        params = super().architecture_params()
        usual = LAYOUTS[self.layout]
        sizes = {name: usual[name] if params[name] is None else params[name] for name in usual}
        for name in ("kernel_sizes", "conv_dropout"):
            if not is_sequence(sizes[name]):
                sizes[name] = (sizes[name],) * len(sizes["n_filters"])
        return params | sizes
