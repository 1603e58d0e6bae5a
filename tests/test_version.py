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


@pytest.mark.parametrize("path", PROJECTS[1:], ids=lambda path: path.parent.name)
def test_plugins_have_the_licence_of_the_core(path):
    assert (path.parent / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert tomllib.loads(path.read_text())["project"]["license-files"] == ["LICENSE"]


@pytest.mark.parametrize("path", PROJECTS, ids=lambda path: path.parent.name)
def test_every_package_has_types(path):
    pattern = "eegkit" if path == PROJECTS[0] else "src/eegkit_*"
    assert [(package / "py.typed").exists() for package in path.parent.glob(pattern)] == [True]


def test_every_extra_stands_on_the_page_about_installing():
    extras = tomllib.loads(PROJECTS[0].read_text())["project"]["optional-dependencies"]
    page = (ROOT / "docs" / "install.md").read_text("utf-8")
    assert [extra for extra in extras if f"| `{extra}` |" not in page] == []


def test_citation():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    addresses = tomllib.loads(PROJECTS[0].read_text())["tool"]["eegkit"]
    assert citation.get("repository-code", "") == addresses["repository"]
    assert citation["version"] == eegkit.__version__
    assert citation["license"] == tomllib.loads(PROJECTS[0].read_text())["project"]["license"]
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
