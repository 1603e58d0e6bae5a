"""CNNTransformer: a Transformer that reads the feature map of a CNN, on spectrograms."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import partial
from typing import Any

import timm
import torch
from timm.layers import HybridEmbed
from timm.models import VisionTransformer
from torch import nn

from eegkit.classifiers import AttentionMap, FeatureMap
from eegkit.parameters import Count, ParameterError, check_for
from eegkit_vision._encoder import EncoderParams
from eegkit_vision._timm import ChannelsLastModule, check_name, create
from eegkit_vision._tokens import token_attention

SMALL = "small"


class CNNTransformerModule(ChannelsLastModule):
    """The net of `CNNTransformer` and `InceptionTransformer`; see there for the parameters."""

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        *,
        backbone: str,
        stride: int,
        hidden_size: int,
        n_layers: int,
        n_heads: int,
        mlp_ratio: float,
        dropout: float,
        backbone_params: Mapping[str, Any] | None,
        pretrained: bool | str,
    ) -> None:
        n_channels, *size = input_shape
        cnn = _cnn(n_channels, backbone, stride, pretrained, dict(backbone_params or {}))
        # A ViT whose patches are the points of a CNN's map: sec. 3.1, "Hybrid architecture". It
        # draws all weights that it finds, so it is made around a copy.
        net = VisionTransformer(
            img_size=tuple(size),
            patch_size=1,
            in_chans=n_channels,
            num_classes=n_classes,
            embed_dim=hidden_size,
            depth=n_layers,
            num_heads=n_heads,
            mlp_ratio=mlp_ratio,
            pos_drop_rate=dropout,
            proj_drop_rate=dropout,
            embed_layer=partial(HybridEmbed, backbone=deepcopy(cnn)),
        )
        net.patch_embed.backbone = cnn
        # Image (B, C, F, T) -> CNN (B, K, F', T') -> tokens (B, 1 + F'*T', hidden_size)
        super().__init__(net)

    def feature_map(self) -> FeatureMap:
        """The CNN's map, whose points become tokens: (B, K, F', T')."""
        cnn = self.net.patch_embed.backbone
        return FeatureMap(cnn, tensor=lambda x: x[-1] if isinstance(x, list | tuple) else x)

    def attention_map(self) -> AttentionMap:
        """How much of each point the class token reads."""
        return token_attention(self.net, None)


def _cnn(
    n_channels: int, backbone: str, stride: int, pretrained: bool | str, params: dict[str, Any]
) -> nn.Module:
    if backbone == SMALL:
        return _small_cnn(n_channels, stride, pretrained, **params)
    return create(
        backbone,
        "backbone",
        pretrained,
        in_chans=n_channels,
        features_only=True,
        feature_cls="getter",
        # Layers behind the map of this stride are left out.
        out_indices=(_stage(backbone, stride, params),),
        **params,
    )


def _small_cnn(
    n_channels: int, stride: int, pretrained: bool | str, width: int = 24, **unknown: Any
) -> nn.Sequential:
    """Convolutions 3 x 3 of step 2 with batch norm and ReLU, each of twice the maps before it."""
    if unknown:
        raise ParameterError(
            f"backbone_params names {', '.join(map(repr, unknown))}; the small CNN has 'width', "
            "the maps of its first convolution.",
            "backbone_params",
        )
    if pretrained:
        raise ParameterError(
            f"pretrained is {pretrained!r}, but there are no weights of the small CNN; give False, "
            "or init_weights.",
            "pretrained",
        )
    n_halvings = stride.bit_length() - 1
    if stride != 2**n_halvings or n_halvings < 1:
        raise ParameterError(
            f"stride is {stride!r}; the small CNN has strides of 2, 4, 8, 16, ...", "stride"
        )
    check_for(Count).require("width", width)
    cnn, n_maps = nn.Sequential(), n_channels
    for i in range(n_halvings):
        conv = nn.Conv2d(n_maps, width * 2**i, 3, stride=2, padding=1, bias=False)
        n_maps = conv.out_channels
        cnn.extend([conv, nn.BatchNorm2d(n_maps), nn.ReLU()])
    return cnn


def _stage(backbone: str, stride: int, params: Mapping[str, Any]) -> int:
    """Which of a backbone's feature maps has this stride."""
    check_name(backbone, "backbone")
    try:
        with torch.device("meta"):  # its layers without their values
            features = timm.create_model(
                backbone, features_only=True, feature_cls="getter", **params
            )
    except (TypeError, ValueError, RuntimeError, AttributeError, AssertionError) as error:
        raise ParameterError(
            f"backbone {backbone!r}, with backbone_params = {dict(params)!r}, gives no feature "
            f"maps: {error}",
            "backbone",
        ) from error
    strides = features.feature_info.reduction()
    if stride not in strides:
        raise ParameterError(
            f"stride is {stride!r}; {backbone} has maps of stride {', '.join(map(str, strides))}.",
            "stride",
        )
    return len(strides) - 1 - strides[::-1].index(stride)


