"""A Transformer encoder over time frames, on spectrograms."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, get_args

import torch
from scipy.stats import uniform
from torch import nn

from eegkit import NeuralClassifier
from eegkit.classifiers import AttentionMap, FeatureMap, attention_weights
from eegkit.parameters import Count, Depth, Proportion, check_heads

Positions = Literal["learned", "sinusoidal"]
Pooling = Literal["mean", "class_token"]
# Spread of learned positions and of the class token at the start, against tokens of about 1.
INITIAL_STD = 0.02


def sinusoids(n_tokens: int, d_model: int) -> torch.Tensor:
    """The positions of Vaswani et al., section 3.5, shape (n_tokens, d_model)."""
    column = torch.arange(d_model)
    wavelength = 10_000 ** ((column - column % 2) / d_model)
    angle = torch.arange(n_tokens)[:, None] / wavelength
    return torch.where(column % 2 == 0, angle.sin(), angle.cos())


class SpectrogramTransformerModule(nn.Module):
    """The net of `SpectrogramTransformer`; see there for the parameters.

    Shapes: B trials, C channels, F frequencies, T frames, N tokens (T, or T + 1).
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        *,
        d_model: int,
        n_heads: int,
        n_layers: int,
        d_ff: int,
        dropout: float,
        positions: str,
        pooling: str,
    ) -> None:
        super().__init__()
        n_channels, n_freqs, n_frames = input_shape
        self.norm = nn.BatchNorm1d(n_channels * n_freqs)
        self.embedding = nn.Linear(n_channels * n_freqs, d_model)
        self.class_token: nn.Parameter | None = None
        n_tokens = n_frames
        if pooling == "class_token":
            self.class_token = nn.Parameter(INITIAL_STD * torch.randn(1, d_model))
            n_tokens += 1
        if positions == "learned":
            self.positions = nn.Parameter(INITIAL_STD * torch.randn(n_tokens, d_model))
        else:
            self.register_buffer("positions", sinusoids(n_tokens, d_model), persistent=False)
        self.dropout = nn.Dropout(dropout)
        # Not nn.TransformerEncoder, which copies one layer: each of these begins differently.
        self.encoder = nn.Sequential(
            *(
                nn.TransformerEncoderLayer(d_model, n_heads, d_ff, dropout, batch_first=True)
                for _ in range(n_layers)
            )
        )
        self.head = nn.Linear(d_model, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm(x.flatten(1, 2))  # (B, C*F, T)
        x = self.embedding(x.transpose(1, 2))  # (B, T, d_model)
        if self.class_token is not None:
            x = torch.cat([self.class_token.expand(x.shape[0], -1, -1), x], 1)
        x = self.encoder(self.dropout(x + self.positions))  # (B, N, d_model)
        x = x.mean(1) if self.class_token is None else x[:, 0]
        return self.head(x)  # (B, n_classes)

    @property
    def n_class_tokens(self) -> int:
        return 0 if self.class_token is None else 1

    def feature_map(self) -> FeatureMap:
        """The tokens of the frames that are averaged, or that the class token reads last."""
        read = [self.dropout, *self.encoder][-1 - self.n_class_tokens]
        return FeatureMap(read, lambda x: x[:, self.n_class_tokens :].transpose(1, 2))

    def attention_map(self) -> AttentionMap:
        """How much of each frame is classified."""
        layers: list[Any] = [layer.self_attn for layer in self.encoder]
        if self.class_token is None:
            return AttentionMap(layers, attention_weights, lambda rolled: rolled.mean(1))
        return AttentionMap(layers, attention_weights, lambda rolled: rolled[:, 0, 1:])


class SpectrogramTransformer(NeuralClassifier):
    """A Transformer encoder whose tokens are time frames, on spectrograms.

    The frequencies of all channels in one frame make one token, by a linear embedding.
    Positions are added, encoder layers of self-attention and feed-forward nets follow, and
    the tokens' mean, or a class token of its own, is classified.

    Stages at 19 channels, 100 frequencies, 7 frames, 2 classes: (19, 100, 7) -> tokens
    (7, 1900) -> embedding (7, 128) -> encoder (7, 128) -> mean (128) -> 2; 1,041,370
    parameters.

    Parameters
    ----------
    d_model : int, default 128
        Features of a token.
    n_heads : int, default 8
        Heads of the attention; divides `d_model`.
    n_layers : int, default 4
        Encoder layers.
    d_ff : int, default 512
        Units of a feed-forward net; the paper takes 4 * d_model.
    dropout : float, default 0.1
        Part of the values dropped after the positions are added, of the attention and of
        every sublayer.
    positions : {"learned", "sinusoidal"}, default "learned"
        What tells the frames' order: a vector for each frame, learned, or the paper's sines
        and cosines.
    pooling : {"mean", "class_token"}, default "mean"
        What is classified: the mean of all tokens, or one that is put before them [2]_.

    Raises
    ------
    ValueError
        On `fit`, of a parameter that makes no net.

    See Also
    --------
    eegkit.NeuralClassifier : the parameters of training.

    Notes
    -----
    The encoder is that of [1]_, with the norm after each sublayer. It is smaller: the paper
    has 6 layers of 512 features, 8 heads and 2048 feed-forward units, and tokens by the
    million. Frames are embedded by a linear layer, not by a table, so the factor
    sqrt(d_model) on the embedding is left out. Every channel and frequency is first brought
    to zero mean and unit variance by a batch norm, so that positions are not lost beside
    power in large units.

    Published settings: ``"vaswani"``, the encoder of [1]_, base model.

    References
    ----------
    .. [1] A. Vaswani et al. (2017), Attention is all you need, arXiv:1706.03762.
    .. [2] A. Dosovitskiy et al. (2021), An image is worth 16x16 words: Transformers for image
       recognition at scale, arXiv:2010.11929.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit_sequence import SpectrogramTransformer
    >>> X = np.random.default_rng(0).normal(size=(8, 3, 20, 5))
    >>> y = ["left", "right"] * 4
    >>> SpectrogramTransformer(max_epochs=1, random_state=0).fit(X, y).predict_proba(X).shape
    (8, 2)
    """

    input_kind: ClassVar[str] = "spectrogram"
    fits_in_threads = True
    reads_frames = True

    d_model: Count = 128
    n_heads: Count = 8
    n_layers: Depth = 4
    d_ff: Count = 512
    dropout: Proportion = 0.1
    positions: Positions = "learned"
    pooling: Pooling = "mean"

    published_settings = {
        "vaswani": {
            "d_model": 512,
            "n_heads": 8,
            "n_layers": 6,
            "d_ff": 2048,
            "dropout": 0.1,
            "positions": "sinusoidal",
            "pooling": "mean",
        }
    }

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {
            "d_model": 16,
            "n_heads": 2,
            "n_layers": 1,
            "d_ff": 32,
            "dropout": 0.0,
            "max_epochs": 15,
            "lr": 1e-2,
        }

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return super().search_space() | {
            "d_model": [64, 128, 256],
            "n_heads": [2, 4, 8],
            "n_layers": [1, 2, 4],
            "d_ff": [128, 256, 512],
            "dropout": uniform(0.0, 0.4),
            "positions": list(get_args(Positions)),
            "pooling": list(get_args(Pooling)),
        }

    def check_parameters(self) -> None:
        super().check_parameters()
        check_heads(self.n_heads, d_model=self.d_model)

    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        return SpectrogramTransformerModule(input_shape, n_classes, **self.architecture_params())
