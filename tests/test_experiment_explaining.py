"""The section ``explain`` of an experiment: what it may say, and the sentence for every mistake."""

import sys

import pandas as pd
import pytest
from click.testing import CliRunner

from eegkit.cli import main
from eegkit.datasets import Simulated
from eegkit.experiment import explain_experiment, read_experiment, run_experiment

HEAD = """datasets:
  simulated: {n_subjects: 6, n_trials: 8, channels: [C3, Cz, C4, Pz], difficulty: easy}
pipelines: [band_power+lr, stft+cnn_bigru]
cv: group-2
"""
LR = "explain:\n  pipelines: [band_power+lr]\n"


@pytest.fixture
def write(tmp_path):
    def write(section, head=HEAD):
        path = tmp_path / "experiment.yaml"
        path.write_text(head + section)
        return path

    return write


def run(*arguments, code=0):
    done = CliRunner().invoke(main, ["run", *map(str, arguments)])
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    return done


def test_everything_that_can_be_said(write):
    plan = read_experiment(
        write(
            "explain:\n"
            "  pipelines: stft+cnn_bigru\n"
            "  method: integrated_gradients\n"
            "  space: raw\n"
            "  max_memory_mb: 100\n"
            "  n_steps: 20\n"
            "  baseline: mean\n"
            "  check: false\n"
        )
    ).explain
    assert plan.pipelines == ("stft+cnn_bigru",)
    assert (plan.method, plan.check) == ("integrated_gradients", False)
    assert plan.options == {"space": "raw", "max_memory_mb": 100, "n_steps": 20, "baseline": "mean"}


def test_what_is_not_said_has_a_default(write):
    assert read_experiment(write("")).explain is None
    plan = read_experiment(write("explain: {by: [channel, band]}\n")).explain
    assert plan.pipelines == ("band_power+lr", "stft+cnn_bigru")
    assert (plan.method, plan.check) == ("occlusion", True)
    assert plan.options == {"by": ("channel", "band")}


MISTAKES = {
    "a list": ("explain: [a]\n", "line 5, column 10: here is a list; expected what to explain"),
    "unknown key": (
        "explain: {metod: occlusion}\n",
        "column 11: explain by occlusion has no 'metod'; did you mean 'method'",
    ),
    "unknown method": (
        "explain:\n  method: oclusion\n",
        "line 6, column 11: method is 'oclusion'; did you mean 'occlusion'",
    ),
    "an option of another method": (
        "explain:\n  n_steps: 3\n",
        "line 6, column 3: explain by occlusion has no 'n_steps'",
    ),
    "a value": (LR + "  n_others: 0\n", "line 7, column 13: n_others is 0; expected a whole n"),
    "what is hidden": (LR + "  by: chanel\n", "line 7, column 7: by names 'chanel'; did you mean"),
    "a space": (LR + "  space: time\n", "line 7, column 10: space is 'time'; expected 'input'"),
    "a target": (LR + "  target: left_hand\n", "line 7, column 3: every class is explained in eve"),
    "check": (LR + "  check: 1\n", "line 7, column 10: here is 1; expected true or false"),
    "unknown pipeline": (
        "explain:\n  pipelines: [stft+cnn_bigro]\n",
        "line 6, column 15: the file has no pipeline 'stft+cnn_bigro'; did you mean",
    ),
    "gradients of what has none": (
        LR + "  method: saliency\n",
        "line 6, column 14: band_power+lr cannot be explained: saliency looks into nets, but "
        "LogisticRegression is none",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", MISTAKES)
def test_one_sentence_with_the_place_for_every_mistake(kind, write, tmp_path, monkeypatch):
    monkeypatch.setattr(Simulated, "load", lambda self: pytest.fail("data were loaded"))
    monkeypatch.chdir(tmp_path)
    section, said = MISTAKES[kind]
    done = run(write(section), "--check", code=1)
    [line] = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert "experiment.yaml, line" in line
    assert said in line


@pytest.mark.parametrize(
    "cv", ["within-2", "cross-session", "{by: session, train: [a], test: [b]}"]
)
def test_a_split_that_trains_on_everybody_is_refused(cv, write):
    path = write("explain: {}\n", HEAD.replace("group-2", cv))
    with pytest.raises(ValueError, match=r"line 5, column 10: people are explained by decoders"):
        read_experiment(path)


def test_without_captum_one_sentence_says_so(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "captum", None)
    section = "explain: {pipelines: [stft+cnn_bigru], method: saliency}\n"
    with pytest.raises(ValueError, match=r"line 5, column 22: .*pip install 'eegkit\[explain\]'"):
        read_experiment(write(section))


def test_pictures_tables_and_a_section_of_the_report(write, tmp_path):
    path = write(LR, HEAD.replace(", stft+cnn_bigru", ""))
    done = run(path, "--check")
    assert "band_power+lr, by occlusion" in done.stdout
    out = tmp_path / "out"
    done = run(path, "--out", out)
    assert "explanation-band_power+lr.png" in done.stdout
    assert (out / "explanation-band_power+lr.png").read_bytes().startswith(b"\x89PNG")
    table = pd.read_csv(out / "explanation-band_power+lr.csv")
    assert list(table) == ["person", "channel", "attribution"]
    assert len(table) == 6 * 4
    page = (out / "report.html").read_text("utf-8")
    assert "Occlusion of 48 trials of 6 people, each by the decoder that never saw them." in page
    assert "nothing here says that this map follows the decoder" not in page


def test_the_tuned_form_is_explained_and_what_was_not_checked_is_said(write, tmp_path):
    section = LR + "  check: false\ntune: {pipelines: [band_power+lr], n_trials: 2, cv: group-2}\n"
    experiment = read_experiment(write(section, HEAD.replace(", stft+cnn_bigru", "")))
    data = {}
    results = run_experiment(
        experiment,
        store=tmp_path / "folds",
        searches=tmp_path / "searches",
        loaded=data.__setitem__,
    )
    [(name, people)] = explain_experiment(experiment, results, data).items()
    assert name == "band_power+lr, tuned"
    assert people.faithfulness is None
    assert len(people) == 6
