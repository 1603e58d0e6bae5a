"""EEGNetV1 has the numbers of its layers, and gives what they give as they are published."""

import numpy as np
import pytest
import torch
from eegkit_convnets import EEGNetV1
from torch.nn import functional as F


@pytest.mark.parametrize(
    ("shape", "n_classes", "n_parameters"),
    [((64, 128), 2, 2122), ((22, 1000), 4, 5164)],
)
def test_number_of_parameters_by_layers(shape, n_classes, n_parameters):
    C, T = shape
    spatial = 16 * C + 16 + 2 * 16
    image = (4 * 2 * 32 + 4 + 2 * 4) + (4 * 4 * 8 * 4 + 4 + 2 * 4)
    head = 4 * (16 // 4) * (T // 4 // 4) * n_classes + n_classes
    assert spatial + image + head == n_parameters
    module = EEGNetV1().build_module(shape, n_classes)
    assert sum(p.numel() for p in module.parameters()) == n_parameters


def as_published(module, x):
    """Filters of (C, 1) on an image of one colour, a permutation, and ELU before pooling."""
    conv, norm = module.spatial[:2]
    y = F.conv2d(x.unsqueeze(1), conv.weight.unsqueeze(1), conv.bias)
    y = y.squeeze(2)  # (B, 16, T)
    y = F.elu(
        F.batch_norm(y, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=1e-3)
    )
    y = y.unsqueeze(1)  # (B, 1, 16, T)
    for i in (1, 7):
        conv, norm = module.image[i], module.image[i + 1]
        y = F.conv2d(y, conv.weight, conv.bias, padding="same")
        y = F.batch_norm(y, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=1e-3)
        y = F.max_pool2d(F.elu(y), (2, 4))
    return F.linear(y.flatten(1), module.head.weight, module.head.bias)


@pytest.mark.parametrize("shape", [(64, 128), (3, 250), (1, 16)])
def test_equals_the_published_layers(shape):
    torch.manual_seed(0)
    module = EEGNetV1().build_module(shape, 4).eval()
    for value in module.state_dict().values():
        if value.is_floating_point() and value.ndim == 1:
            value.uniform_(0.5, 1.5)
    x = torch.randn(5, *shape)
    torch.testing.assert_close(module(x), as_published(module, x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 16), (2, 31), (5, 32), (64, 333)])
def test_any_size(shape):
    assert EEGNetV1().min_input_shape() == (1, 16)
    assert EEGNetV1().build_module(shape, 3).eval()(torch.randn(1, *shape)).shape == (1, 3)


def test_dropout_is_after_the_filters_and_the_poolings():
    module = EEGNetV1().build_module((3, 128), 2)
    drops = {n: m.p for n, m in module.named_modules() if isinstance(m, torch.nn.Dropout)}
    assert drops == {"spatial.3": 0.25, "image.5": 0.25, "image.11": 0.25}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_spatial": 3}, "n_spatial is 3, too few to be pooled twice by 2; expected at least 4"),
        ({"kernel_size1": (2,)}, r"kernel_size1 is \(2,\); expected a list of 2 whole numbers"),
        ({"pool_size": 2}, "pool_size is 2; expected a list of"),
        ({"dropout": "much"}, "dropout is 'much'; expected a number"),
    ],
)
def test_bad_parameters(params, message):
    X = np.random.default_rng(0).normal(size=(4, 2, 64))
    with pytest.raises(ValueError, match=message):
        EEGNetV1(**params).fit(X, [0, 1, 0, 1])
