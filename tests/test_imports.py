"""What importing eegkit costs: nothing heavy before it is used."""

import ast
import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import eegkit

HEAVY = ("torch", "mne", "skorch", "matplotlib")
# torchaudio refuses the newest torch; braindecode imports it.
HOLD_TORCH_BACK = {"braindecode", "torchaudio"}


def loaded_by(code):
    script = f"{code}\nimport sys\nprint(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    "module",
    [
        "eegkit",
        "eegkit.registry",
        "eegkit.cli",
        "eegkit.evaluation",
        "eegkit.persistence",
        "eegkit.transforms",
    ],
)
def test_nothing_heavy(module):
    assert loaded_by(f"import {module}") == []


def test_data_sets_and_plots_need_no_torch():
    assert "torch" not in loaded_by("import eegkit.datasets, eegkit.plots")


def test_nothing_that_is_required_holds_torch_back():
    needs = [Requirement(line) for line in importlib.metadata.requires("eegkit")]
    required = {need.name: need for need in needs if need.marker is None}
    assert required.keys() & HOLD_TORCH_BACK == set()
    assert {each.operator for each in required["torch"].specifier} == {">="}
    assert not [name for name in required if name.startswith("eegkit")]


def test_nothing_that_is_imported_holds_torch_back():
    for path in Path(eegkit.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Import(names=names):
                    modules = [alias.name for alias in names]
                case ast.ImportFrom(module=module, level=0):
                    modules = [module]
                # The name given to importlib.import_module and the like.
                case ast.Call(args=[ast.Constant(value=str(text)), *_]):
                    modules = [text]
                case _:
                    continue
            assert {name.partition(".")[0] for name in modules} & HOLD_TORCH_BACK == set(), path


def test_public_names():
    for name in eegkit.__all__:
        assert getattr(eegkit, name) is not None
    assert set(eegkit.__all__) <= set(dir(eegkit))
    with pytest.raises(AttributeError, match="No eegkit attribute nothing"):
        eegkit.nothing  # noqa: B018
