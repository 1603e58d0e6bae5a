"""torch's layers that draw random numbers in training, drawing them from the training's generator.

Same parameters, same numbers for the same state of the generator. Outside of such a training
they are torch's layers.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from eegkit.classifiers._generators import generator, lent
from eegkit.classifiers._stacked import drop


class _Dropout(nn.Dropout):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not (self.training and 0 < self.p < 1):
            return super().forward(x)
        return drop(x, self.p)


class _DropoutBetweenLayers(nn.RNNBase):
    """Layer by layer, since torch takes no generator for what it drops between them."""

    def forward(self, x: Any, hx: Any = None) -> Any:
        if not self.training or self.dropout in (0, 1) or generator() is None:
            return super().forward(x, hx)
        if hx is not None or not isinstance(x, torch.Tensor) or x.ndim != 3 or self.proj_size:
            with lent():
                return super().forward(x, hx)
        y = x.transpose(0, 1) if self.batch_first else x
        n_directions = 1 + self.bidirectional
        begin = y.new_zeros(n_directions, y.shape[1], self.hidden_size)
        weights, states = self.all_weights, []
        for layer in range(self.num_layers):
            y = drop(y, self.dropout) if layer else y
            of_layer = weights[layer * n_directions : (layer + 1) * n_directions]
            y, *state = self.run_layer(y, begin, [*itertools.chain(*of_layer)])
            states.append(state)
        last = tuple(torch.cat(parts) for parts in zip(*states, strict=True))
        y = y.transpose(0, 1) if self.batch_first else y
        return y, last if len(last) > 1 else last[0]

    def run_layer(self, x: torch.Tensor, begin: torch.Tensor, weights: list[torch.Tensor]) -> Any:
        """One layer: its output, and its last states."""
        options = self.bias, 1, 0.0, True, self.bidirectional, False
        if self.mode == "LSTM":
            return torch.lstm(x, (begin, begin), weights, *options)
        functions = {"GRU": torch.gru, "RNN_TANH": torch.rnn_tanh, "RNN_RELU": torch.rnn_relu}
        return functions[self.mode](x, begin, weights, *options)


class _GRU(_DropoutBetweenLayers, nn.GRU): ...


class _LSTM(_DropoutBetweenLayers, nn.LSTM): ...


class _RNN(_DropoutBetweenLayers, nn.RNN): ...


class _SelfAttention(nn.MultiheadAttention):
    """Self-attention without masks is computed here; the rest by torch, with a lent generator."""

    def forward(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        key_padding_mask: torch.Tensor | None = None,
        need_weights: bool = True,
        attn_mask: torch.Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        masks = key_padding_mask, need_weights, attn_mask, average_attn_weights, is_causal
        if not self.training or self.dropout in (0, 1) or generator() is None:
            return super().forward(query, key, value, *masks)
        is_self = query is key is value and query.ndim == 3 and self.in_proj_weight is not None
        is_masked = key_padding_mask is not None or attn_mask is not None or is_causal
        is_longer = self.bias_k is not None or self.add_zero_attn
        if not is_self or is_masked or is_longer or need_weights:
            with lent():
                return super().forward(query, key, value, *masks)
        return self._attend(query), None

    def _attend(self, x: torch.Tensor) -> torch.Tensor:
        x = x.transpose(0, 1) if self.batch_first else x
        projected = F.linear(x, self.in_proj_weight, self.in_proj_bias)  # (S, B, 3*E)
        scale = math.sqrt(1 / math.sqrt(self.head_dim))
        q, k, v = (
            part.unflatten(-1, (self.num_heads, self.head_dim)).permute(1, 2, 0, 3)
            for part in projected.chunk(3, -1)
        )  # (B, H, S, E/H) each
        attention = drop((q * scale @ (k * scale).transpose(-2, -1)).softmax(-1), self.dropout)
        x = (attention @ v).permute(2, 0, 1, 3).flatten(-2)  # (S, B, E)
        x = self.out_proj(x)
        return x.transpose(0, 1) if self.batch_first else x


LAYERS: dict[type[nn.Module], type[nn.Module]] = {
    nn.Dropout: _Dropout,
    nn.GRU: _GRU,
    nn.LSTM: _LSTM,
    nn.RNN: _RNN,
    nn.MultiheadAttention: _SelfAttention,
}


def draw_from_generator(module: nn.Module) -> None:
    """Let torch's layers in a module draw from the generator of the training.

    They stay the layers that they are, with what they know; only their class becomes one of its
    subclasses here.
    """
    for part in module.modules():
        part.__class__ = LAYERS.get(type(part), type(part))
