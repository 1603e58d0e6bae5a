"""`Results`: what it adds up, and files."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eegkit import Results
from eegkit.evaluation import Predictions, RunSettings
from eegkit.evaluation.results.tables import summarize


def table(**changes):
    columns = {
        "dataset": "trials",
        "pipeline": ["b", "b", "b", "a", "a", "a"],
        "fold": [0, 1, 1, 0, 1, 1],
        "subject": [10, 9, 10] * 2,
        "n_train": 4,
        "n_test": [2, 3, 4] * 2,
        "n_train_subjects": 1,
        "accuracy": [0.5, 1.0, 0.7, np.nan, 0.25, 0.1 + 0.2],
        "chance_accuracy": 0.5,
        "fit_time_s": 0.1,
        "score_time_s": 0.01,
        "peak_mb": [100.0, 200.0, 150.0] * 2,
    }
    return pd.DataFrame(columns | changes)


SETTINGS = RunSettings(cv="group-2", n_folds={"trials": 2}, scoring=["accuracy"])


@pytest.fixture
def results():
    return Results(table(), SETTINGS)


def test_a_person_is_the_mean_over_folds(results):
    people = results.per_subject()
    assert people["pipeline"].tolist() == ["b", "b", "a", "a"], "pipelines keep their order"
    assert people["subject"].tolist() == [9, 10, 9, 10]
    assert people["n_folds"].tolist() == [1, 2, 1, 2]
    assert people["n_test"].tolist() == [3, 6, 3, 6]
    np.testing.assert_allclose(people["accuracy"], [1.0, 0.6, 0.25, 0.3])


def test_the_summary_counts_every_person_once(results):
    b, a = results.summary().to_dict("records")
    assert (b["pipeline"], b["metric"], b["n_subjects"], b["n_above_chance"]) == (
        "b",
        "accuracy",
        2,
        2,
    )
    assert b["mean"] == pytest.approx(0.8)
    assert b["sd"] == pytest.approx(np.std([1.0, 0.6], ddof=1))
    assert a["n_above_chance"] == 0
    assert 0.6 <= b["ci_low"] <= b["mean"] <= b["ci_high"] <= 1


def predictions(n=7, n_classes=3):
    rng = np.random.default_rng(0)
    classes = np.array(["left", "rest", "right"])[:n_classes]
    proba = rng.dirichlet(np.ones(n_classes), n).astype(np.float32)
    return Predictions(
        trial=np.arange(n)[::-1].astype(np.int64), fold=np.arange(n) % 2,
        seed=np.zeros(n, np.int64), subject=np.array([9, 10])[np.arange(n) % 2],
        y=classes[np.arange(n) % n_classes], predicted=classes[proba.argmax(1)],
        classes=classes, proba=proba,
    )  # fmt: skip


def test_a_metric_that_is_nan_for_everybody():
    results = Results(table(accuracy=np.nan), SETTINGS)
    assert results.summary()[["mean", "ci_low", "ci_high"]].isna().all(axis=None)
    assert "nan" in repr(results)


def test_equal_scores_are_printed_alike():
    n_right = np.random.default_rng(0).integers(0, 21, (200, 10, 2))
    means = []
    for classes in n_right:
        scores = {"accuracy": classes.sum(axis=1) / 40, "balanced": (classes / 20).mean(axis=1)}
        chances = {f"chance_{name}": 0.5 for name in scores}
        means.append([values.mean() for values in scores.values()])
        rows = pd.DataFrame(
            {"dataset": "d", "pipeline": "a", "seed": 0, "fold": 0, "n_test": 40}
            | {"subject": np.arange(10)} | scores | chances
        )  # fmt: skip
        summary = summarize(rows, list(scores))[["mean", "ci_low", "ci_high"]]
        assert (summary.iloc[0] == summary.iloc[1]).all()
    assert any(f"{a:.3f}" != f"{b:.3f}" for a, b in means), "so they would be without rounding"


def test_saved_and_loaded(tmp_path):
    made = {("trials", "b"): predictions(), ("trials", "a"): predictions(5, 2)}
    failure = {"dataset": "trials", "pipeline": "a", "fold": 3, "error": "E: x", "traceback": "t"}
    results = Results(table(), SETTINGS, predictions=made, failures=[failure])
    results.save(tmp_path / "r.safetensors")
    again = Results.load(tmp_path / "r.safetensors")
    pd.testing.assert_frame_equal(again.table, results.table, check_exact=True)
    pd.testing.assert_frame_equal(again.failures, results.failures)
    assert again.settings == results.settings
    for name in ("a", "b"):
        named = replace(made["trials", name], pipeline=name, dataset="trials")
        for key, value in vars(named).items():
            np.testing.assert_array_equal(getattr(again.predictions(name), key), value)
    assert [file.name for file in tmp_path.iterdir()] == ["r.safetensors"]
    assert "1 fit failed" in repr(again)


def test_what_is_not_there_is_named(results):
    with pytest.raises(ValueError, match="pipeline is 'c'; the results have 'b', 'a'"):
        results.predictions("c")
    with pytest.raises(ValueError, match="metric is 'f1'"):
        results.scores("f1")
    with pytest.raises(ValueError, match="no predictions of 'b'"):
        results.predictions()


def test_answers_in_a_line_and_as_a_table():
    made = {("trials", "b"): predictions(), ("trials", "a"): predictions(700, 2)}
    results = Results(table(), SETTINGS, predictions=made)
    whole = (
        "<Predictions of 'b' on 'trials': 7 answers about 2 people, 2 folds, 3 classes (left, "
        "rest, right), with probabilities; to_frame() gives the table>"
    )
    assert repr(results.predictions()) == whole
    second = results.predictions("a")
    assert len(repr(second)) < 200
    assert repr(second).startswith("<Predictions of 'a'")
    frame = second.to_frame()
    assert frame.columns.tolist() == [
        "trial", "fold", "seed", "subject", "y", "predicted", "p_left", "p_rest",
    ]  # fmt: skip
    np.testing.assert_array_equal(frame[["p_left", "p_rest"]], second.proba)
    without = replace(predictions(), proba=None)
    assert "p_left" not in without.to_frame()
    assert repr(without).startswith("<Predictions: 7 answers")
    assert "no probabilities" in repr(without)


def test_answers_in_a_notebook():
    shown = replace(predictions(700), pipeline="<b>")._repr_html_()
    assert "<b>Predictions of &#x27;&lt;b&gt;&#x27;</b>: 700 answers about 2 people" in shown
    assert shown.count("<tr") == 6
    assert "and 695 more" in shown
    assert "more" not in predictions(2)._repr_html_()
    assert "0 answers" in predictions(2)[:0]._repr_html_()


def test_classes_of_folds_are_brought_together():
    both, all_three = predictions(4, 2), predictions(6, 3)
    joined = Predictions.joined([both, all_three])
    assert joined.classes.tolist() == ["left", "rest", "right"]
    assert joined.proba.shape == (10, 3)
    np.testing.assert_array_equal(joined.proba[:4, :2], both.proba)
    assert (joined.proba[:4, 2] == 0).all()
    assert len(joined[joined.fold == 0]) == 5


def test_recall_of_each_class():
    made = predictions()
    results = Results(table(), SETTINGS, predictions={("trials", "b"): made})
    classes = results.per_class()
    assert classes["n_trials"].tolist() == [3, 2, 2]
    left = made.y == "left"
    assert classes.loc["left", "recall"] == (made.predicted[left] == "left").mean()


def test_costs_are_of_folds_not_of_people(results):
    costs = results.costs().set_index("pipeline")
    assert costs.loc["b", "n_folds"] == 2
    assert costs.loc["b", "peak_mb"] == 200
    assert costs.loc["b", "total_s"] == pytest.approx(0.22)


def test_csv_is_the_table(results, tmp_path):
    results.to_csv(tmp_path / "r.csv")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "r.csv"), results.table)


def test_a_write_that_fails_leaves_the_old_file(results, tmp_path, monkeypatch):
    path = tmp_path / "r.csv"
    results.to_csv(path)
    before = path.read_text()

    def full_disk(self, beside, **options):
        beside.touch()
        raise OSError("no space left")

    monkeypatch.setattr("pandas.DataFrame.to_csv", full_disk)
    with pytest.raises(OSError, match="no space"):
        results.to_csv(path)
    assert path.read_text() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_other_files_are_refused(results, tmp_path):
    path = tmp_path / "other"
    path.write_text("{}")
    with pytest.raises(ValueError, match="no file of eegkit's"):
        Results.load(path)
    results.save(path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        Results.load(path)


def test_a_table_without_its_columns_is_refused():
    with pytest.raises(ValueError, match="lacks the columns chance_accuracy"):
        Results(table().drop(columns="chance_accuracy"), SETTINGS)


def test_text_and_html_say_that_people_were_kept_apart(results):
    assert repr(results).splitlines() == [
        "<Results: 2 pipelines, 2 people, 2 folds (group-2), people kept apart",
        "  b: accuracy 0.800 ± 0.283, chance 0.500, 2 of 2 above",
        "  a: accuracy 0.275 ± 0.035, chance 0.500, 0 of 2 above>",
    ]
    assert "people kept apart" in results._repr_html_()
    assert "<td>0.800</td>" in results._repr_html_()


def test_a_selection_holds_what_belongs_to_it():
    both = pd.concat([table(), table(dataset="other")])
    failure = {"dataset": "other", "pipeline": "b", "fold": 2, "error": "E", "traceback": "T"}
    settings = RunSettings(
        cv="group-2", n_folds={"trials": 2, "other": 3}, scoring=["accuracy"],
        pipelines={"a": "A()", "b": "B()"}, baselines=["b"],
    )  # fmt: skip
    results = Results(both, settings, failures=[failure])
    one = results.select(dataset="other", pipeline="b")
    assert (one.datasets, one.pipelines) == (["other"], ["b"])
    assert len(one.table) == 3
    assert len(one.failures) == 1
    assert one.settings.n_folds == {"other": 3}
    assert one.settings.pipelines == {"b": "B()"}
    assert not len(results.select(pipeline=["a"]).failures)
    assert results.select().table.equals(results.table)
    with pytest.raises(ValueError, match="dataset is 'third'; the results have 'trials', 'other'"):
        results.select(dataset="third")


def test_settings_of_an_older_file_are_read():
    old = {"cv": "loso", "scoring": ["accuracy"], "command": {"dataset": "simulated"}}
    settings = RunSettings.from_dict(old)
    assert settings.split == "loso"
    assert RunSettings.from_dict(settings.to_dict()) == settings


def test_a_folder_stands_for_its_results(results, tmp_path):
    results.save(tmp_path / "run" / "results.safetensors")
    assert repr(Results.load(tmp_path / "run")) == repr(results)
    with pytest.raises(ValueError, match="holds the runs run: name one"):
        Results.load(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"the folder of a run, .*; did you mean 'run'"):
        Results.load(tmp_path / "rum")


def test_save_writes_no_table(results, tmp_path):
    with pytest.raises(ValueError, match=r"results\.to_csv.*'r\.safetensors', which load reads"):
        results.save(tmp_path / "r.csv")
    assert not list(tmp_path.iterdir())
