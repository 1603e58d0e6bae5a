"""Every fit draws its random numbers from a generator of its own, or in its turn from torch's."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from eegkit.classifiers import CNNBiGRU, NeuralClassifier
from eegkit.classifiers._generators import initialising
from eegkit.classifiers._random_layers import draw_from_generator
from eegkit.classifiers.layers import Dropout
from eegkit.classifiers.training import drawing, seeded

rng = np.random.default_rng(0)
X = rng.normal(size=(24, 2, 8, 6)).astype(np.float32)
Y = np.array(["left", "right"] * 12)
SMALL = {"n_filters": (4,), "n_fused": 4, "hidden_size": 4, "n_heads": 2, "batch_size": 8}


class Noisy(nn.Module):
    """Draws in ways that only torch's global generator serves."""

    def __init__(self, shape, n_classes):
        super().__init__()
        self.line = nn.Linear(int(np.prod(shape)), n_classes)
        self.layers = nn.Sequential(nn.RReLU(), nn.AlphaDropout(0.3))

    def forward(self, x):
        x = x + torch.randn(1) if self.training else x
        return self.layers(self.line(x.flatten(1)))


class NoisyNet(NeuralClassifier):
    input_kind = "spectrogram"

    def build_module(self, input_shape, n_classes):
        return Noisy(input_shape, n_classes)


class OtherHead(CNNBiGRU):
    """Of a net that has a generator, but made anew."""

    def build_module(self, input_shape, n_classes):
        return nn.Sequential(super().build_module(input_shape, n_classes), nn.RReLU())


def add_noise(X, y):
    return X + torch.randn_like(X) * float(np.random.rand())  # noqa: NPY002


NETS = {
    "with a generator": CNNBiGRU(**SMALL),
    "of low precision": CNNBiGRU(**SMALL, precision="bf16-mixed"),
    "balanced": CNNBiGRU(**SMALL, balance="class", validation_split=0.25, early_stopping=True),
    "augmented": CNNBiGRU(**SMALL, augment=add_noise),
    "of others": NoisyNet(batch_size=8),
    "made anew": OtherHead(**SMALL),
}


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def probabilities(net, seed=0):
    net = type(net)(**net.get_params()).set_params(random_state=seed, max_epochs=2, device="cpu")
    return net.fit(X, Y).predict_proba(X)


@pytest.mark.filterwarnings("ignore:.*stops early by trials")
@pytest.mark.parametrize("net", NETS.values(), ids=NETS)
def test_fits_in_threads_are_as_alone(net):
    seeds = 0, 1, 0
    alone = [probabilities(net, seed) for seed in seeds]
    assert not np.array_equal(alone[0], alone[1])
    before = torch.get_rng_state(), repr(np.random.get_state())  # noqa: NPY002
    with ThreadPoolExecutor(3) as pool:
        beside = list(pool.map(probabilities, [net] * 3, seeds))
    np.testing.assert_array_equal(beside, alone)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert repr(np.random.get_state()) == before[1]  # noqa: NPY002


def test_a_net_is_made_while_another_thread_makes_a_module():
    """As if it were made between two of the hooks that torch calls for a parameter."""
    net = NETS["with a generator"]
    alone, beside = probabilities(net), []
    here = threading.get_ident()

    def fit_elsewhere(module, name, parameter):
        if threading.get_ident() == here and not beside:
            with ThreadPoolExecutor(1) as pool:
                beside.append(pool.submit(probabilities, net).result())

    hooks = [
        register_module_parameter_registration_hook(hook)
        for hook in (fit_elsewhere, lambda *registered: None)
    ]
    try:
        nn.Linear(1, 1)
    finally:
        for hook in hooks:
            hook.remove()
    np.testing.assert_array_equal(beside, [alone])


def test_a_net_with_a_generator_and_other_code_do_not_notice_one_another():
    alone = probabilities(NETS["with a generator"])
    with seeded(5):
        expected = [torch.rand(()).item() for _ in range(500)]
        torch.manual_seed(5)
        with ThreadPoolExecutor(1) as pool:
            fit = pool.submit(probabilities, NETS["with a generator"])
            drawn = [torch.rand(()).item() for _ in range(500)]
            beside = fit.result()
    assert drawn == expected
    np.testing.assert_array_equal(beside, alone)


