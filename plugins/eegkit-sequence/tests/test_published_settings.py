"""The settings of papers have the sizes that the papers, or their authors' code, tell."""

import pytest
from eegkit_sequence import CRNN, CNNBiLSTM, SpectrogramTransformer


@pytest.mark.parametrize(
    ("kind", "name", "input_shape", "n_classes", "n_parameters"),
    [
        (CRNN, "motor_imagery", (22, 1000), 4, 770_940),
        (CRNN, "motor_imagery_gru", (22, 1000), 4, 707_708),
        (CRNN, "motor_imagery_rnn", (22, 1000), 4, 581_244),
        (CNNBiLSTM, "identification", (64, 50, 16), 109, 583_725),
        (CNNBiLSTM, "identification_merged", (64, 50, 16), 109, 434_413),
    ],
)
def test_number_of_parameters(kind, name, input_shape, n_classes, n_parameters):
    net = kind.published(name)
    assert set(net.architecture_params()) == set(kind.published_settings[name])
    module = net.build_module(input_shape, n_classes)
    assert sum(p.numel() for p in module.parameters()) == n_parameters


def test_encoder_of_vaswani():
    # Attention, feed-forward and two norms, six times; the embedding and its norm, the head.
    layer = 4 * 512 * 512 + 4 * 512 + 2 * 512 * 2048 + 2048 + 512 + 4 * 512
    around = 2 * 1900 + 1900 * 512 + 512 + 512 * 2 + 2
    net = SpectrogramTransformer.published("vaswani")
    module = net.build_module((19, 100, 7), 2)
    assert sum(p.numel() for p in module.parameters()) == 6 * layer + around
