"""Every classifier of this plugin keeps eegkit's contract."""

import pytest

from eegkit import registry, testing

CHECKS = [
    pytest.param(check, id=f"{name}-{check}")
    for name in (
        entry.name
        for entry in registry.entries("classifiers")
        if entry.distribution == "eegkit-vision"
    )
    for check in testing.classifier_checks(registry.get("classifiers", name))
]


@pytest.mark.parametrize("check", CHECKS)
def test_contract(check):
    check()
