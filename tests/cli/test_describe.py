import pytest
from click.testing import CliRunner

from eegkit.cli import main

SMALL = ["describe", "simulated", "--option", "n_subjects=3", "--option", "n_trials=8"]


def run(*arguments):
    return CliRunner().invoke(main, [*SMALL, *arguments])


def test_what_the_data_set_holds():
    result = run("--subjects", "1,3", "--option", "condition=emotion")
    assert result.exit_code == 0, result.output
    assert "people      2" in result.output
    assert "neutral" in result.output
    assert "Warnings" in result.output
    assert "Fp2  " not in result.output


@pytest.mark.parametrize(("flag", "shown"), [("--channels", "Fp2  "), ("--people", "S02  ")])
def test_whole_tables_on_request(flag, shown):
    assert shown in run(flag).output


def test_an_error_is_one_sentence():
    result = run("--option", "condition=sleep")
    assert result.exit_code == 1
    assert "condition is 'sleep'" in result.output
    assert "Traceback" not in result.output
