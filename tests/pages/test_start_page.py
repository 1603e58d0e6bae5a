"""The start page prints what stands under its example."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "index.md"
NUMBER = re.compile(r"\d\.\d+")


@pytest.mark.slow
def test_the_output_under_the_example(capsys):
    pattern = r"```python\n(.*?)```.*?```text\n(.*?)```"
    code, shown = re.search(pattern, PAGE.read_text("utf-8"), re.DOTALL).groups()
    exec(compile(code, str(PAGE), "exec"), {})
    printed = capsys.readouterr().out
    assert NUMBER.sub("", printed) == NUMBER.sub("", shown)
    seen, told = (float(NUMBER.search(text)[0]) for text in (printed, shown))
    assert seen == pytest.approx(told, abs=0.05)  # another processor sums in another order
