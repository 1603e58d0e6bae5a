"""ResNet1D has He et al.'s layers along time and gives what torchvision's nets give there."""

import numpy as np
import pytest
import torch
from eegkit_convnets import ResNet1D

BLOCKS = {10: (1, 1, 1, 1), 18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}


def size_of(module):
    return sum(p.numel() for p in module.parameters())


def size_by_layers(n_channels, n_classes, depth, width, K, stem):
    total = stem * n_channels * width + 2 * width
    n_in = width
    for i, n_blocks in enumerate(BLOCKS[depth]):
        n = width * 2**i
        total += K * n_in * n + (2 * n_blocks - 1) * K * n * n + 2 * n_blocks * 2 * n
        if n_in != n:
            total += n_in * n + 2 * n  # the shortcut of the first block
        n_in = n
    return total + n_in * n_classes + n_classes


@pytest.mark.parametrize(
    ("depth", "width", "K", "stem", "n_parameters"),
    [
        (18, 64, 3, 7, 3_855_364),
        (10, 64, 3, 7, 1_762_564),
        (34, 64, 3, 7, 7_229_700),
        (18, 16, 5, 15, None),
    ],
)
def test_number_of_parameters_by_layers(depth, width, K, stem, n_parameters):
    expected = size_by_layers(22, 4, depth, width, K, stem)
    assert n_parameters in (None, expected)
    net = ResNet1D(depth=depth, width=width, kernel_size=K, stem_kernel_size=stem)
    assert size_of(net.build_module((22, 1000), 4)) == expected


@pytest.mark.parametrize("depth", BLOCKS)
def test_depth_counts_the_layers(depth):
    module = ResNet1D(depth=depth, width=2).build_module((3, 64), 2)
    layers = (torch.nn.Conv1d, torch.nn.Linear)
    names = [n for n, m in module.named_modules() if isinstance(m, layers) and "shortcut" not in n]
    assert len(names) == depth


@pytest.mark.parametrize("depth", BLOCKS)
@pytest.mark.parametrize("n_times", [1, 2, 100])
def test_equals_torchvisions_net_on_an_image_of_one_row(depth, n_times):
    # Of a padded kernel only the middle row meets such an image.
    resnet = pytest.importorskip("torchvision.models.resnet")
    torch.manual_seed(0)
    theirs = resnet.ResNet(resnet.BasicBlock, list(BLOCKS[depth]), num_classes=4)
    theirs.conv1 = torch.nn.Conv2d(5, 64, 7, 2, 3, bias=False)
    ours = ResNet1D(depth=depth).build_module((5, n_times), 4).eval()
    mine, other = ours.state_dict(), theirs.state_dict()
    assert len(mine) == len(other)
    for value, source in zip(mine.values(), other.values(), strict=True):
        if source.ndim == 1 and source.is_floating_point():
            source.uniform_(0.9, 1.1)
        value.copy_(source[:, :, source.shape[2] // 2] if source.ndim == 4 else source)
    x = torch.randn(3, 5, n_times)
    with torch.no_grad():
        expected = theirs.eval()(x.unsqueeze(2))
        torch.testing.assert_close(ours(x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 31), (64, 333)])
@pytest.mark.parametrize("lengths", [(1, 1), (3, 7), (9, 31)], ids=str)
def test_any_size(shape, lengths):
    net = ResNet1D(depth=10, width=4, kernel_size=lengths[0], stem_kernel_size=lengths[1])
    module = net.build_module(shape, 3).eval()
    assert module(torch.randn(1, *shape)).shape == (1, 3)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"depth": 50}, "depth is 50; expected one of 10, 18, 34"),
        ({"width": 0}, "width is 0; expected a whole number"),
        ({"kernel_size": 4}, "kernel_size is 4; expected a whole number of at least 1 that is odd"),
        ({"stem_kernel_size": -1}, "stem_kernel_size is -1; expected a whole number"),
    ],
)
def test_bad_parameters(params, message):
    X = np.random.default_rng(0).normal(size=(4, 2, 64))
    with pytest.raises(ValueError, match=message):
        ResNet1D(**params).fit(X, [0, 1, 0, 1])
