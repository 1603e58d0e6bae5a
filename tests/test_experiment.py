"""Experiments in YAML: what they may say, and the sentence for every mistake in them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GroupKFold

from eegkit import Results, evaluate, registry
from eegkit.cli import main
from eegkit.datasets import Simulated
from eegkit.evaluation import join_results
from eegkit.experiment import (
    parse_pipeline,
    parse_subjects,
    read_experiment,
    run_experiment,
)
from eegkit.experiment._document import Document
from eegkit.parameters import check_for
from eegkit.testing import example_trials

EXAMPLES = sorted((Path(__file__).parents[1] / "examples" / "experiments").glob("*.yaml"))
REAL = sorted((Path(__file__).parents[1] / "examples" / "experiments" / "real").glob("*.yaml"))
HEAD = "datasets: simulated\npipelines: band_power+lr\n"


@pytest.fixture
def write(tmp_path):
    def write(text, name="experiment.yaml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


# What is read


def test_everything_that_can_be_said(write):
    told = read_experiment(
        write(
            "datasets:\n"
            "  simulated: {subjects: 1-3, n_subjects: 4}\n"
            "  other: {dataset: simulated, n_subjects: 2, sfreq: 64, channels: [C3, no]}\n"
            "pipelines:\n"
            "  stft+cnn_bigru:\n"
            "    cnn_bigru: {max_epochs: 3, lr: 1e-3, random_state: 7}\n"
            "  mine:\n"
            "    - spectrogram_union:\n"
            "        transformers: [stft, cwt: {n_freqs: 16}]\n"
            "    - cnn_bigru: {n_filters: [4, 8]}\n"
            "  same: stft+cnn_bigru\n"
            "  band_power+lr:\n"
            "    lr: {C: 0.1}\n"
            "baselines: true\n"
            "cv: {train: [S01, 2, 03], test: [S04]}\n"
            "scoring: auroc\n"
            "n_seeds: 3\n"
            "twin: true\n"
            "random_state: 5\n"
            "label: subject\n"
            "on_leak: mark\n"
            "keep_decoders: true\n"
            "out: here\n"
        )
    )
    first, second = told.datasets.values()
    assert list(told.datasets) == ["simulated", "other"]
    assert first.subjects == (1, 2, 3)
    assert (second.n_subjects, second.sfreq, second.channels) == (2, 64, ("C3", "no"))
    net = told.pipelines["stft+cnn_bigru"].named_steps["cnn_bigru"]
    assert (net.max_epochs, net.lr, net.random_state) == (3, 0.001, 7)
    mine = told.pipelines["mine"]
    assert list(mine.named_steps) == ["spectrogram_union", "cnn_bigru"]
    union = mine.named_steps["spectrogram_union"]
    assert [type(t).__name__ for _, t in union.transformers] == ["STFT", "CWT"]
    assert union.transformers[1][1].n_freqs == 16
    assert mine.named_steps["cnn_bigru"].n_filters == (4, 8)
    assert mine.named_steps["cnn_bigru"].random_state == 5
    assert told.pipelines["band_power+lr"].named_steps["lr"].C == 0.1
    # 03 is a name, not a number.
    assert told.cv == {"train": ["S01", 2, "03"], "test": ["S04"]}
    assert (told.scoring, told.random_state, told.label) == (["auroc"], 5, "subject")
    assert (told.on_leak, told.out, told.baselines) == ("mark", Path("here"), True)
    assert (told.n_seeds, told.twin, told.keep_decoders) == (3, True, True)


def test_what_is_not_said_has_a_default(write):
    told = read_experiment(write(HEAD, "some.yaml"))
    assert (told.cv, told.random_state, told.label) == ("group-5", 0, None)
    assert (told.n_seeds, told.twin, told.keep_decoders) == (1, False, False)
    assert told.scoring == ["balanced_accuracy", "accuracy"]
    assert (told.on_leak, told.out, told.baselines) == ("refuse", Path("results/some"), False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("Yes", "Yes"), ("y", "y"), ("true", True), ("FALSE", False),
        ("007", "007"), ("0", 0), ("-3", -3), ("+3", 3), ("0b1", "0b1"), ("0x1F", "0x1F"),
        ("1_000", "1_000"), ("1e5", 1e5), ("1E-3", 1e-3), (".5", 0.5), ("5.", 5.0), ("1e", "1e"),
        ("12:30:45", "12:30:45"), ("2020-01-31", "2020-01-31"), (".nan", ".nan"), ("=", "="),
        ("~", None), ("null", None), ("nothing", "nothing"), ("'7'", "7"), ("\"\\x41\"", "A"),
        ("!!str 7", "7"), ("1.2.3", "1.2.3"), ("S01", "S01"), ("1-3", "1-3"),
    ],
)  # fmt: skip
def test_plain_values_are_those_of_yaml_1_2(text, value, write):
    found = Document(write(f"- {text}\n")).root.plain()[0]
    assert found == value
    assert type(found) is type(value)


# Mistakes

MISTAKES = {
    "empty": ("", "is empty"),
    "only a comment": ("# nothing\n", "is empty"),
    "a list": ("- datasets: simulated\n", "line 1, column 1: here is a list; expected lines"),
    "a word": ("simulated\n", "here is 'simulated'; expected lines"),
    "two documents": (HEAD + "---\n" + HEAD, "line 3, column 1: a second document begins here"),
    "a tab": ("datasets:\n\tsimulated:\n", "line 2, column 1: a tab stands here; indent by"),
    "a tab within": ("datasets:\n  simulated:\n\t  n_subjects: 3\n", "line 3, column 1: a tab"),
    "indentation": ("datasets:\n  simulated:\n pipelines: x\n", "line 3, column 2: this is no"),
    "indentation of values": ("datasets: simulated\n  n_subjects: 3\n", "line 2, column 13"),
    "no colon": ("datasets simulated\npipelines: x\n", "line 2"),
    "open bracket": ("datasets: [simulated\npipelines: x\n", "line 2"),
    "open quotes": ('datasets: "simulated\n', "close the quotes"),
    "strange start": (HEAD + "cv: @group\n", "line 3, column 5: this is no YAML"),
    "percent": (HEAD + "cv: %x\n", "line 3, column 5"),
    "no UTF-8": (HEAD.encode() + b"label: \xe9\n", "line 3: there is a byte 0xe9"),
    "null byte": (HEAD + "label: a\0b\n", "line 3: there is the character '\\x00'"),
    "key twice": (HEAD + "cv: loso\ncv: group-3\n", "line 4, column 1: 'cv' stands here again"),
    "option twice": (
        "datasets:\n  simulated: {n_subjects: 3, n_subjects: 4}\npipelines: band_power+lr\n",
        "line 2, column 30: 'n_subjects' stands here again, after line 2",
    ),
    "dataset twice": (
        "datasets: [simulated, simulated]\npipelines: band_power+lr\n",
        "'simulated' stands here again",
    ),
    "pipeline twice": (
        "datasets: simulated\npipelines:\n- band_power+lr\n- band_power+lr\n",
        "line 4, column 3: 'band_power+lr' stands here again, after line 3",
    ),
    "metric twice": (
        HEAD + "scoring: [accuracy, accuracy]\n",
        "line 3, column 21: 'accuracy' stands here again, after line 3",
    ),
    "alias": (
        HEAD + "random_state: &a 1\nlabel: *a\n",
        "line 4, column 8: *a refers to another place",
    ),
    "alias bomb": (
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n" + HEAD,
        "line 2, column 8: *a refers",
    ),
    "tag": (HEAD + "label: !!python/object:os.system x\n", "line 3, column 8: the tag"),
    "tag of a mapping": (HEAD + "label: !!set {a, b}\n", "the tag !!set is not known"),
    "tag of a number": (HEAD + "random_state: !!int ten\n", "'ten' is no number"),
    "more than a number can hold": (HEAD + "random_state: 1e999\n", "'1e999' is no number"),
    "endless digits": (HEAD + "random_state: " + "9" * 5000 + "\n", "is no number"),
    "no seeds": (HEAD + "n_seeds: 0\n", "n_seeds is 0; expected a whole number of at least 1"),
    "merge key": (
        "datasets:\n  simulated: {<<: {n_subjects: 3}}\npipelines: band_power+lr\n",
        "line 2, column 15: the data set simulated has no option '<<'",
    ),
    "number of YAML 1.1 with marks between digits": (
        HEAD + "random_state: 1_000\n",
        "random_state is '1_000'; ",
    ),
    "octal number": (
        HEAD + "random_state: 0o17\n",
        "random_state is '0o17'; expected a whole number",
    ),
    "octal number of YAML 1.1": (
        HEAD + "random_state: 017\n",
        "random_state is '017'; expected a whole number",
    ),
    "hexadecimal number": (
        HEAD + "random_state: 0x1F\n",
        "random_state is '0x1F'; expected a whole number",
    ),
    "minutes and seconds": (
        HEAD + "random_state: 1:30\n",
        "random_state is '1:30'; expected a whole number",
    ),
    "date": (
        HEAD + "random_state: 2020-01-31\n",
        "random_state is '2020-01-31'; expected a whole number",
    ),
    "infinity": (
        "datasets:\n  simulated: {sfreq: .inf}\npipelines: band_power+lr\n",
        "line 2, column 22: sfreq is '.inf'; expected a number",
    ),
    "on as a flag": (HEAD + "baselines: on\n", "here is 'on'; expected true or false"),
    "names that differ in their kind alone": (
        "datasets:\n  1: {dataset: simulated}\n  '1': {dataset: simulated}\n",
        "line 3, column 3: '1' stands here again, after line 2",
    ),
    "list as a name": ("[a, b]: x\n", "line 1, column 1: a name is a list or a mapping"),
    "too deep": ("a: " + "[" * 5000, "nested too deeply"),
    "too large": ("# " + "x" * 100_001, "bytes; expected the YAML file"),
    "unknown key": (HEAD + "scorring: accuracy\n", "line 3, column 1: 'scorring' is not known; did "
                    "you mean 'scoring'?"),
    "no data sets": ("pipelines: band_power+lr\n", "datasets are missing"),
    "no pipelines": ("datasets: simulated\n", "pipelines are missing"),
    "nothing behind": ("datasets:\npipelines: band_power+lr\n", "datasets is nothing; expected"),
    "empty data sets": ("datasets: {}\npipelines: band_power+lr\n", "datasets is an empty mapping"),
    "number of data sets": ("datasets: 3\npipelines: band_power+lr\n", "datasets is 3; expected"),
    "unknown data set": (
        "datasets: simulatd\npipelines: band_power+lr\n",
        "line 1, column 11: No dataset is named 'simulatd'; did you mean 'simulated'?",
    ),
    "unknown named data set": (
        "datasets:\n  a: {dataset: simulatd}\npipelines: band_power+lr\n",
        "line 2, column 16: No dataset is named 'simulatd'",
    ),
    "unknown option": (
        "datasets:\n  simulated: {n_subjcets: 3}\npipelines: band_power+lr\n",
        "line 2, column 15: the data set simulated has no option 'n_subjcets'; did you mean "
        "'n_subjects'",
    ),
    "list of data sets as mappings": (
        "datasets:\n- simulated: {n_subjects: 3}\npipelines: band_power+lr\n",
        "line 2, column 3: here is a mapping in a list",
    ),
    "options as a list": (
        "datasets:\n  simulated: [3]\npipelines: band_power+lr\n",
        "line 2, column 14: here is a list; expected the options",
    ),
    "text as a number": (
        "datasets:\n  simulated: {n_subjects: ten}\npipelines: band_power+lr\n",
        "line 2, column 27: n_subjects is 'ten'; expected a whole number",
    ),
    "true as a number": (
        "datasets:\n  simulated: {sfreq: true}\npipelines: band_power+lr\n",
        "sfreq is True; expected a number",
    ),
    "half as a whole number": (
        "datasets:\n  simulated: {n_subjects: 2.5}\npipelines: band_power+lr\n",
        "n_subjects is 2.5; expected a whole number",
    ),
    "text as a list": (
        "datasets:\n  simulated: {channels: C3}\npipelines: band_power+lr\n",
        "channels is 'C3'; expected a list of texts, or null",
    ),
    "unknown choice": (
        "datasets:\n  simulated: {difficulty: heavy}\npipelines: band_power+lr\n",
        "line 2, column 27: difficulty is 'heavy'; expected one of 'easy', 'medium', 'hard'",
    ),
    "subjects backwards": (
        "datasets:\n  simulated: {subjects: 5-2}\npipelines: band_power+lr\n",
        "line 2, column 25: the range '5-2' runs backwards",
    ),
    "more subjects than the memory holds": (
        "datasets:\n  simulated: {subjects: 1-99999999999}\npipelines: band_power+lr\n",
        "line 2, column 25: the range '1-99999999999' names more than 100,000 people",
    ),
    "ranges that are many together": (
        "datasets:\n  simulated: {subjects: '1-60000,1-60000'}\npipelines: band_power+lr\n",
        "the range '1-60000' names more than 100,000 people",
    ),
    "more than a number": (
        "datasets: simulated\npipelines: {band_power+lr: {lr: {C: 1e999}}}\n",
        "line 2, column 37: '1e999' is no number",
    ),
    "below what scikit-learn takes": (
        "datasets: simulated\npipelines: {band_power+lr: {lr: {C: -5}}}\n",
        "line 2, column 37: The 'C' parameter of LogisticRegression must be a float",
    ),
    "text for a number": (
        "datasets: simulated\npipelines: {band_power+lr: {lr: {max_iter: many}}}\n",
        "line 2, column 44: The 'max_iter' parameter of LogisticRegression must be an int",
    ),
    "a negative window": (
        "datasets: simulated\npipelines: {stft+cnn_bigru: {stft: {nperseg: -5}}}\n",
        "nperseg is -5; expected a whole number of at least 1",
    ),
    "more trials than memory holds": (
        "datasets: {simulated: {n_trials: 10000000000000}}\npipelines: band_power+lr\n",
        "line 1, column 34: n_trials is 10000000000000; expected a whole number from 1 to",
    ),
    "more layers than are ever made": (
        "datasets: simulated\npipelines:\n"
        "  stft+cnn_bigru:\n    cnn_bigru: {n_layers: 1000000000000000000000000}\n",
        "line 4, column 27: n_layers is 1000000000000000000000000; expected a whole number from 1",
    ),
    "a band upside down": (
        "datasets: simulated\npipelines: {band_power+lr: {band_power: {bands: {a: [5, 2]}}}}\n",
        "line 2, column 49: bands is {'a': (5, 2)}; expected a mapping to lists of 2 numbers of at",
    ),
    "what pyRiemann does not have": (
        "datasets: simulated\npipelines: {tangent_space+lr: {covariances: {estimator: none}}}\n",
        "line 2, column 45: with these parameters it cannot be fitted: ValueError: ",
    ),
    "more seeds than folds are ever fitted with": (
        HEAD + "n_seeds: 10000000000000\n",
        "n_seeds is 10000000000000; expected a whole number of at least 1 and at most 10000",
    ),
    "unknown step": (
        "datasets: simulated\npipelines: stfd+cnn_bigru\n",
        "line 2, column 12: No transform is named 'stfd'; did you mean 'stft'?",
    ),
    "unknown classifier": (
        "datasets: simulated\npipelines: stft+cnn_bigro\n",
        "line 2, column 12: No classifier is named 'cnn_bigro'; did you mean 'cnn_bigru'",
    ),
    "empty step": ("datasets: simulated\npipelines: stft++cnn_bigru\n", "an empty step"),
    "no classifier": ("datasets: simulated\npipelines: stft\n", "put a classifier behind it"),
    "classifier first": (
        "datasets: simulated\npipelines:\n  a: [cnn_bigru, stft, cnn_bigru]\n",
        "line 3, column 7: 'cnn_bigru' is a classifier, so it can only be the last",
    ),
    "classifier in a union": (
        "datasets: simulated\npipelines:\n  a:\n  - spectrogram_union: {transformers: [cnn_bigru]}"
        "\n  - cnn_bigru\n",
        "line 4, column 40: 'cnn_bigru' is a classifier",
    ),
    "needed parameter": (
        "datasets: simulated\npipelines: spectrogram_union+cnn_bigru\n",
        "needs the parameter transformers",
    ),
    "no steps": ("datasets: simulated\npipelines:\n  a: []\n", "here is an empty list"),
    "step is a number": ("datasets: simulated\npipelines:\n  a: [1, cnn_bigru]\n", "here is 1;"),
    "two steps in one": (
        "datasets: simulated\npipelines:\n  a:\n  - stft:\n    cnn_bigru:\n",
        "line 5, column 5: 'cnn_bigru' stands beside the step 'stft'",
    ),
    "unknown parameter": (
        "datasets: simulated\npipelines:\n  a:\n  - stft: {npersek: 3}\n  - cnn_bigru\n",
        "line 4, column 12: stft has no parameter 'npersek'; did you mean 'nperseg'",
    ),
    "unknown parameter of the short form": (
        "datasets: simulated\npipelines:\n  stft+cnn_bigru:\n    cnn_bigru: {max_epoch: 3}\n",
        "line 4, column 17: cnn_bigru has no parameter 'max_epoch'; did you mean 'max_epochs'",
    ),
    "unknown step of the short form": (
        "datasets: simulated\npipelines:\n  stft+cnn_bigru:\n    cnn: {max_epochs: 3}\n",
        "line 4, column 5: stft+cnn_bigru has no step 'cnn'; did you mean 'cnn_bigru'",
    ),
    "parameters as text": (
        "datasets: simulated\npipelines:\n  stft+cnn_bigru:\n    cnn_bigru: fast\n",
        "line 4, column 16: here is 'fast'; expected the parameters of cnn_bigru",
    ),
    "parameter of wrong type": (
        "datasets: simulated\npipelines:\n  stft+cnn_bigru:\n    cnn_bigru: {max_epochs: many}\n",
        "line 4, column 29: max_epochs is 'many'; expected a whole number",
    ),
    "parameter of wrong value": (
        "datasets: simulated\npipelines:\n  stft+cnn_bigru:\n    cnn_bigru: {batch_size: 0}\n",
        "line 4, column 29: batch_size is 0; expected a whole number of at least 1",
    ),
    "wrong choice of a parameter": (
        "datasets: simulated\npipelines:\n  a:\n  - stft\n  - cnn_bigru: {optimizer: adamm}\n",
        "line 5, column 28: optimizer is 'adamm'; expected one of 'adamw'",
    ),
    "list of text where numbers belong": (
        "datasets: simulated\npipelines:\n  stft+cnn_bigru:\n    cnn_bigru: {n_filters: [a]}\n",
        "n_filters is ('a',); expected a list of whole numbers",
    ),
    "unknown cv": (HEAD + "cv: gruop-5\n", "line 3, column 5: cv is 'gruop-5'; expected"),
    "one fold": (HEAD + "cv: group-1\n", "with K at least 2"),
    "cv is a number": (HEAD + "cv: 5\n", "line 3, column 5: cv is 5; expected a name"),
    "other data sets that are not there": (
        "datasets:\n  a: {dataset: simulated}\n  b: {dataset: simulated}\n"
        "pipelines: band_power+lr\ncv: cross-dataset\n",
        "line 5, column 5: each data set of a file is evaluated by itself, so that cross-dataset "
        "has no other to train on; put them into one Trials in Python, as the page Splits shows",
    ),
    "cv is a list": (HEAD + "cv: [loso]\n", "cv is a list; expected a name"),
    "split without test": (HEAD + "cv: {train: [S01]}\n", "The split lacks 'test'"),
    "split of unknown key": (HEAD + "cv: {train: [a], tset: [b]}\n", "has the key 'tset'"),
    "split of text": (HEAD + "cv: {train: S01, test: [S02]}\n", "train is 'S01'; expected a list"),
    "split with one on both sides": (
        HEAD + "cv: {train: [S01], test: [S01]}\n", "stands in train and in test"
    ),
    "unknown metric": (
        HEAD + "scoring: [accuracy, ballanced_accuracy]\n",
        "line 3, column 21: No metric is named 'ballanced_accuracy'; did you mean "
        "'balanced_accuracy'",
    ),
    "no metric": (HEAD + "scoring: []\n", "scoring is an empty list"),
    "metric is a number": (HEAD + "scoring: [1]\n", "here is 1; expected text"),
    "random_state is text": (
        HEAD + "random_state: zero\n",
        "random_state is 'zero'; expected a whole number",
    ),
    "negative seed": (
        HEAD + "random_state: -1\n",
        "random_state is -1; expected a whole number from 0",
    ),
    "baselines is no flag": (HEAD + "baselines: yes\n", "here is 'yes'; expected true or false"),
    "on_leak": (HEAD + "on_leak: ignore\n", "on_leak is 'ignore'; expected refuse or mark"),
    "label is a list": (HEAD + "label: [subject]\n", "here is a list; expected text"),
    "out is empty": (HEAD + "out:\n", "line 3, column 5: here is nothing; expected text"),
    "out is a file": (HEAD + "out: experiment.yaml\n", "which is a file; expected a folder"),
}  # fmt: skip


@pytest.mark.parametrize("kind", MISTAKES)
def test_one_sentence_with_the_place_for_every_mistake(kind, write, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Simulated, "load", lambda self: pytest.fail("data were loaded"))
    text, said = MISTAKES[kind]
    done = CliRunner().invoke(main, ["run", str(write(text))])
    assert done.exit_code in (1, 2)
    assert "Traceback" not in done.output
    [line] = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert "experiment.yaml" in line
    assert said in line
    assert not (tmp_path / "results").exists()


def test_there_are_many_mistakes():
    assert len(MISTAKES) >= 50


def test_a_file_that_is_no_file(tmp_path, write):
    write(HEAD, "experiment.yaml")
    with pytest.raises(ValueError, match="is a folder; expected the YAML file"):
        read_experiment(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"did you mean 'experiment\.yaml"):
        read_experiment(tmp_path / "experimnt.yaml")


@pytest.mark.parametrize("kind", ["datasets", "transforms", "classifiers"])
def test_no_default_is_refused(kind):
    """Types, choices and bounds hold at least for the defaults."""
    n_checked = 0
    for entry in registry.entries(kind):
        cls = registry.get(kind, f"{entry.distribution}:{entry.name}")
        for parameter, hint in getattr(cls, "parameter_types", {}).items():
            if hasattr(cls, parameter):
                check_for(hint).require(parameter, getattr(cls, parameter))
                n_checked += 1
    assert n_checked > 20


@pytest.mark.parametrize(
    ("text", "expected"), [("3", [3]), ("1,4-6", [1, 4, 5, 6]), ("a, 2", ["a", 2])]
)
def test_subjects(text, expected):
    assert parse_subjects(text) == expected


@pytest.mark.parametrize("text", ["1-300000000", "1-100001", "5,1-100000", "1-99999,1-2"])
def test_more_people_than_there_are(text):
    with pytest.raises(ValueError, match="more than 100,000 people"):
        parse_subjects(text)
    assert len(parse_subjects("1-100000")) == 100_000


# Carrying out


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    experiment = read_experiment(path)
    for pipeline in experiment.pipelines.values():
        if "cnn_bigru" in pipeline.named_steps:
            pipeline.set_params(cnn_bigru__max_epochs=1)
    results = run_experiment(experiment)
    assert not len(results.failures)
    assert set(results.datasets) == set(experiment.datasets)
    assert set(results.pipelines) >= set(experiment.pipelines)
    assert results.settings.experiment["text"] == path.read_text()
    assert list((tmp_path / "results" / path.stem / "folds").glob("fold-*"))


def test_there_are_examples():
    assert len(EXAMPLES) >= 3


def test_the_label_can_be_a_column():
    trials = example_trials(n_trials=12)
    made = trials.relabel("subject")
    assert made.y.tolist() == trials.groups.tolist()
    assert np.shares_memory(made.X, trials.X)
    assert trials.relabel(None) is trials
    with pytest.raises(ValueError, match=r"no such column; did you mean 'subject'\?"):
        trials.relabel("subjects")
    trials.metadata["half"] = pd.Series([1.0] * 6)
    with pytest.raises(ValueError, match="6 of 12 trials have nothing"):
        trials.relabel("half")


# Joining


def results_of(trials=None, cv="loso", scoring="accuracy", name="d", **pipelines):
    pipelines = pipelines or {"prior": DummyClassifier()}
    trials = example_trials(n_trials=24) if trials is None else trials
    return evaluate(pipelines, {name: trials}, cv=cv, scoring=scoring)


def test_joined_results_hold_everything(tmp_path):
    first = results_of(a=DummyClassifier(), b=DummyClassifier(strategy="uniform", random_state=0))
    second = results_of(scoring=("f1_macro", "accuracy"), a=DummyClassifier(strategy="stratified"))
    second.save(tmp_path / "second")
    with pytest.warns(UserWarning, match="metrics that not all runs have: f1_macro"):
        joined = join_results({"one": first, "two": Results.load(tmp_path / "second")})
    assert joined.pipelines == ["a (one)", "b", "a (two)"]
    assert joined.metrics == ["accuracy"]
    expected = first.scores("accuracy")["a"]
    pd.testing.assert_series_equal(
        joined.scores("accuracy")["a (one)"], expected, check_names=False
    )
    assert len(joined.predictions("a (two)")) == 24
    assert "stratified" in joined.settings.pipelines["a (two)"]
    joined.save(tmp_path / "joined")
    assert Results.load(tmp_path / "joined").pipelines == joined.pipelines


def test_one_result_is_itself():
    results = results_of()
    assert join_results({"only": results}) is results
    with pytest.raises(ValueError, match="no results to join"):
        join_results({})


def _other_labels():
    trials = example_trials(n_trials=24)
    trials.y = trials.y[[1, 0, *range(2, 24)]]
    return trials


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: results_of(cv="group-2"), "the cross-validation is group-2 in b, but loso in a"),
        (lambda: results_of(example_trials(n_trials=18)), "the number of trials of d is 18 in b"),
        (lambda: results_of(name="e"), "no data sets in common: a has d; b has e"),
        (lambda: results_of(scoring="f1_macro"), "no metrics in common"),
        (lambda: results_of(_other_labels()), "trial 0 of d in fold 0 is"),
    ],
)
def test_what_differs_is_told(made, said):
    with pytest.raises(ValueError, match=said):
        join_results({"a": results_of(), "b": made()})


def test_other_people_in_a_fold_are_told():
    trials = example_trials(n_trials=24)
    splits = list(GroupKFold(3).split(trials.X, groups=trials.groups))
    pipelines = {"prior": DummyClassifier()}
    first, second = (
        evaluate(pipelines, trials, cv=cv, scoring="accuracy") for cv in (splits, splits[::-1])
    )
    for results in (first, second):
        results.settings.cv = results.settings.splitter = "same name"
    with pytest.raises(ValueError, match=r"who is tested in fold 0 of trials is S\d "):
        join_results({"a": first, "b": second})


def test_make_pipeline_knows_the_baselines():
    assert list(parse_pipeline("band_power+lr").named_steps) == ["band_power", "scale", "lr"]


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_examples_of_real_recordings_can_be_read(path):
    for plugin in ("eegkit_convnets", "eegkit_sequence"):
        pytest.importorskip(plugin)
    experiment = read_experiment(path)
    assert list(experiment.pipelines)
