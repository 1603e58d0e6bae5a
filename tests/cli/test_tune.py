"""``eegkit tune``, and the section ``tune`` of ``eegkit run``."""

import pytest
from click.testing import CliRunner

from eegkit import Results
from eegkit.cli import main
from eegkit.datasets import Simulated
from eegkit.tuning import search

TEXT = """
datasets:
  simulated: {n_subjects: 4, n_trials: 8, channels: [C3, Cz, C4]}
pipelines: [band_power+lr]
cv: group-2
"""
SECTION = """
tune:
  space: {lr__C: {loguniform: [1e-3, 10]}}
  n_trials: 3
  cv: group-2
"""


def run(*arguments, code=0):
    done = CliRunner().invoke(main, [str(a) for a in arguments])
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    return done


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "one.yaml").write_text(TEXT + SECTION)
    return tmp_path


def test_tune_shows_what_was_chosen(here):
    done = run("tune", "one.yaml")
    assert "band_power+lr: lr__C (3 settings, inner folds group-2)" in done.stdout
    assert "Settings tried are kept in results/one/searches" in done.stdout
    lines = [line.strip() for line in done.stdout.splitlines()]
    chosen = lines[lines.index("Chosen") : lines.index("Agreement")]
    assert [line.split()[0] for line in chosen if line[:1].isdigit()] == ["0", "1"]
    assert any(line.startswith("lr__C") for line in lines[lines.index("Agreement") :])
    assert "6/6" in done.stderr  # settings of both folds
    assert "best balanced accuracy" in done.stderr
    results = Results.load(here / "results" / "one" / "results.safetensors")
    assert results.pipelines == ["band_power+lr, tuned", "band_power+lr"]
    assert " ".join(results.tuning().describe().split()) in " ".join(done.stdout.split())
    assert {row["fold"] for row in results.searches.to_dict("records")} == {0, 1}


def test_run_tunes_where_the_file_says_so(here, monkeypatch):
    monkeypatch.setattr(Simulated, "load", lambda self: pytest.fail("data were loaded"))
    assert "3 settings" in run("run", "one.yaml", "--check").stdout
    (here / "plain.yaml").write_text(TEXT.replace("band_power+lr", "stft+cnn_bigru"))
    assert "settings" not in run("run", "plain.yaml", "--check").stdout
    # Without a section, among what the steps say of themselves.
    assert "cnn_bigru__lr" in run("tune", "plain.yaml", "--check").stdout


def test_an_interruption_says_how_to_go_on(here, monkeypatch):
    fits = []
    fit = search.fit_and_score

    def interrupted(*args):
        fits.append(args)
        if len(fits) == 5:
            raise KeyboardInterrupt
        return fit(*args)

    monkeypatch.setattr(search, "fit_and_score", interrupted)
    done = run("tune", "one.yaml", code=130)
    assert "to go on, give the same command again" in done.stderr
    [file] = (here / "results" / "one" / "searches").glob("*.journal")
    assert file.stat().st_size
    fits.clear()
    monkeypatch.setattr(search, "fit_and_score", lambda *args: fits.append(args) or fit(*args))
    run("tune", "one.yaml")
    # Two settings were whole, by two fits each; of the others no more than two are needed.
    assert 1 <= len(fits) <= 8
    results = Results.load(here / "results" / "one" / "results.safetensors")
    assert results.searches.groupby("fold")["trial"].agg(list).tolist() == [[0, 1, 2], [0, 1, 2]]
