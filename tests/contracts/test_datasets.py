"""Every data set of the core keeps the contract; a plugin's own tests hold its."""

import os

import pytest

from eegkit import registry, testing

NEEDS = {"eegbci": {"subjects": [1]}, "mental_arithmetic": {"subjects": [0, 3]}}
FOLDERS = {"eegbci": "MNE-eegbci-data", "mental_arithmetic": "eegmat"}


def checks():
    own = [e.name for e in registry.entries("datasets") if e.distribution == "eegkit"]
    for name in own:
        cls = registry.get("datasets", name)
        recorded = cls.availability != "generated"
        folder = {"path": os.environ.get("EEGKIT_TEST_DATA")} if recorded else {}
        options = NEEDS.get(name, {}) | folder
        marks = [pytest.mark.realdata(FOLDERS[name])] if recorded else []
        for check in testing.dataset_checks(cls(**options)):
            yield pytest.param(check, id=f"{name}-{check}", marks=marks)


@pytest.mark.filterwarnings("ignore::eegkit.datasets.MissingDataWarning")
@pytest.mark.parametrize("check", checks())
def test_contract(check):
    check()
