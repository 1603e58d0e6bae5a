"""EEGNet has its paper's numbers, and braindecode's where the two nets agree."""

import pytest
import torch
from eegkit_convnets import EEGNet
from sklearn.model_selection import GridSearchCV

from eegkit import testing


@pytest.mark.parametrize(
    ("shape", "n_classes", "n_parameters"),
    [((22, 1000), 4, 3444), ((64, 128), 2, 2258)],
)
def test_number_of_parameters(shape, n_classes, n_parameters):
    # Counted by the layers of table 2 of Lawhern et al. (2018).
    C, T = shape
    filters = 8 * 64 + 2 * 8 + 16 * C + 2 * 16 + 16 * 16 + 16 * 16 + 2 * 16
    assert filters + 16 * (T // 32) * n_classes + n_classes == n_parameters
    module = EEGNet().build_module(shape, n_classes)
    assert sum(p.numel() for p in module.parameters()) == n_parameters


def test_grid_search_over_architecture_and_training():
    trials = testing.example_trials()
    grid = {"F1": [2, 4], "batch_size": [4, 8]}
    search = GridSearchCV(EEGNet(max_epochs=1), grid, cv=2, error_score="raise")
    search.fit(trials.X, trials.y)
    assert search.predict(trials.X).shape == trials.y.shape


def test_norms_are_held():
    module = EEGNet().build_module((22, 256), 4)
    with torch.no_grad():
        module.spatial[0].parametrizations.weight.original.mul_(100)
        module.head.parametrizations.weight.original.mul_(100)
    assert module.spatial[0].weight.flatten(1).norm(dim=1).max() <= 1 + 1e-5
    assert module.head.weight.norm(dim=1).max() <= 0.25 + 1e-5


def test_same_padding_keeps_the_samples():
    module = EEGNet().build_module((3, 100), 2)
    assert module.temporal(torch.zeros(1, 1, 3, 100)).shape == (1, 8, 3, 100)


def pair(shape, n_classes=4, kernel_length=63, separable_length=15):
    """Our net and braindecode's, with the same weights."""
    models = pytest.importorskip("braindecode.models")
    theirs = models.EEGNet(
        n_chans=shape[0],
        n_times=shape[1],
        n_outputs=n_classes,
        kernel_length=kernel_length,
        depthwise_kernel_length=separable_length,
        final_layer_with_constraint=True,
    )
    lengths = {"kernel_length": kernel_length, "separable_length": separable_length}
    ours = EEGNet(**lengths).build_module(shape, n_classes)
    mine, other = ours.state_dict(), theirs.state_dict()
    # Their layers come in our order; a parametrised weight is the last of its layer here.
    head = "final_layer.linearconstraint"
    order = [name for name in other if not name.startswith(head)]
    order += [f"{head}.bias", f"{head}.parametrizations.weight.original"]
    assert len(order) == len(mine)
    values = {}
    for name, key in zip(mine, order, strict=True):
        assert mine[name].shape == other[key].shape, (name, key)
        values[name] = torch.rand_like(mine[name].float()) + 0.5 if "norm" in key else other[key]
    theirs.load_state_dict(dict(zip(order, values.values(), strict=True)))
    ours.load_state_dict(values)
    return ours.eval(), theirs.eval()


@pytest.mark.parametrize("shape", [(22, 1000), (3, 250), (1, 128)])
def test_equals_braindecodes_net_with_odd_filters(shape):
    ours, theirs = pair(shape)
    x = torch.randn(5, *shape)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=1e-4)


@pytest.mark.parametrize("shape", [(22, 1000), (3, 250), (1, 128)])
def test_default_equals_braindecodes_net(shape):
    """A filter of even length is braindecode's of one sample more, the first of which is zero."""
    longer, theirs = pair(shape, kernel_length=65, separable_length=17)
    for parameter in (*longer.parameters(), *theirs.parameters()):
        if parameter.shape[-1] in (65, 17):
            parameter.data[..., 0] = 0
    ours = EEGNet().build_module(shape, 4).eval()
    state = longer.state_dict()
    for name, value in ours.state_dict().items():
        if value.shape != state[name].shape:
            state[name] = state[name][..., 1:]
    ours.load_state_dict(state)
    x = torch.randn(5, *shape)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=1e-4)


def test_even_filters_are_padded_at_the_end():
    # The paper's (Keras's) padding; braindecode pads K / 2 on both sides, which makes its
    # signal one sample longer, at the beginning.
    ours, theirs = pair((3, 250), kernel_length=64, separable_length=16)
    x = torch.randn(5, 1, 3, 250)
    longer = theirs.bnorm_temporal(theirs.conv_temporal(x))
    assert longer.shape[-1] == 251
    torch.testing.assert_close(ours.temporal(x), longer[..., 1:])
