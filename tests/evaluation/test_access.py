"""What decoders may see of the people they are tested on is told beside every score."""

import dataclasses
import warnings
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.dummy import DummyClassifier

from eegkit import Pipeline, Results, evaluate, report
from eegkit.access import with_access
from eegkit.cli._tables import show_summary
from eegkit.evaluation import friedman_nemenyi, join_results
from eegkit.plots import ComparisonDisplay
from eegkit.testing import example_trials


class Seeing(TransformerMixin, BaseEstimator):
    """A step that does nothing, with some access."""

    def __init__(self, access: str = "transductive") -> None:
        self.access = access

    def __sklearn_tags__(self) -> Any:
        return with_access(super().__sklearn_tags__(), self.access)

    def fit(self, X: Any, y: Any = None) -> Any:
        return self

    def transform(self, X: Any) -> Any:
        return X


@pytest.fixture(scope="module")
def results() -> Results:
    pipelines = {
        "wide": Pipeline([Seeing(), DummyClassifier(strategy="uniform", random_state=0)]),
        "none": DummyClassifier(),
        "also none": DummyClassifier(strategy="uniform", random_state=1),
    }
    return evaluate(pipelines, example_trials(n_trials=48), cv="loso", scoring="accuracy")


NOTE = "Not like with like, since access differs: none of none, also none; transductive of wide."


def test_access_stands_beside_the_scores(results: Results) -> None:
    assert results.settings.access == {"wide": "transductive", "none": "none", "also none": "none"}
    for table in (results.summary(), results.per_subject()):
        assert list(table)[1:3] == ["pipeline", "access"]
        by_name = dict(zip(table["pipeline"], table["access"], strict=True))
        assert by_name == results.settings.access
    lines = repr(results).splitlines()
    assert "wide (access transductive): accuracy" in lines[1]
    assert "none: accuracy" in lines[2]
    assert NOTE in lines[-1]
    assert NOTE in results._repr_html_()


def test_a_ranking_of_unequal_access_says_so(results: Results) -> None:
    with pytest.warns(UserWarning, match="Not like with like"):
        results.compare()
    with pytest.warns(UserWarning, match="Not like with like"):
        friedman_nemenyi(results.scores())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        equals = results.select(pipeline=["none", "also none"])
        equals.compare()
        assert not equals.access_note
        names = list(ComparisonDisplay.from_results(results).scores)
    assert names == ["wide (transductive)", "none (none)", "also none (none)"]


def test_the_command_prints_access(results: Results) -> None:
    console = Console(record=True, width=80)
    show_summary(results, results.metrics, console)
    text = console.export_text()
    assert "(transductive)" in text
    assert NOTE in " ".join(text.split())


def test_the_report_tells_access(results: Results, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        html = report(results, tmp_path / "report.html").read_text("utf-8")
    assert html.count(NOTE) >= 3  # the answer, the summary, the comparison
    assert "<td>transductive</td>" in html


def test_access_survives_files_and_joins(results: Results, tmp_path: Path) -> None:
    results.save(tmp_path / "results.safetensors")
    loaded = Results.load(tmp_path / "results.safetensors")
    assert loaded.settings.access == results.settings.access
    old = dataclasses.replace(results.settings, access={})
    of_before = Results(results.table, old)
    assert set(of_before.summary()["access"]) == {"none"}
    joint = join_results({"new": loaded, "old": of_before})
    assert joint.settings.access["wide (new)"] == "transductive"
    assert joint.settings.access_of("wide (old)") == "none"
