"""``eegkit run``, ``compare`` and ``report``, and what ``evaluate`` shares with them."""

import sys

import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.model_selection import KFold

from eegkit import Results
from eegkit.classical import BalancedLDA
from eegkit.cli import main
from eegkit.cli._evaluate import file_name
from eegkit.datasets import Simulated
from eegkit.evaluation.running import tasks

TEXT = """
datasets:
  simulated: {n_subjects: 4, n_trials: 8, channels: [C3, Cz, C4]}
pipelines: [band_power+lr]
cv: loso
"""
QUICK = [
    "--dataset", "simulated", "--option", "n_subjects=4", "--option", "n_trials=8",
    "--option", "channels=['C3','Cz','C4']", "--pipeline", "band_power+lr",
]  # fmt: skip


def run(*arguments, code=0):
    done = CliRunner().invoke(main, [str(a) for a in arguments])
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    return done


def refused(*arguments):
    done = run(*arguments, code=1)
    [line] = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    return line


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "one.yaml").write_text(TEXT)
    return tmp_path


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Folders of a run with the baselines, of one with one pipeline, and of other folds."""
    folder = tmp_path_factory.mktemp("runs")
    run("evaluate", *QUICK, "--baselines", "--cv", "loso", "--out", folder / "all")
    run("evaluate", *QUICK, "--set", "lr__C=0.01", "--cv", "loso", "--out", folder / "one")
    run("evaluate", *QUICK, "--cv", "group-2", "--out", folder / "two_folds")
    return folder


def test_run_writes_what_came_out_and_keeps_the_folds(here, monkeypatch):
    done = run("run", "one.yaml")
    out = here / "results" / "one"
    assert "Finished folds are kept in results/one/folds" in done.output
    results = Results.load(out / "results.safetensors")
    assert results.settings.experiment["text"] == TEXT
    assert sorted(set(pd.read_csv(out / "results.csv")["subject"])) == ["S01", "S02", "S03", "S04"]
    assert (out / "scores.png").stat().st_size > 1000
    page = (out / "report.html").read_text("utf-8")
    assert "Trials of every person by class" in page  # so the report knew the trials
    # A fold that was not finished is computed, the others are not.
    next((out / "folds").glob("fold-*")).unlink()
    fitted = []
    fit = tasks.fit_and_score
    monkeypatch.setattr(tasks, "fit_and_score", lambda *a: fitted.append(a[0]) or fit(*a))
    again = run("run", "one.yaml")
    assert "3 are there already" in again.output
    assert len(fitted) == 1
    pd.testing.assert_frame_equal(
        Results.load(out / "results.safetensors").summary(), results.summary()
    )


def test_check_loads_nothing(here, monkeypatch):
    monkeypatch.setattr(Simulated, "load", lambda self: pytest.fail("data were loaded"))
    done = run("run", "one.yaml", "--check", "--out", "elsewhere")
    assert "one.yaml can be run; nothing was loaded." in done.output
    assert "elsewhere" in done.output
    assert not (here / "elsewhere").exists()


def test_store_and_out_are_options(here):
    run("run", "one.yaml", "--store", "kept", "--out", "there")
    assert len(list((here / "kept").glob("fold-*"))) == 4
    assert sorted(p.name for p in (here / "there").iterdir()) == [
        "report.html", "results.csv", "results.safetensors", "scores.png",
    ]  # fmt: skip


def test_several_data_sets_have_a_picture_each(here):
    hard = "  hard: {dataset: simulated, difficulty: hard, n_subjects: 3, n_trials: 8}\n"
    (here / "two.yaml").write_text(TEXT.replace("pipelines", hard + "pipelines"))
    done = run("run", "two.yaml")
    assert "simulated: Mean over people" in done.output
    assert "hard: Mean over people" in done.output
    names = {p.name for p in (here / "results" / "two").iterdir()}
    assert {"scores-simulated.png", "scores-hard.png"} <= names


def test_evaluate_beside_baselines_with_a_store(runs, tmp_path):
    results = Results.load(runs / "all" / "results.safetensors")
    assert results.datasets == ["simulated"]
    assert {"band_power+lr", "csp+lda", "tangent_space+lr"} <= set(results.pipelines)
    run("evaluate", *QUICK, "--cv", "group-2", "--store", tmp_path / "f", "--out", tmp_path / "o")
    assert len(list((tmp_path / "f").glob("fold-*"))) == 2


def test_a_run_with_other_settings_is_not_replaced(here):
    arguments = ["evaluate", *QUICK, "--cv", "loso"]
    folder = here / "results" / "simulated-band_power+lr-loso"
    run(*arguments)
    first = Results.load(folder / "results.safetensors")
    for _ in range(2):  # the same again goes where it was
        done = run(*arguments, "--set", "lr__C=0.001")
        assert f"{folder.name} holds a run with other settings" in done.stderr
        assert f"to results/{folder.name}-2" in " ".join(done.stdout.split())
    assert "other settings" not in run(*arguments).stderr
    run(*arguments, "--option", "difficulty=hard")
    (folder / "results.safetensors").write_bytes(b"damaged")
    run(*arguments)
    there = sorted(path.name for path in folder.parent.iterdir())
    assert there == [folder.name, *(f"{folder.name}-{i}" for i in (2, 3, 4))]
    again = Results.load(folder.parent / there[3] / "results.safetensors")
    assert again.settings.pipelines == first.settings.pipelines
    # A folder that is named is meant.
    run(*arguments, "--out", folder)
    assert len(Results.load(folder / "results.safetensors").table) == 4


def test_a_changed_file_does_not_replace_what_it_gave_before(here):
    run("run", "one.yaml")
    (here / "one.yaml").write_text(f"# A word to the reader.\n{TEXT}")
    assert "other settings" not in run("run", "one.yaml").stderr
    for _ in range(2):  # the same again goes where it was
        (here / "one.yaml").write_text(TEXT.replace("loso", "group-2"))
        assert "results/one holds a run with other settings" in run("run", "one.yaml").stderr
    assert sorted(path.name for path in (here / "results").iterdir()) == ["one", "one-2"]
    n_folds = [
        Results.load(here / "results" / name / "results.safetensors").table["fold"].nunique()
        for name in ("one", "one-2")
    ]
    assert n_folds == [4, 2]
    run("run", "one.yaml", "--out", "results/one")
    assert Results.load(here / "results" / "one" / "results.safetensors").settings.cv != "loso"


def test_a_pipeline_without_any_score_is_an_error_of_results_that_are_there(tmp_path, monkeypatch):
    def fail(self, *args, **kwargs):
        raise ValueError("not today")

    monkeypatch.setattr(BalancedLDA, "fit", fail)
    said = refused(
        "evaluate", *QUICK, "--pipeline", "log_spectrum+lda", "--cv", "loso", "--out", tmp_path
    )
    assert "Every fold of 'log_spectrum+lda' on simulated failed" in said
    assert "The first error: ValueError: not today in `raise ValueError(" in said
    assert Results.load(tmp_path / "results.safetensors").pipelines == ["band_power+lr"]
    assert (tmp_path / "scores.png").is_file()


def test_a_leak_is_refused_or_shown(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    # Folds of any trials, whoever they are of.
    folds = KFold(2, shuffle=True, random_state=0)
    running = sys.modules["eegkit.evaluation.running.evaluate"]
    monkeypatch.setattr(running, "make_splitter", lambda cv, **options: folds)
    options = ["--out", tmp_path, "--scoring", "accuracy"]
    assert "leak" in refused("evaluate", *QUICK, *options)
    done = run("evaluate", *QUICK, *options, "--on-leak", "mark")
    assert "Audit of the split" in done.output
    assert "SOMETHING LEAKS" in done.output


def test_the_label_can_be_a_column(tmp_path):
    run("evaluate", *QUICK, "--label", "session", "--cv", "loso", "--out", tmp_path)
    results = Results.load(tmp_path / "results.safetensors")
    assert results.predictions().classes.tolist() == ["0", "1"]
    assert "did you mean 'session'?" in refused("evaluate", *QUICK, "--label", "sesion")


def test_compare_joins_runs(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    done = run("compare", runs / "all", runs / "one", "--out", tmp_path)
    tables = done.stdout.partition("pipelines, ")[0]
    assert max(map(len, tables.splitlines())) <= 80
    summary = pd.read_csv(tmp_path / "summary.csv").set_index("pipeline")
    assert {"band_power+lr (all)", "band_power+lr (one)", "csp+lda"} <= set(summary.index)
    alone = Results.load(runs / "one" / "results.safetensors").summary().iloc[0]
    assert summary.loc["band_power+lr (one)", "mean"] == pytest.approx(alone["mean"])
    pairs = pd.read_csv(tmp_path / "comparison.csv")
    n = len(summary)
    assert n == 5
    assert len(pairs) == n * (n - 1) / 2
    assert (pairs["p_corrected"] >= pairs["p"]).all()
    assert (tmp_path / "comparison.png").stat().st_size > 1000


def test_compare_one_run_with_one_pipeline(runs):
    done = run("compare", runs / "one", "--metric", "accuracy")
    assert "There is one pipeline only" in done.output


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda r: [r / "all", r / "two_folds"], "the cross-validation is group-2 in two_folds"),
        (lambda r: [r / "all", r / "all"], "given twice"),
        (lambda r: [r], "holds the runs all, one, two_folds"),
        (lambda r: [r / "none"], "expected the folder of a run"),
        (lambda r: [r / "all" / "scores.png"], "scores.png"),
        (lambda r: [r / "all", "--metric", "acuracy"], "did you mean 'accuracy'"),
    ],
)
def test_what_cannot_be_compared_is_told(runs, make, said):
    assert said in refused("compare", *make(runs))


def test_report(runs, tmp_path):
    done = run("report", runs / "one", "--out", tmp_path / "new" / "report.html")
    assert "report.html" in done.output
    assert "<html" in (tmp_path / "new" / "report.html").read_text("utf-8")


def test_a_report_lies_beside_its_results(runs):
    expected = runs / "one" / "report.html"
    for results in (runs / "one", runs / "one" / "results.safetensors"):
        assert f"Wrote {expected}" in run("report", results).output
        expected.unlink()


def test_names_of_files_need_no_quotes():
    assert file_name("folder:lab/a, tuned on b") == "folder.lab_a_tuned_on_b"
    assert file_name("simulated-stft+cnn_bigru-group-5") == "simulated-stft+cnn_bigru-group-5"
