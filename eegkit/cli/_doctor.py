"""``eegkit doctor`` and ``eegkit completion``."""

from __future__ import annotations

import click

PROBLEM = 1
VARIABLE = "_EEGKIT_COMPLETE"
SHELLS = ("bash", "zsh", "fish")


@click.command(short_help="Tell versions, GPU, threads, plugins, folders, and what is missing.")
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Tell what eegkit runs on, and what is missing: what to send with a question, too.

    Every plugin is imported for it, which takes a while. Exit codes: 0 if nothing hurts, 1 if a
    plugin cannot be imported or a folder is not there.

    \b
    Example:
      eegkit doctor
    """
    from eegkit.cli._console import Console, literal, show_facts
    from eegkit.diagnosis import diagnose

    click.echo("Importing all plugins ...", err=True)
    diagnosis = diagnose()
    for section, facts in diagnosis.facts.items():
        Console().print(literal(f"\n{section}", "bold cyan"))
        show_facts(facts)
    for problem in diagnosis.problems:
        Console().print(literal(problem, "red"))
    if diagnosis.problems:
        ctx.exit(PROBLEM)
    click.echo("Nothing hurts.")


@click.command(short_help="Print what completes commands and names in a shell.")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script by which SHELL completes commands, options and registered names.

    \b
    Examples:
      eval "$(eegkit completion bash)"    in ~/.bashrc
      eval "$(eegkit completion zsh)"    in ~/.zshrc
      eegkit completion fish | source    in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    complete = get_completion_class(shell)
    assert complete is not None
    script = complete(ctx.find_root().command, {}, "eegkit", VARIABLE)
    click.echo(script.source_template % script.source_vars())
