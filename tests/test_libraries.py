"""The command that installs what is missing."""

import importlib.machinery

import pytest

from eegkit.libraries import install_command


@pytest.mark.parametrize(("pip", "tool"), [(object(), "pip install"), (None, "uv pip install")])
def test_the_tool_is_the_one_that_the_environment_has(monkeypatch, pip, tool):
    monkeypatch.setattr(importlib.machinery.PathFinder, "find_spec", lambda name: pip)
    assert install_command("eegkit[tune]") == f"{tool} 'eegkit[tune]'"
    assert install_command("-e", "./a b") == f"{tool} -e './a b'"