class CNNTransformer(EncoderParams):
    """A CNN whose feature map is the sequence that a Transformer reads, on spectrograms.

    The spectrograms of all channels are one image of as many channels. A CNN of timm makes a map
    of features; each of its points becomes a token by one linear map. The tokens and a class
    token, with learned positions, pass through a Transformer's encoder (layer norm first), and
    the class token is classified: the hybrid architecture of the ViT's paper.

    Stages at 20 channels, 100 frequencies, 100 frames, 2 classes: (20, 100, 100) -> ResNet-18 up
    to its third stage (256, 7, 7) -> tokens (50, 256) -> 2 layers (50, 256) -> class token
    (256) -> 2; 4,495,490 parameters.

    Parameters
    ----------
    backbone : str, default "resnet18"
        A CNN of timm, such as ``"resnet10t"``, ``"mobilenetv3_small_050"`` or
        ``"convnext_atto"``, or ``"small"``: convolutions 3 x 3 of step 2 with batch norm and
        ReLU, of 24, 48, 96, ... maps, as many as `stride` has factors of 2 (Xiao et al. 2021).
    stride : int, default 16
        Bins and frames from one point of the feature map to the next, a power of two: the
        stage of the backbone that is read. Later stages are left out.
    hidden_size : int, default 256
        Width of a token.
    n_layers : int, default 2
        Layers of the Transformer.
    n_heads : int, default 4
        Heads of the attention; divides `hidden_size`.
    mlp_ratio : float, default 4.0
        Width of a layer's hidden units, in parts of `hidden_size`.
    dropout : float, default 0.1
        Of the Transformer: after the positions and after every dense layer, save those of
        queries, keys and values.
    backbone_params : mapping, optional
        Further arguments of timm's model; for ``"small"``, ``width``, the maps of its first
        convolution.
    pretrained : bool or path, default False
        Begin with weights of the backbone that were trained on photographs: ``True`` downloads
        timm's own, a path reads a file of timm's weights. timm fits the first layer to the
        channels; the Transformer begins at random. Loading a fitted estimator asks for
        neither. ``freeze=["net.patch_embed.backbone.*"]`` trains the Transformer alone.

    See Also
    --------
    InceptionTransformer : the same with filters of several sizes side by side.
    eegkit.NeuralClassifier : the parameters of training.
    eegkit.transforms.SpectrogramImage : brings spectrograms to a size such as 100 x 100.

    Raises
    ------
    ValueError
        On `fit`: a parameter is malformed, or a file does not hold the backbone's weights.
    OSError
        On `fit`: the weights could not be fetched.

    Notes
    -----
    The paper takes a ResNet-50 of stride 16 before a ViT-B; the defaults are a ResNet-18 of the
    same stride before two layers, as there are seldom more than some thousand trials. An image
    shorter than `stride` is padded with zeros, with a warning.

    References
    ----------
    A. Dosovitskiy et al. (2021), An image is worth 16x16 words: Transformers for image
    recognition at scale, ICLR, arXiv:2010.11929, section 3.1; K. He et al. (2016), Deep residual
    learning for image recognition, CVPR, arXiv:1512.03385; T. Xiao et al. (2021), Early
    convolutions help Transformers see better, NeurIPS, arXiv:2106.14881, section 3 (the small
    CNN). The other nets are timm's, R. Wightman (2019), PyTorch Image Models,
    doi:10.5281/zenodo.4414861.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit_vision import CNNTransformer
    >>> X = np.random.default_rng(0).normal(size=(8, 20, 100, 100))
    >>> net = CNNTransformer(max_epochs=1, random_state=0).fit(X, ["left", "right"] * 4)
    >>> sum(p.numel() for p in net.net_.module_.parameters())
    4495490
    """

    backbone: str = "resnet18"
    stride: Count = 16
    backbone_params: Mapping[str, Any] | None = None

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return super().conformance_params() | {
            "backbone_params": {"layers": (1, 1, 1, 1), "channels": (8, 8, 8, 8)},
            "stride": 4,
        }

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return super().search_space() | {"stride": [8, 16]}

    def min_input_shape(self) -> tuple[int, ...]:
        return (1, self.stride, self.stride)

    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        return CNNTransformerModule(input_shape, n_classes, **self.architecture_params())
