"""EfficientNet: the numbers of its paper, images of any size, bad parameters."""

import numpy as np
import pytest
import torch
from eegkit_vision import EfficientNet

X = np.random.default_rng(0).normal(size=(6, 2, 9, 8)).astype(np.float32)
y = [0, 1] * 3


def n_parameters(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(
    ("variant", "expected"),
    # Table 2 of Tan and Le (2019), in millions: 5.3, 7.8, 9.2.
    [
        ("efficientnet_b0", 5_288_548),
        ("efficientnet_b1", 7_794_184),
        ("efficientnet_b2", 9_109_994),
    ],
)
def test_parameters_of_the_paper(variant, expected):
    with torch.device("meta"):
        module = EfficientNet(variant=variant).build_module((3, 224, 224), 1000)
    assert n_parameters(module) == expected


def test_parameters_of_the_default():
    with torch.device("meta"):
        module = EfficientNet().build_module((20, 100, 100), 2)
    channels = (20 - 3) * 32 * 3 * 3
    head = 1280 * (1000 - 2) + (1000 - 2)
    assert n_parameters(module) == 5_288_548 + channels - head == 4_015_006


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 13), (2, 40, 1), (20, 100, 7)])
def test_any_size_is_read(shape):
    module = EfficientNet(variant="test_efficientnet").build_module(shape, 3)
    assert module(torch.randn(2, *shape)).shape == (2, 3)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"variant": "efficientnet_b9"}, "did you mean .*efficientnet_b"),
        ({"variant": "resnet18"}, "of its module efficientnet"),
        ({"variant": None}, "variant is None; expected text"),
        ({"dropout": 1.0}, "dropout is 1.0; expected a number of at least 0 and below 1"),
        ({"drop_path": "0.1"}, "drop_path is '0.1'; expected a number"),
        ({"pretrained": 3}, "pretrained is 3; expected True, False or"),
    ],
)
def test_bad_parameters_of_efficientnet(params, message):
    with pytest.raises(ValueError, match=message):
        EfficientNet(**params).fit(X, y)
