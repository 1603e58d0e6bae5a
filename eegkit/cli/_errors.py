"""What people see when something goes wrong: one sentence, and a traceback only on request."""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

ERROR, INTERRUPTION = 1, 130

# Errors whose message is written for the person at the keyboard.
_PLAIN = (ValueError, OSError, ImportError, MemoryError)
_DEBUG = "eegkit.debug"


def debug_option(command: Any) -> Any:
    """Add ``--debug``, which is read before anything else can go wrong."""

    def note(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value:
            ctx.meta[_DEBUG] = True

    return click.option(
        "--debug",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=note,
        help="Show the traceback of an error.",
    )(command)


class PlainErrors(click.Group):
    """A group whose commands end in one sentence on the standard error, not in a traceback.

    Exit codes: 1 for an error, 2 for wrong usage, 130 for Ctrl-C.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with plain_warnings():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise  # click itself knows what to do
        except (click.Abort, KeyboardInterrupt):
            click.echo("Interrupted.", err=True)
            ctx.exit(INTERRUPTION)
        except Exception as error:
            if _DEBUG in ctx.meta:
                click.echo(traceback.format_exc(), err=True, nl=False)
                ctx.exit(ERROR)
            raise click.ClickException(one_sentence(error)) from error


def one_sentence(error: Exception) -> str:
    """What to tell about an error: its first paragraph, on one line."""
    text = " ".join(str(error).strip().partition("\n\n")[0].split())
    cause = error.__cause__
    if isinstance(error, ImportError) and cause is not None:
        # A plugin's traceback follows its first paragraph; its last line is the reason.
        text = f"{text.rstrip(':')} ({type(cause).__name__}: {cause})."
    if not isinstance(error, _PLAIN) or not text:
        text = f"{type(error).__name__}: {text}".rstrip(": ")
        text += "; run the same with --debug to see where."
    for note in getattr(error, "__notes__", ()):
        text += f" {note}"
    return text


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Show every warning once, as one line on the standard error.

    Those meant for programmers are left out, unless Python was told otherwise (``-W``).
    """
    messages: set[str] = set()

    def show(message: Warning | str, *where: Any, **more: Any) -> None:
        text = " ".join(str(message).split())
        if text not in messages:
            messages.add(text)
            click.echo(f"Warning: {text}", err=True)

    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("default")
            for kind in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
                warnings.simplefilter("ignore", kind)
        warnings.showwarning = show
        yield
