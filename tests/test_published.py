"""Settings that papers and projects fixed, by name."""

import numpy as np
import pytest
from click.testing import CliRunner

from eegkit import SignalArray
from eegkit.classifiers import CNNBiGRU
from eegkit.cli import main
from eegkit.transforms import STFT, Standardizer


def test_settings_are_parameters_that_others_change():
    net = CNNBiGRU.published("emotion", dropout=0.2, max_epochs=3)
    assert (net.n_dense, net.dropout, net.max_epochs) == ((256, 128), 0.2, 3)
    assert CNNBiGRU.published("emotion").dropout == 0.5


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        (CNNBiGRU, "emotions", "CNNBiGRU has no published settings 'emotions'; did you mean 'emo"),
        (CNNBiGRU, "brain", "no published settings 'brain'; there are 'emotion'"),
        (Standardizer, "emotion", "Standardizer has no published settings 'emotion'; it has none"),
    ],
)
def test_unknown_names(kind, name, message):
    with pytest.raises(ValueError, match=message):
        kind.published(name)


def test_emotion_is_what_trials_of_deap_get():
    X = SignalArray(np.random.default_rng(0).normal(size=(2, 1, 8064)), sfreq=128)
    named = STFT.published("emotion").fit_transform(X)
    np.testing.assert_array_equal(named, STFT().fit_transform(X))
    assert named.shape == (2, 1, 100, 123)


def test_emotion_has_a_head_of_three_layers():
    # Layer by layer, at the 14 channels of Emotion and 9 frames.
    cnn = 9 * 32 + 64 + 9 * 32 * 64 + 128 + 9 * 64 * 128 + 256
    fusion = 128 * 12 * 32 + 64
    gru = 2 * (3 * 128 * (14 * 32 + 128 + 2)) + 2 * (3 * 128 * (256 + 128 + 2))
    attention = 4 * 256 * 256 + 4 * 256 + 2 * 256
    head = 256 * 256 + 256 + 256 * 128 + 128 + 128 * 2 + 2
    module = CNNBiGRU.published("emotion").build_module((14, 100, 9), 2)
    n_parameters = sum(p.numel() for p in module.parameters())
    assert n_parameters == 14 * (cnn + fusion) + gru + attention + head
    assert [layer.p for layer in module.head[2::3]] == [0.5, 0.5]


def test_info_tells_them():
    output = CliRunner().invoke(main, ["info", "cnn_bigru"], terminal_width=200).output
    assert "CNNBiGRU.published(name)" in output
    assert "n_dense=(256, 128)" in output
