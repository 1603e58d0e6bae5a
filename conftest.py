"""Shared by all tests: one thread a process, and the real recordings where they are at hand."""

import os

# Tests run in several processes; a thread each keeps them from waiting for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest


def pytest_collection_modifyitems(items):
    if os.environ.get("EEGKIT_TEST_DATA"):
        return
    if os.environ.get("CI"):
        raise pytest.UsageError("EEGKIT_TEST_DATA must name the folder of real recordings in CI.")
    absent = pytest.mark.skip(reason="EEGKIT_TEST_DATA names no folder of real recordings")
    for item in items:
        if "realdata" in item.keywords:
            item.add_marker(absent)
