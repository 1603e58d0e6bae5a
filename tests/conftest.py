"""Shared by all tests: one thread a process, and the real recordings where they are at hand."""

import os

import pytest


@pytest.fixture
def data_folder():
    return os.environ["EEGKIT_TEST_DATA"]


def pytest_collection_modifyitems(items):
    if os.environ.get("EEGKIT_TEST_DATA"):
        return
    if os.environ.get("CI"):
        raise pytest.UsageError("EEGKIT_TEST_DATA must name the folder of real recordings in CI.")
    absent = pytest.mark.skip(reason="EEGKIT_TEST_DATA names no folder of real recordings")
    for item in items:
        if "realdata" in item.keywords:
            item.add_marker(absent)
