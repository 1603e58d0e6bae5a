"""What is said before a command that begins slowly, and after one that was interrupted."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

# Imported by every command that computes; it and what comes with it take some seconds.
SLOW = "sklearn"
KEPT = "What is done is kept; to go on, give the same command again."
NOT_KEPT = "Nothing is kept; with --store FOLDER the same command would go on from here."


def says_it_loads(command: Any) -> Any:
    """Have a command say in a terminal that libraries are loaded, where they are not yet."""
    callback = command.callback

    @functools.wraps(callback)
    def told(*args: Any, **options: Any) -> Any:
        if SLOW not in sys.modules and sys.stderr.isatty():
            click.echo("Loading libraries ...", err=True)
        return callback(*args, **options)

    command.callback = told
    return command


@contextmanager
def says_what_is_kept(is_kept: bool) -> Iterator[None]:
    """After Ctrl-C, say whether finished folds are kept."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo(KEPT if is_kept else NOT_KEPT, err=True)
        raise
