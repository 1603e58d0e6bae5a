"""``eegkit list`` and ``eegkit info``."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import click

from eegkit import registry
from eegkit.cli._errors import one_sentence
from eegkit.cli._options import BASELINES, complete_names, option
from eegkit.text import suggest

# Of a member of a family, those that it tells; and how many classes are named there.
MEMBER_FACTS = ("paradigm", "people", "channels", "rate", "classes")
NUMBERS = ("people", "channels", "rate")
MOST_CLASSES = 6
NOUNS = {"datasets": "data set", "transforms": "transform", "classifiers": "classifier"}
PLACES = ("folder", "bids")
AXES = {
    "raw": "raw trials, (n_trials, n_channels, n_times)",
    "spectrogram": "spectrograms, (n_trials, n_channels, n_freqs, n_frames)",
    "covariance": "covariance matrices, (n_trials, n_channels, n_channels)",
    "any": "raw trials, spectrograms or features, (n_trials, n_features)",
}


@click.command("list")
@click.argument("kind", required=False, type=click.Choice(registry.KINDS))
@option("--names", is_flag=True, help="Only the names, one per line.")
@option("--check", is_flag=True, help="Import everything, too, and say what fails and why.")
def list_registered(kind: str | None, names: bool, check: bool) -> None:
    """List what is installed: data sets, transforms, classifiers.

    Nothing is imported for it, unless --check asks whether all can be: what fails is then listed
    with the reason, and breaks nothing else.

    \b
    Examples:
      eegkit list classifiers
      eegkit list --check
    """
    from eegkit.overview import contents, overview

    kinds = registry.KINDS if kind is None else (kind,)
    listed_names = {kind: _listed_names(kind) for kind in kinds}
    if names:
        click.echo("\n".join(name for kind in kinds for name in listed_names[kind]))
        return
    descriptions = iter(overview(kinds) if check else contents(kinds))
    for i, kind in enumerate(kinds):
        if i:
            click.echo()
        _show_kind(kind, dict(zip(listed_names[kind], descriptions, strict=False)))
        if kind == "classifiers":
            click.echo(f"Baselines, whole pipelines: {BASELINES}")
        if kind == "datasets":
            click.echo("Your own recordings: folder:PATH and bids:PATH, see: eegkit info folder")


def _listed_names(kind: str) -> list[str]:
    """Names as they are listed, in the order of the overview."""
    return registry.names(kind) + list(map(_any_member, registry.families(kind)))


def _show_kind(kind: str, descriptions: dict[str, registry.Description]) -> None:
    from eegkit.cli._console import literal, names, show_table, words
    from eegkit.cli._docstrings import plain

    rows = []
    for name, description in descriptions.items():
        summary = literal(plain(description.summary))
        if description.failure is not None:
            summary = literal(f"failed to import: {description.failure}", "red")
        rows.append((name, description.entry.distribution, summary))
    columns = [*names("name"), *words("distribution", no_wrap=True), *words("what it is")]
    show_table(kind, columns, rows)


def _any_member(family: registry.Entry) -> str:
    return f"{family.name}:<code>"


@click.command(short_help="Tell about a data set, transform or classifier.")
@click.argument("name", shell_complete=complete_names(*registry.KINDS))
def info(name: str) -> None:
    """Tell about a data set, transform or classifier: NAME, or DISTRIBUTION:NAME.

    Of a family NAME lists its members, and NAME:CODE is one of them. The names folder and bids
    stand for your own recordings, and tell which options they have.

    \b
    Examples:
      eegkit info stft
      eegkit info folder
    """
    if name in PLACES:
        _show_place(name)
        return
    if "+" in name and _show_baseline(name):
        return
    matches = entries_called(name)
    for i, entry in enumerate(matches):
        if i:
            click.echo()
        try:
            _show_entry(entry)
        except registry.PluginError as error:
            if len(matches) == 1:
                raise
            click.echo(one_sentence(error))


def _show_place(name: str) -> None:
    """What recordings of one's own can be asked for."""
    from eegkit.cli._console import Console, Text, literal, names, show_table, words
    from eegkit.cli._docstrings import parameters_of, prose
    from eegkit.datasets.loading import PLACES as LOADERS

    load = LOADERS[name][0]
    usual = parameters(load)
    texts = parameters_of(load)
    rows = [
        (option, "required" if usual[option] is ... else repr(usual[option]), texts.get(option, ""))
        for option in list(usual)[1:]
    ]
    title = literal(f": your own recordings, as {load.__name__} reads them")
    Console().print(Text.assemble(literal(f"{name}:PATH", "bold cyan"), title))
    show_table("Options", [*names("name"), *words("default", "meaning")], rows)
    Console().print(prose(load))


def _show_baseline(name: str) -> bool:
    """The steps of a baseline; False of another name."""
    from eegkit.evaluation import baselines

    if name not in (classical := baselines()):
        return False
    click.echo(f"{name}: a baseline, which stands whole: eegkit evaluate --pipeline {name}")
    click.echo("\n".join(f"  {step}: {part}" for step, part in classical[name].named_steps.items()))
    return True


