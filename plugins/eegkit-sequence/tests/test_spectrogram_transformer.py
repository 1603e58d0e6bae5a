"""SpectrogramTransformer: its size, its positions, and what it refuses."""

import math

import numpy as np
import pytest
import torch
from eegkit_sequence import SpectrogramTransformer
from eegkit_sequence.spectrogram_transformer import sinusoids

from eegkit import export_onnx


@pytest.mark.parametrize(
    ("positions", "pooling", "n_parameters"),
    [
        ("learned", "mean", 1_041_370),
        ("sinusoidal", "mean", 1_040_474),
        ("learned", "class_token", 1_041_626),
    ],
)
def test_transformer_number_of_parameters(positions, pooling, n_parameters):
    n_features, d, d_ff = 19 * 100, 128, 512
    embedding = 2 * n_features + (n_features * d + d)  # with the batch norm before it
    token = d if pooling == "class_token" else 0
    order = (7 * d + token) if positions == "learned" else 0
    attention = 4 * (d * d + d)
    feed_forward = (d * d_ff + d_ff) + (d_ff * d + d)
    encoder = 4 * (attention + feed_forward + 2 * 2 * d)
    assert embedding + token + order + encoder + (2 * d + 2) == n_parameters
    module = SpectrogramTransformer(positions=positions, pooling=pooling).build_module(
        (19, 100, 7), 2
    )
    assert sum(p.numel() for p in module.parameters()) == n_parameters


@pytest.mark.parametrize("d_model", [1, 6, 7])
def test_sinusoids_are_those_of_the_paper(d_model):
    made = sinusoids(5, d_model)
    assert made.shape == (5, d_model)
    for position in range(5):
        for i in range(d_model):
            angle = position / 10_000 ** (2 * (i // 2) / d_model)
            expected = math.cos(angle) if i % 2 else math.sin(angle)
            assert made[position, i].item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("pooling", ["mean", "class_token"])
@pytest.mark.parametrize("positions", ["learned", "sinusoidal"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 7, 1), (3, 1, 5), (2, 9, 13)], ids=str)
def test_transformer_takes_any_size(shape, positions, pooling):
    module = SpectrogramTransformer(
        d_model=12, n_heads=3, n_layers=2, d_ff=8, positions=positions, pooling=pooling
    ).build_module(shape, 3)
    logits = module(torch.randn(4, *shape))
    assert logits.shape == (4, 3)
    logits.square().sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in module.parameters())


@pytest.mark.parametrize("pooling", ["mean", "class_token"])
def test_transformer_positions_tell_the_order(pooling):
    torch.manual_seed(0)
    module = SpectrogramTransformer(positions="sinusoidal", pooling=pooling).build_module(
        (2, 3, 6), 2
    )
    module.eval()
    x = torch.randn(4, 2, 3, 6)
    assert (module(x) - module(x.flip(-1))).abs().max() > 1e-3
    module.positions.zero_()
    torch.testing.assert_close(module(x), module(x.flip(-1)), rtol=1e-4, atol=1e-5)


def test_transformer_layers_begin_differently():
    module = SpectrogramTransformer().build_module((2, 3, 6), 2)
    first, second = (layer.linear1.weight for layer in module.encoder[:2])
    assert not torch.equal(first, second)


def test_transformer_fast_path_gives_the_same():
    module = SpectrogramTransformer().build_module((3, 5, 7), 2).eval()
    x = torch.randn(9, 3, 5, 7)
    slow = module(x)  # gradients are wanted, so torch takes its ordinary way
    with torch.inference_mode():
        torch.testing.assert_close(module(x), slow, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(module(x[:1]), slow[:1], rtol=1e-4, atol=1e-5)


def test_transformer_class_token_and_sinusoids_export(tmp_path):
    X = np.random.default_rng(0).normal(size=(8, 2, 6, 5))
    small = SpectrogramTransformer.conformance_params() | {"max_epochs": 2}
    model = SpectrogramTransformer(
        **small, positions="sinusoidal", pooling="class_token", random_state=0
    ).fit(X, ["left", "right"] * 4)
    export_onnx(model, tmp_path / "transformer.onnx")


REFUSED = [
    ({"positions": "rotary"}, "positions is 'rotary'; expected one of 'learned', 'sinusoidal'"),
    ({"pooling": "max"}, "pooling is 'max'; expected one of 'mean', 'class_token'"),
    ({"n_heads": 3}, "n_heads is 3, which does not divide d_model = 128"),
    ({"d_ff": 0}, "d_ff is 0; expected a whole number of at least 1"),
    ({"dropout": "no"}, "dropout is 'no'; expected a number"),
]


@pytest.mark.parametrize(("params", "message"), REFUSED, ids=[next(iter(p)) for p, _ in REFUSED])
def test_transformer_refuses(params, message):
    X = np.random.default_rng(0).normal(size=(4, 1, 3, 3))
    with pytest.raises(ValueError, match=message):
        SpectrogramTransformer(**params).fit(X, [0, 1] * 2)
