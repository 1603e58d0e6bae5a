"""Tables of the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text


def words(*headings: str, **options: Any) -> list[Column]:
    """Columns of text, which is folded where it is too long."""
    return [Column(Text(heading), overflow="fold", **options) for heading in headings]


def names(*headings: str) -> list[Column]:
    """Columns of what can be typed in."""
    return words(*headings, no_wrap=True, style="cyan")


def numbers(*headings: str, **options: Any) -> list[Column]:
    """Columns of numbers."""
    return [Column(Text(heading), justify="right", **options) for heading in headings]


def make_table(
    title: str, columns: Iterable[Column], rows: Iterable[Sequence[Any]], **style: Any
) -> Table:
    """A table with its title above, on the left."""
    look: dict[str, Any] = {"title_style": "bold", "title_justify": "left", "header_style": "bold"}
    look |= {"box": SIMPLE_HEAD, "padding": (0, 1, 0, 0), "pad_edge": False}
    table = Table(*columns, title=Text(title) if title else None, **look | style)
    for row in rows:
        table.add_row(*row)
    return table


def show_table(title: str, columns: Iterable[Column], rows: Iterable[Sequence[Any]]) -> None:
    Console().print(make_table(title, columns, rows))


def show_facts(facts: Mapping[str, Any]) -> None:
    """Print names in bold, with what they stand for beside."""
    columns = [*words("", style="bold", no_wrap=True), *words("")]
    rows = [(name, Text(str(value))) for name, value in facts.items()]
    table = make_table("", columns, rows, show_header=False, box=None, padding=(0, 2, 0, 0))
    Console().print(table)
