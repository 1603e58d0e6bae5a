"""No imports in circles, and a page that names every room and no other."""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Packages whose parts are rooms of their own.
HOUSES = {"eegkit": "", "eegkit/evaluation": "evaluation."}


def test_every_room_has_a_line():
    page = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {
        prefix + path.stem
        for house, prefix in HOUSES.items()
        for path in (ROOT / house).iterdir()
        if not path.name.startswith("_")
        and (path.suffix == ".py" or (path / "__init__.py").exists())
    }
    assert set(re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE)) == rooms


def test_no_circle_of_imports():
    command = [sys.executable, ROOT / "tools" / "house.py", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    places = json.loads(done.stdout)["places"]
    assert places["circles"] == []
    assert places["room_circles"] == []
