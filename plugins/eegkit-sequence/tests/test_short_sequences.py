import warnings

import numpy as np
import pytest
from eegkit_sequence import CRNN, CNNBiLSTM, LSTMAttention, SpectrogramTransformer


def messages_of(net, X):
    net.set_params(**net.conformance_params() | {"max_epochs": 1})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        net.fit(X, [0, 1] * 4)
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize("kind", [CNNBiLSTM, LSTMAttention, SpectrogramTransformer])
def test_nets_on_spectrograms_warn_of_few_frames(kind):
    X = np.random.default_rng(0).normal(size=(8, 2, 10, 4))
    (message,) = messages_of(kind(), X[..., :3])
    assert f"{kind.__name__} reads one frame after the other" in message
    assert "have 3 frames; expected at least 4: shorten window_s or hop_s" in message
    assert not messages_of(kind(), X)


def test_the_sequence_of_a_crnn_is_what_its_pooling_leaves():
    params = CRNN.conformance_params() | {"stride": 2, "max_epochs": 1}
    X = np.random.default_rng(0).normal(size=(8, 2, 22))
    net = CRNN(**params)
    with pytest.warns(UserWarning, match=r"\(2, 21\) have 3 steps; .* lower its stride"):
        net.fit(X[..., :21], [0, 1] * 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.fit(X, [0, 1] * 4)
    module = net.build_module((2, 22), 2).eval()
    assert module.cnn(module.cnn[0].weight.new_zeros(1, 2, 22)).shape[-1] == 4
