"""A YAML file as values that know their line: a small and strict part of YAML.

Mappings, lists and plain values; numbers, ``true``, ``false`` and ``null`` as in YAML 1.2, so
that ``no`` and ``007`` are text and ``1e-3`` is a number. No references, no tags, no second
document, no name twice.

On the nodes of PyYAML, as ruamel.yaml would need all of this as well: it takes references, tags,
dates and octal numbers, reads 007 as 7, and keeps no place of the value at the root.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml

from eegkit.text import no_such

MAX_BYTES = 100_000
_TAG = "tag:yaml.org,2002:"


def _finite(value: float) -> float:
    if math.isinf(value):
        raise ValueError("more than a float can hold")
    return value


_SCALARS: dict[str, Any] = {
    f"{_TAG}str": str,
    f"{_TAG}int": int,
    f"{_TAG}float": lambda text: _finite(float(text)),
    f"{_TAG}bool": lambda text: text.lower() == "true",
    f"{_TAG}null": lambda text: None,
}
# What PyYAML calls a problem, and what to do about it.
_ADVICE = {
    "cannot start any token": "put quotes around the text",
    "mapping values are not allowed": "check the indentation, or put quotes around a text with ':'",
    "expected <block end>": "indent what belongs together by the same number of spaces",
    "could not find expected ':'": "write name: value",
    "expected ',' or": "close the bracket that was opened, and put commas between its values",
    "unexpected end of stream": "close the quotes",
    "inconsistent": "indent what belongs together by the same number of spaces",
}


@dataclass(frozen=True)
class Item:
    """A value of the file and where it stands, counted from 1.

    The value is text, a number, True, False or None; a list of `Item`; or a dict from `Item` (of
    text) to `Item`, as a list of pairs.
    """

    value: Any
    line: int
    column: int
    kind: str  # "mapping", "list" or "value"

    def pairs(self) -> list[tuple[Item, Item]]:
        """Names and values of a mapping."""
        return self.value if self.kind == "mapping" else []

    def empty(self) -> Item:
        """Nothing, at the same place."""
        return Item(None, self.line, self.column, "value")

    def plain(self) -> Any:
        """The value alone: dicts, tuples and plain values."""
        if self.kind == "mapping":
            return {name.value: value.plain() for name, value in self.value}
        if self.kind == "list":
            return tuple(item.plain() for item in self.value)
        return self.value

    def show(self) -> str:
        """What was seen, for messages."""
        if self.kind == "mapping":
            return "a mapping" if self.value else "an empty mapping"
        if self.kind == "list":
            return "a list" if self.value else "an empty list"
        return "nothing" if self.value is None else _short(repr(self.value))


def _at(node: Any, value: Any, kind: str) -> Item:
    """The value of a node of PyYAML, with its place."""
    return Item(value, node.start_mark.line + 1, node.start_mark.column + 1, kind)


class Document:
    """A file and the values in it.

    Parameters
    ----------
    path : path-like

    Attributes
    ----------
    name : str
        Of the file, for messages.
    text : str
    root : Item

    Raises
    ------
    ValueError
        The file cannot be read as such; the message says where.
    FileNotFoundError
        There is no such file.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.text = _read(path)
        try:
            loader = _Loader(self.text)
            node = loader.get_single_node()
            self.root = self._item(node) if node is not None else None
        except RecursionError:
            raise ValueError(f"{self.name} is nested too deeply; expected a few levels.") from None
        except yaml.MarkedYAMLError as error:
            self._explain(error)
        except yaml.reader.ReaderError as error:
            line = self.text.count("\n", 0, error.position) + 1
            raise ValueError(
                f"{self.name}, line {line}: there is the character {chr(error.character)!r}, which "
                "no YAML file may hold; remove it."
            ) from error
        if self.root is None:
            raise ValueError(f"{path} is empty; expected at least datasets and pipelines.")

    def fail(self, item: Item, text: str) -> NoReturn:
        """Raise an error about an item.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(f"{self.name}, line {item.line}, column {item.column}: {text}")

    def check_unique(self, names: Iterable[Item]) -> None:
        """Refuse a name that stands there twice."""
        lines: dict[str, int] = {}
        for name in names:
            if name.value in lines:
                self.fail(
                    name,
                    f"{name.value!r} stands here again, after line {lines[name.value]}; name it "
                    "once.",
                )
            lines[name.value] = name.line

    def _explain(self, error: Any) -> NoReturn:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "it cannot be read"
        line = dict(enumerate(self.text.split("\n"))).get(mark.line, "")
        before = line[: len(line) - len(line.lstrip())] + line[mark.column : mark.column + 1]
        advice = next((a for p, a in _ADVICE.items() if p in problem), "check the syntax")
        text = f"this is no YAML ({problem}); {advice}"
        if "\t" in before:
            text = "a tab stands here; indent by spaces"
        elif isinstance(error, _RefusedError):
            text = problem
        raise ValueError(
            f"{self.name}, line {mark.line + 1}, column {mark.column + 1}: {text}."
        ) from error

    def _item(self, node: Any) -> Item:
        if isinstance(node, yaml.ScalarNode):
            return _at(node, self._scalar(node), "value")
        if node.tag not in (f"{_TAG}map", f"{_TAG}seq"):
            _refuse_tag(node)
        if isinstance(node, yaml.SequenceNode):
            return _at(node, [self._item(n) for n in node.value], "list")
        pairs: list[tuple[Item, Item]] = []
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                _refuse("a name is a list or a mapping; expected text before the ':'", key)
            pairs.append((_at(key, key.value, "value"), self._item(value)))
        self.check_unique(name for name, _ in pairs)
        return _at(node, pairs, "mapping")

    def _scalar(self, node: Any) -> Any:
        if node.tag not in _SCALARS:
            _refuse_tag(node)
        try:
            return _SCALARS[node.tag](node.value)
        except ValueError:
            _refuse(f"{_short(repr(node.value))} is no number; write one", node)


class _RefusedError(yaml.MarkedYAMLError):
    """Something that eegkit refuses, though it is YAML."""


def _refuse(problem: str, where: Any) -> NoReturn:
    """Raise an error about a node or an event."""
    raise _RefusedError(problem=problem, problem_mark=where.start_mark)


def _refuse_tag(node: Any) -> NoReturn:
    _refuse(f"the tag {node.tag.replace(_TAG, '!!')} is not known; write plain values", node)


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, with the plain values of YAML 1.2, and without references."""

    yaml_implicit_resolvers: dict[str, Any] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            _refuse(f"*{event.anchor} refers to another place; write it in full", event)
        return super().compose_node(parent, index)

    def get_single_node(self) -> Any:
        self.get_event()
        node = None if self.check_event(yaml.StreamEndEvent) else self.compose_document()
        if not self.check_event(yaml.StreamEndEvent):
            event = self.get_event()
            _refuse("a second document begins here; write one file for each experiment", event)
        return node


for _name, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(f"{_TAG}{_name}", re.compile(rf"(?:{_pattern})\Z"), _first)


def _read(path: Path) -> str:
    if path.is_dir():
        raise ValueError(f"{path} is a folder; expected the YAML file of an experiment.")
    if not path.exists():
        raise no_such(path, pattern="*.y*ml")
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(
            f"{path} has {path.stat().st_size} bytes; expected the YAML file of an experiment, of "
            f"at most {MAX_BYTES}."
        )
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path.name}, line {line}: there is a byte {content[error.start]:#04x}, which is no "
            "UTF-8; save the file as UTF-8."
        ) from error


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 4]}...{text[-1]}"
