"""The page of accuracy tables is what the stored results say."""

import importlib.util
import re
from pathlib import Path

import pandas as pd
import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "accuracy" / "tables.py"


@pytest.fixture(scope="module")
def tables():
    spec = importlib.util.spec_from_file_location("tables", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_that_of_the_store(tables):
    assert tables.PAGE.read_text(encoding="utf-8") == tables.page(), (
        "docs/benchmarks/accuracy.md is not what is stored: python benchmarks/accuracy/tables.py"
    )


def test_every_row_of_the_store_is_on_the_page(tables):
    page = tables.PAGE.read_text(encoding="utf-8")
    for name in tables.STUDIES:
        stored = pd.read_csv(tables.RESULTS / f"{name}.csv")
        for row in stored.itertuples():
            score = f"{row.mean:.3f} ({row.ci_low:.3f} to {row.ci_high:.3f})"
            line = rf"^\| `{re.escape(row.decoder)}` \| {row.kind} \|.*{re.escape(score)}"
            assert re.search(line, page, flags=re.MULTILINE), (name, row.decoder, score)


def test_a_net_shows_its_score_before_where_a_default_was_changed(tables):
    stored = pd.read_csv(tables.RESULTS / "nets.csv")
    lines = {line.split("`")[1]: line for line in tables.nets(stored) if "`" in line}
    assert lines.keys() == set(stored["decoder"])
    for row in stored.itertuples():
        part = f"{row.mean:.3f}, now " if row.settings == "before" else f"{row.mean:.3f} ("
        assert part in lines[row.decoder]


def test_the_best_is_the_lowest_of_error_rates(tables):
    rows = pd.DataFrame(
        {
            "access": ["none", "none", "causal"],
            "decoder": ["a", "b", "c"],
            "mean": [0.1, 0.2, 0.3],
            "ci_low": 0.0,
            "ci_high": 1.0,
        }
    )
    shown = tables._best(rows, "equal_error_rate")
    assert shown == "0.100 (0.000 to 1.000) `a`, none; 0.300 (0.000 to 1.000) `c`, causal"
    assert tables._best(rows, "accuracy").startswith("0.200 (0.000 to 1.000) `b`, none; 0.3")
    assert tables._best(rows[:0], "accuracy") == "-"
