"""Sphinx configuration."""

import os
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

from registry_tables import classes_of, public_name, write_registry_pages  # noqa: E402

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
    "net_pages",
    "registry_tables",
]
exclude_patterns = ["_build", "generated/draft.md"]
templates_path = ["_templates"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
autosummary_generate = True
# What an estimator's page shows of what it inherits.
autosummary_context = {
    "nets": [public_name(cls) for cls in classes_of("classifiers")],
    "estimator_methods": [
        "fit", "predict", "predict_proba", "transform", "fit_transform", "calibrate",
        "partial_fit", "published", "search_space",
    ]
}  # fmt: skip
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# With EEGKIT_INVENTORIES=online types of other libraries link to their pages, whose lists of names
# the build asks for; a folder that has them as NAME.inv serves, too. Without, it asks nobody.
if inventories := os.environ.get("EEGKIT_INVENTORIES"):
    extensions.append("sphinx.ext.intersphinx")
    sites = {
        "python": "https://docs.python.org/3",
        "numpy": "https://numpy.org/doc/stable",
        "scipy": "https://docs.scipy.org/doc/scipy",
        "pandas": "https://pandas.pydata.org/docs",
        "sklearn": "https://scikit-learn.org/stable",
        "matplotlib": "https://matplotlib.org/stable",
        "torch": "https://docs.pytorch.org/docs/stable",
        "mne": "https://mne.tools/stable",
    }
    files = {name: Path(inventories, f"{name}.inv") for name in sites}
    intersphinx_mapping = {
        name: (f"{site}/", None if inventories == "online" else str(files[name]))
        for name, site in sites.items()
        if inventories == "online" or files[name].exists()
    }
    numpydoc_xref_param_type = True
    numpydoc_xref_aliases = {
        "DataFrame": "pandas.DataFrame",
        "ndarray": "numpy.ndarray",
        "array-like": ":term:`numpy:array_like`",
    }

html_theme = "pydata_sphinx_theme"
html_title = "eegkit"
html_theme_options = {
    "header_links_before_dropdown": 7,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": False,
    "show_toc_level": 2,
}
addresses = tomllib.loads((HERE.parent / "pyproject.toml").read_text("utf-8"))["tool"]["eegkit"]
if addresses["repository"]:
    html_theme_options["icon_links"] = [
        {"name": "Source", "url": addresses["repository"], "icon": "fa-solid fa-code-branch"}
    ]
if addresses["documentation"]:
    html_baseurl = addresses["documentation"]
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
    # A picture is seen; what the object is called is not worth a line.
    "ignore_repr_types": r"matplotlib\.|eegkit\.plots\.",
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
