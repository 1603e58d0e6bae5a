"""Warnings that point at the line of whoever called eegkit."""

from __future__ import annotations

import sys
import warnings

# Modules that call one another on the way from that line to where something is noticed.
INSIDE = ("eegkit.", "sklearn.", "joblib.")
_places: set[tuple[str, str, int]] = set()


def warn(message: str, category: type[UserWarning] = UserWarning, *, once: bool = False) -> None:
    """Warn where the caller called eegkit, however deep inside it was noticed.

    Parameters
    ----------
    message : str
    category : type of UserWarning
    once : bool, default False
        Whether a line is told once only. Python's own memory of that is lost whenever anybody
        changes the filters, as scikit-learn does for every fold.
    """
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(INSIDE):
        level, frame = level + 1, frame.f_back
    place = (message, frame.f_code.co_filename, frame.f_lineno)
    if once and place in _places:
        return
    warnings.warn(message, category, stacklevel=level)
    if once:
        _places.add(place)
