"""numpydoc docstrings as text for the terminal.

Read by hand, in thirty lines: numpydoc depends on Sphinx, and docstring_parser does not part the
names in ``l_freq, h_freq : float``, drops examples' text, and makes none of it plain.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from eegkit.parameters import check_for

# Said by the table of parameters, or of use to programmers only.
NOT_PROSE = ("Parameters", "Attributes", "See Also", "Methods")
_UNDERLINE = re.compile(r"-{3,}|={3,}")
_ROLE = re.compile(r":\w+:`~?([^`]+)`")


def sections(doc: str) -> dict[str, str]:
    """The sections of a docstring by heading; what comes before the first is under ``""``."""
    bodies: dict[str, list[str]] = {"": []}
    heading = ""
    lines = inspect.cleandoc(doc).splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.strip() and _UNDERLINE.fullmatch(following.strip()):
            heading = line.strip()
            bodies[heading] = []
        elif not _UNDERLINE.fullmatch(line.strip()):
            bodies[heading].append(line)
    return {name: "\n".join(body).strip("\n") for name, body in bodies.items()}


def parameters_of(cls: type) -> dict[str, str]:
    """What the docstrings of a class and its bases say about every parameter."""
    meanings: dict[str, str] = {}
    for base in cls.__mro__:
        body = sections(vars(base).get("__doc__") or "").get("Parameters", "")
        names: list[str] = []
        texts: dict[str, list[str]] = {}
        for line in body.splitlines():
            if line and not line.startswith(" "):
                # What it may be is said by the annotation, see `meanings_of`.
                names = [name.strip() for name in line.partition(":")[0].split(",")]
                texts |= {name: [] for name in names}
            else:
                for name in names:
                    texts[name].append(line)
        for name, lines in texts.items():
            meanings.setdefault(name, plain(" ".join("\n".join(lines).split())))
    return meanings


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
        parts.append(Text())
        if heading:
            parts.append(Text(heading, style="bold"))
        text = Text(plain(body)) if heading == "Examples" else Text(plain(_reflow(body)))
        parts.append(Padding(text, (0, 0, 0, 2 if heading else 0)))
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
        lines = paragraph.splitlines()
        if lines[0].startswith(".. ["):
            references = re.split(r"\n(?=\.\. \[)", paragraph)
            paragraphs.append("\n".join(" ".join(reference.split()) for reference in references))
            continue
        flat = all(not re.match(r"\s|[-*] |[>=|]", line) for line in lines)
        paragraphs.append(" ".join(lines) if flat else paragraph)
    return "\n\n".join(paragraphs)
