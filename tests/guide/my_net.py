"""A net: its module, and an estimator that makes it."""

import torch
from torch import nn

from eegkit import NeuralClassifier
from eegkit.parameters import Count


class TinyNetModule(nn.Module):
    def __init__(self, input_shape, n_classes, n_filters):
        super().__init__()
        n_channels, n_times = input_shape
        self.conv = nn.Conv1d(n_channels, n_filters, 5, padding="same")
        self.head = nn.Linear(n_filters * n_times, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (B, C, T)
        x = nn.functional.elu(self.conv(x))  # (B, n_filters, T)
        return self.head(x.flatten(1))  # (B, n_classes)


class TinyNet(NeuralClassifier):
    """One convolution, ELU, a linear layer."""

    input_kind = "raw"
    n_filters: Count = 8  # a whole number of at least 1

    @classmethod
    def conformance_params(cls):
        return {"max_epochs": 60, "lr": 0.05}

    @classmethod
    def search_space(cls):  # to that of training
        return super().search_space() | {"n_filters": [4, 8, 16]}

    def build_module(self, input_shape, n_classes):
        return TinyNetModule(input_shape, n_classes, self.n_filters)
