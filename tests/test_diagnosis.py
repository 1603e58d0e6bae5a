"""``eegkit doctor``."""

import pytest
from click.testing import CliRunner

from eegkit import __version__, diagnosis
from eegkit.cli import main
from eegkit.libraries import install_command
from eegkit.registry import Description, entries


@pytest.fixture
def quick(monkeypatch):
    """The plugins as they are listed, without importing them."""
    listed = [Description(entry, "A line.") for entry in entries("transforms")]
    monkeypatch.setattr(diagnosis, "overview", lambda: listed)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("EEGKIT_DATA", raising=False)
    return listed


def test_what_is_there(quick, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    done = CliRunner().invoke(main, ["doctor"])
    assert done.exit_code == 0, done.output
    for words in (__version__, "torch", "GPU", "OMP_NUM_THREADS=1", "eegkit-vae", "Nothing hurts."):
        assert words in done.output


def test_what_is_wrong(quick, monkeypatch, tmp_path):
    quick[0] = Description(quick[0].entry, "", "OSError: gone")
    monkeypatch.setenv("EEGKIT_DATA", str(tmp_path / "none"))
    done = CliRunner().invoke(main, ["doctor"])
    assert done.exit_code == 1
    assert "cannot be imported: OSError: gone" in done.output
    assert "which is no folder; make it, or set another." in done.output


def test_extras():
    facts = diagnosis.extras({"a": ["numpy"], "b": ["numpy", "no-such-thing"]})
    assert facts == {
        "a": "installed",
        "b": f"missing no-such-thing: {install_command('eegkit[b]')}",
    }
    assert {"bids", "tune", "explain", "notebook"} <= set(diagnosis.extras())
    assert "all" not in diagnosis.extras()
