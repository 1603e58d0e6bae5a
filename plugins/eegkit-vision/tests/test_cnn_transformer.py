"""CNNTransformer: its parameters counted, any backbone of timm, bad parameters."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from eegkit_vision import CNNTransformer

SMALL = CNNTransformer.conformance_params()
X = np.random.default_rng(0).normal(size=(6, 2, 9, 8)).astype(np.float32)
y = [0, 1] * 3


def n_parameters(module):
    return sum(p.numel() for p in module.parameters())


def encoder(n_maps, n_tokens, width=256, n_classes=2):
    """Parameters of the Transformer: projection, tokens, two layers, norm and head."""
    layer = 12 * width**2 + 13 * width
    tokens = n_maps * width + width + (1 + n_tokens) * width + width
    return tokens + 2 * layer + 2 * width + width * n_classes + n_classes


def test_parameters_of_the_default():
    # ResNet-18 has 11,689,512 parameters (3 channels, 1000 classes); here without its classifier
    # and fourth stage, for 20 channels.
    classifier = 512 * 1000 + 1000
    fourth = 256 * 512 * 9 + 3 * 512 * 512 * 9 + 256 * 512 + 5 * 2 * 512
    resnet = 11_689_512 - classifier - fourth + (20 - 3) * 64 * 7 * 7
    module = CNNTransformer().build_module((20, 100, 100), 2)
    assert n_parameters(module) == resnet + encoder(256, 7 * 7) == 4_495_490


def test_parameters_of_the_whole_backbone():
    with torch.device("meta"):
        module = CNNTransformer(stride=32).build_module((3, 224, 224), 2)
    assert n_parameters(module.net.patch_embed.backbone) == 11_689_512 - 512 * 1000 - 1000


def test_parameters_of_the_small_cnn():
    # Table 2 of Xiao et al. (2021), 1 GF: 24, 48, 96 and 192 maps.
    maps = [20, 24, 48, 96, 192]
    cnn = sum(9 * n * m + 2 * m for n, m in pairwise(maps))
    module = CNNTransformer(backbone="small").build_module((20, 100, 100), 2)
    assert n_parameters(module) == cnn + encoder(192, 7 * 7)
    assert module(torch.randn(2, 20, 100, 100)).shape == (2, 2)


def test_small_cnn_learns():
    images = X.copy()
    images[1::2, 0, :4] += 3
    net = CNNTransformer(
        backbone="small", backbone_params={"width": 4}, stride=4, hidden_size=16, n_heads=2,
        n_layers=1, max_epochs=20, lr=1e-2, random_state=0,
    )  # fmt: skip
    assert net.fit(images, y).score(images, y) == 1


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 5, 13), (2, 40, 4), (20, 100, 7)])
def test_any_size_is_read(shape):
    module = CNNTransformer(**SMALL).build_module(shape, 3)
    assert module(torch.randn(2, *shape)).shape == (2, 3)


@pytest.mark.parametrize(
    "backbone", ["test_efficientnet", "test_convnext", "mobilenetv3_small_050"]
)
def test_what_lies_behind_the_map_is_left_out(backbone):
    module = CNNTransformer(backbone=backbone, hidden_size=16, stride=8).build_module(
        (2, 20, 33), 2
    )
    module(torch.randn(3, 2, 20, 33)).sum().backward()
    assert [name for name, p in module.named_parameters() if p.grad is None] == []


def test_backbone_can_be_frozen():
    net = CNNTransformer(**SMALL | {"max_epochs": 1}, freeze=["net.patch_embed.backbone.*"])
    module = net.fit(X, y).net_.module_
    trained = {name for name, p in module.named_parameters() if p.requires_grad}
    assert trained
    assert not any("backbone" in name for name in trained)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"backbone": "resnet"}, "backbone is 'resnet'; expected a model of timm"),
        ({"stride": 5}, "stride is 5; resnet18 has maps of stride 2, 4, 8, 16, 32"),
        ({"stride": 0}, "stride is 0; expected a whole number"),
        ({"n_heads": 5}, "n_heads is 5, which does not divide hidden_size = 16"),
        ({"dropout": 2}, "dropout is 2; expected a number of at least 0 and below 1"),
        ({"backbone_params": {"depthz": 3}}, "gives no feature maps: .*depthz"),
        ({"backbone": "small", "backbone_params": {"depth": 3}}, "names 'depth'; the small CNN"),
        (
            {"backbone": "small", "backbone_params": None, "pretrained": True},
            "no weights of the small CNN",
        ),
        (
            {"backbone": "small", "backbone_params": None, "stride": 6},
            "stride is 6; the small CNN has strides of 2, 4, 8",
        ),
        ({"pretrained": 1.0}, "pretrained is 1.0; expected True, False or"),
    ],
)
def test_bad_parameters_of_cnn_transformer(params, message):
    with pytest.raises(ValueError, match=message):
        CNNTransformer(**SMALL | params).fit(X, y)
