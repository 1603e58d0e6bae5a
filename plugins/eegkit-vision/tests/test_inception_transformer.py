"""InceptionTransformer: its parameters counted, its smallest images, bad parameters."""

import numpy as np
import pytest
import torch
from eegkit_vision import CNNTransformer, InceptionTransformer

X = np.random.default_rng(0).normal(size=(6, 2, 9, 8)).astype(np.float32)
y = [0, 1] * 3


def n_parameters(module):
    return sum(p.numel() for p in module.parameters())


def meta(shape, backbone="inception_v3", **params):
    with torch.device("meta"):
        return CNNTransformer(backbone=backbone, **params).build_module(shape, 2)


def test_parameters_of_the_whole_backbone():
    # Inception v3 without its auxiliary classifier has 23,834,568 parameters.
    backbone = meta((3, 299, 299), stride=32).net.patch_embed.backbone
    assert n_parameters(backbone) == 23_834_568 - 2048 * 1000 - 1000


def test_parameters_of_the_default():
    module = InceptionTransformer().build_module((20, 100, 100), 2)
    backbone = module.net.patch_embed.backbone
    width = 256
    tokens = 768 * width + width + (1 + 4 * 4) * width + width
    encoder = tokens + 2 * (12 * width**2 + 13 * width) + 2 * width + 2 * width + 2
    assert n_parameters(module) == n_parameters(backbone) + encoder == 10_752_770
    assert module.eval()(torch.zeros(1, 20, 100, 100)).shape == (1, 2)


@pytest.mark.parametrize("backbone", ["inception_v3", "inception_v4", "inception_resnet_v2"])
@pytest.mark.parametrize("stride", [8, 16, 32])
def test_smallest_image(backbone, stride):
    net = InceptionTransformer(backbone=backbone, stride=stride)
    _, least, _ = net.min_input_shape()
    assert meta((2, least, least), backbone, stride=stride).net.patch_embed.grid_size == (1, 1)
    # One less leaves nothing.
    with pytest.raises(RuntimeError):
        meta((2, least - 1, least - 1), backbone, stride=stride)


def test_inception_next_takes_images_from_the_stride_on():
    net = InceptionTransformer(backbone="inception_next_atto", stride=8)
    assert net.min_input_shape() == (1, 8, 8)


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 5, 13), (2, 40, 4), (20, 100, 7)])
def test_any_size_is_read(shape):
    net = InceptionTransformer(**InceptionTransformer.conformance_params())
    assert net.build_module(shape, 3)(torch.randn(2, *shape)).shape == (2, 3)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"backbone": "resnet18"}, "expected an Inception net of timm"),
        ({"backbone": None}, "backbone is None; expected text"),
        ({"backbone": "inception_v5"}, "did you mean 'inception_v"),
        ({"stride": 3}, "stride is 3; inception_v3 has maps of stride 2, 4, 8, 16, 32"),
    ],
)
@pytest.mark.filterwarnings("ignore:InceptionTransformer needs trials")
def test_bad_parameters_of_inception_transformer(params, message):
    with pytest.raises(ValueError, match=message):
        InceptionTransformer(**params).fit(X, y)
