"""What failed, in words, and where."""

from __future__ import annotations

import traceback
from collections.abc import Mapping

from eegkit.error_place import error_place


def what_failed(error: BaseException) -> str:
    """The error in words, and the line of the plugin it came from, where there is one.

    Of an assertion without words, it is the line that does not hold.
    """
    if isinstance(error, OSError):  # whose text, other than its repr, names the file
        return f"{type(error).__name__}: {error}"
    if not isinstance(error, AssertionError):
        return repr(error) + error_place(error)
    if str(error).strip():
        return str(error).strip()
    frames = traceback.extract_tb(error.__traceback__)
    return f"`{frames[-1].line}` does not hold" if frames else "an assertion without words"


def all_failed(failures: Mapping[str, BaseException]) -> str:
    """Errors by the name of their check, those that say the same in one line."""
    names: dict[str, list[str]] = {}
    for name, error in failures.items():
        names.setdefault(what_failed(error), []).append(name)
    return "\n".join(f"{', '.join(checks)}: {text}" for text, checks in names.items())
