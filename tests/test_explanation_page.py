"""The table of what methods find is what the benchmark stored."""

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "explain.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("explain_benchmark", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_that_of_the_store(benchmark):
    assert benchmark.page_table() in benchmark.PAGE.read_text(encoding="utf-8"), (
        "docs/explanation.md is not what is stored: python benchmarks/explain.py --page"
    )


def test_a_cell_has_mean_and_spread(benchmark):
    assert benchmark._cell(pd.Series([0.9, 1.0])) == "0.95 ± 0.07"
    assert benchmark._cell(pd.Series([0.9, None])) == "0.90"
    assert benchmark._cell(pd.Series([None, None], dtype=float)) == ""


def test_the_nearest_electrodes_are_neighbours(benchmark):
    names = ("F7", "Fp1", "F3", "T7", "C3", "Cz", "O1", "O2", "P4")
    assert benchmark.nearest("F7", names) == {"F7", "Fp1", "F3", "T7", "C3"}
