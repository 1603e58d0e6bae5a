"""The command, as a person types it."""

import os
import subprocess
import sys

import pandas as pd
import pytest
from click.testing import CliRunner

from eegkit import Results
from eegkit.cli import main
from eegkit.cli._parse import make_pipelines
from eegkit.evaluation import baselines

QUICK = [
    "--option", "n_subjects=3", "--option", "n_trials=8", "--option", "channels=['C3','Cz','C4']",
    "--set", "lr__C=0.5", "--set", "band_power__nperseg_s=0.5",
]  # fmt: skip


def run(*arguments, code=0):
    done = CliRunner().invoke(main, list(arguments))
    assert done.exit_code == code, done.output
    return done


def refused(*arguments, code=1):
    """The one sentence on the standard error."""
    done = run(*arguments, code=code)
    assert "Traceback" not in done.output
    lines = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, done.output
    return lines[0]


@pytest.mark.parametrize("kind", ["datasets", "transforms", "classifiers"])
def test_list(kind, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    expected = {"datasets": "simulated", "transforms": "stft", "classifiers": "cnn_bigru"}
    assert expected[kind] in run("list", kind).output
    assert expected[kind] in run("list", kind, "--names").output.split()
    everything = run("list", "--names").output.split()
    assert set(expected.values()) <= set(everything)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mental_arithmetic", ["ODC-By 1.0", "Zyma", "Show a progress bar.", "download=True"]),
        ("stft", ["nperseg", "256", "Short-time", "One of 'log', 'db', 'power'"]),
        ("cnn_bigru", ["hidden_size", "spectrogram", "early_stopping", "least 0 and below 1."]),
        ("simulated", ["A number of at least 64.", "One of 'easy', 'medium', 'hard'."]),
    ],
)
def test_info(name, said, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    output = run("info", name).output
    for words in said:
        assert words in output
    assert "See RecordedDataset" not in output


def test_lists_stay_lists(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    points = [line.strip() for line in run("info", "folder").output.splitlines()]
    assert "- label," in points
    assert "- subject: whose it is," in points


def test_baselines_are_found(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    for output in (run("evaluate", "--help").output, run("list").output):
        for name in baselines():
            assert name in " ".join(output.split())
    output = run("info", "band_power+lr").output
    for words in ("band_power+lr: a baseline", "LogisticRegression", "stands whole"):
        assert words in output


def test_evaluate_writes_what_it_shows(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    out = tmp_path / "results"
    arguments = ["--dataset", "simulated", "--pipeline", "band_power+lr", "--cv", "group-3"]
    done = run("evaluate", *arguments, *QUICK, "--out", str(out))
    for person in ("S01", "S02", "S03"):
        assert person in done.output
    assert "band_power+lr: BandPower(nperseg_s=0.5) | StandardScaler() | Logistic" in done.output
    assert sorted(p.name for p in out.iterdir()) == [
        "results.csv", "results.safetensors", "scores.png",
    ]  # fmt: skip
    table = pd.read_csv(out / "results.csv")
    assert set(table["subject"]) == {"S01", "S02", "S03"}
    assert {"balanced_accuracy", "chance_balanced_accuracy", "accuracy"} <= set(table.columns)
    results = Results.load(out / "results.safetensors")
    assert results.settings.sources["simulated"]["dataset"] == "simulated"
    assert results.datasets == ["simulated"]
    assert "C=0.5" in results.settings.pipelines["band_power+lr"]
    again = tmp_path / "again"
    run("evaluate", *arguments, *QUICK, "--out", str(again), "--n-jobs", "2")
    pd.testing.assert_frame_equal(
        table.filter(regex="accuracy|subject"),
        pd.read_csv(again / "results.csv").filter(regex="accuracy|subject"),
    )


def test_evaluate_with_several_seeds(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    arguments = ["--dataset", "simulated", "--pipeline", "band_power+lr", "--cv", "group-3"]
    done = run("evaluate", *arguments, *QUICK, "--seeds", "2", "--out", str(tmp_path))
    assert "seed sd" in done.output
    seeds = Results.load(tmp_path / "results.safetensors").settings.seeds
    assert seeds == {"band_power+lr": {"lr__random_state": [0, 1]}}


@pytest.mark.realdata("MNE-eegbci-data")
def test_within_one_person_of_real_recordings(tmp_path):
    path = os.environ["EEGKIT_TEST_DATA"]
    done = run(
        "evaluate", "--dataset", "eegbci", "--path", path, "--subjects", "1",
        "--pipeline", "stft+cnn_bigru", "--cv", "within-2", "--out", str(tmp_path),
        "--set", "cnn_bigru__max_epochs=1", "--set", "cnn_bigru__n_filters=(2,)",
    )  # fmt: skip
    assert "Warning: " in done.stderr
    assert "trained and tested on the same people" in done.output


@pytest.mark.realdata("MNE-eegbci-data")
def test_people_apart_cannot_be_asked_of_one_person():
    path = os.environ["EEGKIT_TEST_DATA"]
    said = refused(
        "evaluate", "--dataset", "eegbci", "--path", path, "--subjects", "1",
        "--pipeline", "stft+cnn_bigru", "--cv", "loso",
    )  # fmt: skip
    assert "within" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["info", "cnn_bigro"], "cnn_bigru"),
        (["evaluate", "--dataset", "simulate", "--pipeline", "stft+cnn_bigru"], "simulated"),
        (["evaluate", "--dataset", "simulated", "--pipeline", "stft"], "put a classifier"),
        (["evaluate", "--dataset", "simulated", "--pipeline", "cnn_bigru+stft"], "last"),
        (["evaluate", "--dataset", "simulated", "--pipeline", "stft++cnn_bigru"], "empty step"),
        (
            ["evaluate", "--dataset", "simulated", "--pipeline", "stft+cnn_bigru", "--set",
             "cnn_bigru__max_epoch=3"],
            "max_epochs",
        ),
        (
            ["evaluate", "--dataset", "simulated", "--pipeline", "stft+cnn_bigru", "--set",
             "cnn_bigru__max_epochs=many"],
            "--set cnn_bigru__max_epochs: max_epochs is 'many'; expected a whole number",
        ),
        (
            ["evaluate", "--dataset", "simulated", "--pipeline", "stft+cnn_bigru", "--set",
             "max_epochs=3"],
            "--set max_epochs names no step; write cnn_bigru__max_epochs=3.",
        ),
        (
            ["evaluate", "--dataset", "simulated", "--pipeline", "stft+cnn_bigru", "--set",
             "cnn_bigru.max_epochs=3"],
            "write cnn_bigru__max_epochs=3.",
        ),
        (
            ["evaluate", "--dataset", "simulated", "--pipeline", "stft+cnn_bigru", "--set",
             "sfft__window_s=3"],
            "no step is named 'sfft'; did you mean 'stft'? Write STEP__PARAMETER=VALUE.",
        ),
        (
            ["evaluate", "--dataset", "simulated", "--pipeline", "band_power+scale+lr"],
            "No transform is named 'scale'",
        ),
        (
            ["evaluate", "--dataset", "simulated", "--pipeline", "band_power+scale+lr"],
            "band_power+lr, log_spectrum+lda",
        ),
        (["evaluate", "--dataset", "simulated", "--pipeline", "stft+lr"], "stand whole"),
        (["evaluate", "--dataset", "simulated", "--pipeline", "lr"], "stand whole"),
        (
            ["evaluate", "--dataset", "simulated", "--option", "difficulty=heavy", "--pipeline",
             "stft+cnn_bigru"],
            "difficulty is 'heavy'; expected one of 'easy', 'medium', 'hard'.",
        ),
        (
            ["evaluate", "--dataset", "simulated", "--pipeline", "stft+cnn_bigru", "--cv",
             "gruop-5"],
            "group-",
        ),
        (
            ["evaluate", "--dataset", "simulated", "--pipeline", "stft+cnn_bigru", "--option",
             "people=3"],
            "no option 'people'",
        ),
        (
            ["evaluate", "--dataset", "simulated", "--pipeline", "cnn_bigru", "--option",
             "n_subjects=3", "--option", "n_trials=8", "--cv", "group-3"],
            "put a time-frequency transform",
        ),
    ],
)  # fmt: skip
def test_one_sentence_for_every_mistake(arguments, said):
    assert said in refused(*arguments)


def test_wrong_usage_has_a_code_of_its_own():
    assert "No such command" in run("evalute", code=2).stderr


def test_a_traceback_only_on_request():
    done = run("info", "nothing", "--debug", code=1)
    assert "Traceback" in done.stderr


def test_version_and_module():
    done = subprocess.run(
        [sys.executable, "-m", "eegkit", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("eegkit, version ")


def test_demo(tmp_path, monkeypatch):
    monkeypatch.setattr("eegkit.cli._demo.CHANNELS", ["C3", "C4"])
    done = run("demo", "--people", "2", "--out", str(tmp_path))
    assert "On people it has never seen" in done.output
    assert len(pd.read_csv(tmp_path / "results.csv")) == 2
    assert "half a minute" in done.output
    assert (tmp_path / "scores.png").read_bytes().startswith(b"\x89PNG")
    commands = done.output.partition("Try next:")[2].split("\n  ")[1:]
    assert len(commands) == 3
    run(*commands[0].split()[1:], "--out", str(tmp_path / "report.html"))


def commands_of(group=main, path=()):
    for name, command in group.commands.items():
        yield (*path, name)
        yield from commands_of(command, (*path, name)) if hasattr(command, "commands") else ()


@pytest.mark.parametrize("path", commands_of(), ids="-".join)
def test_every_help_has_an_example(path):
    _, example, lines = run(*path, "--help").output.partition("Example")
    assert example
    assert {"eegkit", path[0]} <= set(lines.split()) or path[0] in ("run", "tune")


def test_alone_it_says_how_to_begin():
    output = run().output
    for words in ("eegkit demo", "eegkit doctor", "new-plugin"):
        assert words in output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell):
    assert "_EEGKIT_COMPLETE" in run("completion", shell).output


def test_names_are_completed(monkeypatch):
    words = {"COMP_WORDS": "eegkit info cnn_b", "COMP_CWORD": "2"}
    for name, value in words.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(
        main, [], prog_name="eegkit", complete_var="_C", env={"_C": "bash_complete"}
    )
    assert "plain,cnn_bigru" in done.output


def test_lists_are_words_with_commas(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    small = ["simulated", "--option", "n_subjects=2", "--option", "n_trials=4"]
    for value, names in (("C3,Cz,C4", ["C3", "Cz", "C4"]), ("C3", ["C3"]), ("['Cz']", ["Cz"])):
        done = run("describe", *small, "--option", f"channels={value}", "--channels")
        table = done.output.partition("\nChannels\n")[2]
        assert [line.split()[0] for line in table.splitlines() if line.startswith("C")] == names
    line = refused("describe", *small, "--option", "channels=C3,Xx")
    assert "(unknown: Xx); the usual ones are Fp1, Fp2" in line


def test_lists_of_steps_are_words_too():
    for value in ("C3,Cz", "C3"):
        made = make_pipelines(["montage+dense_net"], [("montage__ch_names", value)], 0)
        assert made["montage+dense_net"].named_steps["montage"].ch_names == value.split(",")
