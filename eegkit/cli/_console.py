"""Tables of the terminal.

Names of people, classes and pipelines are anybody's: they are printed as they are, never read as
rich's markup, and what would steer the terminal is written out.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from unicodedata import category

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console as Console
from rich.containers import Lines
from rich.table import Column, Table
from rich.text import Text as Text


class Breakable(Text):
    """Text whose words are broken at their parts where they are longer than a line: behind ``+``,
    ``_`` and the like."""

    def wrap(self, console: Console, width: int, **options: Any) -> Lines:
        """Lines of at most so many cells."""
        offsets: list[int] = []
        for word in re.finditer(r"\S+", self.plain):
            if cell_len(word[0]) > width:
                *parts, _ = _parts(word[0], width)
                offsets += [word.start() + end for end in itertools.accumulate(map(len, parts))]
        if options.get("no_wrap") or not offsets:
            return super().wrap(console, width, **options)
        return Text("\n").join(self.divide(offsets)).wrap(console, width, **options)


def _parts(word: str, width: int, marks: Sequence[str] = ("+", r"\W_")) -> list[str]:
    """A word in parts that are no longer than a line, as far as there is a mark to break behind.

    The first marks, which join steps of a pipeline, are broken behind before the others.
    """
    parts: list[str] = []
    for part in re.findall(f"[^{marks[0]}]*[{marks[0]}]+|[^{marks[0]}]+", word):
        if parts and cell_len(parts[-1] + part) <= width:
            parts[-1] += part
        elif cell_len(part) > width and marks[1:]:
            parts += _parts(part, width, marks[1:])
        else:
            parts.append(part)
    return parts


def literal(value: Any, style: str = "") -> Text:
    """A value as text that is printed as it is; a text of rich's is one already."""
    if isinstance(value, Text):
        return value
    return Breakable("".join(map(_visible, str(value))), style=style)


def _visible(character: str) -> str:
    """The character; a control character, or half of one, as Python writes it."""
    if character == "\n" or category(character) not in ("Cc", "Cs"):
        return character
    return ascii(character)[1:-1]


def words(*headings: str, **options: Any) -> list[Column]:
    """Columns of text, which is folded where it is too long."""
    return [Column(literal(heading), overflow="fold", **options) for heading in headings]


def names(*headings: str) -> list[Column]:
    """Columns of what can be typed in."""
    return words(*headings, no_wrap=True, style="cyan")


def numbers(*headings: str, **options: Any) -> list[Column]:
    """Columns of numbers."""
    return [Column(literal(heading), justify="right", **options) for heading in headings]


def make_table(
    title: str,
    columns: Iterable[Column],
    rows: Iterable[Sequence[Any]],
    *,
    caption: str | None = None,
    **style: Any,
) -> Table:
    """A table with its title above and its caption below, on the left; all text is literal."""
    look: dict[str, Any] = {"title_style": "bold", "title_justify": "left", "header_style": "bold"}
    look |= {"box": SIMPLE_HEAD, "padding": (0, 1, 0, 0), "pad_edge": False}
    texts = {name: literal(text) for name, text in (("title", title), ("caption", caption)) if text}
    table = Table(*columns, caption_justify="left", **look | texts | style)
    for row in rows:
        table.add_row(*map(literal, row))
    return table


def show_table(title: str, columns: Iterable[Column], rows: Iterable[Sequence[Any]]) -> None:
    Console().print(make_table(title, columns, rows))


def show_facts(facts: Mapping[str, Any]) -> None:
    """Print names in bold, with what they stand for beside."""
    columns = [*words("", style="bold", no_wrap=True), *words("")]
    table = make_table(
        "", columns, facts.items(), show_header=False, box=None, padding=(0, 2, 0, 0)
    )
    Console().print(table)
