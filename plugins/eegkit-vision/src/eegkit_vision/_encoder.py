"""The encoder that `ViT` and `CNNTransformer` share."""

from __future__ import annotations

from typing import Any

from scipy.stats import uniform

from eegkit.parameters import Count, Depth, Positive, Proportion, check_heads
from eegkit_vision._timm import TimmClassifier


class EncoderParams(TimmClassifier):
    """The parameters of a Transformer's encoder; `ViT` documents them."""

    hidden_size: Count = 256
    n_layers: Depth = 2
    n_heads: Count = 4
    mlp_ratio: Positive = 4.0
    dropout: Proportion = 0.1

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return super().conformance_params() | {
            "hidden_size": 16,
            "n_layers": 1,
            "n_heads": 2,
            "mlp_ratio": 2.0,
            "dropout": 0.0,
        }

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return super().search_space() | {
            "hidden_size": [64, 128, 256],
            "n_layers": [1, 2, 4],
            "n_heads": [2, 4, 8],
            "dropout": uniform(0, 0.4),
        }

    def check_parameters(self) -> None:
        super().check_parameters()
        check_heads(self.n_heads, hidden_size=self.hidden_size)
