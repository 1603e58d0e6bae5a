"""The nets of this plugin keep eegkit's contract."""

import pytest

from eegkit import registry, testing

NAMES = [
    entry.name
    for entry in registry.entries("classifiers")
    if entry.distribution == "eegkit-sequence"
]
CHECKS = [
    pytest.param(check, id=f"{name}-{check}")
    for name in NAMES
    for check in testing.classifier_checks(registry.get("classifiers", name))
]


def test_every_net_is_found():
    assert NAMES == ["cnn_bilstm", "crnn", "lstm_attention", "spectrogram_transformer"]


@pytest.mark.parametrize("check", CHECKS)
def test_contract(check):
    check()
