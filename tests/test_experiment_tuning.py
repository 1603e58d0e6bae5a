"""The section ``tune`` of an experiment: what it may say, and the sentence for every mistake."""

import sys

import pytest
from click.testing import CliRunner

from eegkit import evaluation
from eegkit.cli import main
from eegkit.datasets import Simulated
from eegkit.experiment import read_experiment, run_experiment
from eegkit.parameters import ParameterError
from eegkit.transforms import CWT, STFT
from eegkit.tuning import search

HEAD = """datasets:
  simulated: {n_subjects: 4, n_trials: 8, channels: [C3, Cz, C4]}
pipelines: PIPELINES
scoring: [accuracy, balanced_accuracy]
random_state: 3
"""
PIPELINES = "[stft+cnn_bigru, band_power+lr]"
LR = "tune:\n  pipelines: band_power+lr\n"
SPACE = LR + "  space:\n    "


@pytest.fixture
def write(tmp_path):
    def write(section, pipelines=PIPELINES):
        path = tmp_path / "experiment.yaml"
        path.write_text(HEAD.replace("PIPELINES", pipelines) + section)
        return path

    return write


@pytest.fixture
def read(write):
    return lambda section, **options: read_experiment(write(section), **options)


def test_everything_that_can_be_said(read):
    tuned = read(
        "tune:\n"
        "  pipelines: [stft+cnn_bigru]\n"
        "  space:\n"
        "    stft: [stft, cwt: {n_freqs: 16}]\n"
        "    stft__window_s: [0.5, 1]\n"
        "    stft__n_freqs: {randint: [8, 16]}\n"
        "    cnn_bigru__lr: {loguniform: [1e-4, 1e-2]}\n"
        "    cnn_bigru__dropout: {uniform: [0.1, 0.5]}\n"
        "    cnn_bigru__n_filters: [[4], [4, 8]]\n"
        "  n_trials: 7\n"
        "  cv: loso\n"
        "  timeout_s: 60\n"
        "  sampler: random\n"
        "  pruner: null\n"
        "  refit: 2\n"
    ).tuned
    [(name, search)] = tuned.items()
    assert name == "stft+cnn_bigru"
    space = search.space
    assert [type(step) for step in space["stft"]] == [STFT, CWT]
    assert space["stft"][1].n_freqs == 16
    assert space["stft__window_s"] == [0.5, 1]
    assert space["stft__n_freqs"].support() == (8, 16)
    assert space["cnn_bigru__lr"].support() == pytest.approx((1e-4, 1e-2))
    assert space["cnn_bigru__dropout"].support() == pytest.approx((0.1, 0.5))
    assert space["cnn_bigru__n_filters"] == [(4,), (4, 8)]
    assert (search.n_trials, search.cv, search.timeout_s) == (7, "loso", 60)
    assert (search.sampler, search.pruner, search.refit) == ("random", None, 2)
    assert (search.scoring, search.random_state) == ("accuracy", 3)


def test_what_is_not_said_has_a_default(read):
    assert read("").tuned == {}
    [search] = read("tune:\n  pipelines: [stft+cnn_bigru]\n").tuned.values()
    assert search.space is None
    assert search.n_trials == 30
    [name] = read(LR + "  space: {lr__C: [0.1, 1.0]}\n", tune=True).tuned
    assert name == "band_power+lr"


def test_a_space_is_divided_among_pipelines(read):
    tuned = read(
        "tune:\n  space: {cnn_bigru__lr: [1e-3, 1e-2], lr__C: [0.1, 1.0]}\n  sampler: grid\n"
    ).tuned
    assert list(tuned["stft+cnn_bigru"].space) == ["cnn_bigru__lr"]
    assert list(tuned["band_power+lr"].space) == ["lr__C"]
    assert tuned["band_power+lr"].n_trials == 2  # all of the grid


