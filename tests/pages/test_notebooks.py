"""The gallery as notebooks: each can be made; `tox run -e notebooks` runs them all."""

import ast
import sys
from pathlib import Path

import pytest

pytest.importorskip("nbclient")
pytest.importorskip("sphinx_gallery")

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def notebooks(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    import notebooks

    yield notebooks
    del sys.modules["notebooks"]


def test_every_page_becomes_a_notebook(notebooks):
    found = notebooks.pages()
    assert len(found) > 10
    for page in found:
        cells = notebooks.notebook_of(page).cells
        assert cells[0].cell_type == "markdown", page
        assert cells[0].source.strip().startswith("# "), page
        for cell in cells:
            if cell.cell_type == "code":
                ast.parse(cell.source)


def test_pages_are_short(notebooks):
    for page in notebooks.pages(["projects"]):
        assert len(page.read_text(encoding="utf-8").splitlines()) <= 120, page


def test_a_notebook_runs_in_a_folder_of_its_own(notebooks, tmp_path):
    page = tmp_path / "plot_page.py"
    page.write_text('"""\nA page\n======\n"""\n\nimport os\n\nassert not os.listdir()\n')
    assert notebooks.failure_of(page) is None


def test_a_failing_notebook_says_why(notebooks, tmp_path):
    page = tmp_path / "plot_page.py"
    page.write_text('"""\nA page\n======\n"""\n\nraise ValueError("no electrodes")\n')
    assert "no electrodes" in notebooks.failure_of(page)
