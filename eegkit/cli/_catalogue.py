"""``eegkit list`` and ``eegkit info``."""

from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING, Any

import click

from eegkit import registry
from eegkit.cli._errors import debug_option
from eegkit.text import suggest

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# Of a member of a family, those that it tells; and how many classes are named there.
MEMBER_FACTS = ("paradigm", "people", "channels", "rate", "classes")
MOST_CLASSES = 6


@click.command("list")
@click.argument("kind", required=False, type=click.Choice(registry.KINDS))
@click.option("--names", is_flag=True, help="Only the names, one per line; nothing is imported.")
@debug_option
def list_registered(kind: str | None, names: bool) -> None:
    """List what is installed: data sets, transforms, classifiers.

    What fails to import is listed with the reason, and breaks nothing else.
    """
    kinds = registry.KINDS if kind is None else (kind,)
    if names:
        for kind in kinds:
            for name in registry.names(kind) + [_any_member(f) for f in registry.families(kind)]:
                click.echo(name)
        return
    from rich.console import Console

    console = Console()
    for i, kind in enumerate(kinds):
        if i:
            console.print()
        console.print(_kind_table(kind))


def _kind_table(kind: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=kind, title_justify="left", title_style="bold", header_style="bold")
    table.add_column("name", no_wrap=True, style="cyan")
    table.add_column("distribution", no_wrap=True)
    table.add_column("what it is")
    rows = [(name, name) for name in registry.names(kind)]
    rows += [(_any_member(f), f"{f.distribution}:{f.name}") for f in registry.families(kind)]
    for name, full_name in rows:
        description = registry.describe(kind, full_name)
        summary = Text(_plain(description.summary))
        if description.failure is not None:
            summary = Text(f"failed to import: {description.failure}", style="red")
        table.add_row(name, description.entry.distribution, summary)
    return table


def _any_member(family: registry.Entry) -> str:
    return f"{family.name}:<code>"


@click.command(short_help="Tell about a data set, transform or classifier.")
@click.argument("name")
@debug_option
def info(name: str) -> None:
    """Tell about a data set, transform or classifier: NAME, or DISTRIBUTION:NAME.

    Of a family NAME lists its members, and NAME:CODE is one of them.
    """
    from rich.console import Console

    entries = _entries_called(name)
    if not entries:
        names = [entry_name for kind in registry.KINDS for entry_name in registry.names(kind)]
        names += [family.name for kind in registry.KINDS for family in registry.families(kind)]
        raise ValueError(f"Nothing is named {name!r}{suggest(name, names, 'see: eegkit list')}")
    console = Console()
    for i, entry in enumerate(entries):
        if i:
            console.print()
        full_name = f"{entry.distribution}:{entry.name}"
        if entry.family and ":" not in entry.name:
            _show_family(console, entry, registry.get_family(entry.kind, full_name))
        else:
            _show(console, entry, registry.get(entry.kind, full_name))


def _entries_called(name: str) -> list[registry.Entry]:
    """The entries of that name; a member of a family as an entry of its own."""
    singles = [entry for kind in registry.KINDS for entry in registry.entries(kind)]
    families = [entry for kind in registry.KINDS for entry in registry.families(kind)]
    matches = [entry for entry in singles + families if entry.called(name)]
    if matches:
        return matches
    family, _, member = name.rpartition(":")
    return [
        dataclasses.replace(entry, name=f"{entry.name}:{member}")
        for entry in families
        if entry.called(family)
    ]


def _show_family(console: Console, entry: registry.Entry, family: registry.Family) -> None:
    """A line for every member: the facts of a data set, or what else it is."""
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    members: dict[str, Any] = {name: family.member(name) for name in family.member_names()}
    console.print(
        f"[bold cyan]{escape(entry.name)}[/]: {len(members)} {entry.kind} from the distribution "
        f"{escape(entry.distribution)}, each {escape(_any_member(entry))}"
    )
    rows = {name: _short_facts(cls) for name, cls in members.items()}
    headings = list(dict.fromkeys(heading for row in rows.values() for heading in row))
    table = Table(header_style="bold")
    table.add_column("code", no_wrap=True, style="cyan")
    for heading in headings:
        number = heading in ("people", "channels", "rate")
        table.add_column(heading, justify="right" if number else "left", no_wrap=number)
    for name, row in rows.items():
        table.add_row(name, *(Text(row.get(heading, "")) for heading in headings))
    console.print(table)


def _short_facts(cls: Any) -> dict[str, str]:
    """What tells the members of a family apart, in a few words each."""
    if not hasattr(cls, "facts"):
        return {"what it is": _plain((cls.__doc__ or "").strip().partition("\n")[0])}
    facts = cls.facts()
    short = {name: str(facts[name]) for name in MEMBER_FACTS if name in facts}
    if len(cls.classes) > MOST_CLASSES:
        first = ", ".join(cls.classes[: MOST_CLASSES - 1])
        short["classes"] = f"{first}, ... ({len(cls.classes)} in all)"
    return short


def _show(console: Console, entry: registry.Entry, cls: type) -> None:
    from rich.markup import escape

    from eegkit.cli._docstrings import meanings_of, prose

    nouns = {"datasets": "data set", "transforms": "transform", "classifiers": "classifier"}
    console.print(
        f"[bold cyan]{escape(entry.name)}[/]: {nouns[entry.kind]} {escape(cls.__name__)}, "
        f"from the distribution {escape(entry.distribution)}"
    )
    if entry.kind == "datasets":
        console.print(_facts(cls))
    elif hasattr(cls, "input_kind"):
        axes = {
            "raw": "raw trials, (n_trials, n_channels, n_times)",
            "spectrogram": "spectrograms, (n_trials, n_channels, n_freqs, n_frames)",
        }
        console.print(f"Reads {axes.get(cls.input_kind, cls.input_kind)}.", highlight=False)
    console.print()
    title = "Options" if entry.kind == "datasets" else "Parameters"
    console.print(_parameter_table(title, parameters(cls), meanings_of(cls)))
    console.print(prose(cls))


def parameters(cls: type) -> dict[str, Any]:
    """Names and defaults of what the class is made with; a missing default is Ellipsis.

    The class's own come first, those of its bases behind.
    """
    defaults = {}
    for parameter in inspect.signature(cls).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        default = parameter.default
        if default is parameter.empty:
            default = ...
        elif repr(default) == "<factory>":
            default = _factory_default(cls, parameter.name)
        defaults[parameter.name] = default
    annotations = vars(cls).get("__annotations__", defaults)
    return dict(sorted(defaults.items(), key=lambda item: item[0] not in annotations))


def _factory_default(cls: Any, name: str) -> Any:
    field = next(field for field in dataclasses.fields(cls) if field.name == name)
    return field.default_factory() if callable(field.default_factory) else ...


def _facts(cls: Any) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in cls.facts().items():
        table.add_row(name, Text(str(value)))
    return table


def _parameter_table(title: str, defaults: dict[str, Any], texts: dict[str, str]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    table.add_column("name", no_wrap=True, style="cyan")
    table.add_column("default", overflow="fold")
    table.add_column("meaning")
    for name, default in defaults.items():
        value = "required" if default is ... else repr(default)
        table.add_row(name, Text(value), Text(texts.get(name, "")))
    return table


def _plain(text: str) -> str:
    return text.replace("``", "").replace("`", "")
