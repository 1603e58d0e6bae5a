"""Run the gallery's pages as the notebooks that can be downloaded from them.

    python tools/notebooks.py                    # all of them, one after the other
    python tools/notebooks.py scores emotion     # those with a part of this name

A page becomes a notebook by sphinx-gallery's own converter, as in the documentation, and is run
from first to last in an empty folder. Recordings are used where ``EEGKIT_DATA`` names their folder.
The table says how long each took; the exit status is 1 where one failed, with its traceback.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from sphinx_gallery.gen_gallery import DEFAULT_GALLERY_CONF
from sphinx_gallery.notebook import jupyter_notebook
from sphinx_gallery.py_source_parser import split_code_and_text_blocks

EXAMPLES = Path(__file__).parents[1] / "examples"
# s for a cell: a page is to take two minutes, on a machine that is not busy.
TIMEOUT = 900


def pages(parts=()):
    """The gallery's pages, those with one of these parts in their path, or all."""
    found = sorted(EXAMPLES.glob("*/plot_*.py"))
    return [page for page in found if not parts or any(part in str(page) for part in parts)]


def notebook_of(page):
    """The notebook that readers download."""
    _, blocks = split_code_and_text_blocks(str(page))
    content = jupyter_notebook(blocks, DEFAULT_GALLERY_CONF, str(page.parent))
    notebook = nbformat.reads(json.dumps(content), as_version=4)
    _, notebook = nbformat.validator.normalize(notebook)  # cells get their ids
    nbformat.validate(notebook)
    return notebook


def failure_of(page):
    """What went wrong when the page was run, or None."""
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook_of(page), timeout=TIMEOUT, resources={"metadata": {"path": folder}}
        )
        try:
            client.execute()
        except (CellExecutionError, TimeoutError) as error:
            return str(error)
    return None


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", help="parts of paths; all pages by default")
    failed = False
    for page in pages(parser.parse_args().parts):
        start = time.perf_counter()
        failure = failure_of(page)
        print(f"{time.perf_counter() - start:7.1f} s  {page.relative_to(EXAMPLES)}", flush=True)
        if failure is not None:
            failed = True
            print(failure, flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
