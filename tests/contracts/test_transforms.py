"""Every registered transform keeps the contract."""

import pytest

from eegkit import registry, testing

CHECKS = [
    pytest.param(check, id=f"{name}-{check}")
    for name in registry.names("transforms")
    for check in testing.transform_checks(registry.get("transforms", name))
]


@pytest.mark.parametrize("check", CHECKS)
def test_contract(check):
    check()
