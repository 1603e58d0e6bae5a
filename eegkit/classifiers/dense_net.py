"""A dense net with one hidden layer, on features or spectrograms."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from scipy.stats import uniform
from torch import nn

from eegkit.classifiers._base import NeuralClassifier
from eegkit.parameters import Count, Proportion


class DenseNetModule(nn.Module):
    """The net of `DenseNet`; see there for the parameters."""

    def __init__(self, n_features: int, n_classes: int, *, n_hidden: int, dropout: float) -> None:
        super().__init__()
        self.hidden = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(n_features, n_hidden), nn.ReLU(), nn.Dropout(dropout)
        )
        self.head = nn.Linear(n_hidden, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.hidden(x.flatten(1)))  # (B, n_classes)


class DenseNet(NeuralClassifier):
    """A net with one hidden layer, on features or spectrograms.

    Every value is an input of its own, whichever channel and frequency it is of. Bring them to one
    scale first, by ``StandardScaler()`` for features.

    Stages of 1900 features and 32 classes: 1900 -> 256 -> 32; 494,880 parameters.

    Parameters
    ----------
    n_hidden : int, default 256
        Units of the hidden layer.
    dropout : float, default 0.3
        Part of the values dropped before and after the hidden layer.

    See Also
    --------
    eegkit.NeuralClassifier : the parameters of training.

    Notes
    -----
    Where trials of few recordings are told apart by next to anything, cross entropy stops to learn
    as soon as they are. A `label_smoothing` of 0.7 or so keeps it learning until all that
    characterises a class is used, as least squares do; `eegkit.decoders.person_identification`
    is an example.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.classifiers import DenseNet
    >>> X = np.random.default_rng(0).normal(size=(8, 20))
    >>> DenseNet(max_epochs=1, random_state=0).fit(X, ["S1", "S2"] * 4).predict_proba(X).shape
    (8, 2)
    """

    input_kind: ClassVar[str] = "spectrogram"
    fits_in_threads = True

    n_hidden: Count = 256
    dropout: Proportion = 0.3

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"n_hidden": 16, "dropout": 0.0, "max_epochs": 20, "lr": 2e-2}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return super().search_space() | {
            "n_hidden": [128, 256, 512],
            "dropout": uniform(0.1, 0.5),
        }

    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        n_features = int(torch.Size(input_shape).numel())
        return DenseNetModule(n_features, n_classes, n_hidden=self.n_hidden, dropout=self.dropout)
