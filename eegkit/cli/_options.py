"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from eegkit import registry
from eegkit.cli._parse import setting, subjects, words

# As `eegkit.evaluation.baselines` has them, which takes long to import.
BASELINES = "band_power+lr, log_spectrum+lda and, with pyRiemann, csp+lda and tangent_space+lr"
PATH = click.Path(path_type=Path)
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
Decorator = Callable[[Any], Any]


def option(*names: str, **attributes: Any) -> Decorator:
    """An option of click, whose default is shown in the help."""
    return click.option(*names, show_default="default" in attributes, **attributes)


def together(*options: Decorator) -> Decorator:
    def add(function: Any) -> Any:
        for decorate in reversed(options):
            function = decorate(function)
        return function

    return add


def complete_names(*kinds: str) -> Callable[..., list[str]]:
    """What completes a registered name in a shell."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
        names = [name for kind in kinds for name in registry.names(kind)]
        return [name for name in names if name.startswith(incomplete)]

    return complete


recordings_options = together(
    option("--path", type=PATH, help="Folder of the recordings."),
    option(
        "--labels",
        type=FILE,
        metavar="TABLE",
        help="Of folder:PATH: a CSV or TSV file that says the label and the subject of every file.",
    ),
    option("--subjects", type=subjects, metavar="1,2,5-9", help="People to use; all by default."),
    option(
        "--option",
        "options",
        type=setting,
        metavar="KEY=VALUE",
        multiple=True,
        help="Option of the data set; repeatable.",
    ),
)
data_options = together(
    option(
        "--dataset",
        required=True,
        metavar="NAME",
        shell_complete=complete_names("datasets"),
        help="Data set, see: eegkit list datasets; or your own recordings, folder:PATH or "
        "bids:PATH, see: eegkit info folder.",
    ),
    recordings_options,
    option(
        "--label",
        metavar="COLUMN",
        help="Decode a column of the metadata in place of the labels: subject tells people apart.",
    ),
)
recording_options = together(
    option(
        "--window-s",
        type=click.FloatRange(min=0, min_open=True),
        help="Length of a window in s, where the model does not know that of its training trials.",
    ),
    option(
        "--overlap",
        type=click.FloatRange(0, 1, max_open=True),
        help="Part of a window shared with the next, in place of the training's.",
    ),
    option(
        "--l-freq",
        type=click.FloatRange(min=0),
        help="Lower edge in Hz of a band-pass, in place of the training's; 0 for none.",
    ),
    option(
        "--h-freq",
        type=click.FloatRange(min=0, min_open=True),
        help="Upper edge in Hz of a band-pass, in place of the training's; inf for none.",
    ),
    option(
        "--channels",
        type=words,
        metavar="NAME,NAME",
        help="Channels in order, where the model does not know them.",
    ),
    option("--sfreq", type=float, help="Rate in Hz, where the model does not know it."),
)
set_option = option(
    "--set",
    "settings",
    type=setting,
    metavar="KEY=VALUE",
    multiple=True,
    help="Parameter of a step, such as cnn_bigru__max_epochs=5; repeatable.",
)
n_jobs_option = option("--n-jobs", type=int, default=1, help="Processes.")
work_options = together(
    n_jobs_option,
    option(
        "--dask",
        metavar="ADDRESS",
        help="Fit on a dask cluster: the address of its scheduler, or local.",
    ),
)


def seed_option(meaning: str = "Set as random_state of every step that has one.") -> Decorator:
    """``--random-state``, which is 0 unless said otherwise."""
    return option("--random-state", type=click.IntRange(min=0), default=0, help=meaning)
