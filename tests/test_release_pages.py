"""READMEs as a package index shows them."""

import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
READMES = [ROOT / "README.md", *sorted(ROOT.glob("plugins/*/README.md"))]


@pytest.fixture(scope="module")
def pages():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import release_pages
    finally:
        sys.path.pop(0)
    return release_pages


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("repository", ["", "https://example.org/eegkit"])
def test_no_link_of_a_readme_is_relative(pages, path, repository):
    text, place = path.read_text("utf-8"), path.parent.relative_to(ROOT).as_posix()
    addresses = pages.Addresses(repository=repository)
    assert not pages.relative_links(pages.index_readme(text, place, ROOT, addresses, "1.2"))


def test_links_lead_to_what_was_released(pages):
    text = (
        "![Scores](../../docs/_static/demo.png) of [`eegkit`](../../README.md#in-python), [a](#b)"
    )
    addresses = pages.Addresses(repository="https://example.org/eegkit/")
    assert pages.index_readme(text, "plugins/eegkit-vae", ROOT, addresses, "1.2") == (
        "![Scores](https://example.org/eegkit/raw/v1.2/docs/_static/demo.png) of "
        "[`eegkit`](https://example.org/eegkit/blob/v1.2/README.md#in-python), [a](#b)"
    )


def test_links_without_an_address_are_words(pages):
    text = "# Title\n\n![Scores](docs/_static/demo.png)\n\nSee [the docs](docs/index.md)."
    expected = "# Title\n\nSee the docs."
    assert pages.index_readme(text, "", ROOT, pages.Addresses(), "1.2") == expected


def test_a_link_to_nothing_is_refused(pages):
    with pytest.raises(ValueError, match=r"links to docs/nothing\.md, which is no file"):
        pages.index_readme("[a](docs/nothing.md)", "", ROOT, pages.Addresses(), "1.2")


def test_urls_of_the_metadata(pages):
    addresses = pages.Addresses("https://example.org/eegkit", "https://example.org/docs")
    urls = tomllib.loads(addresses.project_urls())["project"]["urls"]
    assert urls == {
        "Source": "https://example.org/eegkit",
        "Documentation": "https://example.org/docs",
    }
    assert pages.Addresses().project_urls() == ""
