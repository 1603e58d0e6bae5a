"""The script that measures the house finds what was planted."""

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[1]


def house(root, *options):
    command = [sys.executable, ROOT / "tools" / "house.py", "--root", root, *options]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def measure(tmp_path):
    """Write files into a checkout and measure it: figures of the core, places, figures of all."""

    def run(**sources):
        for name, source in sources.items():
            path = tmp_path / (name.replace("__", "/").replace("-", "__") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(source))
        answer = json.loads(house(tmp_path, "--json").stdout)
        return answer["figures"]["core"], answer["places"], answer["figures"]["all"]

    return run


def test_code_lines_leave_out_docstrings_comments_and_blanks(measure):
    figures, _, _ = measure(
        eegkit__a='''
        """What it is
        about."""

        # why
        TEXT = """two
        lines"""  # counted


        def f(x):
            """Say."""
            return x
        '''
    )
    assert figures["code_lines"] == 4
    assert figures["comments_per_100_code_lines"] == 50
    assert figures["median_function_lines"] == 2


@pytest.mark.parametrize(
    "line",
    [
        "from eegkit.b import y",
        "from eegkit import b",
        "import eegkit.b",
        "from .b import y",
        "def f():\n    from eegkit.b import y",
        "def f():\n    import importlib\n    importlib.import_module('eegkit.b')",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from eegkit.b import y",
    ],
)
def test_circle_of_modules(measure, line):
    figures, places, _ = measure(eegkit__a=line, eegkit__b="from eegkit.a import x")
    assert figures["circles"] == 1
    assert places["circles"] == ["eegkit.a eegkit.b"]


def test_handing_on_names_is_no_circle(measure):
    figures, _, _ = measure(
        **{"eegkit__room__-init-": "from eegkit.room.a import x"},
        eegkit__room__a="from eegkit.room.b import x",
        eegkit__room__b="import os\nx = 1",
    )
    assert figures["circles"] == 0
    assert figures["rooms"] == 1


def test_rooms_in_a_circle_of_which_no_module_is(measure):
    figures, places, _ = measure(
        **{
            "eegkit__left__-init-": "",
            "eegkit__right__-init-": "",
            "eegkit__right___in__-init-": "",
        },
        eegkit__left__a="from eegkit.right.b import x",
        eegkit__right__b="",
        eegkit__right___in__c="from eegkit.left.d import x",
        eegkit__left__d="",
    )
    assert figures["circles"] == 0
    assert places["room_circles"] == ["eegkit.left eegkit.right"]


def test_a_file_beside_rooms_is_a_room(measure):
    figures, places, _ = measure(
        **{"eegkit__-init-": "", "eegkit__room__-init-": ""},
        eegkit__above="from eegkit.room.a import x",
        eegkit__room__a="from eegkit.below import x",
        eegkit__below="",
    )
    assert figures["rooms"] == 4
    assert places["room_circles"] == []


def test_long_modules_and_functions(measure):
    body = "\n".join(f"    x = {i}" for i in range(40))
    figures, places, _ = measure(
        eegkit__long="x = 1\n" * 401,
        eegkit__f=f"def f():\n{body}\n",
        eegkit__g=f"def g():\n    '''Say.'''\n\n{body.replace('x = 0', '# why')}\n",
    )
    assert places["long_modules"] == ["eegkit/long.py 401"]
    assert places["long_functions"] == ["eegkit/f.py:1 f 41"]
    assert figures["long_functions_with_docstring"] == 2


@pytest.mark.parametrize(
    ("source", "depth"),
    [
        ("def f():\n    pass", 0),
        (
            "def f():\n    if a:\n        pass\n    elif b:\n        pass\n    elif c: g()",
            1,
        ),
        ("def f():\n    if a:\n        pass\n    else:\n        for b in c:\n            g()", 2),
        (
            "def f():\n    with a:\n        try: g()\n        except E:\n            if b: g()",
            3,
        ),
        ("def f():\n    if a:\n        def g():\n            while b:\n                h()", 1),
        ("def f():\n    match a:\n        case 1:\n            if b:\n                g()", 2),
    ],
)
def test_nesting(measure, source, depth):
    assert measure(eegkit__a=source)[0]["max_nesting"] == depth


def test_names(measure):
    figures, places, _ = measure(
        eegkit__a="""
        found = 1
        found = 2

        def _told(self, of, seed, *, n_seen, made=lambda who: who):
            fitted, x_, given_ = of
            for found, (_, own) in seed:
                self.kept = found
            return [each for each in own]
        """
    )
    # of the module: found, _told; of the function: of, seed, n_seen, made, fitted, x_, given_,
    # found, own, kept, each; of the lambda: who
    assert figures["names"] == 14
    (line,) = places["vague_percent"]
    assert line.startswith("eegkit (9): found 2")
    assert figures["vague_percent"] == pytest.approx(100 * 9 / 14)


def test_shared_lines(measure):
    shared = "\n".join(f"x{i} = {i}" for i in range(7))
    _, places, figures = measure(
        eegkit__a=f"a = 1\n{shared}\nb = 1\n",
        eegkit__b=f'"""Say."""\n\n{shared.replace("x3", "# why" + chr(10) + "x3")}\nc = 1\n',
        eegkit__c="\n".join(f"x{i} = {i}" for i in range(5)),
        plugins__one__src__one__d=shared.replace("x3", "y3"),
    )
    assert places["shared_places"] == ["eegkit/a.py:2 eegkit/b.py:3 7"]
    assert figures["shared_places"] == 2


def test_plugins_count_by_themselves_and_tests_do_not(measure):
    figures, places, total = measure(
        eegkit__a="x = 1",
        plugins__one__src__one__b="from one.c import x",
        plugins__one__src__one__c="from one.b import x",
        plugins__one__tests__test_b="x = 1\n" * 500,
    )
    assert (figures["code_lines"], total["code_lines"]) == (1, 3)
    assert places["circles"] == ["one.b one.c"]
    assert total["long_modules"] == 0


def test_check_fails_where_a_limit_is_passed(tmp_path):
    (tmp_path / "eegkit").mkdir()
    module = tmp_path / "eegkit" / "a.py"
    module.write_text("x = 1\n")
    assert house(tmp_path, "--check").returncode == 0
    module.write_text("def f(own, told):\n" + "    return own\n")
    answer = house(tmp_path, "--check")
    assert answer.returncode == 1
    assert "names that are a participle or pronoun, %: 66.67, but at most" in answer.stderr
    assert "eegkit (2): own 1, told 1" in answer.stdout
    assert house(tmp_path).returncode == 0


def test_no_house(tmp_path):
    answer = house(tmp_path)
    assert answer.returncode == 2
    assert "no folder eegkit with Python files" in answer.stderr
