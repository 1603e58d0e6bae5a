"""What a failing check of the conformance kit says, and the page that lists the checks."""

import ast
import importlib
import re
from pathlib import Path
from typing import ClassVar
from unittest import SkipTest

import numpy as np
import pytest
from torch import nn

from eegkit import testing
from eegkit.classifiers import DenseNet
from eegkit.datasets import Simulated
from eegkit.transforms import Crop

ROOT = Path(__file__).parents[1]


def test_every_assertion_says_what_it_saw():
    for file in (ROOT / "eegkit" / "testing").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            bare = isinstance(node, ast.Assert) and node.msg is None
            assert not bare, f"{file.name}, line {node.lineno}"


def test_the_page_lists_every_check():
    page = (ROOT / "docs" / "plugin_checks.md").read_text().replace("`", "")
    rows = dict(re.findall(r"^\| (\w+) \| (.+) \|$", page, re.MULTILINE))
    checks = [
        *testing.classifier_checks(DenseNet),
        *testing.transform_checks(Crop),
        *testing.dataset_checks(Simulated()),
    ]
    expected = {check.name: check.wanted.replace("`", "") for check in checks}
    assert {name: text for name, text in rows.items() if name in expected} == expected
    assert all(expected.values())


class Moody(Simulated):
    """Other trials each time, and a rate that it does not keep to."""

    n_loads = 0

    def load(self):
        Moody.n_loads += 1
        trials = super().load()
        return trials[Moody.n_loads % 2 :]


def test_a_failure_has_what_how_and_where():
    checks = {
        check.name: check for check in testing.dataset_checks(Moody(n_subjects=2, n_trials=4))
    }
    with pytest.raises(AssertionError) as raised:
        checks["same_twice"]()
    text = str(raised.value)
    assert text.startswith("same_twice: ")
    assert "X of the second load" in text
    assert "\nWanted: Loading twice gives the same.\n" in text
    assert "'What the conformance kit checks'" in text


def test_errors_of_the_plugin_are_told_too():
    def run():
        raise KeyError("electrode")

    [verdict] = testing.verdicts([testing.Check("odd", run, "Something.")])
    [line] = [n for n, text in enumerate(Path(__file__).read_text().split("\n"), 1)
              if text.strip() == 'raise KeyError("electrode")']  # fmt: skip
    place = f"(run, line {line} of test_conformance.py)"
    assert verdict.seen == f"KeyError('electrode') in `raise KeyError(\"electrode\")` {place}"
    assert verdict.wanted == "Something."
    [verdict] = testing.verdicts([testing.Check("fine", lambda: None)])
    assert verdict.failure is None


class Forgetful(Crop):
    """Its mistake is in its own method, which libraries call."""

    def transform_block(self, block):
        return {}["kernel"]


def test_a_mistake_that_fails_every_check_is_told_in_its_line():
    checks = testing.transform_checks(Forgetful)
    seen = {v.check: v.seen for v in testing.verdicts(checks) if v.failure is not None}
    assert len(seen) > 10
    told = seen["scikit_learn_check_estimator"]
    assert told.startswith("KeyError('kernel') in `return {}[\"kernel\"]` (transform_block, line ")
    assert told.endswith(" of test_conformance.py)")
    assert sum(text == told for text in seen.values()) > 5


def test_facts_that_do_not_hold_are_told():
    def seen(dataset):
        [check] = [c for c in testing.dataset_checks(dataset) if c.name == "facts_hold"]
        [verdict] = testing.verdicts([check])
        return verdict.seen

    simulated = {"n_trials": 4, "channels": ["C3", "Cz"]}
    assert not seen(Simulated(n_subjects=3, **simulated))

    class FewChannels(Simulated):
        n_channels = 1

    class Slow(Simulated):
        recorded_sfreq = 64.0

    class Longer(Simulated):
        window_s: float = 5.0

    assert seen(FewChannels(n_subjects=3, **simulated)) == (
        "n_channels is 1, but the trials have 2; expected at most 1"
    )
    assert "recorded_sfreq is 64 Hz, but the trials are at 128 Hz" in seen(Slow(**simulated))
    assert "window_s is 5 s, but trials of 384 samples at 128 Hz last 3 s" in seen(
        Longer(**simulated)
    )


