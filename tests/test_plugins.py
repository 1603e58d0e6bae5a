"""What every plugin of this repository is made of."""

import configparser
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import eegkit

ROOT = Path(__file__).parents[1]
PLUGINS = sorted(path.name for path in (ROOT / "plugins").iterdir() if path.is_dir())
CORE = tomllib.loads((ROOT / "pyproject.toml").read_text())


def project(name):
    return tomllib.loads((ROOT / "plugins" / name / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize("name", PLUGINS)
def test_it_needs_a_bounded_core_and_no_other_plugin(name):
    needs = [Requirement(line) for line in project(name)["dependencies"]]
    core = [need for need in needs if need.name.startswith("eegkit")]
    assert [need.name for need in core] == ["eegkit"]
    assert {specifier.operator for specifier in core[0].specifier} == {">=", "<"}


@pytest.mark.parametrize("name", PLUGINS)
def test_it_tells_of_and_checks_all_that_it_registers(name):
    folder = ROOT / "plugins" / name
    readme = (folder / "README.md").read_text()
    for entries in project(name)["entry-points"].values():
        for entry in entries:
            assert f"`{entry}`" in readme
    conformance = (folder / "tests" / "test_conformance.py").read_text()
    assert f'== "{name}"' in conformance


@pytest.mark.parametrize("name", PLUGINS)
def test_a_source_of_the_workspace_is_named_for_it(name):
    assert CORE["tool"]["uv"]["sources"][name] == {"workspace": True}


def test_the_extra_of_all_brings_every_plugin():
    needs = [Requirement(line) for line in CORE["project"]["optional-dependencies"]["all"]]
    assert sorted(need.name for need in needs) == PLUGINS
    for need in needs:
        assert need.specifier.contains(eegkit.__version__, prereleases=True)


@pytest.mark.parametrize("name", PLUGINS)
def test_tox_installs_it(name):
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini")
    for section in ("testenv:test", "testenv:plugins", "testenv:docs"):
        assert f"-e plugins/{name}" in tox[section]["deps"].split("\n")
