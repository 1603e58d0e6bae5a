"""Whether the command line understands what the pages tell to type; nothing is run."""

import re
import shlex
from pathlib import Path

import click
import pytest

from eegkit.cli import main
from eegkit.experiment import parse_pipeline
from eegkit.registry import get

ROOT = Path(__file__).parents[2]
PAGES = [
    path
    for pattern in ("*.md", "docs/**/*.md", "plugins/*/README.md")
    for path in sorted(ROOT.glob(pattern))
    if not {"_build", "auto_examples", "generated"} & set(path.parts)
]
BLOCK = re.compile(r"^```(?:bash|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SEPARATORS = {"&&", "|", ";", ">", "2>"}


def commands(text):
    """The arguments of every ``eegkit`` in some lines of shell."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while "eegkit" in words:
            words = words[words.index("eegkit") + 1 :]
            end = next((i for i, word in enumerate(words) if word in SEPARATORS), len(words))
            yield words[:end]


def check_command(arguments):
    """Options exist, what a command needs is there, and data sets and pipelines are registered."""
    command, context = main, click.Context(main, info_name="eegkit")
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        _, command, arguments = command.resolve_command(context, arguments)
    values = command.make_context(command.name, arguments, parent=context).params
    name = values.get("dataset") or values.get("named") or "NAME"
    if not name.isupper() and not name.startswith(("folder:", "bids:")):
        get("datasets", name)
    for name in values.get("pipelines", ()):
        parse_pipeline(name)


def pages(pattern):
    """Pages with a match of the pattern, and its matches."""
    for path in PAGES:
        if texts := re.findall(pattern, path.read_text(encoding="utf-8")):
            yield pytest.param(texts, id=str(path.relative_to(ROOT)))


@pytest.fixture(autouse=True)
def _paths_of_the_reader(monkeypatch):
    """Files and folders need not be here."""
    monkeypatch.setattr(click.Path, "convert", lambda kind, value, param, context: Path(value))


@pytest.mark.parametrize("texts", pages(BLOCK))
def test_blocks(texts):
    for text in texts:
        for arguments in commands(text):
            check_command(arguments)


@pytest.mark.parametrize("texts", pages(rf"`(eegkit (?:{'|'.join(main.commands)})\b[^`]*)`"))
def test_commands_within_sentences(texts):
    """What a command needs may be left out there, and dots may stand for it."""
    for arguments in (arguments for text in texts for arguments in commands(text)):
        try:
            check_command([word for word in arguments if word != "..."])
        except click.MissingParameter:
            continue
        except click.exceptions.Exit:  # of --help
            continue


def test_what_does_not_exist_is_refused():
    with pytest.raises(click.NoSuchOption):
        check_command(["describe", "simulated", "--no-such-option"])
    with pytest.raises(click.UsageError):
        check_command(["no-such-command"])
    with pytest.raises(ValueError, match="no_such_net"):
        check_command(["evaluate", "--dataset", "simulated", "--pipeline", "stft+no_such_net"])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_language_of_each_block_is_one_that_is_checked(path):
    fences = re.findall(r"^```(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    languages = {fence for fence in fences[::2] if not fence.startswith("{")}
    assert languages <= {"python", "py", "yaml", "bash", "sh", "toml", "text"}


@pytest.mark.parametrize("texts", pages(re.compile(r"^```py\n(.*?)^```", re.MULTILINE | re.DOTALL)))
def test_python_of_libraries_that_are_not_installed_can_be_read(texts):
    for text in texts:
        compile(text, "page", "exec")
