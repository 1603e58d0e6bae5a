import numpy as np
import pytest
import torch
from joblib import Parallel, delayed
from sklearn.base import clone

from eegkit import testing
from eegkit.classifiers import CNNBiGRU
from eegkit.transforms import STFT


@pytest.mark.parametrize("temporal", ["dynamic", "standard"])
@pytest.mark.parametrize("share_cnn", [False, True])
@pytest.mark.parametrize("shape", [(19, 100, 7), (3, 1, 1), (2, 5, 1), (1, 1, 9), (4, 30, 40)])
def test_any_size_of_spectrogram(temporal, share_cnn, shape):
    module = CNNBiGRU(temporal=temporal, share_cnn=share_cnn).build_module(shape, 3)
    assert module(torch.zeros(2, *shape)).shape == (2, 3)


def test_every_channel_has_its_own_cnn():
    # Filters of channel 0 see channel 0 alone: changing channel 1 leaves their output alone.
    module = CNNBiGRU().build_module((2, 20, 8), 2).eval()
    x = torch.randn(3, 2, 20, 8)
    other = x.clone()
    other[:, 1] += 1
    half = 32  # the filters of one channel's last block
    before, after = module.cnn(x), module.cnn(other)
    torch.testing.assert_close(before[:, :half], after[:, :half])
    assert not torch.allclose(before[:, half:], after[:, half:])


def test_number_of_parameters():
    # Convolutions and norms of one channel, then n_channels times that.
    cnn = 9 * 8 + 16 + 9 * 8 * 16 + 32 + 9 * 16 * 32 + 64
    fusion = 32 * 12 * 8 + 16
    gru = 2 * (3 * 64 * (19 * 8 + 64 + 2))
    attention = 4 * 128 * 128 + 4 * 128
    head = 2 * 128 + 128 * 64 + 64 + 64 * 2 + 2
    own = CNNBiGRU().build_module((19, 100, 9), 2)
    shared = CNNBiGRU(share_cnn=True).build_module((19, 100, 9), 2)
    assert sum(p.numel() for p in own.parameters()) == 19 * (cnn + fusion) + gru + attention + head
    assert sum(p.numel() for p in shared.parameters()) == cnn + fusion + gru + attention + head


def test_relu_after_pooling_is_relu_before_it():
    x = torch.randn(4, 3, 10, 7)
    pool = torch.nn.MaxPool2d(2)
    torch.testing.assert_close(pool(x).relu(), pool(x.relu()))


@pytest.mark.parametrize(
    ("params", "message"),
    [({"temporal": "static"}, "temporal is 'static'"), ({"n_heads": 7}, "n_heads is 7")],
)
def test_parameters_that_make_no_sense(params, message):
    X = np.random.default_rng(0).normal(size=(6, 2, 8, 4))
    with pytest.raises(ValueError, match=message):
        CNNBiGRU(**params).fit(X, [0, 1] * 3)


def test_same_seed_same_weights_in_other_processes():
    trials = testing.example_trials()
    X = STFT(nperseg=32).fit_transform(trials.X)
    net = CNNBiGRU(max_epochs=2, dropout=0.3, early_stopping=True, random_state=0)
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as many as the processes have
    try:
        here = clone(net).fit(X, trials.y)
    finally:
        torch.set_num_threads(n_threads)
    for made in Parallel(n_jobs=2)(delayed(clone(net).fit)(X, trials.y) for _ in range(2)):
        for name, weight in made.weights_.items():
            np.testing.assert_array_equal(weight, here.weights_[name], err_msg=name)
