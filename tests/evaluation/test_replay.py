"""Capsules: computed again, the same or told where not; nothing in them is run as code."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.metrics import f1_score, log_loss, make_scorer
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import FunctionTransformer
from sklearn.preprocessing import normalize

from eegkit import Pipeline, Results, evaluate, load_dataset, replay, tensor_file
from eegkit.cli import main
from eegkit.evaluation import baselines, join_results
from eegkit.evaluation.results.code import CodeWriter
from eegkit.evaluation.results.code_reader import CodeReader
from eegkit.testing import example_trials
from eegkit.transforms import BandPower

OPTIONS = {"n_subjects": 4, "n_trials": 8, "channels": ["C3", "Cz", "C4"]}


def share_of_hits(y, predicted, weight=1.0):
    return weight * np.mean(np.asarray(y) == np.asarray(predicted))


def forest(**options):
    return Pipeline([BandPower(), RandomForestClassifier(5, random_state=3, **options)])


@pytest.fixture(scope="module")
def trials():
    return load_dataset("simulated", **OPTIONS)


@pytest.fixture(scope="module")
def results(trials):
    pipelines = {"forest": forest(), "lr": baselines()["band_power+lr"]}
    return evaluate(
        pipelines, {"a": trials, "b": trials.relabel("session")}, n_seeds=2, random_state=1,
        cv="group-2", scoring=["accuracy", "neg_log_loss"],
    )  # fmt: skip


@pytest.fixture
def capsule(results, tmp_path):
    results.capsule(tmp_path / "c.safetensors")
    return tmp_path / "c.safetensors"


def changed(results, **columns):
    """The results with other settings or another table."""
    return Results(
        results.table.assign(**columns), results.settings, predictions=results._predictions
    )


def test_the_same_is_exact(capsule, results):
    found = replay(capsule)
    assert found.verdict == "exact"
    assert found.data == {"a": "exact", "b": "exact"}
    assert found.same_folds
    assert len(found.table) == len(results.table)
    assert (found.table[["score_difference", "answer_difference"]] == 0).all(axis=None)
    assert found.versions == {}
    pd.testing.assert_frame_equal(found.results.summary(), results.summary())
    assert f"all {len(results.table)} scores of people and folds came again" in found.describe()


@pytest.mark.parametrize(("shift", "verdict"), [(1e-9, "within rounding"), (0.25, "different")])
def test_another_score_is_told_by_fold_and_person(results, tmp_path, shift, verdict):
    accuracy = results.table["accuracy"].copy()
    accuracy[3] += shift
    changed(results, accuracy=accuracy).capsule(tmp_path / "c")
    found = replay(tmp_path / "c")
    assert found.verdict == verdict
    [row] = found.table[found.table["verdict"] != "exact"].to_dict("records")
    where = results.table.loc[3]
    assert [row[n] for n in ("subject", "fold", "seed")] == [
        where["subject"], where["fold"], where["seed"],
    ]  # fmt: skip
    if verdict == "different":
        assert f"{where['subject']} in fold {where['fold']} by forest, seed 0" in found.describe()


def test_other_answers_behind_the_same_scores_are_told(results, tmp_path):
    part = results._predictions["a", "lr"]
    proba = part.proba.copy()
    proba[0] += 0.01
    predictions = {**results._predictions, ("a", "lr"): dataclasses.replace(part, proba=proba)}
    Results(results.table, results.settings, predictions=predictions).capsule(tmp_path / "c")
    found = replay(tmp_path / "c")
    assert found.verdict == "different"
    [row] = found.table[found.table["verdict"] == "different"].to_dict("records")
    assert row["answer_difference"] == pytest.approx(0.01, rel=1e-3)
    assert row["score_difference"] == 0


def test_a_row_that_did_not_come_again_is_told(results, tmp_path):
    fewer = Results(results.table[1:], results.settings, predictions=results._predictions)
    fewer.capsule(tmp_path / "c")
    found = replay(tmp_path / "c")
    assert found.verdict == "different"
    assert "is there one time only" in found.describe()


def with_settings(results, **settings):
    return Results(results.table, dataclasses.replace(results.settings, **settings))


def test_other_data_are_told_and_not_evaluated(results, tmp_path):
    digests = json.loads(json.dumps(results.settings.digests))
    digests["a"]["people"]["S02"] = ["other", 1.0]
    digests["a"]["data"] = "other"
    with_settings(results, digests=digests).capsule(tmp_path / "c")
    found = replay(tmp_path / "c")
    assert (found.verdict, found.results) == ("different", None)
    assert found.people == {"a": ["S02"]}
    assert "nothing was evaluated" in found.describe()
    assert "The signals of 'S02' in a are others than then" in found.describe()


def test_signals_of_another_cpu_are_within_rounding(results, tmp_path):
    digests = json.loads(json.dumps(results.settings.digests))
    digests["b"]["data"] = "other"
    digests["b"]["people"]["S02"][0] = "other"
    digests["b"]["people"]["S02"][1] *= 1 + 1e-9
    with_settings(results, digests=digests).capsule(tmp_path / "c")
    assert replay(tmp_path / "c").data == {"a": "exact", "b": "within rounding"}


def test_other_folds_and_versions_are_told(results, tmp_path):
    digests = json.loads(json.dumps(results.settings.digests))
    digests["a"]["folds"] = "other"
    versions = results.settings.versions | {"numpy": "1.0"}
    with_settings(results, digests=digests, versions=versions).capsule(tmp_path / "c")
    found = replay(tmp_path / "c")
    assert found.verdict == "different"
    assert "The folds hold other trials" in found.describe()
    assert "numpy 1.0 then" in found.describe()


class Mine(ClassifierMixin, BaseEstimator):
    """Of a script."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def test_people_may_be_a_range(tmp_path):
    trials = load_dataset("simulated", **OPTIONS, subjects=range(1, 4))
    evaluate(forest(), trials, cv="loso").capsule(tmp_path / "c")
    assert replay(tmp_path / "c").verdict == "exact"


