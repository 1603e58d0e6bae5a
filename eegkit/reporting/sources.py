"""What to cite, and how to run it again: read from the settings and the registry."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pandas as pd

from eegkit import registry
from eegkit.evaluation import Results, baselines, make_splitter
from eegkit.reporting import markup as h

_CALL = re.compile(r"\b([A-Z]\w*)\(")
_LINK = re.compile(r"https?://[^\s,;]+|\b10\.\d{4,9}/[^\s,;]+|\barXiv:\d{4}\.\d{4,5}")
# The places of functions in memory, which are others in every process.
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def to_cite(results: Results) -> str:
    """The papers of the data sets, transforms and nets, as far as eegkit knows them."""
    rows, unknown = [], []
    for name in results.datasets:
        found = _dataset(results, name)
        if found is None:
            unknown.append(name)
        else:
            rows.append((f"data set {name}", f"{found.title}. {found.citation}. {found.url}"))
            rows.append((f"licence of {name}", found.licence))
    for kind in ("transforms", "classifiers"):
        for entry in _used(results, kind):
            references = references_of(registry.get(kind, f"{entry.distribution}:{entry.name}"))
            if references:
                rows.append((_class_name(entry), references))
    if _unchanged_baselines(results):
        rows.append(("baselines", references_of(baselines)))
    rows += [
        ("scikit-learn", "F. Pedregosa et al. (2011), Scikit-learn: machine learning in Python, "
         "Journal of Machine Learning Research 12, 2825-2830."),
        ("MNE-Python", "A. Gramfort et al. (2013), MEG and EEG data analysis with MNE-Python, "
         "Frontiers in Neuroscience 7, 267, doi:10.3389/fnins.2013.00267."),
    ]  # fmt: skip
    items = "".join(
        f"<li><strong>{h.escaped(name)}</strong>: {_linked(text)}</li>" for name, text in rows
    )
    told = ""
    if unknown:
        told = h.paragraph(
            f"The trials named {h.and_(unknown)} are no data set of eegkit's registry: cite the "
            "paper of whoever recorded them."
        )
    return f"<ul>{items}</ul>{told}"


def references_of(described: Any) -> str:
    """The section "References" of a docstring, as one paragraph; empty where there is none."""
    doc = inspect.cleandoc(described.__doc__ or "")
    found = re.search(r"^References\n-+\n(.*?)(?=^\S[^\n]*\n-{3,}$|\Z)", doc, re.S | re.M)
    if found is None:
        return ""
    text = re.sub(r"^\.\. \[\w+\] ", "", found[1], flags=re.M)
    return " ".join(text.replace("`", "").split())


def run_again(results: Results) -> str:
    """Code that does it again, as far as the settings tell."""
    settings = results.settings
    imports = ["from eegkit import Pipeline, evaluate, load_dataset, report"]
    known = {name: f"baselines()[{name!r}]" for name in _unchanged_baselines(results)}
    if known:
        imports.append("from eegkit.evaluation import baselines")
    for kind in ("transforms", "classifiers"):
        for entry in _used(results, kind):
            imports.append(f"from {entry.target.partition(':')[0]} import {_class_name(entry)}")
    written = settings["pipelines"] | known
    made = "".join(f"    {name!r}: {text},\n" for name, text in written.items())
    lines = [*dict.fromkeys(imports), "", f"pipelines = {{\n{made}}}", *_loading(results)]
    options = [f"cv={_cv(settings['cv'])}", f"scoring={settings['scoring']!r}"]
    if settings.get("random_state") is not None:
        options.append(f"random_state={settings['random_state']!r}")
    lines += [f"results = evaluate(pipelines, trials, {', '.join(options)})"]
    lines += ['report(results, "report.html", trials)']
    versions = h.and_(f"{name} {number}" for name, number in settings.get("versions", {}).items())
    return (
        h.code("\n".join(lines))
        + h.paragraph(
            "Pipelines are written as they print: parameters that are not named have their "
            "defaults, and classes of other packages have to be imported from there."
        )
        + (h.paragraph(f"Versions then: {versions}.") if versions else "")
    )


def _unchanged_baselines(results: Results) -> list[str]:
    """The pipelines that are the baselines, as they are."""
    written = results.settings["pipelines"]
    return [
        name
        for name, pipeline in baselines().items()
        if _ADDRESS.sub("", written.get(name, "")) == _ADDRESS.sub("", repr(pipeline))
    ]


def _loading(results: Results) -> list[str]:
    known = {name: _registered(results, name) for name in results.datasets}
    given = results.settings.get("command", {}).get("options", {})
    options = "".join(f", {name}={value}" for name, value in given.items())
    if len(known) == 1:
        [(name, called)] = known.items()
        return [f"trials = {_load(results, name, called, options)}"]
    rows = [f"    {name!r}: {_load(results, name, called, '')}," for name, called in known.items()]
    return ["trials = {", *rows, "}"]


def _load(results: Results, name: str, called: str | None, options: str) -> str:
    if called is not None:
        return f"load_dataset({called!r}{options})"
    about = results.settings["data"][name]
    return f"...  # {about['n_trials']} trials of {about['n_subjects']} people"


def _cv(cv: str) -> str:
    """A name in quotes; what was no name is there as it prints."""
    try:
        make_splitter(cv)
    except ValueError:
        return cv
    return repr(cv)


def _registered(results: Results, name: str) -> str | None:
    """The registered name of a data set."""
    asked = results.settings.get("command", {}).get("dataset")
    candidates = [name] if asked is None or len(results.datasets) > 1 else [name, asked]
    for each in candidates:
        try:
            registry.get("datasets", each)
        except ValueError:
            continue
        return each
    return None


def _dataset(results: Results, name: str) -> Any:
    called = _registered(results, name)
    return None if called is None else registry.get("datasets", called)


def _used(results: Results, kind: str) -> list[registry.Entry]:
    """Registered classes that the pipelines name."""
    named = set(_CALL.findall(" ".join(results.settings["pipelines"].values())))
    return [entry for entry in registry.entries(kind) if _class_name(entry) in named]


def _class_name(entry: registry.Entry) -> str:
    return entry.target.rpartition(":")[2]


def _linked(text: str) -> str:
    """Text with links to addresses, DOIs and arXiv."""

    def link(found: re.Match[str]) -> str:
        name = found[0].rstrip(".")
        if name.endswith(")") and name.count("(") < name.count(")"):
            name = name[:-1]
        to = name
        if name.startswith("10."):
            to = f"https://doi.org/{name}"
        elif name.startswith("arXiv:"):
            to = f"https://arxiv.org/abs/{name.removeprefix('arXiv:')}"
        return f'<a href="{to}">{name}</a>{found[0][len(name) :]}'

    return _LINK.sub(link, h.escaped(text))


def all_settings(results: Results) -> str:
    """All settings: the pipelines, the data, the software."""
    settings = dict(results.settings)
    parts = []
    for name, text in settings.pop("pipelines", {}).items():
        parts += [h.heading(name), h.code(text)]
    versions = settings.pop("versions", {})
    rest = {key: _told(value) for key, value in settings.items() if key not in ("audit", "data")}
    parts += [h.heading("Evaluation"), h.facts(rest)]
    for name, about in settings.get("data", {}).items():
        parts += [h.heading(f"Data, {name}"), h.facts({k: _told(v) for k, v in about.items()})]
    shown = pd.DataFrame({"software": list(versions), "version": list(versions.values())})
    return "".join([*parts, h.heading("Software"), h.table(shown)])


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_told(item)}" for key, item in value.items()) or h.NOTHING
    if isinstance(value, list | tuple):
        return ", ".join(map(_told, value)) or h.NOTHING
    return h.NOTHING if value is None else str(value)