def test_whoever_makes_the_module_says_whether_it_has_a_generator():
    assert CNNBiGRU().has_generator
    assert not OtherHead().has_generator
    assert not NoisyNet().has_generator


def test_global_generators_are_seeded_by_one_thread_at_a_time():
    inside = threading.Event()

    def draw():
        inside.wait(5)
        with seeded(1):
            return torch.rand(3)

    with ThreadPoolExecutor(1) as pool:
        with seeded(0):
            other = pool.submit(draw)
            inside.set()
            drawn = torch.cat([torch.rand(1) for _ in range(200)])
        beside = other.result()  # not while the lock is held, for which it may still wait
        with seeded(0):
            assert torch.equal(drawn, torch.cat([torch.rand(1) for _ in range(200)]))
        with seeded(1):
            assert torch.equal(beside, torch.rand(3))


def lines(*size):
    return torch.randn(size, generator=torch.Generator().manual_seed(0))


class Encoder(nn.TransformerEncoderLayer):
    def __init__(self, mask=None):
        super().__init__(8, 2, 16, 0.4, batch_first=True)
        self.mask = mask

    def forward(self, x):
        return super().forward(x, self.mask)


def packed(x):
    return nn.utils.rnn.pack_padded_sequence(x, [5, 3, 2], batch_first=True)


LAYERS = {
    "dropout": (nn.Dropout(0.3), lines(3, 5, 8)),
    "gru": (nn.GRU(8, 4, 3, dropout=0.4, bidirectional=True, batch_first=True), lines(3, 5, 8)),
    "lstm": (nn.LSTM(8, 4, 2, dropout=0.4, bias=False), lines(5, 3, 8)),
    "rnn": (nn.RNN(8, 4, 2, dropout=0.4, nonlinearity="relu"), lines(5, 3, 8)),
    "projected": (nn.LSTM(8, 4, 2, dropout=0.4, proj_size=2), lines(5, 3, 8)),
    "packed": (nn.GRU(8, 4, 2, dropout=0.4, batch_first=True), packed(lines(3, 5, 8))),
    "transformer": (Encoder(), lines(3, 5, 8)),
    "masked": (Encoder(nn.Transformer.generate_square_subsequent_mask(5)), lines(3, 5, 8)),
}


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize(("layer", "x"), LAYERS.values(), ids=LAYERS)
def test_layers_draw_torchs_numbers_from_the_generator(layer, x):
    def outputs():
        out = layer(x)
        parts = torch.utils._pytree.tree_leaves(out)
        return [part for part in parts if isinstance(part, torch.Tensor)]

    with seeded(3):
        expected = outputs()
    names = list(layer.state_dict())
    draw_from_generator(layer)
    state = torch.get_rng_state()
    with drawing(3):
        drawn = outputs()
    assert torch.equal(torch.get_rng_state(), state)
    torch.testing.assert_close(drawn, expected, rtol=1e-5, atol=1e-6)
    with seeded(3):  # outside of a training with a generator they are torch's
        torch.testing.assert_close(outputs(), expected, rtol=0, atol=0)
    assert list(layer.state_dict()) == names
    layer.eval()
    with drawing(3):
        torch.testing.assert_close(outputs(), outputs(), rtol=0, atol=0)


def test_fast_dropout_draws_from_the_generator():
    layer, x = Dropout(0.5), torch.ones(40)
    state = torch.get_rng_state()
    with drawing(3):
        drawn = layer(x)
    assert torch.equal(torch.get_rng_state(), state)
    with seeded(3):
        assert torch.equal(drawn, layer(x))


def test_weights_begin_as_from_the_global_generator():
    def build():
        line = nn.Linear(4, 4)
        nn.init.trunc_normal_(line.weight)
        nn.init.orthogonal_(line.weight[:2].data)
        token = torch.randn(2), torch.rand(2), torch.randperm(5), torch.empty(2).uniform_(-1, 1)
        return [*line.parameters(), *token, *nn.GRU(3, 2).parameters()]

    state = torch.get_rng_state()
    with initialising(7):
        begun = build()
    assert torch.equal(torch.get_rng_state(), state)
    with seeded(7):
        assert all(map(torch.equal, begun, build()))
