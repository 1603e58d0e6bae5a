"""Every classifier of this distribution keeps eegkit's contract."""

import pytest

from eegkit import registry, testing

ENTRIES = [e for e in registry.entries("classifiers") if e.distribution == "eegkit-convnets"]
CHECKS = [
    pytest.param(check, id=f"{entry.name}-{check}")
    for entry in ENTRIES
    for check in testing.classifier_checks(registry.get("classifiers", entry.name))
]


def test_every_net_is_registered():
    names = ["deep_convnet", "eegnet", "eegnet_v1", "resnet1d", "shallow_convnet"]
    assert sorted(entry.name for entry in ENTRIES) == names


@pytest.mark.parametrize("check", CHECKS)
def test_contract(check):
    check()