MISTAKES = {
    "a list": ("tune: [a]\n", "line 6, column 7: here is a list; expected what to tune"),
    "unknown key": ("tune: {n_trial: 3}\n", "column 8: tune has no 'n_trial'; did you mean 'n_tri"),
    "unknown pipeline": (
        "tune: {pipelines: [stft+cnn_bigro]}\n",
        "line 6, column 20: the file has no pipeline 'stft+cnn_bigro'; did you mean",
    ),
    "no space": (LR + "  space: {}\n", "line 8, column 10: space is an empty mapping"),
    "unknown parameter": (
        SPACE + "lr__c: [1.0]\n",
        "column 5: no pipeline that is tuned has the parameter 'lr__c'; did you mean 'lr__C'",
    ),
    "a value": (SPACE + "lr__C: 1.0\n", "line 9, column 12: lr__C is 1.0; expected a list of val"),
    "no values": (SPACE + "lr__C: []\n", "line 9, column 12: lr__C is an empty list; expected"),
    "a value that is refused": (
        SPACE + "lr__C: [1.0, -1]\n",
        "line 9, column 18: The 'C' parameter of LogisticRegression must be a float",
    ),
    "unknown distribution": (
        SPACE + "lr__C: {loguniforn: [1, 2]}\n",
        "column 13: there is no distribution 'loguniforn'; did you mean 'loguniform'",
    ),
    "one end": (
        SPACE + "lr__C: {uniform: [1]}\n",
        "column 22: uniform is a list; expected two numbers, the lowest and the highest",
    ),
    "ends turned round": (SPACE + "lr__C: {uniform: [2, 1]}\n", "expected two numbers, the lowest"),
    "no whole numbers": (SPACE + "lr__C: {randint: [1, 2.5]}\n", "expected two whole numbers"),
    "no logarithm": (
        SPACE + "lr__C: {loguniform: [0, 1]}\n",
        "column 26: the lowest value is 0; expected a number above 0",
    ),
    "an end that is refused": (
        SPACE + "lr__C: {uniform: [-1.0, 1.0]}\n",
        "column 23: The 'C' parameter of LogisticRegression must be a float",
    ),
    "an unknown step": (
        "tune: {pipelines: [stft+cnn_bigru], space: {stft: [stfd]}}\n",
        "No transform is named 'stfd'; did you mean 'stft'?",
    ),
    "a seed": (SPACE + "lr__random_state: [1, 2]\n", "a seed is no setting"),
    "no trials": (LR + "  n_trials: 0\n", "line 8, column 13: n_trials is 0; expected a whole num"),
    "a sampler": (LR + "  sampler: tpf\n", "line 8, column 12: sampler is 'tpf'; expected one of"),
    "inner folds": (LR + "  cv: gruop-3\n", "line 8, column 7: cv is 'gruop-3'; expected"),
    "inner folds by sessions": (
        LR + "  cv: cross-session\n",
        "cv is 'cross-session'; expected a split that needs no more than people",
    ),
    "a grid of distributions": (
        SPACE + "lr__C: {uniform: [1, 2]}\n  sampler: grid\n",
        "is a distribution, and sampler=\"grid\" takes lists",
    ),
    "a grid that is too large": (
        SPACE + "lr__C: [1.0, 2.0, 3.0]\n  sampler: grid\n  n_trials: 2\n",
        "line 11, column 13: The grid has 3 settings and n_trials is 2",
    ),
    "nothing for a pipeline": (
        "tune: {space: {lr__C: [1.0]}}\n",
        "nothing in space is a parameter of stft+cnn_bigru; name the pipelines to tune",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", MISTAKES)
def test_one_sentence_with_the_place_for_every_mistake(kind, write, tmp_path, monkeypatch):
    monkeypatch.setattr(Simulated, "load", lambda self: pytest.fail("data were loaded"))
    monkeypatch.chdir(tmp_path)
    section, said = MISTAKES[kind]
    write(section)
    done = CliRunner().invoke(main, ["tune", "experiment.yaml"])
    assert done.exit_code == 1
    [line] = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert "experiment.yaml, line" in line
    assert said in line
    assert not (tmp_path / "results").exists()


def test_a_pipeline_that_has_the_name_of_a_tuned_one(write):
    pipelines = "{band_power+lr: band_power+lr, 'band_power+lr, tuned': band_power+lr}"
    with pytest.raises(ValueError, match="has a pipeline 'band_power\\+lr, tuned' already"):
        read_experiment(write(LR, pipelines))


def test_without_optuna_one_sentence_says_so(read, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("eegkit.tuning")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ValueError, match=r"line 7, column 3: .*pip install 'eegkit\[tune\]'"):
        read(LR)


def test_inner_folds_of_too_few_people_are_refused_before_any_fit(write, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluation, "evaluate", lambda *a, **k: pytest.fail("evaluated"))
    for section in ("cv: loso\n" + LR, "cv: group-2\n" + LR + "  cv: group-3\n"):
        experiment = read_experiment(write(section, "[band_power+lr]"))
        with pytest.raises(ParameterError, match="who train in fold 0 of simulated") as caught:
            run_experiment(experiment, store=tmp_path / "folds", searches=tmp_path / "searches")
        n_people = 3 if "loso" in section else 2
        assert f'use cv="group-{n_people}"' in str(caught.value)
    assert not (tmp_path / "folds").exists()


def test_tuned_beside_the_default_with_its_folds_and_searches(write, tmp_path, monkeypatch):
    section = LR + "  space: {lr__C: [0.01, 1.0]}\n  sampler: grid\n  cv: group-2\ncv: group-2\n"
    experiment = read_experiment(write(section, "[band_power+lr]"))
    folders = {"store": tmp_path / "folds", "searches": tmp_path / "searches"}
    results = run_experiment(experiment, **folders)
    assert results.pipelines == ["band_power+lr, tuned", "band_power+lr"]
    assert results.tuning().metric == "accuracy"
    assert len(results.searches) == 4
    assert "lr__C: [0.01, 1.0]" in results.settings.experiment["text"]
    [file] = (tmp_path / "searches").glob("*.journal")
    assert file.name.startswith("band_power+lr-")
    # Without its folds the search is asked, which tries nothing again.
    monkeypatch.setattr(search, "fit_and_score", lambda *a: pytest.fail("tried again"))
    again = run_experiment(experiment, store=tmp_path / "others", searches=tmp_path / "searches")
    assert again.searches.drop(columns="fit_time_s").equals(
        results.searches.drop(columns="fit_time_s")
    )
