"""numpydoc docstrings as text for the terminal.

Read by hand, in thirty lines: numpydoc depends on Sphinx, and docstring_parser does not part the
names in ``l_freq, h_freq : float``, drops examples' text, and makes none of it plain.
"""

from __future__ import annotations

import re
from typing import Any

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from eegkit.parameters import check_for
from eegkit.text import sections

# Said by the table of parameters, or of use to programmers only.
NOT_PROSE = ("Parameters", "Attributes", "See Also", "Methods")
# What a parameter means is said by a base class.
_SEE = re.compile(r"See (?:[\w.]+\.)?[A-Z]\w+\.\s*")
_ROLE = re.compile(r":\w+:`~?([^`]+)`")


def parameters_of(source: Any) -> dict[str, str]:
    """What the docstrings of a function, or of a class and its bases, say of every parameter."""
    meanings: dict[str, str] = {}
    for base in getattr(source, "__mro__", [source]):
        body = sections(_docstring(base)).get("Parameters", "")
        # A heading stands at the margin. What it says after the colon is said by the annotation,
        # see `meanings_of`.
        for entry in re.split(r"\n(?=\S)", body):
            heading, _, text = entry.partition("\n")
            meaning = plain(_one_line_each(text))
            for name in map(str.strip, heading.partition(":")[0].split(",")):
                known = meanings.setdefault(name, meaning)
                if known is not meaning and _SEE.match(known):
                    meanings[name] = f"{meaning} {_SEE.sub('', known, count=1)}".strip()
    return meanings


def _one_line_each(text: str) -> str:
    """Text in one line, but for the points of a list."""
    parts = re.split(r"\n\s*(?=- )", text)
    return "\n".join(" ".join(part.split()) for part in parts)


def _docstring(source: Any) -> str:
    return (vars(source).get("__doc__") if isinstance(source, type) else source.__doc__) or ""


def meanings_of(cls: type) -> dict[str, str]:
    """What every parameter may be, by its annotation, and what the docstrings say about it."""
    texts = parameters_of(cls)
    for name, hint in getattr(cls, "parameter_types", {}).items():
        expected = check_for(hint).expected
        if expected != "anything":
            sentence = f"{expected[0].upper()}{expected[1:]}."
            texts[name] = f"{sentence} {texts.get(name, '')}".strip()
    return texts


def prose(cls: Any) -> Group:
    """The docstring without its tables of parameters: headings bold, markup taken away."""
    parts: list[Any] = []
    for heading, body in sections(cls.__doc__ or "").items():
        if heading in NOT_PROSE or not body:
            continue
        title = [Text(heading, style="bold")] if heading else []
        text = plain(body if heading == "Examples" else _reflow(body))
        parts += [Text(), *title, Padding(Text(text), (0, 0, 0, 2 if heading else 0))]
    return Group(*parts)


def plain(text: str) -> str:
    """Text without reStructuredText's marks."""
    text = _ROLE.sub(r"\1", text)
    text = re.sub(r"^\.\. (\[\w+\])", r"\1", text, flags=re.MULTILINE)
    text = re.sub(r"(\[\w+\])_", r"\1", text)
    return text.replace("``", "").replace("`", "")


def _reflow(body: str) -> str:
    """Join the lines of every paragraph that is plain prose; leave tables and lists alone."""
    paragraphs = []
    for paragraph in re.split(r"\n\s*\n", body):
        parts = [paragraph]
        if paragraph.startswith(".. ["):
            parts = re.split(r"\n(?=\.\. \[)", paragraph)
        is_prose = not re.search(r"^(\s|[-*] |[>=|])", paragraph, re.MULTILINE)
        if is_prose or paragraph.startswith(".. ["):
            parts = [" ".join(part.split()) for part in parts]
        paragraphs.append("\n".join(parts))
    return "\n\n".join(paragraphs)
