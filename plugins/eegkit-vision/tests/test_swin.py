"""Swin: the numbers of its paper, images of any size, bad parameters."""

import numpy as np
import pytest
import torch
from eegkit_vision import Swin

SMALL = {"patch_size": 2, "embed_dim": 8, "depths": (2, 2), "n_heads": (1, 2), "window_size": 3}
X = np.random.default_rng(0).normal(size=(6, 2, 9, 8)).astype(np.float32)
y = [0, 1] * 3


def n_parameters(module):
    return sum(p.numel() for p in module.parameters())


SWIN_T = [Swin.published("swin_t"), Swin(variant="swin_tiny_patch4_window7_224")]


@pytest.mark.parametrize("net", SWIN_T)
def test_parameters_of_the_paper(net):
    with torch.device("meta"):
        module = net.build_module((3, 224, 224), 1000)
    assert n_parameters(module) == 28_288_354  # the paper says 28 M


def test_parameters_of_the_default():
    with torch.device("meta"):
        module = Swin().build_module((20, 100, 100), 2)
    patches = 20 * 4 * 4 * 48 + 48 + 2 * 48

    def layer(width, heads):
        attention = 4 * (width * width + width) + heads * 13 * 13
        return attention + 8 * width * width + 5 * width + 4 * width

    merging = 2 * 4 * 48 + 4 * 48 * 96
    head = 2 * 96 + 96 * 2 + 2
    layers = 2 * layer(48, 3) + 2 * layer(96, 6)
    assert n_parameters(module) == patches + layers + merging + head == 317_972


def test_parameters_of_smaller_images():
    with torch.device("meta"):
        module = Swin.published("swin_t").build_module((20, 100, 100), 2)
    channels = (20 - 3) * 4 * 4 * 96
    head = 768 * (1000 - 2) + (1000 - 2)
    # The last stage is 4 x 4: its two layers have windows of 4, and fewer relative positions.
    positions = 2 * 24 * (13 * 13 - 7 * 7)
    assert n_parameters(module) == 28_288_354 + channels - head - positions == 27_541_244


@pytest.mark.parametrize("shape", [(1, 2, 2), (3, 5, 13), (2, 40, 2), (20, 11, 7)])
def test_any_size_is_read(shape):
    assert Swin(**SMALL).build_module(shape, 3)(torch.randn(2, *shape)).shape == (2, 3)


def test_images_are_filled_up_to_whole_patches():
    odd, whole = (
        Swin(**SMALL).build_module((2, 9, 13), 3),
        Swin(**SMALL).build_module((2, 10, 14), 3),
    )
    whole.load_state_dict(odd.state_dict())
    x = torch.randn(4, 2, 9, 13)
    filled = torch.zeros(4, 2, 10, 14)
    filled[:, :, :9, :13] = x
    torch.testing.assert_close(odd.eval()(x), whole.eval()(filled))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"patch_size": 0}, "patch_size is 0; expected a whole number"),
        ({"depths": (1, 0)}, r"depths is \(1, 0\); expected a list of whole numbers"),
        ({"depths": (1, 2, 1)}, "expected one number of heads for each stage"),
        ({"n_heads": (3, 2)}, "n_heads is 3, which does not divide the width of stage 1 = 8"),
        ({"drop_path": -0.1}, "drop_path is -0.1; expected a number of at least 0 and below 1"),
        ({"pretrained": "swin.safetensors"}, "but variant is None"),
        ({"variant": "swin_tiny_patch4_window7_224"}, "has its own patch_size, embed_dim"),
        ({"variant": "swin_tiny"}, "of its module swin_transformer.* did you mean 'swin"),
    ],
)
def test_bad_parameters_of_swin(params, message):
    with pytest.raises(ValueError, match=message):
        Swin(**SMALL | params).fit(X, y)
