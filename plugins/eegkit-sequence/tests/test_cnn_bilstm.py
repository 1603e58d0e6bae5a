"""CNNBiLSTM: its published size, both layouts, and what it refuses."""

import numpy as np
import pytest
import torch
from eegkit_sequence import CNNBiLSTM

from eegkit import export_onnx

PEOPLE, SHAPE = 109, (64, 50, 16)


def n_parameters(module):
    return sum(p.numel() for p in module.parameters())


def conv(n_in, n_out, size):
    return n_in * n_out * size**2 + n_out + 2 * n_out  # with bias and batch norm


def bilstm(n_in, n_units):
    return 2 * 4 * (n_units * (n_in + n_units) + 2 * n_units)


def head(n_in):
    return (n_in * 256 + 256) + 2 * 256 + (256 * PEOPLE + PEOPLE)


def test_cnn_bilstm_parameters_merged():
    by_layers = conv(1, 64, 5) + conv(64, 128, 3) + bilstm(128, 128) + head(256)
    assert by_layers == 434_413
    assert n_parameters(CNNBiLSTM(layout="merged").build_module(SHAPE, PEOPLE)) == 434_413


def test_cnn_bilstm_parameters_as_keras_counts():
    module = CNNBiLSTM(layout="merged").build_module(SHAPE, PEOPLE)
    buffers = dict(module.named_buffers())
    statistics = sum(b.numel() for name, b in buffers.items() if "running" in name)
    second_biases = sum(
        p.numel() for name, p in module.lstms.named_parameters() if "bias_hh" in name
    )
    assert (statistics, second_biases) == (896, 1024)
    assert n_parameters(module) + statistics - second_biases == 434_285


def test_cnn_bilstm_parameters_per_channel():
    cnn = conv(1, 32, 3) + conv(32, 64, 3) + conv(64, 128, 3)
    by_layers = cnn + bilstm(128, 128) + bilstm(256, 64) + head(128)
    assert by_layers == 583_725
    assert n_parameters(CNNBiLSTM().build_module(SHAPE, PEOPLE)) == 583_725


@pytest.mark.parametrize(
    ("layout", "n_steps", "width"), [("per_channel", 64, 128), ("merged", 3200, 128)]
)
def test_cnn_bilstm_length_of_the_sequence(layout, n_steps, width):
    module = CNNBiLSTM(layout=layout).build_module(SHAPE, PEOPLE).eval()
    seen = []
    module.lstms[0].register_forward_pre_hook(lambda lstm, inputs: seen.append(inputs[0].shape))
    with torch.no_grad():
        module(torch.randn(1, *SHAPE))
    assert seen == [(1, n_steps, width)]


@pytest.mark.parametrize("layout", ["per_channel", "merged"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (2, 9, 15), (5, 21, 8)], ids=str)
def test_cnn_bilstm_takes_any_size(layout, shape):
    module = CNNBiLSTM(layout=layout, hidden_sizes=(8,), n_dense=8).build_module(shape, 3)
    logits = module(torch.randn(4, *shape))
    assert logits.shape == (4, 3)
    logits.square().sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in module.parameters())


@pytest.mark.parametrize("layout", ["per_channel", "merged"])
def test_cnn_bilstm_reads_the_last_state_of_each_direction(layout):
    module = CNNBiLSTM(layout=layout).build_module((3, 12, 8), 2).eval()
    states, heard = [], []
    module.lstms[-1].register_forward_hook(lambda lstm, x, made: states.append(made[1][0]))
    module.head.register_forward_pre_hook(lambda head, inputs: heard.append(inputs[0]))
    module(torch.randn(4, 3, 12, 8))
    torch.testing.assert_close(heard[0], torch.cat(list(states[0]), 1))


def test_cnn_bilstm_same_cnn_on_every_channel():
    module = CNNBiLSTM().build_module((3, 12, 8), 2).eval()
    seen = []
    module.lstms[0].register_forward_pre_hook(lambda lstm, inputs: seen.append(inputs[0]))
    x = torch.randn(4, 3, 12, 8)
    module(x)
    module(x[:, [2, 0, 1]])
    torch.testing.assert_close(seen[1], seen[0][:, [2, 0, 1]])


def test_cnn_bilstm_merged_image_has_channels_above_frequencies():
    module = CNNBiLSTM(layout="merged").build_module((3, 12, 8), 2).eval()
    seen = []
    module.cnn.register_forward_pre_hook(lambda cnn, inputs: seen.append(inputs[0]))
    x = torch.randn(4, 3, 12, 8)
    module(x)
    torch.testing.assert_close(seen[0], torch.cat([x[:, :1], x[:, 1:2], x[:, 2:]], 2))


def test_cnn_bilstm_merged_fits_and_exports(tmp_path):
    X = np.random.default_rng(0).normal(size=(8, 2, 8, 5))
    small = CNNBiLSTM.conformance_params() | {"n_filters": (4, 8), "max_epochs": 2}
    model = CNNBiLSTM(layout="merged", **small, random_state=0)
    model.fit(X, ["S001", "S002"] * 4)
    export_onnx(model, tmp_path / "merged.onnx")
    alone = np.concatenate([model.predict_proba(x[None]) for x in X])
    np.testing.assert_allclose(alone, model.predict_proba(X), rtol=1e-4, atol=1e-5)


def test_cnn_bilstm_pads_few_frames():
    assert CNNBiLSTM().min_input_shape() == (1, 8, 8)
    assert CNNBiLSTM(layout="merged").min_input_shape() == (1, 4, 4)
    X = np.random.default_rng(0).normal(size=(4, 1, 3, 4))
    model = CNNBiLSTM(layout="merged", max_epochs=1, random_state=0)
    with pytest.warns(UserWarning, match=r"at least \(1, 4, 4\).*padded with zeros"):
        model.fit(X, [0, 1] * 2)


REFUSED = [
    ({"layout": "stacked"}, "layout is 'stacked'; expected one of 'per_channel', 'merged'"),
    ({"n_filters": 32}, "n_filters is 32; expected a list of whole numbers"),
    ({"n_filters": ()}, r"n_filters is \(\); expected a list of whole numbers"),
    ({"hidden_sizes": (8, 0)}, r"hidden_sizes is \(8, 0\); expected a list of whole numbers"),
    ({"n_filters": (8, 16)}, r"kernel_sizes is \(3, 3, 3\), of 3 blocks.*one number for each"),
    (
        {"kernel_sizes": 4},
        "kernel_sizes is 4; expected a whole number of at least 1 that is odd",
    ),
    (
        {"conv_dropout": (0.1, 0.1, 1)},
        "conv_dropout is .*; expected a number .* below 1 or a list",
    ),
    ({"dropout": -0.1}, "dropout is -0.1; expected a number of at least 0 and below 1"),
]


@pytest.mark.parametrize(("params", "message"), REFUSED, ids=[next(iter(p)) for p, _ in REFUSED])
def test_cnn_bilstm_refuses(params, message):
    with pytest.raises(ValueError, match=message):
        CNNBiLSTM(**params).fit(np.random.default_rng(0).normal(size=(4, 1, 8, 8)), [0, 1] * 2)
