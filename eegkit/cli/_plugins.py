"""``eegkit check`` and ``eegkit new-plugin``: for authors of plugins."""

from __future__ import annotations

import html
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eegkit import registry
from eegkit.atomic import atomic_write
from eegkit.cli._options import FILE, FOLDER, PATH, complete_names, option
from eegkit.cli._parse import as_typed, setting
from eegkit.libraries import install_command
from eegkit.plugin_entries import import_class

if TYPE_CHECKING:
    from eegkit.testing import Check, Verdict

FAILED = 1
PROJECT = "pyproject.toml"
Found = tuple[str, str, Any]  # kind, name, class


@click.command("new-plugin", short_help="Write a plugin that passes its own tests.")
@click.argument("name")
@option(
    "--kind",
    required=True,
    type=click.Choice(["dataset", "transform", "classifier"]),
    help="What it registers.",
)
@option("--author", default="The authors", help="For the licence.")
@option("--out", type=FOLDER, help="Folder to make  [default: NAME]")
def new_plugin(name: str, kind: str, author: str, out: Path | None) -> None:
    """Write a distribution that registers a data set, transform or classifier of your own.

    NAME is the distribution's, such as eegkit-blinks. It has a pyproject.toml with the entry
    point, the class, its conformance tests, a README, a licence and a CI file, and passes its own
    tests as written.

    \b
    Example:
      eegkit new-plugin eegkit-blinks --kind dataset
    """
    from eegkit.plugin_project import write_plugin

    folder = out or Path(name)
    for path in write_plugin(name, kind, folder, author=author):
        click.echo(f"  {folder / path}")
    recordings, on_what = "", ""
    if kind == "dataset":
        recordings, on_what = " --path RECORDINGS", ", on your recordings"
    click.echo(
        f"Next:\n  {install_command('-e', f'{folder}[test]')}\n"
        f"  pytest {folder}   # its tests: the conformance kit, and what you add\n"
        f"  eegkit check {folder}{recordings}   # the kit alone, as a table{on_what}"
    )


@click.command(short_help="Hold a plugin to the contract, and print a verdict.")
@click.argument("name", shell_complete=complete_names(*registry.KINDS))
@option("--path", type=PATH, help="Of a data set: the folder of its recordings.")
@option(
    "--option",
    "options",
    type=setting,
    metavar="KEY=VALUE",
    multiple=True,
    help="Of a data set: an option, such as subjects=[1,2]; repeatable.",
)
@option("--report", type=FILE, help="HTML file to make of the verdict.")
@click.pass_context
def check(
    ctx: click.Context,
    name: str,
    path: Path | None,
    options: tuple[tuple[str, Any], ...],
    report: Path | None,
) -> None:
    """Run the conformance kit on an installed data set, transform or classifier.

    NAME is as in eegkit list, or the folder of a plugin's project: all its classes are checked.

    A check that takes a package that is not installed (skops, onnx) is skipped, and says so. The
    tests that new-plugin writes call the same checks from pytest; here they are run on any
    recordings, without the plugin's own tests.

    Exit codes: 0 if no check fails, 1 if one does.

    \b
    Examples:
      eegkit check eegnet
      eegkit check mental_arithmetic --path recordings
      eegkit check ./eegkit-blinks --path recordings --report verdict.html
    """
    classes = _classes_of(Path(name)) if Path(name).is_dir() else _registered(name)
    places = dict(options) | ({} if path is None else {"path": path})
    results = {
        f"{kind[:-1]} {entry}": _verdicts(_checks(kind, cls, places))
        for kind, entry, cls in classes
    }
    for title, rows in results.items():
        _show(title, rows)
    if report is not None:
        _write_report(results, report)
    if any(row.failure is not None for rows in results.values() for row in rows):
        ctx.exit(FAILED)


def _registered(name: str) -> list[Found]:
    from eegkit.cli._catalogue import entries_called

    if Path(name).name != name:  # which none is called
        raise ValueError(f"There is no folder {name}; expected that of a plugin's project.")
    return [
        (e.kind, e.name, registry.get(e.kind, f"{e.distribution}:{e.name}"))
        for e in entries_called(name)
    ]


