"""How much memory a process took at most."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

MB = 2**20


def reset_peak() -> None:
    """Let the peak begin anew, where the system can (Linux)."""
    with suppress(OSError):  # `peak_mb` then counts from the start of the process
        Path("/proc/self/clear_refs").write_text("5")


def peak_mb() -> float:
    """The largest resident memory of this process since `reset_peak`, in MB; NaN if unknown."""
    with suppress(OSError, IndexError):
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024 / MB
    try:
        import resource
    except ImportError:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MB if sys.platform == "darwin" else peak / 1024
