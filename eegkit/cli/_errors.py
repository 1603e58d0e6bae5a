"""What people see when something goes wrong: one sentence, and a traceback only on request."""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

ERROR, INTERRUPTION = 1, 130

# Errors whose message is written for the person at the keyboard.
_PLAIN = (ValueError, OSError, ImportError, MemoryError)

Function = TypeVar("Function", bound=Callable[..., Any])


def debug_option(function: Function) -> Function:
    """Add ``--debug``; `PlainErrors` looks for it itself, before anything can go wrong."""
    return click.option(
        "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
    )(function)


class PlainErrors(click.Group):
    """A group whose commands end in one sentence on the standard error, not in a traceback.

    Exit codes: 1 for an error, 2 for wrong usage, 130 for Ctrl-C.
    """

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        args = list(sys.argv[1:] if args is None else args)
        options = {"windows_expand_args": windows_expand_args, **extra}
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, False, **options)
        with plain_warnings():
            code = self._run(args, prog_name, complete_var, options)
        sys.exit(code)

    def _run(
        self, args: list[str], prog_name: str | None, complete_var: str | None, options: Any
    ) -> int:
        try:
            code = super().main(args, prog_name, complete_var, False, **options)
        except click.ClickException as error:
            error.show()
            return error.exit_code
        except (click.Abort, KeyboardInterrupt):
            click.echo("Interrupted.", err=True)
            return INTERRUPTION
        except Exception as error:
            if "--debug" in args:
                click.echo(traceback.format_exc(), err=True, nl=False)
            else:
                click.echo(f"Error: {one_sentence(error)}", err=True)
            return ERROR
        return code if isinstance(code, int) else 0


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
