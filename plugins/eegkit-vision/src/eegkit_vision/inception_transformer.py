"""InceptionTransformer: a Transformer that reads the feature map of an Inception net."""

from __future__ import annotations

from typing import Any

from eegkit import ParameterError
from eegkit_vision.cnn_transformer import CNNTransformer

# The smallest image that leaves one point at a stride. Inception v3, v4 and ResNet v2 shrink it
# by convolutions without padding, in stems of the same lengths.
LEAST = {2: 7, 4: 19, 8: 27, 16: 43, 32: 75}
WITHOUT_PADDING = ("inception_v3", "inception_v4", "inception_resnet_v2")


class InceptionTransformer(CNNTransformer):
    """An Inception net whose feature map is the sequence that a Transformer reads.

    A `CNNTransformer` whose CNN is of the Inception family: every block filters with kernels of
    several lengths side by side, so short and long structures of a spectrogram are seen at the
    same depth.

    Stages at 20 channels, 100 frequencies, 100 frames, 2 classes: (20, 100, 100) -> Inception v3
    up to its last block of stride 16 (768, 4, 4) -> tokens (17, 256) -> 2 layers (17, 256) ->
    class token (256) -> 2; 10,752,770 parameters.

    Parameters
    ----------
    backbone : str, default "inception_v3"
        ``"inception_v3"``, ``"inception_v4"``, ``"inception_resnet_v2"``, or
        ``"inception_next_atto"`` to ``"inception_next_base"``.
    stride : int, default 16
        Bins and frames from one point of the feature map to the next: 8, 16 or 32, the
        stage of the backbone that is read. Later stages are left out.
    hidden_size, n_layers, n_heads, mlp_ratio, dropout, backbone_params, pretrained
        See `CNNTransformer`.

    See Also
    --------
    CNNTransformer : the same on any CNN of timm.
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
    Inception v3 is the default, as the one in most use. It is read at a stride of 16, not to its
    end, where of 100 x 100 bins and frames a single point would be left. Its convolutions without
    padding need images of at least 43 x 43 at this stride (27 x 27 at 8, 75 x 75 at 32); shorter
    ones are padded with zeros, with a warning, and are better resized by `SpectrogramImage`.
    ``"inception_next_atto"`` takes any image from `stride` on, and is much lighter.

    References
    ----------
    C. Szegedy et al. (2016), Rethinking the Inception architecture for computer vision, CVPR,
    arXiv:1512.00567; A. Dosovitskiy et al. (2021), An image is worth 16x16 words: Transformers for
    image recognition at scale, ICLR, arXiv:2010.11929, section 3.1. The nets are timm's,
    R. Wightman (2019), PyTorch Image Models, doi:10.5281/zenodo.4414861.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit_vision import InceptionTransformer
    >>> X = np.random.default_rng(0).normal(size=(8, 3, 32, 32))
    >>> net = InceptionTransformer(backbone="inception_next_atto", max_epochs=1, random_state=0)
    >>> net.fit(X, ["left", "right"] * 4).predict_proba(X).shape
    (8, 2)
    """

    backbone = "inception_v3"

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return super().conformance_params() | {
            "backbone": "inception_next_atto",
            "backbone_params": {"depths": (1, 1, 1, 1), "dims": (16, 16, 16, 16)},
        }

    def min_input_shape(self) -> tuple[int, ...]:
        arch = self.backbone.partition(".")[0]
        least = LEAST.get(self.stride) if arch in WITHOUT_PADDING else None
        return super().min_input_shape() if least is None else (1, least, least)

    def check_parameters(self) -> None:
        super().check_parameters()
        if not self.backbone.startswith("inception_"):
            raise ParameterError(
                f"backbone is {self.backbone!r}; expected an Inception net of timm, such as "
                "'inception_v3' or 'inception_next_atto'. CNNTransformer takes any CNN.",
                "backbone",
            )
