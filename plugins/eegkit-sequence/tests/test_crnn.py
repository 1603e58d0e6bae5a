"""CRNN: its published size, its sequence, and what it refuses."""

import numpy as np
import pytest
import torch
from eegkit_sequence import CRNN


@pytest.mark.parametrize(
    ("cell", "gates", "n_parameters"),
    [("lstm", 4, 770_940), ("gru", 3, 707_708), ("rnn", 1, 581_244)],
)
def test_crnn_number_of_parameters(cell, gates, n_parameters):
    # 1000 samples: (1000 - 20) // 4 + 1 = 246 outputs, 246 // 4 = 61 steps of 2 * 64 features.
    def layer(n_features):  # two directions; weights of input and state, two biases
        return 2 * gates * (64 * (n_features + 64) + 2 * 64)

    convolution = 22 * 40 * 20 + 40 + 2 * 40
    recurrent = layer(40) + layer(128) + layer(128)
    head = 2 * 128 + (61 * 128 * 64 + 64) + (64 * 4 + 4)
    assert convolution + recurrent + head == n_parameters
    module = CRNN(cell=cell).build_module((22, 1000), 4)
    assert sum(p.numel() for p in module.parameters()) == n_parameters


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("shape", [(1, 32), (2, 47), (3, 48), (5, 131)], ids=str)
def test_crnn_takes_any_size(cell, shape):
    module = CRNN(cell=cell, nonlinearity="relu", n_dense=8).build_module(shape, 3)
    logits = module(torch.randn(4, *shape))
    assert logits.shape == (4, 3)
    logits.square().sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in module.parameters())


def test_crnn_sequence():
    module = CRNN().build_module((22, 1000), 4).eval()
    steps = module.cnn(torch.randn(2, 22, 1000))
    assert steps.shape == (2, 40, 61)
    assert module.rnn(steps.transpose(1, 2))[0].shape == (2, 61, 128)


def test_crnn_nonlinearity_of_the_plain_cell():
    module = CRNN(cell="rnn", nonlinearity="relu").build_module((2, 64), 2).eval()
    states, _ = module.rnn(torch.randn(3, 5, 40))
    assert module.rnn.nonlinearity == "relu"
    assert states.min() == 0


@pytest.mark.parametrize(
    "params", [{}, {"kernel_size": 5, "stride": 2, "pool_size": 3}], ids=["default", "small"]
)
def test_crnn_shortest_trial_gives_one_step(params):
    model = CRNN(**params)
    n_channels, n_times = model.min_input_shape()
    x = torch.randn(2, n_channels, n_times)
    cnn = model.build_module((n_channels, n_times), 2).cnn
    assert cnn(x).shape == (2, 40, 1)
    with pytest.raises(RuntimeError, match="output size"):
        cnn(x[..., :-1])


def test_crnn_pads_short_trials():
    X = np.random.default_rng(0).normal(size=(6, 2, 20))
    with (
        pytest.warns(UserWarning, match=r"at least \(1, 32\).*padded with zeros"),
        pytest.warns(UserWarning, match="reads one step after the other"),
    ):
        model = CRNN(max_epochs=1, random_state=0).fit(X, [0, 1] * 3)
    assert model.predict(X).shape == (6,)


REFUSED = [
    ({"cell": "LSTM"}, "cell is 'LSTM'; expected one of 'lstm', 'gru', 'rnn'"),
    ({"nonlinearity": "elu"}, "nonlinearity is 'elu'; expected one of 'tanh', 'relu'"),
    ({"kernel_size": 0}, "kernel_size is 0; expected a whole number of at least 1"),
    ({"stride": 2.5}, "stride is 2.5; expected a whole number"),
    ({"n_layers": True}, "n_layers is True; expected a whole number"),
    ({"dropout": 1.0}, "dropout is 1.0; expected a number of at least 0 and below 1"),
]


@pytest.mark.parametrize(("params", "message"), REFUSED, ids=[next(iter(p)) for p, _ in REFUSED])
def test_crnn_refuses(params, message):
    with pytest.raises(ValueError, match=message):
        CRNN(**params).fit(np.random.default_rng(0).normal(size=(4, 1, 40)), [0, 1] * 2)
