"""The classifier of this distribution keeps eegkit's contract."""

import pytest

from eegkit import registry, testing

ENTRIES = [e for e in registry.entries("classifiers") if e.distribution == "eegkit-braindecode"]
CHECKS = [
    pytest.param(check, id=f"{entry.name}-{check}")
    for entry in ENTRIES
    for check in testing.classifier_checks(registry.get("classifiers", entry.name))
]


def test_the_net_is_registered():
    assert [entry.name for entry in ENTRIES] == ["braindecode"]


@pytest.mark.parametrize("check", CHECKS)
def test_contract(check):
    check()
