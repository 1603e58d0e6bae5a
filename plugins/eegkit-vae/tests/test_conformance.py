"""The denoiser and the classifier of this plugin keep eegkit's contract."""

import pytest

from eegkit import registry, testing

CHECKS_OF = {"transforms": testing.transform_checks, "classifiers": testing.classifier_checks}
ENTRIES = [
    entry
    for kind in CHECKS_OF
    for entry in registry.entries(kind)
    if entry.distribution == "eegkit-vae"
]
CHECKS = [
    pytest.param(check, id=f"{entry.name}-{check}")
    for entry in ENTRIES
    for check in CHECKS_OF[entry.kind](registry.get(entry.kind, entry.name))
]


def test_every_entry_is_found():
    assert [entry.name for entry in ENTRIES] == ["vae_denoiser", "vae_classifier"]


@pytest.mark.parametrize("check", CHECKS)
def test_contract(check):
    check()
