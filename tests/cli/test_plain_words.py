"""What the command says where something goes wrong, and on the way."""

import io

import click
import pytest
from click.testing import CliRunner
from rich.console import Console

from eegkit.cli import _console, _waiting, main

SMALL = [
    "--dataset", "simulated", "--option", "n_subjects=4", "--option", "n_trials=8",
    "--option", "channels=C3,Cz,C4",
]  # fmt: skip
BASELINE = ["--pipeline", "band_power+lr"]


def run(*arguments, code=0, **options):
    done = CliRunner().invoke(main, list(arguments), **options)
    assert done.exit_code == code, done.output
    return done


def words(text):
    return " ".join(text.split())


def test_people_to_be_told_apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ["evaluate", *SMALL, *BASELINE, "--label", "subject"]
    split = '{"by": "session", "train": ["0"], "test": ["1"]}'
    said = f"keep their sessions apart instead: cv={split}."
    apart = run(*command, "--cv", "stratified-group-2")
    assert said in words(apart.stderr)
    assert "stratified-group-5" not in apart.output
    known = run(*command, "--cv", split)
    assert "this is identification. People must be known in training, and" in words(known.stdout)
    assert "Warning" not in known.stderr
    folder = tmp_path / "results" / "simulated-band_power+lr-fixed_by_session"
    assert (folder / "results.csv").is_file()


def test_a_split_that_is_no_mapping():
    done = run("evaluate", *SMALL, *BASELINE, "--cv", '{"by": session}', code=2)
    assert 'is no mapping; write \'{"by": "session"' in words(done.stderr)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--store", "folds"], "What is done is kept; to go on, give the same command again."),
        ([], "Nothing is kept; with --store FOLDER the same command would go on from here."),
    ],
)
def test_an_interrupted_evaluation_says_what_is_kept(more, said, tmp_path, monkeypatch):
    def interrupt(self, X, y):
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("eegkit.transforms.BandPower.fit", interrupt)
    done = run("evaluate", *SMALL, *BASELINE, "--cv", "group-2", *more, code=130)
    assert done.stderr.splitlines()[-2:] == [said, "Interrupted."]


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "module", "said"),
    [
        (Terminal(), "not_imported", "Loading libraries ...\n"),
        (Terminal(), "sys", ""),
        (io.StringIO(), "not_imported", ""),
    ],
)
def test_libraries_take_a_while(stream, module, said, monkeypatch):
    monkeypatch.setattr(_waiting, "SLOW", module)
    monkeypatch.setattr("sys.stderr", stream)
    command = _waiting.says_it_loads(click.Command("slow", callback=lambda value: value + 1))
    assert command.callback(1) == 2
    assert stream.getvalue() == said


def test_commands_that_compute_say_so():
    for name in ("evaluate", "run", "predict"):
        assert hasattr(main.commands[name].callback, "__wrapped__")


def test_a_data_set_to_describe_is_named_either_way():
    small = ["--option", "n_subjects=2", "--option", "n_trials=4"]
    first = run("describe", "--dataset", "simulated", *small).stdout
    assert first == run("describe", "simulated", *small).stdout
    for arguments, said in ([], "it is missing"), (["a", "--dataset", "b"], "it is given twice"):
        error = run("describe", *arguments, code=2).stderr
        assert f"Name one data set, such as: eegkit describe simulated; {said}." in words(error)


@pytest.mark.parametrize(
    ("word", "width", "lines"),
    [
        ("check_f_contiguous_array", 20, ["check_f_contiguous_", "array"]),
        ("spectrogram_union+cnn_bigru", 24, ["spectrogram_union+", "cnn_bigru"]),
        ("a sentence of_two", 12, ["a sentence", "of_two"]),
        ("bandpowerofbands", 10, ["bandpowero", "fbands"]),
        ("short_enough", 12, ["short_enough"]),
    ],
)
def test_names_are_broken_at_their_parts(word, width, lines):
    shown = _console.literal(word).wrap(Console(), width, overflow="fold")
    assert [line.plain.rstrip() for line in shown] == lines


def test_what_is_broken_in_a_table_keeps_its_style():
    text = _console.literal("check_f_contiguous", "bold")
    console = Console(width=14, force_terminal=True, color_system="standard")
    with console.capture() as capture:
        console.print(_console.make_table("", _console.words("a"), [[text]], header_style=""))
    assert "\x1b[1mcheck_f_" in capture.get()
    assert "\x1b[1mcontiguous" in capture.get()


def test_what_can_be_typed_in_is_not_broken():
    name = _console.literal("check_f_contiguous")
    [line] = name.wrap(Console(), 10, no_wrap=True, overflow="ignore")
    assert line.plain == "check_f_contiguous"