def test_scorers_of_scikit_learns_functions_and_of_one_s_own(trials, tmp_path):
    scoring = {
        "f1": make_scorer(f1_score, average="macro"),
        "mine": make_scorer(share_of_hits, weight=2.0),
    }
    dummy = DummyClassifier(random_state=0)
    evaluate(dummy, trials, cv="group-2", scoring=scoring).capsule(tmp_path / "c")
    with pytest.raises(ValueError, match=r"trust the file.*custom_classes=\[share_of_hits\]"):
        replay(tmp_path / "c")
    again = replay(tmp_path / "c", custom_classes=[share_of_hits])
    assert again.verdict == "exact"
    assert again.results.metrics == ["f1", "mine"]


def test_what_cannot_be_replayed_is_refused_when_it_is_written(trials, tmp_path):
    path = tmp_path / "c"
    of_arrays = evaluate(DummyClassifier(), example_trials(24), cv="loso")
    with pytest.raises(ValueError, match="Where the trials 'trials' came from is not known"):
        of_arrays.capsule(path)
    with pytest.raises(ValueError, match="Where the trials"):
        evaluate(DummyClassifier(), trials[::2], cv="loso").capsule(path)
    step = FunctionTransformer(lambda X: np.asarray(X)[:, 0])
    pipelines = {"mine": Pipeline([step, Mine()]), "dummy": DummyClassifier()}
    with pytest.raises(ValueError, match="'mine' cannot be written as code"):
        evaluate(pipelines, trials, cv="loso").capsule(path)
    one, other = (evaluate({n: DummyClassifier()}, trials, cv="loso") for n in "ab")
    with pytest.raises(ValueError, match="several runs put together"):
        join_results({"1": one, "2": other}).capsule(path)
    with pytest.raises(ValueError, match="took no digest"):
        with_settings(one, digests={}).capsule(path)
    assert not path.exists()


def test_a_seed_that_is_not_told_is_told(trials, tmp_path):
    loose = Pipeline([BandPower(), RandomForestClassifier(2)])
    results = evaluate({"loose": loose}, trials, cv="group-2")
    with pytest.warns(UserWarning, match="A random_state in 'loose' is None"):
        results.capsule(tmp_path / "c")
    assert replay(tmp_path / "c").unseeded == ["loose"]


