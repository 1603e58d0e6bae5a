"""The settings of papers have the sizes that the papers, or their authors' code, tell."""

import pytest
from eegkit_vision import EfficientNet, Swin, ViT


@pytest.mark.parametrize(
    ("kind", "name", "input_shape", "n_classes", "n_parameters"),
    [
        (EfficientNet, "efficientnet_b0", (3, 224, 224), 1000, 5_288_548),
        (Swin, "swin_t", (3, 224, 224), 1000, 28_288_354),
        (ViT, "vit_b_16", (3, 224, 224), 1000, 86_567_656),
    ],
)
def test_number_of_parameters(kind, name, input_shape, n_classes, n_parameters):
    net = kind.published(name)
    module = net.build_module(input_shape, n_classes)
    assert sum(p.numel() for p in module.parameters()) == n_parameters
