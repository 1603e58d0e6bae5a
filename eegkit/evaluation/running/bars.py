"""The console that progress bars share, so that one stands below another."""

from __future__ import annotations

import functools
from typing import Any


@functools.cache
def bar_console() -> Any:
    """The console of the standard error: the standard output may be piped into a file."""
    # Here, since importing it takes longer than many an evaluation without a bar.
    from rich.console import Console

    return Console(stderr=True)
