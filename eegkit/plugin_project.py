"""A plugin's distribution from the template that is shipped with eegkit.

The template is one of copier's, which brings an old plugin up to date (``copier update``); to write
a new one needs nothing but Jinja: names of files and files that end in ``.jinja`` are rendered.
"""

from __future__ import annotations

import re
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import jinja2
import yaml

from eegkit._version import __version__
from eegkit.atomic import atomic_write
from eegkit.registry import INTERFACE

KINDS = ("dataset", "transform", "classifier")
SUFFIX = ".jinja"
ANSWERS = ".copier-answers.yml"
_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")


def write_plugin(name: str, kind: str, folder: Path, **answers: str) -> list[Path]:
    """Write a distribution that registers one class and passes its own tests.

    Parameters
    ----------
    name : str
        Of the distribution: small letters, digits and hyphens, such as ``eegkit-blinks``.
    kind : {"dataset", "transform", "classifier"}
    folder : path
        The folder to make; it must not be there, or be empty.
    **answers : str
        To other questions of the template: ``author``.

    Returns
    -------
    list of Path
        The files, relative to the folder.

    Raises
    ------
    ValueError
        The name or the kind is none, or something lies in the folder.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"The name is {name!r}; expected small letters, digits and hyphens between them, such "
            "as eegkit-blinks."
        )
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(KINDS)}.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is there already; name another folder, or remove it.")
    with as_file(files("eegkit") / "plugin_template") as template:
        chosen = {"name": name, "kind": kind, **answers}
        contents = _render(template, _all_answers(template, chosen | _of_today()))
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(folder / path) as part:
            part.write_text(content, encoding="utf-8")
    return sorted(contents)


def _of_today() -> dict[str, str]:
    """The answers that eegkit gives itself: versions and the year."""
    major, minor = __version__.split(".")[:2]
    return {
        "eegkit_version": __version__,
        "eegkit_limit": f"{major}.{int(minor) + 1}",
        "interface": str(INTERFACE),
        "year": str(date.today().year),
    }


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    environment.filters["to_nice_yaml"] = yaml.safe_dump
    return environment


def _all_answers(template: Path, answers: dict[str, str]) -> dict[str, Any]:
    """The answers, and what copier's file of questions makes of them."""
    questions = yaml.safe_load((template / "copier.yml").read_text("utf-8"))
    for name, question in questions.items():
        if not name.startswith("_") and name not in answers:
            answers[name] = _environment().from_string(question["default"]).render(answers)
    kept = {n: a for n, a in answers.items() if questions[n].get("when", True)}
    return {
        **answers,
        "_copier_conf": {"answers_file": ANSWERS},
        "_copier_answers": {"_src_path": str(template), **kept},
    }


def _render(template: Path, answers: dict[str, Any]) -> dict[Path, str]:
    """What every file of the template becomes."""
    environment = _environment()
    root = template / "template"
    contents = {}
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        name = environment.from_string(path.relative_to(root).as_posix()).render(answers)
        text = path.read_text("utf-8")
        if name.endswith(SUFFIX):
            name, text = name.removesuffix(SUFFIX), environment.from_string(text).render(answers)
        contents[Path(name)] = text
    return contents
