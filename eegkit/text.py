"""Sentences that messages share, and docstrings by section."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

SIMILARITY = 0.5
_HEADING = re.compile(r"^(\S.*?) *\n(?:-{3,}|={3,}) *$", re.MULTILINE)


def count(n: int, singular: str, many: str | None = None) -> str:
    """A number and what is counted: "1 person", "3 people".

    Parameters
    ----------
    n : int
    singular : str
        The word for a single one.
    many : str, optional
        The word for others; by default `singular` with an s.
    """
    return f"{n:,} {singular if n == 1 else many or singular + 's'}"


def shortlist(names: Iterable[Any], most: int = 8) -> str:
    """The first of some names, and how many more there are: "Fp1, Fp2 and 3 more".

    Parameters
    ----------
    names : iterable
        Written as text.
    most : int, default 8
        So many are named.
    """
    texts = list(map(str, names))
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return f"{', '.join(texts[:most])}{more}"


def brief(error: BaseException, most: int = 100) -> str:
    """The first sentence of what an error says, shortened to so many characters."""
    text = re.split(r"\.\s|\n|; ", str(error) or type(error).__name__)[0]
    return shortened(text, most)


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters, which ends behind a word where something is left out.

    Parameters
    ----------
    text : str
    most : int

    Examples
    --------
    >>> from eegkit.text import shortened
    >>> shortened("a sentence of several words", 20)
    'a sentence of ...'
    """
    if len(text) <= most:
        return text
    start = text[: most - 3]
    return f"{start[: start.rfind(' ') + 1] or start}..."


def nearest(word: Any, names: Iterable[Any], n: int = 3) -> list[Any]:
    """The names that look most like a word, the best first, without regard to case.

    Parameters
    ----------
    word : object
        Compared as text, as the names are.
    names : iterable
    n : int, default 3
        At most so many.

    Returns
    -------
    list
        Of `names`; empty where none is near.
    """
    by_text: dict[str, list[Any]] = {}
    for name in names:
        by_text.setdefault(str(name).lower(), []).append(name)
    near = difflib.get_close_matches(str(word).lower(), by_text, n=n, cutoff=SIMILARITY)
    return [name for text in near for name in by_text[text]][:n]


def suggest(
    word: Any, names: Iterable[Any], otherwise: str | None = None, *, prefix: str = ""
) -> str:
    """The end of a sentence that says a name is unknown: the nearest names, or all there are.

    Parameters
    ----------
    word : object
        The unknown name.
    names : iterable
        Those there are.
    otherwise : str, optional
        What to say where none is near, in place of all names; ``""`` to say nothing.
    prefix : str, default ""
        Put before every name.

    Returns
    -------
    str
        It begins behind the word before it, and ends the sentence.

    Examples
    --------
    >>> from eegkit.text import suggest
    >>> "There is no step 'sttf'" + suggest("sttf", ["stft", "cwt"])
    "There is no step 'sttf'; did you mean 'stft'?"
    >>> "There is no step 'x'" + suggest("x", ["stft", "cwt"])
    "There is no step 'x'; there are stft, cwt."
    """
    names = list(names)
    near = nearest(word, names)
    if near:
        quotes = [repr(f"{prefix}{name}" if prefix else name) for name in near]
        return f"; did you mean {' or '.join(quotes)}?"
    if otherwise is None:
        otherwise = f"there are {', '.join(f'{prefix}{name}' for name in names)}"
    return f"; {otherwise}." if otherwise else "."


def no_such(path: Path, kind: str = "file", pattern: str = "*") -> FileNotFoundError:
    """The error that a file is not there, with those beside it whose names are near.

    Parameters
    ----------
    path : Path
    kind : str, default "file"
        What it was to be, in words.
    pattern : str, default "*"
        Of the names that may have been meant.
    """
    siblings = path.parent.glob(pattern) if path.parent.is_dir() else ()
    hint = suggest(path.name, [sibling.name for sibling in siblings], "")
    return FileNotFoundError(f"There is no {kind} {path}{hint}")


def sections(doc: str) -> dict[str, str]:
    """The sections of a numpydoc docstring, by heading.

    Parameters
    ----------
    doc : str

    Returns
    -------
    dict of str to str
        Their bodies; what comes before the first heading is under ``""``.
    """
    before, *parts = _HEADING.split(inspect.cleandoc(doc))
    bodies = zip(parts[::2], parts[1::2], strict=True)
    return {"": before.strip("\n")} | {heading: body.strip("\n") for heading, body in bodies}
