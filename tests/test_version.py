"""One version, in one place, for the core and for what is released with it."""

import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import eegkit

ROOT = Path(__file__).parents[1]
PROJECTS = [ROOT / "pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml"))]


def test_the_package_is_installed_under_its_version():
    assert version("eegkit") == eegkit.__version__


@pytest.mark.parametrize("path", PROJECTS, ids=lambda path: path.parent.name)
def test_every_project_reads_the_one_place(path):
    content = tomllib.loads(path.read_text())
    assert content["project"]["dynamic"] == ["version"]
    source = path.parent / content["tool"]["hatch"]["version"]["path"]
    assert source.resolve() == ROOT / "eegkit" / "_version.py"


@pytest.mark.parametrize("path", PROJECTS[1:], ids=lambda path: path.parent.name)
def test_plugins_accept_this_core(path):
    needs = map(Requirement, tomllib.loads(path.read_text())["project"]["dependencies"])
    (core,) = (need for need in needs if need.name == "eegkit")
    assert core.specifier.contains(eegkit.__version__, prereleases=True)


def test_citation():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == eegkit.__version__
    assert citation["license"] == tomllib.loads(PROJECTS[0].read_text())["project"]["license"]
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
