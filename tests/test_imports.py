"""What importing eegkit costs: nothing heavy before it is used."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "mne", "braindecode", "skorch", "matplotlib")


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


def test_braindecode_waits_for_its_first_use():
    assert "braindecode" not in loaded_by("import eegkit.classifiers")


def test_public_names():
    import eegkit

    for name in eegkit.__all__:
        assert getattr(eegkit, name) is not None
    assert set(eegkit.__all__) <= set(dir(eegkit))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        eegkit.nothing  # noqa: B018
