"""The warnings of one fold, while other folds may run in other threads.

``warnings.catch_warnings`` changes what all threads share: two that overlap take each other's
warnings, and may leave the filters changed. Here they are changed once for all folds that run,
and changed back when the last has ended; every warning goes to the fold that it came from.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from eegkit.amplitude import AmplitudeWarning

# Text, category, file and line; each once, in order.
Log = dict[tuple[str, type[Warning], str, int], None]

_lock = threading.Lock()
_logs: list[Log] = []
_log_here: ContextVar[Log | None] = ContextVar("log_here", default=None)
# What is put in place while there are logs, and what shows warnings that belong to none of them.
_shared: dict[str, Any] = {}


@contextmanager
def warning_log() -> Iterator[Log]:
    """Keep the warnings of a block, whatever other threads do; none of them is shown."""
    log: Log = {}
    with _lock:
        if not _logs:
            _begin()
        _logs.append(log)
    token = _log_here.set(log)
    try:
        yield log
    finally:
        _log_here.reset(token)
        with _lock:
            _logs[:] = [other for other in _logs if other is not log]
            if not _logs:
                _end()


def _begin() -> None:
    _shared["filters"] = warnings.catch_warnings()
    _shared["filters"].__enter__()
    # A catch_warnings that began among folds of before, and ended after them, put it back.
    if warnings.showwarning is not _keep:
        _shared["show"] = warnings.showwarning
    warnings.showwarning = _keep  # type: ignore[assignment]
    warnings.simplefilter("always")
    warnings.filterwarnings("ignore", message="The groups parameter is ignored")
    warnings.simplefilter("ignore", AmplitudeWarning)  # `evaluate` has told it once


def _end() -> None:
    _shared["filters"].__exit__(None, None, None)
    warnings.showwarning = _shared["show"]


def _keep(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *args: Any
) -> None:
    """Put a warning into the log of this thread, or into the only one there is."""
    logs = list(_logs)
    log = _log_here.get()
    if log is None and len(logs) == 1:  # a thread that a fold began
        (log,) = logs
    if log is None:
        _shared["show"](message, category, filename, lineno, *args)
    else:
        log.setdefault((str(message), category, filename, lineno))
