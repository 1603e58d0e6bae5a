"""What failed, in words, and where."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

# Whose lines say nothing of a plugin's mistake.
LIBRARIES = frozenset(
    {"eegkit", "joblib", "mne", "numpy", "pandas", "pytest", "scipy", "skorch", "sklearn", "torch"}
)


def what_failed(error: BaseException) -> str:
    """The error in words, and the line of the plugin it came from, where there is one.

    Of an assertion without words, it is the line that does not hold.
    """
    if isinstance(error, OSError):  # whose text, other than its repr, names the file
        return f"{type(error).__name__}: {error}"
    if not isinstance(error, AssertionError):
        return repr(error) + _place(error)
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


def _place(error: BaseException) -> str:
    """The innermost line that is of no library, of the error or of what caused it."""
    inner: BaseException | None = error
    while inner is not None:
        frames = [
            (frame, line)
            for frame, line in traceback.walk_tb(inner.__traceback__)
            if not _is_of_library(frame)
        ]
        if frames:
            frame, number = frames[-1]
            file = frame.f_code.co_filename
            summary = traceback.FrameSummary(file, number, frame.f_code.co_name)
            return f" in `{summary.line}` ({summary.name}, line {number} of {Path(file).name})"
        inner = inner.__cause__ or inner.__context__
    return ""


def _is_of_library(frame: FrameType) -> bool:
    package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    is_generated = frame.f_code.co_filename.startswith("<")
    return is_generated or package in LIBRARIES or package in sys.stdlib_module_names
