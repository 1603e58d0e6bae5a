"""Where an error comes from: a line of a plugin or of one's own code, behind those of libraries."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from types import FrameType

# Whose lines say nothing of a mistake in a net or a transform of one's own.
LIBRARIES = frozenset(
    {"eegkit", "joblib", "mne", "numpy", "pandas", "pytest", "scipy", "skorch", "sklearn", "torch"}
)
MOST_SHOWN = 120


def error_place(error: BaseException) -> str:
    """The innermost line that is of no library, of an error or of what caused it; "" for none."""
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
            name = frame.f_code.co_name
            text = traceback.FrameSummary(file, number, name).line or ""
            shown = text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 4]} ..."
            return f" in `{shown}` ({name}, line {number} of {Path(file).name})"
        inner = inner.__cause__ or inner.__context__
    return ""


def _is_of_library(frame: FrameType) -> bool:
    package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    is_generated = frame.f_code.co_filename.startswith("<")
    return is_generated or package in LIBRARIES or package in sys.stdlib_module_names
