"""LSTMAttention: its size, its attention, and what it refuses."""

import numpy as np
import pytest
import torch
from eegkit_sequence import LSTMAttention


@pytest.mark.parametrize(
    ("n_layers", "bidirectional", "n_parameters"),
    [(1, True, 2_099_546), (2, True, 2_494_810), (1, False, 1_051_738)],
)
def test_lstm_attention_number_of_parameters(n_layers, bidirectional, n_parameters):
    n_features, directions = 19 * 100, 2 if bidirectional else 1
    width = directions * 128
    norm = 2 * n_features
    inputs = [n_features] + [width] * (n_layers - 1)
    lstm = sum(directions * 4 * (128 * (n + 128) + 2 * 128) for n in inputs)
    attention = (width * 64 + 64) + 64  # W and b, v
    head = 2 * width + 2
    assert norm + lstm + attention + head == n_parameters
    module = LSTMAttention(n_layers=n_layers, bidirectional=bidirectional).build_module(
        (19, 100, 7), 2
    )
    assert sum(p.numel() for p in module.parameters()) == n_parameters


def test_lstm_attention_is_the_equation():
    attention = LSTMAttention(hidden_size=4, attention_size=6).build_module((2, 3, 5), 2).attention
    h = torch.randn(3, 5, 8)
    W, b = (p.detach().numpy() for p in attention.hidden.parameters())
    v = attention.score.weight.detach().numpy()[0]
    for trial, pooled in zip(h.numpy(), attention(h).detach().numpy(), strict=True):
        e = np.array([v @ np.tanh(W @ h_t + b) for h_t in trial])
        a = np.exp(e) / np.exp(e).sum()
        np.testing.assert_allclose(pooled, sum(a[:, None] * trial), rtol=1e-4, atol=1e-6)


def test_lstm_attention_finds_the_frame_that_counts():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2, 4, 12)).astype(np.float32)
    y = np.arange(80) % 2
    at = rng.integers(0, 12, 80)  # one frame tells the class, another one in each trial
    X[np.arange(80), 0, :, at] += np.where(y, 6, -6)[:, None]
    model = LSTMAttention(
        hidden_size=16, bidirectional=False, max_epochs=20, lr=1e-2, random_state=0
    ).fit(X, y)
    assert model.score(X, y) > 0.95
    module = model.net_.module_
    with torch.no_grad():
        states, _ = module.lstm(module.norm(torch.from_numpy(X).flatten(1, 2)).transpose(1, 2))
        weights = module.attention.weights(states)[..., 0].numpy()
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-5)
    # A causal LSTM knows nothing before that frame.
    before = np.arange(12) < at[:, None]
    assert weights[before].mean() < weights[~before].mean()


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("n_layers", [1, 3])
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 7, 1), (3, 1, 5), (2, 9, 13)], ids=str)
def test_lstm_attention_takes_any_size(shape, n_layers, bidirectional):
    module = LSTMAttention(
        hidden_size=8, n_layers=n_layers, bidirectional=bidirectional
    ).build_module(shape, 3)
    logits = module(torch.randn(4, *shape))
    assert logits.shape == (4, 3)
    logits.square().sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in module.parameters())


REFUSED = [
    ({"n_layers": 0}, "n_layers is 0; expected a whole number from 1 to 1000"),
    ({"n_layers": 2**62}, "expected a whole number from 1 to 1000"),
    ({"hidden_size": 1.5}, "hidden_size is 1.5; expected a whole number"),
    ({"attention_size": "64"}, "attention_size is '64'; expected a whole number"),
    ({"dropout": 2}, "dropout is 2; expected a number of at least 0 and below 1"),
]


@pytest.mark.parametrize(("params", "message"), REFUSED, ids=[next(iter(p)) for p, _ in REFUSED])
def test_lstm_attention_refuses(params, message):
    with pytest.raises(ValueError, match=message):
        LSTMAttention(**params).fit(np.random.default_rng(0).normal(size=(4, 1, 3, 3)), [0, 1] * 2)
