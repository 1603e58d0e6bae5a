"""ViT: the numbers of its paper, images of any size, bad parameters."""

import numpy as np
import pytest
import torch
from eegkit_vision import ViT

SMALL = {"patch_size": 4, "hidden_size": 8, "n_layers": 1, "n_heads": 2}
X = np.random.default_rng(0).normal(size=(6, 2, 9, 8)).astype(np.float32)
y = [0, 1] * 3


def n_parameters(module):
    return sum(p.numel() for p in module.parameters())


def test_parameters_of_the_default():
    width = 256
    patches = 20 * 10 * 10 * width + width
    positions = (1 + 10 * 10) * width + width  # and the class token
    attention = width * 3 * width + 3 * width + width * width + width
    mlp = width * 4 * width + 4 * width + 4 * width * width + width
    layer = attention + mlp + 2 * 2 * width
    total = patches + positions + 2 * layer + 2 * width + width * 2 + 2
    assert n_parameters(ViT().build_module((20, 100, 100), 2)) == total == 2_118_914


def test_parameters_of_the_paper():
    with torch.device("meta"):
        module = ViT(variant="vit_base_patch16_224").build_module((3, 224, 224), 1000)
    assert n_parameters(module) == 86_567_656


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 5, 13), (2, 40, 4), (20, 11, 7)])
def test_any_size_is_read(shape):
    assert ViT(**SMALL).build_module(shape, 3)(torch.randn(2, *shape)).shape == (2, 3)


def test_images_are_filled_up_to_whole_patches():
    odd, whole = ViT(**SMALL).build_module((2, 9, 13), 3), ViT(**SMALL).build_module((2, 12, 16), 3)
    whole.load_state_dict(odd.state_dict())
    x = torch.randn(4, 2, 9, 13)
    filled = torch.zeros(4, 2, 12, 16)
    filled[:, :, :9, :13] = x
    torch.testing.assert_close(odd.eval()(x), whole.eval()(filled))


def test_variant_has_its_own_patches():
    net = ViT(variant="test_vit", max_epochs=1)
    assert net.min_input_shape() == (1, 16, 16)
    with pytest.warns(UserWarning, match=r"at least \(1, 16, 16\)"):
        net.fit(X, y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"patch_size": 0}, "patch_size is 0; expected a whole number"),
        ({"n_layers": 1.5}, "n_layers is 1.5; expected a whole number"),
        ({"n_heads": 3}, "n_heads is 3, which does not divide hidden_size = 8"),
        ({"dropout": 1}, "dropout is 1; expected a number of at least 0 and below 1"),
        ({"pretrained": True}, "pretrained is True, but variant is None"),
        ({"variant": "test_vit"}, "has its own patch_size, hidden_size, n_layers, n_heads"),
        ({"variant": "vit_tiny_patch16_24"}, "did you mean 'vit_tiny_patch16_224'"),
        ({"variant": "resnet18"}, "expected a model of timm of its module vision_transformer"),
        ({"variant": "test_vit.none"}, "Invalid pretrained tag"),
        ({"variant": ["test_vit"]}, "expected text, or None"),
    ],
)
@pytest.mark.filterwarnings("ignore:ViT needs trials")
def test_bad_parameters_of_vit(params, message):
    with pytest.raises(ValueError, match=message):
        ViT(**SMALL | params).fit(X, y)
