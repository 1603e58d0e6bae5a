"""CRNN: a convolution in time, then a recurrent net, on raw EEG."""

from __future__ import annotations

from typing import Any, Literal

import torch
from scipy.stats import uniform
from torch import nn

from eegkit.classifiers import FeatureMap, NeuralClassifier
from eegkit.parameters import Count, Depth, Proportion

MOTOR_IMAGERY = {
    "n_filters": 40,
    "kernel_size": 20,
    "stride": 4,
    "pool_size": 4,
    "cell": "lstm",
    "nonlinearity": "tanh",
    "hidden_size": 64,
    "n_layers": 3,
    "n_dense": 64,
    "dropout": 0.5,
}
CELLS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


def steps_of(n_times: int, kernel_size: int, stride: int, pool_size: int) -> int:
    """Steps of the sequence that the convolution and the pooling leave."""
    return ((n_times - kernel_size) // stride + 1) // pool_size


class CRNNModule(nn.Module):
    """The net of `CRNN`; see there for the parameters.

    Shapes: B trials, C channels, T samples, T' steps of the sequence.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        *,
        n_filters: int,
        kernel_size: int,
        stride: int,
        pool_size: int,
        cell: str,
        nonlinearity: str,
        hidden_size: int,
        n_layers: int,
        n_dense: int,
        dropout: float,
    ) -> None:
        super().__init__()
        n_channels, n_times = input_shape
        n_steps = steps_of(n_times, kernel_size, stride, pool_size)
        self.cnn = nn.Sequential(
            nn.Conv1d(n_channels, n_filters, kernel_size, stride),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.BatchNorm1d(n_filters),
            nn.MaxPool1d(pool_size),
        )
        self.rnn = CELLS[cell](
            n_filters,
            hidden_size,
            n_layers,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if n_layers > 1 else 0.0,
            **({"nonlinearity": nonlinearity} if cell == "rnn" else {}),
        )
        self.norm = nn.BatchNorm1d(2 * hidden_size)
        self.head = nn.Sequential(
            nn.Linear(2 * hidden_size * n_steps, n_dense), nn.Linear(n_dense, n_classes)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.cnn(x)  # (B, n_filters, T')
        x, _ = self.rnn(x.transpose(1, 2))  # (B, T', 2*hidden)
        x = self.norm(x.transpose(1, 2))  # (B, 2*hidden, T')
        return self.head(x.flatten(1))  # (B, n_classes)

    def feature_map(self) -> FeatureMap:
        """The convolution's maps: (B, n_filters, T')."""
        return FeatureMap(self.cnn)


class CRNN(NeuralClassifier):
    """A convolution in time and a bidirectional recurrent net, on raw EEG.

    One strided convolution over all channels and a pooling shorten the trial to a sequence
    that three bidirectional recurrent layers read. All their outputs, not the last one
    alone, are normalised for each feature and classified by two linear layers.

    Stages at 22 channels, 1000 samples, 4 classes: (22, 1000) -> convolution (40, 246) ->
    pooling (40, 61) -> recurrent layers (61, 128) -> flattened (7808) -> 64 -> 4;
    770,940 parameters with LSTM, 707,708 with GRU, 581,244 with plain cells.

    Parameters
    ----------
    n_filters : int, default 40
        Filters of the convolution.
    kernel_size : int, default 20
        Length of a filter in samples.
    stride : int, default 4
        Samples from one output of the convolution to the next.
    pool_size : int, default 4
        Outputs of the convolution in one step of the sequence, of which the largest is kept.
    cell : {"lstm", "gru", "rnn"}, default "lstm"
        The recurrent cell: long short-term memory [1]_, gated recurrent unit [2]_, or plain.
    nonlinearity : {"tanh", "relu"}, default "tanh"
        Of the plain cell; the others have theirs built in.
    hidden_size : int, default 64
        Units of a recurrent layer, in each direction.
    n_layers : int, default 3
        Recurrent layers.
    n_dense : int, default 64
        Units of the linear layer before the last.
    dropout : float, default 0.5
        Part of the values dropped after the convolution and between recurrent layers.

    Raises
    ------
    ValueError
        On `fit`, of a parameter that makes no net.

    See Also
    --------
    eegkit.NeuralClassifier : the parameters of training.

    Notes
    -----
    The layers and sizes are those of a hybrid net for motor imagery on the 22 channels of
    BCI Competition IV, data set 2a; it has no paper of its own. The form, a convolution
    before a recurrent net, is that of [3]_. There is no nonlinearity between the two linear
    layers, as there.

    The first linear layer is as wide as the trial is long, so the number of parameters
    grows with it. Trials shorter than ``kernel_size + stride * (pool_size - 1)`` samples
    (32 by default), the least that gives one step, are padded with zeros.

    Published settings: ``"motor_imagery"``, ``"motor_imagery_gru"`` and ``"motor_imagery_rnn"``,
    those of this project with each of its cells.

    In an ONNX file LSTM and GRU layers are single operators; plain cells are written out step
    by step.

    References
    ----------
    .. [1] S. Hochreiter, J. Schmidhuber (1997), Long short-term memory, Neural Computation
       9(8), 1735-1780.
    .. [2] K. Cho et al. (2014), Learning phrase representations using RNN encoder-decoder
       for statistical machine translation, arXiv:1406.1078.
    .. [3] B. Shi, X. Bai, C. Yao (2015), An end-to-end trainable neural network for
       image-based sequence recognition and its application to scene text recognition,
       arXiv:1507.05717.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit_sequence import CRNN
    >>> X = np.random.default_rng(0).normal(size=(8, 22, 1000))
    >>> net = CRNN(max_epochs=1, random_state=0).fit(X, ["a", "b", "c", "d"] * 2)
    >>> sum(p.numel() for p in net.net_.module_.parameters())
    770940
    """

    fits_in_threads = True

    n_filters: Count = 40
    kernel_size: Count = 20
    stride: Count = 4
    pool_size: Count = 4
    cell: Literal["lstm", "gru", "rnn"] = "lstm"
    nonlinearity: Literal["tanh", "relu"] = "tanh"
    hidden_size: Count = 64
    n_layers: Depth = 3
    n_dense: Count = 64
    dropout: Proportion = 0.5

    published_settings = {
        "motor_imagery": MOTOR_IMAGERY,
        "motor_imagery_gru": MOTOR_IMAGERY | {"cell": "gru"},
        "motor_imagery_rnn": MOTOR_IMAGERY | {"cell": "rnn"},
    }

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {
            "n_filters": 16,
            "kernel_size": 8,
            "pool_size": 2,
            "hidden_size": 16,
            "n_layers": 1,
            "n_dense": 32,
            "dropout": 0.0,
            "max_epochs": 20,
            "lr": 2e-2,
        }

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return super().search_space() | {
            "n_filters": [20, 40, 80],
            "kernel_size": [10, 20, 40],
            "cell": list(CELLS),
            "hidden_size": [32, 64, 128],
            "n_layers": [1, 2, 3],
            "dropout": uniform(0.1, 0.5),
        }

    def min_input_shape(self) -> tuple[int, ...]:
        return (1, self.kernel_size + self.stride * (self.pool_size - 1))

    def sequence_length(self) -> int | None:
        sizes = self.kernel_size, self.stride, self.pool_size
        return steps_of(self.padded_shape[-1], *sizes)

    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        return CRNNModule(input_shape, n_classes, **self.architecture_params())