def test_classes_of_one_s_own_are_given(trials, tmp_path):
    evaluate(Mine(), trials, cv="loso").capsule(tmp_path / "c")
    with pytest.raises(ValueError, match=r"trust the file.*custom_classes=\[Mine\]"):
        replay(tmp_path / "c")
    assert replay(tmp_path / "c", custom_classes=[Mine]).verdict == "exact"


@pytest.mark.parametrize(
    "value",
    [
        forest(max_depth=None),
        GridSearchCV(forest(), {"randomforestclassifier__max_depth": [1, 2]}, cv=GroupKFold(2)),
        FunctionTransformer(np.log, kw_args={"where": True}),
        FunctionTransformer(normalize, kw_args={"norm": "l1"}),
        FunctionTransformer(),
        SelectKBest(f_classif, k=3),
        {"train": ["a", -1.5, None], "test": (1, 2e-3)},
        np.arange(4.0).reshape(2, 2),
        float("inf"),
        set(),
        make_scorer(f1_score, average="macro"),
        make_scorer(log_loss, greater_is_better=False, response_method="predict_proba"),
    ],
)
def test_what_is_written_is_read_again(value):
    writer = CodeWriter()
    text = writer.write(value)
    again = CodeReader(writer.imports, {}).read(text)
    assert type(again) is type(value)
    assert CodeWriter().write(again) == text


@pytest.mark.parametrize(
    ("imports", "text"),
    [
        (["from os import system"], "system('true')"),
        (["from subprocess import Popen"], "FunctionTransformer(func=Popen)"),
        (
            [
                "from sklearn.metrics import make_scorer",
                "from sklearn.datasets import fetch_openml",
            ],
            "make_scorer(fetch_openml, cache=False)",
        ),
        (["from sklearn.datasets import fetch_openml"], "fetch_openml('iris')"),
        (
            ["from sklearn.datasets import dump_svmlight_file"],
            "FunctionTransformer(func=dump_svmlight_file, kw_args={'f': 'file'})",
        ),
        (["from eegkit import save"], "FunctionTransformer(func=save, kw_args={'path': 'file'})"),
        (["from torch import Tensor"], "FunctionTransformer(func=Tensor)"),
        (["from torch import load"], "load"),
        (["from numpy import save"], "save"),
        ([], "__import__('os').system('true')"),
        ([], "(lambda: 1)()"),
        ([], "[x for x in (1, 2)]"),
        ([], "1 +"),
        ([], "open('file')"),
        (["from sklearn.pipeline import Pipeline"], "Pipeline(**{'steps': []})"),
    ],
)
def test_what_is_no_value_and_no_estimator_is_refused(imports, text):
    imports = [*imports, "from sklearn.preprocessing import FunctionTransformer"]
    with pytest.raises(ValueError, match=r"no plain value|no library that eegkit knows|no Python"):
        CodeReader(imports, {}).read(text)


def test_the_command_says_so_by_its_exit_code(trials, tmp_path):
    results = evaluate({"flat": DummyClassifier(random_state=0)}, trials, cv="loso", twin=True)
    results.capsule(tmp_path / "results.safetensors")
    run = CliRunner().invoke(main, ["replay", str(tmp_path)])
    assert run.exit_code == 0, run.output
    assert "Exact: all" in run.output
    wrong = changed(results, accuracy=results.table["accuracy"] + 0.5)
    wrong.capsule(tmp_path / "results.safetensors")
    run = CliRunner().invoke(main, ["replay", str(tmp_path)])
    assert run.exit_code == 3
    assert "S01" in run.output
    (tmp_path / "results.safetensors").write_bytes(b"no capsule")
    assert CliRunner().invoke(main, ["replay", str(tmp_path)]).exit_code == 1


def test_a_capsule_is_a_file_of_results_without_pickle(capsule, results):
    pd.testing.assert_frame_equal(Results.load(capsule).table, results.table)
    content, _ = tensor_file.read(capsule.read_bytes(), "c")
    assert set(content["settings"]["digests"]) == {"a", "b"}
    assert content["settings"]["seeds"]["forest"] == {
        "randomforestclassifier__random_state": [3, 4]
    }