def _classes_of(folder: Path) -> list[Found]:
    """The classes that a project registers, imported from its folder."""
    file = folder / PROJECT
    if not file.is_file():
        raise ValueError(f"{folder} has no {PROJECT}; expected the folder of a plugin's project.")
    groups = tomllib.loads(file.read_text("utf-8")).get("project", {}).get("entry-points", {})
    targets = [
        (kind, name, target)
        for kind in registry.KINDS
        for name, target in groups.get(f"eegkit.{kind}", {}).items()
    ]
    if not targets:
        expected = ", ".join(f"eegkit.{kind}" for kind in registry.KINDS)
        raise ValueError(f"{file} registers nothing; expected an entry point in one of {expected}.")
    sys.path[:0] = [str(folder / "src"), str(folder)]
    return [(kind, name, import_class(kind, target)) for kind, name, target in targets]


def _checks(kind: str, cls: Any, options: dict[str, Any]) -> list[Check]:
    from eegkit import testing

    if kind == "datasets":
        types = getattr(cls, "parameter_types", {})
        return testing.dataset_checks(
            cls(**{name: as_typed(value, types.get(name)) for name, value in options.items()})
        )
    if options:
        raise ValueError(f"--path and --option are for data sets; {cls.__name__} is none.")
    make = testing.transform_checks if kind == "transforms" else testing.classifier_checks
    return make(cls)


def _verdicts(checks: Sequence[Check]) -> list[Verdict]:
    """All verdicts, with a bar on the way."""
    from eegkit.evaluation.running.bars import count_bar
    from eegkit.testing import verdicts

    rows: list[Verdict] = []
    with count_bar("Checking", len(checks)) as move:
        for verdict in verdicts(checks):
            rows.append(verdict)
            move(len(rows))
    return rows


def _show(title: str, rows: Sequence[Verdict]) -> None:
    from eegkit.cli._console import literal, numbers, show_table, words
    from eegkit.cli._docstrings import plain

    first = {row.seen: row.check for row in reversed(rows) if row.failure is not None}
    styles = {"passed": "green", "FAILED": "bold red", "skipped": "yellow"}
    lines = [
        (
            literal(_word(row), styles[_word(row)]),
            row.check,
            f"{row.seconds:.1f}",
            _remark(row, first) + plain(row.wanted),
        )
        for row in rows
    ]
    columns = [*words("verdict", no_wrap=True), *words("check"), *numbers("s"), *words("what")]
    show_table(title, columns, lines)
    counts = Counter(map(_word, rows))
    others = [f"{counts[word]} {word}" for word in ("FAILED", "skipped") if counts[word]]
    click.echo(f"{title}: {len(rows)} checks, {', '.join(others) or 'all passed'}.")
    if counts["FAILED"]:
        click.echo("They are described on the page 'What the conformance kit checks'.")


def _word(row: Verdict) -> str:
    """The verdict in a word."""
    if row.failure is not None:
        return "FAILED"
    return "passed" if row.skip is None else "skipped"


def _remark(row: Verdict, first: Mapping[str, str]) -> str:
    """What is said before what is wanted; what was seen before is said by the check's name."""
    if row.failure is not None:
        check = first[row.seen]
        seen = row.seen if check == row.check else f"as of {check}."
        return f"Seen: {seen}\nWanted: "
    return "" if row.skip is None else f"{row.skip}\nWould be checked: "


def _write_report(results: dict[str, list[Verdict]], path: Path) -> None:
    """The verdicts as one HTML file that needs no other."""
    parts = []
    for title, rows in results.items():
        lines = "".join(
            f"<tr><td>{_word(row).replace('FAILED', '<b>FAILED</b>')}</td>"
            f"<td><code>{html.escape(row.check)}</code></td><td>{row.seconds:.1f}</td>"
            f"<td>{html.escape(row.wanted)}"
            + (f"<pre>{html.escape(why)}</pre>" if (why := row.failure or row.skip) else "")
            + "</td></tr>"
            for row in rows
        )
        head = "<tr><th>verdict</th><th>check</th><th>s</th><th>wanted</th></tr>"
        parts.append(f"<h1>{html.escape(title)}</h1><table>{head}{lines}</table>")
    style = "body{font-family:sans-serif;margin:2rem}td,th{text-align:left;padding:.2rem .6rem;"
    style += "vertical-align:top}pre{white-space:pre-wrap}"
    page = (
        "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>eegkit check</title>"
        f"<style>{style}</style></head><body>{''.join(parts)}</body></html>"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as part:
        part.write_text(page, encoding="utf-8")
    click.echo(f"Wrote {path}")