def _show_entry(entry: registry.Entry) -> None:
    full_name = f"{entry.distribution}:{entry.name}"
    if entry.family and ":" not in entry.name:
        _show_family(entry, registry.get_family(entry.kind, full_name))
    else:
        _show(entry, registry.get(entry.kind, full_name))


def entries_called(name: str) -> list[registry.Entry]:
    """The entries of that name; a member of a family as an entry of its own."""
    families = [entry for kind in registry.KINDS for entry in registry.families(kind)]
    entries = [entry for kind in registry.KINDS for entry in registry.entries(kind)] + families
    family, _, member = name.rpartition(":")
    matches = [entry for entry in entries if entry.called(name)] or [
        dataclasses.replace(entry, name=f"{entry.name}:{member}")
        for entry in families
        if entry.called(family)
    ]
    if not matches:
        hint = suggest(name, [entry.name for entry in entries], "see: eegkit list")
        raise ValueError(f"Nothing is named {name!r}{hint}")
    return matches


def _show_family(entry: registry.Entry, family: registry.Family) -> None:
    """A line for every member: the facts of a data set, or what else it is."""
    from eegkit.cli import _console

    members: dict[str, Any] = {name: family.member(name) for name in family.member_names()}
    _show_title(
        entry, f"{len(members)} {entry.kind} from the distribution {entry.distribution}, "
        f"each {_any_member(entry)}"
    )  # fmt: skip
    facts = {name: _short_facts(cls) for name, cls in members.items()}
    columns = _console.names("code")
    headings = dict.fromkeys(heading for row in facts.values() for heading in row)
    for heading in headings:
        number = heading in NUMBERS
        columns += _console.numbers(heading, no_wrap=True) if number else _console.words(heading)
    rows = [[name, *(row.get(heading, "") for heading in headings)] for name, row in facts.items()]
    _console.show_table("", columns, rows)


def _short_facts(cls: Any) -> dict[str, str]:
    """What tells the members of a family apart, in a few words each."""
    from eegkit.cli._docstrings import plain

    if not hasattr(cls, "facts"):
        return {"what it is": plain((cls.__doc__ or "").strip().partition("\n")[0])}
    facts = cls.facts()
    short = {name: str(facts[name]) for name in MEMBER_FACTS if name in facts}
    if len(cls.classes) > MOST_CLASSES:
        first = ", ".join(cls.classes[: MOST_CLASSES - 1])
        short["classes"] = f"{first}, ... ({len(cls.classes)} in all)"
    return short


def _show(entry: registry.Entry, cls: Any) -> None:
    from eegkit.cli._console import Console, names, show_facts, show_table, words
    from eegkit.cli._docstrings import meanings_of, prose

    noun = f"{NOUNS[entry.kind]} {cls.__name__}"
    _show_title(entry, f"{noun}, from the distribution {entry.distribution}")
    title = "Parameters"
    if entry.kind == "datasets":
        title = "Options"
        show_facts(cls.facts())
    elif hasattr(cls, "input_kind"):
        click.echo(f"Reads {AXES.get(cls.input_kind, cls.input_kind)}.")
    click.echo()
    texts = meanings_of(cls)
    rows = [
        (name, "required" if default is ... else repr(default), texts.get(name, ""))
        for name, default in parameters(cls).items()
    ]
    show_table(title, [*names("name"), *words("default", "meaning")], rows)
    _show_published(cls)
    Console().print(prose(cls))


def _show_published(cls: Any) -> None:
    """The settings of papers and projects, by what differs from the defaults."""
    from eegkit.cli._console import names, show_table, words

    usual = parameters(cls)
    rows = []
    for name, params in getattr(cls, "published_settings", {}).items():
        differences = [f"{k}={v!r}" for k, v in params.items() if v != usual[k]]
        rows.append((name, ", ".join(differences) or "nothing"))
    if rows:
        columns = [*names("name"), *words("differs from the defaults by")]
        show_table(f"{cls.__name__}.published(name)", columns, rows)


def _show_title(entry: registry.Entry, text: str) -> None:
    from eegkit.cli._console import Console, Text, literal

    Console().print(Text.assemble(literal(entry.name, "bold cyan"), literal(f": {text}")))


def parameters(cls: Any) -> dict[str, Any]:
    """Names and defaults of what the class is made with; a missing default is Ellipsis.

    The class's own come first, those of its bases behind.
    """
    fields = getattr(cls, "__dataclass_fields__", {})
    defaults = {}
    for name, parameter in inspect.signature(cls).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        default = ... if parameter.default is parameter.empty else parameter.default
        if repr(default) == "<factory>":
            default = fields[name].default_factory()
        defaults[name] = default
    annotations = vars(cls).get("__annotations__", defaults) if isinstance(cls, type) else defaults
    return dict(sorted(defaults.items(), key=lambda item: item[0] not in annotations))
