"""Shared by all tests: threads, workers, and the real recordings where they are at hand."""

import os
from pathlib import Path

# Tests run in several processes; a thread each keeps them from waiting for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """Start workers for folders of tests only: for one file they cost more than they save."""
    # A worker comes by here, too, with the same arguments: it must not start workers of its own.
    if hasattr(config, "workerinput") or getattr(config.option, "numprocesses", 0) is not None:
        return
    if any(Path(argument.partition("::")[0]).is_dir() for argument in config.args):
        config.option.numprocesses = "auto"
        if config.option.dist == "no":
            # Neighbours share fixtures and what modules keep: a worker gets them in a row.
            config.option.dist = "worksteal"


def pytest_runtest_setup(item):
    """Skip what reads recordings that are not here; with ``EEGKIT_REQUIRE_DATA=1``, fail."""
    marker = item.get_closest_marker("realdata")
    data = os.environ.get("EEGKIT_TEST_DATA", "")
    if marker is None or (data and Path(data, *marker.args).is_dir()):
        return
    stop = pytest.fail if os.environ.get("EEGKIT_REQUIRE_DATA") == "1" else pytest.skip
    stop(f"EEGKIT_TEST_DATA={data!r} names no folder with {'/'.join(marker.args)} in it")
