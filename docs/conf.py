"""Sphinx configuration."""

import subprocess
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

import eegkit  # noqa: E402

project = "eegkit"
author = copyright = "The eegkit developers"
version = release = eegkit.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_click",
    "sphinx_gallery.gen_gallery",
    "inherited_docstrings",
    "registry_tables",
]
exclude_patterns = ["_build", "generated/draft.md"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "pydata_sphinx_theme"
html_title = "eegkit"
html_theme_options = {"show_prev_next": False, "navigation_with_keys": False}
html_show_sourcelink = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
}

warnings.filterwarnings("ignore", category=DeprecationWarning)


def draft_changelog(app):
    """Write what the fragments say of the next release, for the changelog's page."""
    draft = HERE / "generated" / "draft.md"
    draft.parent.mkdir(exist_ok=True)
    command = ["towncrier", "build", "--draft", "--version", version, "--dir", str(HERE.parent)]
    text = subprocess.run(
        [sys.executable, "-m", *command], check=True, capture_output=True, text=True
    ).stdout
    draft.write_text(text)


def setup(app):
    app.connect("builder-inited", draft_changelog)
