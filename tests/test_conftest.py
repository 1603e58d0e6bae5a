"""How many processes the tests run in."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"


@pytest.fixture(scope="module")
def cmdline_main():
    spec = importlib.util.spec_from_file_location("conftest_of_the_root", CONFTEST)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pytest_cmdline_main


@pytest.mark.parametrize(
    ("arguments", "asked", "worker", "expected"),
    [
        ([str(CONFTEST.parent)], None, False, "auto"),
        ([str(CONFTEST.parent)], 3, False, 3),
        ([str(CONFTEST.parent)], None, True, None),  # else every worker starts workers
        ([str(CONFTEST)], None, False, None),
        ([f"{CONFTEST}::test_x"], None, False, None),
    ],
)
def test_folders_start_workers_and_workers_do_not(cmdline_main, arguments, asked, worker, expected):
    option = SimpleNamespace(numprocesses=asked, dist="no")
    config = SimpleNamespace(args=arguments, option=option)
    if worker:
        config.workerinput = {}
    cmdline_main(config)
    assert option.numprocesses == expected
    assert option.dist == ("worksteal" if expected == "auto" else "no")
