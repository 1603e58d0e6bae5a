"""ViT: the vision Transformer, on spectrograms."""

from __future__ import annotations

from typing import Any

from timm.models import VisionTransformer

from eegkit.classifiers import AttentionMap, FeatureMap
from eegkit_vision._encoder import EncoderParams
from eegkit_vision._patches import PatchClassifier, PatchModule
from eegkit_vision._tokens import token_attention, token_map


class ViTModule(PatchModule):
    """The net of `ViT`; see there for the parameters."""

    timm_class = VisionTransformer
    timm_module = "vision_transformer"

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        *,
        patch_size: int,
        hidden_size: int,
        n_layers: int,
        n_heads: int,
        mlp_ratio: float,
        dropout: float,
        variant: str | None,
        pretrained: bool | str,
    ) -> None:
        sizes = {
            "patch_size": patch_size,
            "embed_dim": hidden_size,
            "depth": n_layers,
            "num_heads": n_heads,
            "mlp_ratio": mlp_ratio,
        }
        rates = {"pos_drop_rate": dropout, "proj_drop_rate": dropout}
        super().__init__(input_shape, n_classes, variant, pretrained, sizes, rates)

    def feature_map(self) -> FeatureMap:
        """The patches' tokens as the last layer reads them."""
        return token_map(self.net, self.whole)

    def attention_map(self) -> AttentionMap:
        """How much of each patch the class token reads."""
        return token_attention(self.net, self.whole)


class ViT(EncoderParams, PatchClassifier):
    """ViT: a Transformer that reads a spectrogram patch by patch.

    The spectrograms of all channels are one image of as many channels. It is cut into square
    patches; each becomes a token by one linear map. The tokens and a class token, with learned
    positions, pass through a Transformer's encoder (layer norm first), and the class token is
    classified.

    Stages at 20 channels, 100 frequencies, 100 frames, 2 classes: (20, 100, 100) -> patches
    (10, 10, 256) -> tokens (101, 256) -> 2 layers (101, 256) -> class token (256) -> 2;
    2,118,914 parameters.

    Parameters
    ----------
    patch_size : int, default 10
        Side of a patch, in bins and frames.
    hidden_size : int, default 256
        Width of a token.
    n_layers : int, default 2
        Layers of the encoder.
    n_heads : int, default 4
        Heads of the attention; divides `hidden_size`.
    mlp_ratio : float, default 4.0
        Width of a layer's hidden units, in parts of `hidden_size`.
    dropout : float, default 0.1
        After the positions and after every dense layer, save those of queries, keys and values.
    variant : str, optional
        A net of timm's module ``vision_transformer`` instead, such as
        ``"vit_base_patch16_224"``, which has its own values of the five parameters above;
        positions are for the size of the spectrogram.
    pretrained : bool or path, default False
        Begin with weights of `variant` that were trained on photographs: ``True`` downloads
        timm's own, a path reads a file of timm's weights. timm fits the first layer to the
        channels and the positions to the image; the classifier begins at random. Loading
        a fitted estimator asks for neither.

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
    The defaults are a far smaller net than the paper's, for images of 100 x 100, as there are
    seldom more than some thousand trials. An image is filled up with zeros to whole patches,
    after its last frequency and frame; one smaller than a patch is, with a warning.

    Published settings: ``"vit_b_16"``, the paper's ViT-B/16.

    References
    ----------
    A. Dosovitskiy et al. (2021), An image is worth 16x16 words: Transformers for image
    recognition at scale, ICLR, arXiv:2010.11929. The net is timm's, R. Wightman (2019), PyTorch
    Image Models, doi:10.5281/zenodo.4414861.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit_vision import ViT
    >>> X = np.random.default_rng(0).normal(size=(8, 20, 100, 100))
    >>> net = ViT(max_epochs=1, random_state=0).fit(X, ["left", "right"] * 4)
    >>> sum(p.numel() for p in net.net_.module_.parameters())
    2118914
    """

    module_class = ViTModule
    sizes = ("patch_size", "hidden_size", "n_layers", "n_heads", "mlp_ratio")

    patch_size = 10

    published_settings = {"vit_b_16": {"variant": "vit_base_patch16_224", "dropout": 0.1}}

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return super().conformance_params() | {"patch_size": 4}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return super().search_space() | {"patch_size": [5, 10, 20]}