class SoftmaxNet(DenseNet):
    """Its net ends in probabilities, which training takes for logits."""

    def build_module(self, input_shape, n_classes):
        return nn.Sequential(super().build_module(input_shape, n_classes), nn.Softmax(dim=1))


def test_a_net_that_ends_in_a_softmax_is_told_so():
    [check] = [c for c in testing.classifier_checks(SoftmaxNet) if c.name == "logits"]
    [verdict] = testing.verdicts([check])
    assert verdict.seen.endswith("leave out the softmax at the end of the net")
    [check] = [c for c in testing.classifier_checks(DenseNet) if c.name == "logits"]
    check()


def test_failures_of_scikit_learn_that_say_the_same_stand_together(monkeypatch):
    results = [
        {"check_name": name, "status": "failed", "exception": AssertionError(words)}
        for name, words in (("one", "is odd"), ("two", "is even"), ("three", "is odd"))
    ]
    monkeypatch.setattr(
        "eegkit.testing._estimators.check_estimator", lambda *args, **options: results
    )
    check, *_ = testing.transform_checks(Doubled)
    with pytest.raises(AssertionError, match="one, three: is odd\ntwo: is even\n"):
        check()


def test_a_check_whose_package_is_missing_is_skipped(monkeypatch):
    monkeypatch.setattr("eegkit.testing._examples.find_spec", lambda name: None)
    checks = [check for check in testing.transform_checks(Crop) if check.name == "skops"]
    [verdict] = testing.verdicts(checks)
    assert verdict.failure is None
    assert verdict.skip.startswith("Needs skops: ")
    assert verdict.skip.endswith("pip install 'eegkit[skops]'")
    with pytest.raises(SkipTest, match="Needs skops"):
        checks[0]()


class Shorter(Crop):
    """What has no annotation is a parameter to its reader alone."""

    DEEPEST = 3
    input_kind = "raw"
    pad: float = 0.0
    gain = 0.25


def test_what_looks_like_a_parameter_is_one():
    [check] = [c for c in testing.transform_checks(Shorter) if "annotated" in c.name]
    with pytest.raises(
        AssertionError, match=r"gain has no annotation.*; write gain: float = 0\.25"
    ):
        check()
    Shorter.__annotations__["gain"] = ClassVar[float]
    check()


class Doubled(Crop):
    """Gives float64."""

    def transform(self, X, **options):
        return super().transform(X, **options).astype(np.float64)


def test_of_a_transform():
    [check] = [c for c in testing.transform_checks(Doubled) if c.name == "output"]
    with pytest.raises(AssertionError, match="transform gives float64; expected float32"):
        check()


def test_an_assertion_without_words_shows_its_line(tmp_path, monkeypatch):
    # Of a module of its own: pytest puts words to those of a test.
    (tmp_path / "wordless.py").write_text(
        "def learn():\n    score = 0.5\n    assert score > 0.83\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    learn = importlib.import_module("wordless").learn

    def run(*args, **options):
        with pytest.raises(AssertionError) as raised:
            learn()
        return [{"check_name": "learns", "status": "failed", "exception": raised.value}]

    monkeypatch.setattr("eegkit.testing._estimators.check_estimator", run)
    check, *_ = testing.transform_checks(Doubled)
    with pytest.raises(AssertionError, match=r"learns: `assert score > 0\.83` does not hold"):
        check()
    [verdict] = testing.verdicts([testing.Check("bare", learn)])
    assert verdict.seen == "`assert score > 0.83` does not hold"
