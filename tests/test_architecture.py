"""The page on architecture names every room, and no other."""

import re
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
