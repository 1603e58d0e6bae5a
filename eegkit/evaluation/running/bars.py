"""Progress bars on the standard error: where there are any, and how they look."""

from __future__ import annotations

import functools
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from time import monotonic
from typing import Any

VARIABLE = "EEGKIT_PROGRESS"
BAR_WIDTH = 30


def is_shown(verbose: bool | None) -> bool:
    """Whether to show bars: as asked, else where somebody looks, on a terminal or in a notebook.

    The environment variable ``EEGKIT_PROGRESS=0`` turns them off.
    """
    if verbose is not None:
        return bool(verbose)
    if os.environ.get(VARIABLE, "").lower() in ("0", "false", "no"):
        return False
    return sys.stderr.isatty() or in_notebook()


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    # Whoever runs one has imported IPython; rich, which knows, takes long to import.
    return "ipykernel" in sys.modules and "IPython" in sys.modules and bar_console().is_jupyter


@functools.cache
def bar_console() -> Any:
    """The console of the standard error: the standard output may be piped into a file."""
    # Here, since importing it takes longer than many an evaluation without a bar.
    from rich.console import Console

    return Console(stderr=True)


@contextmanager
def count_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar, and a function that moves it to a number: text where a notebook has no widgets."""
    if in_notebook() and find_spec("ipywidgets") is None:
        bar = TextBar(title, total)
        yield bar.show
        bar.end()
        return
    from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

    columns = (*Progress.get_default_columns(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=bar_console()) as bar:
        task = bar.add_task(title, total=total)
        yield lambda n: bar.update(task, completed=n)


@contextmanager
def step_bar(title: str, total: int, verbose: bool | None = None) -> Iterator[Callable[[], None]]:
    """A function to call when a step is done; it moves a bar where one is shown."""
    if not is_shown(verbose):
        yield lambda: None
        return
    numbers = itertools.count(1)
    with count_bar(title, total) as move:
        yield lambda: move(next(numbers))


class TextBar:
    """A bar of characters on one line, which is written over.

    Parameters
    ----------
    title : str
    total : int
    """

    def __init__(self, title: str, total: int) -> None:
        self.title, self.total, self.start = title, total, monotonic()

    def show(self, n: int) -> None:
        """Write the line for `n` of all."""
        full = BAR_WIDTH * n // max(self.total, 1)
        bar = "#" * full + "." * (BAR_WIDTH - full)
        seconds = monotonic() - self.start
        print(f"\r{self.title} [{bar}] {n}/{self.total}, {seconds:.0f} s", end="", file=sys.stderr)
        sys.stderr.flush()

    def end(self) -> None:
        """Go to the next line."""
        print(file=sys.stderr)
