"""``eegkit list`` and ``eegkit info``."""

from __future__ import annotations

import dataclasses
import difflib
import inspect
from typing import TYPE_CHECKING, Any

import click

from eegkit import registry
from eegkit.cli._errors import debug_option

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


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
        for one in kinds:
            for name in registry.names(one):
                click.echo(name)
        return
    from rich.console import Console

    console = Console()
    for i, one in enumerate(kinds):
        if i:
            console.print()
        console.print(_kind_table(one))


def _kind_table(kind: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=kind, title_justify="left", title_style="bold", header_style="bold")
    table.add_column("name", no_wrap=True, style="cyan")
    table.add_column("distribution", no_wrap=True)
    table.add_column("what it is")
    for name in registry.names(kind):
        described = registry.describe(kind, name)
        what = Text(_plain(described.summary))
        if described.failure is not None:
            what = Text(f"failed to import: {described.failure}", style="red")
        table.add_row(name, described.entry.distribution, what)
    return table


@click.command(short_help="Tell about a data set, transform or classifier.")
@click.argument("name")
@debug_option
def info(name: str) -> None:
    """Tell about a data set, transform or classifier: NAME, or DISTRIBUTION:NAME."""
    from rich.console import Console

    found = [
        entry
        for kind in registry.KINDS
        for entry in registry.entries(kind)
        if name in (entry.name, f"{entry.distribution}:{entry.name}")
    ]
    if not found:
        known = [one for kind in registry.KINDS for one in registry.names(kind)]
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "see: eegkit list."
        raise ValueError(f"Nothing is named {name!r}; {hint}")
    console = Console()
    for i, entry in enumerate(found):
        if i:
            console.print()
        cls = registry.get(entry.kind, f"{entry.distribution}:{entry.name}")
        _show(console, entry, cls)


def _show(console: Console, entry: registry.Entry, cls: type) -> None:
    from rich.markup import escape

    from eegkit.cli._docstrings import parameters_of, prose

    what = {"datasets": "data set", "transforms": "transform", "classifiers": "classifier"}
    console.print(
        f"[bold cyan]{escape(entry.name)}[/]: {what[entry.kind]} {escape(cls.__name__)}, "
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
    console.print(_parameter_table(title, parameters(cls), parameters_of(cls)))
    console.print(prose(cls))


def parameters(cls: type) -> dict[str, Any]:
    """Names and defaults of what the class is made with; a missing default is Ellipsis.

    The class's own come first, those of its bases behind.
    """
    found = {}
    for parameter in inspect.signature(cls).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        default = parameter.default
        if default is parameter.empty:
            default = ...
        elif repr(default) == "<factory>":
            default = _factory_default(cls, parameter.name)
        found[parameter.name] = default
    own = vars(cls).get("__annotations__", found)
    return dict(sorted(found.items(), key=lambda item: item[0] not in own))


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
        shown = "required" if default is ... else repr(default)
        table.add_row(name, Text(shown), Text(texts.get(name, "")))
    return table


def _plain(text: str) -> str:
    return text.replace("``", "").replace("`", "")
