"""Sentences that messages share, and docstrings by section."""

from __future__ import annotations

import difflib
import inspect
import itertools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# How much a word and a name are alike that differ by a slip of the fingers, as `difflib` has it; of
# fewer letters than SHORT, a slip weighs more.
SIMILARITY, SIMILARITY_OF_SHORT, SHORT = 0.74, 0.66, 4
_PARTS = re.compile(r"[^a-z0-9]+")
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
    """The names that a word may stand for, the likeliest first, without regard to case.

    Those that begin with the word, or differ from it by a slip of the fingers, or have it as a
    part; where there are none, those that begin alike, or that it is short for.

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

    Examples
    --------
    >>> from eegkit.text import nearest
    >>> nearest("acc", ["jaccard", "accuracy", "balanced_accuracy"])
    ['accuracy']
    >>> nearest("bal_acc", ["jaccard", "accuracy", "balanced_accuracy"])
    ['balanced_accuracy']
    """
    text = str(word).lower()
    by_text: dict[str, list[Any]] = {}
    for name in names:
        by_text.setdefault(str(name).lower(), []).append(name)
    cutoff = SIMILARITY if len(text) >= SHORT else SIMILARITY_OF_SHORT
    slips = difflib.get_close_matches(text, by_text, n=n, cutoff=cutoff)
    beginnings = sorted((name for name in by_text if _begins(name, text)), key=len)
    parts = [name for name in by_text if text in _PARTS.split(name) and len(text) > 1]
    near = [text] * (text in by_text) + beginnings + slips + parts
    near = near or [name for name in by_text if _is_alike(name, text)]
    return [name for text in dict.fromkeys(near) for name in by_text[text]][:n]


def _begins(name: str, text: str) -> bool:
    return len(text) > 1 and name.startswith(text)


def _is_alike(name: str, text: str) -> bool:
    """Whether both begin with most of the text, or every part of the text begins one of the name.

    A text that goes on where the name ends begins alike, too.
    """
    pairs = zip(name, text, strict=False)
    shared = len(list(itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)))
    if shared > 2 and (shared == len(name) or 3 * shared >= 2 * len(text)):
        return True
    parts, of_name = _PARTS.split(text), iter(_PARTS.split(name))
    short_for = all(any(whole.startswith(part) for whole in of_name) for part in parts)
    return short_for and len(parts) > 1 and all(len(part) > 1 for part in parts)


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
    if kind == "file":
        siblings = (sibling for sibling in siblings if sibling.is_file())
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
