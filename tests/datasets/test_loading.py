"""Recordings of one's own by name: in Python, on the command line and in experiments."""

from pathlib import Path

import mne
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from eegkit import Results, evaluate, load_dataset, replay
from eegkit.cli import main
from eegkit.datasets import Simulated, from_folder
from eegkit.evaluation import baselines
from eegkit.experiment import parse_subjects, read_experiment

NAMES = ["C3", "Cz", "C4"]
QUICK = ["--pipeline", "band_power+lr", "--set", "band_power__nperseg_s=0.5", "--cv", "loso"]


def write_recording(path, seed):
    signals = np.random.default_rng(seed).normal(0, 2e-5, (3, 1600))
    info = mne.create_info(NAMES, 100, "eeg")
    mne.io.RawArray(signals, info, verbose="error").save(path, verbose="error")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of three people's recordings, with a table of labels beside it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recordings").mkdir()
    rows = []
    for i, subject in enumerate(["01", "02", "03"]):
        write_recording(tmp_path / "recordings" / f"{subject}_raw.fif", i)
        rows += [(f"{subject}_raw.fif", "rest", subject, 0, 8)]
        rows += [(f"{subject}_raw.fif", "work", subject, 8, 8)]
    table = pd.DataFrame(rows, columns=["file", "label", "subject", "onset", "duration"])
    table.to_csv(tmp_path / "labels.csv", index=False)
    return tmp_path


def run(*arguments, code=0):
    done = CliRunner().invoke(main, list(map(str, arguments)))
    assert done.exit_code == code, done.output
    return done


def refused(*arguments):
    [line] = [x for x in run(*arguments, code=1).stderr.splitlines() if x.startswith("Error: ")]
    return line


def test_by_name_as_by_function(here):
    expected = from_folder("recordings", "labels.csv", window_s=2)
    trials = load_dataset("folder:recordings", labels="labels.csv", window_s=2)
    np.testing.assert_array_equal(trials.X, expected.X)
    assert trials.metadata.equals(expected.metadata)
    assert trials.source == expected.source
    assert trials.source.code == (
        "load_dataset('folder:recordings', labels='labels.csv', window_s=2)"
    )


def test_some_of_the_people(here):
    options = {"labels": "labels.csv", "window_s": 2}
    everybody = load_dataset("folder:recordings", **options)
    (here / "recordings" / "02_raw.fif").unlink()  # whose rows are not asked for
    trials = load_dataset("folder:recordings", subjects=["03", "01"], **options)
    chosen = np.isin(everybody.groups, ["01", "03"])
    np.testing.assert_array_equal(trials.X, everybody.X[chosen])
    assert trials.metadata.equals(everybody.metadata[chosen].reset_index(drop=True))
    assert "subjects=['03', '01']" in trials.source.code
    data = ["--labels", "labels.csv", "--subjects", "01,03", "--option", "window_s=2"]
    assert "02" not in run("describe", "folder:recordings", "--people", *data).output
    file = here / "own.yaml"
    file.write_text(
        "datasets: {folder:recordings: {labels: labels.csv, window_s: 2, subjects: [03, 01]}}\n"
        "pipelines: [band_power+lr]\n"
    )
    [dataset] = read_experiment(file).datasets.values()
    assert set(dataset.load().groups) == {"01", "03"}


def test_a_folder_named_without_its_kind(here):
    with pytest.raises(ValueError, match="did you mean folder:recordings"):
        load_dataset("recordings", labels="labels.csv")
    with pytest.raises(ValueError, match="'foldr:recordings'; did you mean folder:recordings"):
        load_dataset("foldr:recordings", labels="labels.csv")
    (here / "recordings" / "dataset_description.json").touch()
    with pytest.raises(ValueError, match="did you mean bids:recordings"):
        load_dataset("recordings")
    with pytest.raises(ValueError, match="No dataset is named 'elsewhere'"):
        load_dataset("elsewhere")


