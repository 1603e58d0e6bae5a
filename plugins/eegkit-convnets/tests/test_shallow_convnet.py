"""ShallowConvNet has its paper's numbers and gives those of braindecode's net."""

import numpy as np
import pytest
import torch
from eegkit_convnets import ShallowConvNet


def test_number_of_parameters_by_layers():
    # 976 samples after the filters are 61 means: (976 - 75) // 15 + 1.
    filters = (25 * 40 + 40) + 22 * 40 * 40 + 2 * 40
    assert filters + 61 * 40 * 4 + 4 == 46_084
    module = ShallowConvNet().build_module((22, 1000), 4)
    assert sum(p.numel() for p in module.parameters()) == 46_084


@pytest.mark.parametrize("shape", [(22, 1000), (2, 99), (3, 128)])
def test_equals_braindecodes_net(shape):
    models = pytest.importorskip("braindecode.models")
    theirs = models.ShallowFBCSPNet(n_chans=shape[0], n_times=shape[1], n_outputs=4).eval()
    ours = ShallowConvNet().build_module(shape, 4).eval()
    torch.manual_seed(0)
    assert ours.norm.eps == theirs.bnorm.eps
    assert ours.norm.momentum == theirs.bnorm.momentum
    mine, other = ours.state_dict(), theirs.state_dict()
    assert len(mine) == len(other)
    for (name, value), source in zip(mine.items(), other.values(), strict=True):
        assert value.numel() == source.numel(), name
        value.copy_(
            torch.rand_like(value.float()) + 0.5 if "norm" in name else source.reshape(value.shape)
        )
        source.copy_(value.reshape(source.shape))
    x = 10 * torch.randn(5, *shape)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 99), (2, 113), (5, 114), (64, 333)])
def test_any_size(shape):
    assert ShallowConvNet().min_input_shape() == (1, 99)
    assert ShallowConvNet().build_module(shape, 3).eval()(torch.randn(1, *shape)).shape == (1, 3)


def test_a_flat_channel_has_a_finite_logarithm():
    module = ShallowConvNet().build_module((2, 120), 3)
    scores = module(torch.zeros(4, 2, 120))
    scores.sum().backward()
    assert torch.isfinite(scores).all()
    assert all(torch.isfinite(p.grad).all() for p in module.parameters())


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"kernel_length": 0}, "kernel_length is 0; expected a whole number of at least 1"),
        ({"n_spatial": 2.5}, "n_spatial is 2.5; expected a whole number"),
        ({"pool_stride": True}, "pool_stride is True; expected a whole number"),
        ({"dropout": 1.0}, r"dropout is 1\.0; expected a number of at least 0 and below 1"),
    ],
)
def test_bad_parameters(params, message):
    X = np.random.default_rng(0).normal(size=(4, 2, 120))
    with pytest.raises(ValueError, match=message):
        ShallowConvNet(**params).fit(X, [0, 1, 0, 1])
