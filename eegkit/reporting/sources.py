"""What to cite, and how to run it again: read from the settings and the registry."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

from eegkit import registry
from eegkit.evaluation import Results, baselines
from eegkit.evaluation.results.settings import source_of
from eegkit.evaluation.splits.metadata import joined
from eegkit.recordings import Preparation
from eegkit.reporting import markup as h
from eegkit.text import sections

_LINK = re.compile(r"https?://[^\s,;]+|\b10\.\d{4,9}/[^\s,;]+|\barXiv:\d{4}\.\d{4,5}")


def to_cite(results: Results) -> str:
    """The papers of the data sets, transforms and nets, as far as eegkit knows them."""
    rows, unknown = [], []
    for name in results.datasets:
        dataset = _dataset(results, name)
        if dataset is None:
            unknown.append(name)
        else:
            rows.append((f"data set {name}", f"{dataset.title}. {dataset.citation}. {dataset.url}"))
            rows.append((f"licence of {name}", dataset.licence))
    for kind in ("transforms", "classifiers"):
        for entry in _used_entries(results, kind):
            try:
                cls = registry.get(kind, f"{entry.distribution}:{entry.name}")
            except registry.PluginError:
                continue  # not what was evaluated, for that was imported
            rows.append((_class_name(entry), references_of(cls)))
    if results.settings.baselines:
        rows.append(("baselines", references_of(baselines)))
    rows += [
        ("scikit-learn", "F. Pedregosa et al. (2011), Scikit-learn: machine learning in Python, "
         "Journal of Machine Learning Research 12, 2825-2830."),
        ("MNE-Python", "A. Gramfort et al. (2013), MEG and EEG data analysis with MNE-Python, "
         "Frontiers in Neuroscience 7, 267, doi:10.3389/fnins.2013.00267."),
    ]  # fmt: skip
    items = "".join(
        f"<li><strong>{h.escape(name)}</strong>: {_add_links(text)}</li>"
        for name, text in rows
        if text
    )
    remark = ""
    if unknown:
        remark = h.paragraph(
            f"The trials named {joined(unknown)} are no data set of eegkit's registry: cite the "
            "paper of whoever recorded them."
        )
    return f"<ul>{items}</ul>{remark}"


def references_of(obj: Any) -> str:
    """The section "References" of a docstring, as one paragraph; empty where there is none."""
    body = sections(obj.__doc__ or "").get("References", "")
    text = re.sub(r"^\.\. \[\w+\] ", "", body, flags=re.M)
    return " ".join(text.replace("`", "").split())


def run_again(results: Results) -> str:
    """Code that does it again, and in words what it cannot do."""
    settings = results.settings
    remarks = []
    if settings.not_code:
        remarks.append(
            f"{joined(settings.not_code)}: written as it prints, for it holds what is of your own "
            "script; put that in its place."
        )
    lacking = [name for name in results.datasets if source_of(settings, name) is None]
    if lacking:
        remarks.append(
            f"{joined(lacking)}: how these trials were loaded is not known; put them in the place "
            "of the three dots."
        )
    if settings.versions:
        software = joined(f"{name} {number}" for name, number in settings.versions.items())
        remarks.append(f"Versions then: {software}.")
    return h.code(code_to_run_again(results)) + "".join(map(h.paragraph, remarks))


def code_to_run_again(results: Results) -> str:
    """Python code that loads the trials, evaluates the pipelines and writes the report."""
    settings = results.settings
    texts = settings.pipelines | {name: f"baselines()[{name!r}]" for name in settings.baselines}
    sources = [source_of(settings, name) for name in results.datasets]
    imports = ["from eegkit import evaluate, report", *settings.imports]
    imports += [source.imports for source in sources if source is not None]
    if settings.baselines:
        imports.append("from eegkit.evaluation import baselines")
    options = "".join(f", {name}={text}" for name, text in settings.options.items())
    lines = [
        *_by_module(imports),
        "",
        "pipelines = {",
        *(f"    {name!r}: {text}," for name, text in texts.items()),
        "}",
        "trials = {",
        *(_trials_line(results, name) for name in results.datasets),
        "}",
        f"results = evaluate(pipelines, trials{options})",
        'report(results, "report.html", trials)',
    ]
    return "\n".join(lines)


def _by_module(imports: Iterable[str]) -> list[str]:
    """Lines of imports, one for each module."""
    names: dict[str, set[str]] = {}
    for line in imports:
        place, _, name = line.partition(" import ")
        names.setdefault(place, set()).add(name)
    return sorted(
        f"{place} import {', '.join(sorted(group))}" if place.startswith("from ") else place
        for place, group in names.items()
    )


def _trials_line(results: Results, name: str) -> str:
    """The code that loads a data set, or what is to be put in its place."""
    source = source_of(results.settings, name)
    if source is not None:
        return f"    {name!r}: {source.code},"
    data = results.settings.data[name]
    line = f"    {name!r}: ...,  # {data['n_trials']} trials of {data['n_subjects']} people"
    preparation = data.get("preparation")
    return line if preparation is None else f"{line}; {Preparation.from_dict(preparation)}"


def _dataset(results: Results, name: str) -> Any:
    """The class of a registered data set; None of trials that come from none."""
    source = source_of(results.settings, name)
    key = name if source is None or source.dataset is None else source.dataset
    try:
        return registry.get("datasets", key)
    except (ValueError, registry.PluginError):
        return None


def _used_entries(results: Results, kind: str) -> list[registry.Entry]:
    """Registered classes that the code of the pipelines imports."""
    classes = {line.rpartition(" ")[2] for line in results.settings.imports}
    return [entry for entry in registry.entries(kind) if _class_name(entry) in classes]


def _class_name(entry: registry.Entry) -> str:
    return entry.target.rpartition(":")[2]


def _add_links(text: str) -> str:
    """Text with links to addresses, DOIs and arXiv."""

    def link(match: re.Match[str]) -> str:
        name = match[0].rstrip(".")
        if name.endswith(")") and name.count("(") < name.count(")"):
            name = name[:-1]
        to = re.sub("^10[.]", "https://doi.org/10.", name)
        to = re.sub("^arXiv:", "https://arxiv.org/abs/", to)
        return f'<a href="{to}">{name}</a>{match[0][len(name) :]}'

    return _LINK.sub(link, h.escape(text))


def all_settings(results: Results) -> str:
    """All settings: the pipelines, the data, the software."""
    settings = results.settings
    apart = ("pipelines", "versions", "data", "audit", "imports", "sources", "draws", "digests")
    rest = {
        name: _in_words(value) for name, value in settings.to_dict().items() if name not in apart
    }
    parts = [h.heading(name) + h.code(text) for name, text in settings.pipelines.items()]
    parts += [h.heading("Evaluation"), h.facts(rest)]
    for name, data in settings.data.items():
        facts = {key: _in_words(value) for key, value in data.items()}
        parts += [h.heading(f"Data, {name}"), h.facts(facts)]
    versions = settings.versions
    software = pd.DataFrame({"software": list(versions), "version": list(versions.values())})
    return "".join([*parts, h.heading("Software"), h.table(software)])


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        pairs = [f"{key}: {_in_words(item)}" for key, item in value.items()]
        return ", ".join(pairs) or h.NO_VALUE
    if isinstance(value, list | tuple):
        return ", ".join(map(_in_words, value)) or h.NO_VALUE
    return h.NO_VALUE if value is None else str(value)
