"""The script that checks a built site finds what was planted."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "tools" / "check_site.py"
PAGE = '<h2 id="two">Two</h2><img src="a/b.png"><link rel="stylesheet" href="s.css?v=1">'


@pytest.fixture
def check(tmp_path):
    """Write a site of which the start page ends in some HTML, and check it."""

    def run(html="", style=""):
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "b.png").touch()
        (tmp_path / "a" / "c.html").write_text('<a href="../index.html#two">up</a>')
        (tmp_path / "_static").mkdir()
        (tmp_path / "_static" / "macros.html").write_text('<a href="{{ pathto }}">of a theme</a>')
        (tmp_path / "s.css").write_text(style)
        (tmp_path / "index.html").write_text(PAGE + html)
        command = [sys.executable, SCRIPT, tmp_path]
        return subprocess.run(command, capture_output=True, text=True)

    return run


def test_a_whole_site_passes(check):
    links = '<a href="a/c.html">c</a><a href="#two">2</a><a href="https://example.org/x#y">y</a>'
    answer = check(
        links, "/* @import 'https://example.org/x.css' */ i { background: url(a/b.png) }"
    )
    assert answer.returncode == 0
    assert answer.stdout == "5 links within the site, 0 faults.\n"


@pytest.mark.parametrize(
    ("html", "message"),
    [
        ('<a href="a/d.html">d</a>', "leads to a/d.html, which is not there"),
        ('<a href="a/c.html#x">d</a>', "leads to a/c.html#x, and a/c.html has no such anchor"),
        ('<a href="#three">3</a>', "leads to #three, and index.html has no such anchor"),
        ('<img src="x.png">', "leads to x.png, which is not there"),
        ('<script src="//example.org/x.js"></script>', "loads //example.org/x.js from another"),
        ('<link rel="preconnect" href="https://example.org">', "loads https://example.org from"),
        ('<img srcset="a/b.png 1x, http://example.org/b.png 2x">', "loads http://example.org/b"),
        ("<style>@import 'https://example.org/f.css';</style>", "loads https://example.org/f.css"),
        ('<p style="background: url(https://example.org/p)">', "loads https://example.org/p from"),
    ],
)
def test_faults_of_pages(check, html, message):
    answer = check(html)
    assert answer.returncode == 1
    assert answer.stdout.startswith(f"index.html: {message}")


@pytest.mark.parametrize("address", ["https://example.org/f.woff2", "f.woff2"])
def test_faults_of_styles(check, address):
    answer = check(style=f"@font-face {{ src: url('{address}') }}")
    assert answer.returncode == 1
    assert answer.stdout.startswith(f"s.css: loads {address}")


def test_a_folder_without_a_site(tmp_path):
    answer = subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True, text=True)
    assert answer.returncode == 2
    assert "build the site first" in answer.stdout