def test_evaluated_and_replayed(here):
    data = ["--dataset", "folder:recordings", "--labels", "labels.csv", "--option", "window_s=2"]
    run("evaluate", *data, *QUICK, "--out", "out")
    results = Results.load(here / "out" / "results.safetensors")
    assert results.datasets == ["folder:recordings"]
    assert results.per_subject()["subject"].tolist() == ["01", "02", "03"]
    assert replay(here / "out" / "results.safetensors").verdict == "exact"
    (here / "recordings").rename(here / "moved")
    assert replay(here / "out" / "results.safetensors", path="moved").verdict == "exact"


def test_trials_of_from_folder_are_replayed(here):
    trials = from_folder("recordings", "labels.csv", window_s=2)
    results = evaluate({"lr": baselines()["band_power+lr"]}, trials, cv="loso")
    results.save(here / "results.safetensors")
    assert replay(here / "results.safetensors").verdict == "exact"


def test_in_an_experiment(here):
    text = "{{folder:recordings: {{{} window_s: 2}}}}\npipelines: [band_power+lr]\n"
    file = here / "own.yaml"
    file.write_text("datasets: " + text.format("labels: labels.csv,"))
    [dataset] = read_experiment(file).datasets.values()
    assert set(dataset.load().groups) == {"01", "02", "03"}
    for option, message in (
        ("", "own.yaml, line 1, column 12: folder:recordings needs labels"),
        ("labels: lables.csv,", "column 12: There is no table lables.csv"),
        ("labels: labels.csv, windw_s: 2,", "has no option 'windw_s'; did you mean 'window_s'"),
    ):
        file.write_text("datasets: " + text.format(option))
        with pytest.raises(ValueError, match=message):
            read_experiment(file)


def test_described_and_trained(here):
    data = ["--labels", "labels.csv", "--option", "window_s=2"]
    assert "3" in run("describe", "folder:recordings", *data).output
    out = run("train", "--dataset", "folder:recordings", *data, *QUICK[:4], "--out", "a.eegkit")
    assert "3 channels, 2 s at 100 Hz" in out.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["folder:recordings"], "columns file, label and subject"),
        (["folder:recordings"], "--labels TABLE"),
        (["folder:."], "There is labels.csv."),
        (["folder:nowhere", "--labels", "labels.csv"], "There is no folder nowhere."),
        (["folder:recordings", "--labels", "none.csv"], "There is no table none.csv"),
        (["folder:"], "'folder:' names no folder; expected folder:PATH."),
        (["folder"], "'folder' names no folder"),
        (["simulated", "--labels", "labels.csv"], "has no option 'labels'"),
        (
            ["folder:recordings", "--labels", "labels.csv", "--subjects", "1"],
            "subjects names '1', but the table has 01, 02, 03.",
        ),
        (
            ["recordings", "--labels", "labels.csv"],
            "No data set is named 'recordings', but a folder is; did you mean folder:recordings?",
        ),
    ],
)
def test_what_is_missing_is_said(here, arguments, message):
    assert message in refused("describe", *arguments)


def test_the_options_are_listed(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    for name, words in (("folder", ["labels", "required", "target_sfreq"]), ("bids", ["tmax"])):
        shown = run("info", name).output
        for word in [f"{name}:PATH", "window_s", *words]:
            assert word in shown
    assert "folder:PATH" in run("list", "datasets").output


def test_people_whose_names_are_digits():
    assert parse_subjects("01,2,0,1-3") == ["01", 2, 0, 1, 2, 3]


def test_the_folder_that_the_user_named(monkeypatch, tmp_path):
    monkeypatch.delenv("EEGKIT_DATA", raising=False)
    assert Simulated().root() is None
    monkeypatch.setenv("EEGKIT_DATA", str(tmp_path))
    assert Simulated().root() == tmp_path
    assert Simulated(path="~/mine").root() == Path("~/mine").expanduser()
