"""`Results`: what it adds up, and files."""

import json

import numpy as np
import pandas as pd
import pytest

from eegkit import Results


def table(**changes):
    columns = {
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
    }
    return pd.DataFrame(columns | changes)


SETTINGS = {"cv": "group-2", "n_folds": 2, "scoring": ["accuracy"], "subject_overlap": False}


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


def test_json_round_trip(results, tmp_path):
    results.to_json(tmp_path / "r.json")
    again = Results.from_json(tmp_path / "r.json")
    pd.testing.assert_frame_equal(again.table, results.table, check_exact=True)
    assert again.settings == results.settings
    json.loads((tmp_path / "r.json").read_text(), parse_constant=pytest.fail)
    assert [file.name for file in tmp_path.iterdir()] == ["r.json"]


def test_csv_is_the_table(results, tmp_path):
    results.to_csv(tmp_path / "r.csv")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "r.csv"), results.table)


def test_a_write_that_fails_leaves_the_old_file(results, tmp_path, monkeypatch):
    path = tmp_path / "r.json"
    results.to_json(path)
    before = path.read_text()

    def full_disk(self, text, **options):
        self.touch()
        raise OSError("no space left")

    monkeypatch.setattr("pathlib.Path.write_text", full_disk)
    with pytest.raises(OSError, match="no space"):
        results.to_json(path)
    assert path.read_text() == before
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("text", "message"), [("{", "is no JSON file"), ("{}", "format is None"), ("[]", "is no 'eeg")]
)
def test_other_files_are_refused(tmp_path, text, message):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        Results.from_json(path)


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
