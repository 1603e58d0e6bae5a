"""The ``eegkit`` command.

Commands import what they need when they run, so that ``eegkit --help`` and
``eegkit list --names`` answer at once.
"""

from __future__ import annotations

import click

from eegkit import __version__
from eegkit.cli._cache import cache
from eegkit.cli._catalogue import info, list_registered
from eegkit.cli._compare import compare, report
from eegkit.cli._convert import convert
from eegkit.cli._demo import demo
from eegkit.cli._describe import describe
from eegkit.cli._doctor import completion, doctor
from eegkit.cli._errors import PlainErrors, debug_option
from eegkit.cli._evaluate import evaluate
from eegkit.cli._explain import explain
from eegkit.cli._plugins import check, new_plugin
from eegkit.cli._predict import predict
from eegkit.cli._replay import replay
from eegkit.cli._run import run, tune
from eegkit.cli._train import train
from eegkit.cli._waiting import says_it_loads


@click.group(
    cls=PlainErrors,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
)
@click.version_option(__version__, prog_name="eegkit")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Decode EEG honestly: every score is on people the decoder has not seen.

    \b
    To begin:
      eegkit demo                    decode simulated people, half a minute
      eegkit list                    data sets, transforms and classifiers
      eegkit info folder             how to name your own recordings
      eegkit doctor                  what is installed, and what is missing
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


for command in (
    demo, list_registered, info, describe, evaluate, run, tune, compare, report, replay, train,
    predict, explain, cache, convert, check, new_plugin, doctor, completion,
):  # fmt: skip
    main.add_command(command)
for command in (main, *main.commands.values(), *cache.commands.values()):
    debug_option(command)
for command in (
    demo, describe, evaluate, run, tune, compare, report, replay, train, predict, explain,
):  # fmt: skip
    says_it_loads(command)
