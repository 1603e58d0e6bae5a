"""Swin: the Transformer of shifted windows, on spectrograms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scipy.stats import uniform
from timm.models import SwinTransformer

from eegkit.classifiers import FeatureMap
from eegkit.parameters import Count, Counts, ParameterError, Positive, Proportion, check_heads
from eegkit_vision._patches import PatchClassifier, PatchModule


class SwinModule(PatchModule):
    """The net of `Swin`; see there for the parameters."""

    timm_class = SwinTransformer
    timm_module = "swin_transformer"

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        *,
        patch_size: int,
        embed_dim: int,
        depths: Sequence[int],
        n_heads: Sequence[int],
        window_size: int,
        mlp_ratio: float,
        dropout: float,
        drop_path: float,
        variant: str | None,
        pretrained: bool | str,
    ) -> None:
        sizes = {
            "patch_size": patch_size,
            "embed_dim": embed_dim,
            "depths": tuple(depths),
            "num_heads": tuple(n_heads),
            "window_size": window_size,
            "mlp_ratio": mlp_ratio,
        }
        rates = {"drop_rate": dropout, "drop_path_rate": drop_path}
        super().__init__(input_shape, n_classes, variant, pretrained, sizes, rates)

    def feature_map(self) -> FeatureMap:
        """The last stage's tokens, which lie as an image: (B, F', T', width)."""
        step = 2 ** (len(self.net.layers) - 1)  # from patch to token, along both axes
        grid = (-(-n // step) for n in self.net.patch_embed.grid_size)
        span = (n * step * p for n, p in zip(grid, self.net.patch_embed.patch_size, strict=True))
        return FeatureMap(self.net.norm, lambda x: x.permute(0, 3, 1, 2), span=tuple(span))


class Swin(PatchClassifier):
    """Swin: a Transformer whose attention stays within windows that shift layer by layer.

    The spectrograms of all channels are one image of as many channels. Small patches become
    tokens; a token attends to those of its window, and every other layer shifts the windows by
    half. Between stages two by two tokens are merged into one of twice the width. The mean of the
    last stage is classified.

    Stages at 20 channels, 100 frequencies, 100 frames, 2 classes: (20, 100, 100) -> patches
    (25, 25, 48) -> stage 1 (25, 25, 48) -> stage 2 (13, 13, 96) -> mean (96) -> 2; 317,972
    parameters.

    Parameters
    ----------
    patch_size : int, default 4
        Side of a patch, in bins and frames.
    embed_dim : int, default 48
        Width of a token in the first stage; it doubles from stage to stage.
    depths : sequence of int, default (2, 2)
        Layers of each stage.
    n_heads : sequence of int, default (3, 6)
        Heads of the attention in each stage; each divides its stage's width.
    window_size : int, default 7
        Side of a window, in tokens; no larger than the stage's image.
    mlp_ratio : float, default 4.0
        Width of a layer's hidden units, in parts of its tokens'.
    dropout : float, default 0.0
        Before the classifier.
    drop_path : float, default 0.2
        Probability that the last layer is skipped in training; it grows linearly from 0.
    variant : str, optional
        A net of timm's module ``swin_transformer`` instead, such as
        ``"swin_small_patch4_window7_224"``, which has its own values of the first six
        parameters.
    pretrained : bool or path, default False
        Begin with weights of `variant` that were trained on photographs: ``True`` downloads
        timm's own, a path reads a file of timm's weights. timm fits the first layer to the
        channels and the positions to the windows; the classifier begins at random. Loading
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
    The smallest that was published, Swin-T, timm's ``swin_tiny_patch4_window7_224``, has 28
    million parameters, and trained from the start on some hundred trials of EEG it stayed at
    chance. The defaults are its first two stages, half as wide.
    An image is filled up with zeros to whole patches, after its last frequency and frame; one
    smaller than a patch is, with a warning. Windows are filled up likewise, as in the paper.

    Published settings: ``"swin_t"``, the paper's Swin-T.

    References
    ----------
    Z. Liu et al. (2021), Swin Transformer: hierarchical vision Transformer using shifted
    windows, ICCV, arXiv:2103.14030. The net is timm's, R. Wightman (2019), PyTorch Image Models,
    doi:10.5281/zenodo.4414861.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit_vision import Swin
    >>> X = np.random.default_rng(0).normal(size=(8, 3, 32, 24))
    >>> net = Swin(embed_dim=24, depths=(2, 2), n_heads=(3, 6), max_epochs=1, random_state=0)
    >>> net.fit(X, ["left", "right"] * 4).predict_proba(X).shape
    (8, 2)
    """

    module_class = SwinModule
    sizes = ("patch_size", "embed_dim", "depths", "n_heads", "window_size", "mlp_ratio")

    embed_dim: Count = 48
    depths: Counts = (2, 2)
    n_heads: Counts = (3, 6)
    window_size: Count = 7
    mlp_ratio: Positive = 4.0
    dropout: Proportion = 0.0
    drop_path: Proportion = 0.2

    published_settings = {
        "swin_t": {
            "patch_size": 4,
            "embed_dim": 96,
            "depths": (2, 2, 6, 2),
            "n_heads": (3, 6, 12, 24),
            "window_size": 7,
            "mlp_ratio": 4.0,
            "dropout": 0.0,
            "drop_path": 0.2,
        }
    }

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return super().conformance_params() | {
            "patch_size": 2,
            "embed_dim": 8,
            "depths": (1, 2),
            "n_heads": (1, 2),
            "window_size": 2,
            "drop_path": 0.0,
        }

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return super().search_space() | {
            "patch_size": [2, 4, 8],
            "embed_dim": [24, 48, 96],
            "window_size": [4, 7],
            "dropout": uniform(0, 0.5),
            "drop_path": uniform(0, 0.3),
        }

    def check_parameters(self) -> None:
        super().check_parameters()
        if len(self.depths) != len(self.n_heads):
            raise ParameterError(
                f"depths is {self.depths!r} and n_heads is {self.n_heads!r}; expected one number "
                "of heads for each stage.",
                "depths",
            )
        for stage, heads in enumerate(self.n_heads):
            width = {f"the width of stage {stage + 1}": self.embed_dim * 2**stage}
            check_heads(heads, **width)
