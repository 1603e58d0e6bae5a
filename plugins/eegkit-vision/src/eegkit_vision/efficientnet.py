"""EfficientNet: a convolutional net of balanced depth and width, on spectrograms."""

from __future__ import annotations

from typing import Any

from scipy.stats import uniform
from torch import nn

from eegkit.classifiers import FeatureMap
from eegkit.parameters import Proportion
from eegkit_vision._timm import ChannelsLastModule, TimmClassifier, create


class EfficientNetModule(ChannelsLastModule):
    """The net of `EfficientNet`; see there for the parameters."""

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        *,
        variant: str,
        dropout: float,
        drop_path: float,
        pretrained: bool | str,
    ) -> None:
        net = create(
            variant,
            "variant",
            pretrained,
            "efficientnet",
            in_chans=input_shape[0],
            num_classes=n_classes,
            drop_rate=dropout,
            drop_path_rate=drop_path,
        )
        super().__init__(net)

    def feature_map(self) -> FeatureMap:
        """The maps whose means are classified: (B, K, F', T')."""
        return FeatureMap(self.net.bn2)


class EfficientNet(TimmClassifier):
    """EfficientNet: inverted bottlenecks with squeeze-and-excitation, on spectrograms.

    The spectrograms of all channels are one image of as many channels. A convolution, seven
    stages of inverted bottlenecks (widen, filter each map by itself, weigh the maps, narrow) and a
    pointwise convolution make 1280 maps at a 32nd of the size; their means are classified.

    Stages at 20 channels, 100 frequencies, 100 frames, 2 classes: (20, 100, 100) -> stem
    (32, 50, 50) -> (16, 50, 50) -> (24, 25, 25) -> (40, 13, 13) -> (80, 7, 7) -> (112, 7, 7) ->
    (192, 4, 4) -> (320, 4, 4) -> head (1280, 4, 4) -> mean (1280) -> 2; 4,015,006 parameters.

    Parameters
    ----------
    variant : str, default "efficientnet_b0"
        A net of timm's module ``efficientnet``: ``"efficientnet_b0"`` to ``"efficientnet_b7"``,
        a lighter ``"efficientnet_lite0"`` or ``"tinynet_e"``, ``"tf_efficientnetv2_s"``, ...
    dropout : float, default 0.2
        Before the classifier; the paper's for B0.
    drop_path : float, default 0.2
        Probability that the last block is skipped in training; it grows linearly from 0.
    pretrained : bool or path, default False
        Begin with weights that were trained on photographs: ``True`` downloads timm's own, a
        path reads a file of timm's weights. timm fits the first layer to the channels; the
        classifier begins at random. Loading a fitted estimator asks for neither.

    See Also
    --------
    eegkit.NeuralClassifier : the parameters of training.
    eegkit.transforms.SpectrogramImage : brings spectrograms to a size such as 100 x 100.

    Raises
    ------
    ValueError
        On `fit`: a parameter is malformed, or a file does not hold the variant's weights.
    OSError
        On `fit`: the weights could not be fetched.

    Notes
    -----
    Images of any size are taken; the paper's B0 reads 224 x 224. The size is halved five times,
    so of few frames (7, say) little remains to be told apart: resize them by `SpectrogramImage`.
    The paper trains by RMSProp; here it is AdamW, unless ``optimizer="rmsprop"``.

    Published settings: ``"efficientnet_b0"``, the paper's B0.

    References
    ----------
    M. Tan, Q. V. Le (2019), EfficientNet: rethinking model scaling for convolutional neural
    networks, ICML, arXiv:1905.11946. The net is timm's, R. Wightman (2019), PyTorch Image Models,
    doi:10.5281/zenodo.4414861.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit_vision import EfficientNet
    >>> X = np.random.default_rng(0).normal(size=(8, 20, 32, 32))
    >>> net = EfficientNet(max_epochs=1, random_state=0).fit(X, ["left", "right"] * 4)
    >>> sum(p.numel() for p in net.net_.module_.parameters())
    4015006
    """

    variant: str = "efficientnet_b0"
    dropout: Proportion = 0.2
    drop_path: Proportion = 0.2

    published_settings = {
        "efficientnet_b0": {"variant": "efficientnet_b0", "dropout": 0.2, "drop_path": 0.2}
    }

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return super().conformance_params() | {
            "variant": "test_efficientnet",
            "dropout": 0.0,
            "drop_path": 0.0,
        }

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return super().search_space() | {
            "variant": ["efficientnet_b0", "efficientnet_b1", "efficientnet_b2"],
            "dropout": uniform(0, 0.5),
            "drop_path": uniform(0, 0.3),
        }

    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        return EfficientNetModule(input_shape, n_classes, **self.architecture_params())
