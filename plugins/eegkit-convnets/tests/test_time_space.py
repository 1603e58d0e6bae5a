"""The two first convolutions, merged into one, give the numbers of the two."""

import pytest
import torch
from eegkit_convnets._time_space import TimeSpace

SIZES = [  # channels, temporal filters, spatial filters, length of a filter, samples
    (1, 1, 1, 1, 1),
    (1, 4, 3, 5, 5),
    (3, 8, 2, 1, 17),
    (22, 10, 12, 25, 100),
    (64, 5, 40, 10, 50),
]


def results(layer, x):
    x = x.clone().requires_grad_()
    layer.zero_grad()
    y = layer(x)
    (y * torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view_as(y)).sum().backward()
    return {"output": y.detach(), "x": x.grad} | {
        name: p.grad.clone() for name, p in layer.named_parameters()
    }


@pytest.mark.parametrize(
    ("dtype", "tolerance"),
    [(torch.float64, 1e-12), (torch.float32, 1e-5)],
    ids=["double", "single"],
)
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "plain"])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_outputs_and_gradients(sizes, bias, dtype, tolerance):
    C, n_temporal, n_spatial, K, T = sizes
    torch.manual_seed(0)
    layer = TimeSpace(C, n_temporal, n_spatial, K, bias=bias).to(dtype)
    x = torch.randn(6, C, T, dtype=dtype)
    merged = results(layer, x)
    assert merged["output"].shape == (6, n_spatial, T - K + 1)
    seen = []
    layer.temporal.register_forward_hook(lambda *args: seen.append(args[2].shape))
    apart = results(layer, x)
    assert seen == [(6, n_temporal, C, T - K + 1)]
    for name, value in apart.items():
        scale = max(1.0, value.abs().max())
        torch.testing.assert_close(merged[name], value, rtol=0, atol=tolerance * scale)


def test_a_norm_in_between_keeps_them_apart():
    torch.manual_seed(0)
    layer = TimeSpace(3, 4, 5, 6, norm=True)
    x = torch.randn(8, 3, 30)
    y = layer.norm(layer.temporal(x.unsqueeze(1)))
    torch.testing.assert_close(layer(x), layer.spatial(y).squeeze(2))
    before = layer.norm.running_mean.clone()
    layer(x)
    assert not torch.equal(layer.norm.running_mean, before)
