"""Sphinx configuration."""

import subprocess
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

from registry_tables import write_registry_pages  # noqa: E402

import eegkit  # noqa: E402

project = "eegkit"
author = copyright = "The eegkit developers"
version = release = eegkit.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_click",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "formulas",
    "inherited_docstrings",
    "registry_tables",
]
exclude_patterns = ["_build", "generated/draft.md"]
templates_path = ["_templates"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
autosummary_generate = True
# What an estimator's page shows of what it inherits.
autosummary_context = {
    "estimator_methods": [
        "fit", "predict", "predict_proba", "transform", "fit_transform", "calibrate",
        "partial_fit", "published", "search_space",
    ]
}  # fmt: skip
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "pydata_sphinx_theme"
html_title = "eegkit"
html_theme_options = {
    "header_links_before_dropdown": 7,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": False,
    "show_toc_level": 2,
}
html_static_path = ["_static"]
html_css_files = ["eegkit.css"]
html_show_sourcelink = False
# Prompts and outputs of a console are not copied with its commands.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "subsection_order": [
        f"../examples/{section}"
        for section in ("first_steps", "signals", "scores", "decoders", "projects")
    ],
    "filename_pattern": r"/plot_",
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    # Its page asks other hosts for scripts.
    "write_computation_times": False,
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
    app.connect("config-inited", write_registry_pages)
    app.connect("builder-inited", draft_changelog)
