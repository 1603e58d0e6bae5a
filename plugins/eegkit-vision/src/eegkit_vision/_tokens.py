"""Where the tokens of timm's Transformers stand in the image, and how they attend."""

from __future__ import annotations

from typing import Any

import torch

from eegkit.classifiers import AttentionMap, FeatureMap


def token_map(net: Any, span: tuple[int, ...] | None) -> FeatureMap:
    """The tokens of a ``VisionTransformer`` that its last layer reads, without the class token.

    Behind it only the class token is read, so that nothing depends on the others any more.

    Parameters
    ----------
    net : timm.models.VisionTransformer
    span : tuple of int, or None
        See `FeatureMap`.
    """
    first, grid = net.num_prefix_tokens, net.patch_embed.grid_size
    return FeatureMap(
        net.blocks[-1].norm1, lambda x: x[:, first:].transpose(1, 2).unflatten(2, grid), span=span
    )


def token_attention(net: Any, span: tuple[int, ...] | None) -> AttentionMap:
    """The layers of attention of a ``VisionTransformer``, and what its classifier reads of them.

    Parameters
    ----------
    net : timm.models.VisionTransformer
    span : tuple of int, or None
        See `AttentionMap`.
    """
    first, grid = net.num_prefix_tokens, net.patch_embed.grid_size

    def relevance(rolled: torch.Tensor) -> torch.Tensor:
        read = rolled[:, 0] if net.global_pool == "token" else rolled[:, first:].mean(1)
        return read[:, first:].unflatten(1, grid)

    return AttentionMap([block.attn for block in net.blocks], weights, relevance, span)


def weights(layer: Any, tokens: torch.Tensor) -> torch.Tensor:
    """How much each token attends to each other, by head: (B, H, N, N)."""
    qkv = layer.qkv(tokens).unflatten(2, (3, layer.num_heads, -1)).permute(2, 0, 3, 1, 4)
    q, k = layer.q_norm(qkv[0]), layer.k_norm(qkv[1])
    return (q * layer.scale @ k.transpose(-2, -1)).softmax(-1)
