"""Docstrings inherited from scikit-learn, whose labels and terms only its documentation has."""

import re

ROLE = re.compile(r":(?:ref|term):`([^`<]+?)(?:\s*<[^`>]*>)?`")


def plain_references(app, what, name, obj, options, lines):
    """Turn references into scikit-learn's manual to their words."""
    function = obj.fget if isinstance(obj, property) else obj
    if (getattr(function, "__module__", None) or "").startswith("sklearn."):
        lines[:] = ROLE.sub(r"\1", "\n".join(lines)).split("\n")


def setup(app):
    app.connect("autodoc-process-docstring", plain_references)
    return {"parallel_read_safe": True}
