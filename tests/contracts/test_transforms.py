"""Every transform of the core keeps the contract; a plugin's own tests hold its."""

import pytest

from eegkit import registry, testing

CHECKS = [
    pytest.param(check, id=f"{name}-{check}")
    for name in (
        entry.name for entry in registry.entries("transforms") if entry.distribution == "eegkit"
    )
    for check in testing.transform_checks(registry.get("transforms", name))
]


@pytest.mark.parametrize("check", CHECKS)
def test_contract(check):
    check()
