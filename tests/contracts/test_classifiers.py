"""Every registered classifier keeps the contract."""

import pytest

from eegkit import registry, testing

CHECKS = [
    pytest.param(check, id=f"{name}-{check}")
    for name in registry.names("classifiers")
    for check in testing.classifier_checks(registry.get("classifiers", name))
]


@pytest.mark.parametrize("check", CHECKS)
def test_contract(check):
    check()
