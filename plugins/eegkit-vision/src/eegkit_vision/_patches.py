"""What Transformers of patches share: whole patches, and variants of timm's."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import timm
import torch
from torch import nn

from eegkit.parameters import Count, ParameterError
from eegkit_vision._timm import TimmClassifier, check_name, create


class PatchModule(nn.Module):
    """A Transformer of timm behind the zeros that fill an image up to whole patches.

    Shapes: B trials, C channels, F frequencies, T frames.

    A subclass names timm's class, and timm's module that has the variants.

    Parameters
    ----------
    input_shape, n_classes, variant, pretrained
        Those of the estimator.
    sizes : dict
        Arguments of timm's class that a variant has its own values of.
    rates : dict
        Dropout, by timm's names.
    """

    timm_class: ClassVar[type[nn.Module]]
    timm_module: ClassVar[str]

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        variant: str | None,
        pretrained: bool | str,
        sizes: dict[str, Any],
        rates: dict[str, float],
    ) -> None:
        super().__init__()
        n_channels, *size = input_shape
        patch = patch_shape(sizes["patch_size"], variant, self.timm_module)
        whole: tuple[int, ...] = tuple(-(-n // p) * p for n, p in zip(size, patch, strict=True))
        self.whole = whole
        # After the last frequency and frame.
        self.fill = nn.ZeroPad2d((0, whole[1] - size[1], 0, whole[0] - size[0]))
        arguments = {"img_size": whole, "in_chans": n_channels, "num_classes": n_classes, **rates}
        if variant is None:
            self.net: Any = self.timm_class(**sizes, **arguments)
        else:
            self.net = create(variant, "variant", pretrained, self.timm_module, **arguments)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.fill(x)  # (B, C, F', T'), of whole patches
        return self.net(x)  # (B, n_classes)


class PatchClassifier(TimmClassifier):
    """A Transformer of timm whose tokens are patches of a spectrogram.

    A subclass names the class of its net, and which of its parameters are sizes that a variant
    has its own values of.

    Parameters
    ----------
    patch_size : int
        Side of a patch, in bins and frames.
    variant : str, optional
        A net of timm's module instead, of the published sizes.
    """

    module_class: ClassVar[type[PatchModule]]
    sizes: ClassVar[tuple[str, ...]]

    patch_size: Count = 4
    variant: str | None = None

    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        return self.module_class(input_shape, n_classes, **self.architecture_params())

    def min_input_shape(self) -> tuple[int, ...]:
        return (1, *patch_shape(self.patch_size, self.variant, self.module_class.timm_module))

    def check_parameters(self) -> None:
        super().check_parameters()
        if self.variant is None:
            if self.pretrained is not False:
                raise ParameterError(
                    f"pretrained is {self.pretrained!r}, but variant is None: weights belong to "
                    "a net of timm, so name it by variant.",
                    "pretrained",
                )
            return
        self.min_input_shape()  # refuses what timm does not know
        cls = type(self)
        options = [name for name in self.sizes if getattr(self, name) != getattr(cls, name)]
        if options:
            raise ParameterError(
                f"variant is {self.variant!r}, which has its own {', '.join(options)}; leave "
                "these at their defaults, or set variant=None.",
                options[0],
            )


def patch_shape(patch_size: int, variant: str | None, module: str) -> tuple[int, int]:
    """Frequencies and frames of a patch."""
    return (patch_size, patch_size) if variant is None else variant_patch(variant, module)


@lru_cache
def variant_patch(variant: str, module: str) -> tuple[int, int]:
    """The patches of one of timm's Transformers, in pixels."""
    check_name(variant, "variant", module)
    try:
        with torch.device("meta"):  # its layers without their values
            return tuple(timm.create_model(variant).patch_embed.patch_size)
    except RuntimeError as error:  # an unknown tag
        raise ParameterError(
            f"variant is {variant!r}, which timm cannot make: {error}", "variant"
        ) from error
