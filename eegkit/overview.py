"""What is installed, each with a line about it; no plugin can stop the list.

`contents` reads metadata and sources, and imports nothing; `overview` imports everything in another
process, and says what fails.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from eegkit import registry
from eegkit.summaries import summary_of

__all__ = ["overview"]

# After so many seconds an import that has not come back is given up.
PATIENCE_S = 30.0


def contents(kinds: Iterable[str] = registry.KINDS) -> list[registry.Description]:
    """Say of all that is installed what it is, families too, and import nothing.

    Parameters
    ----------
    kinds : iterable of {"datasets", "transforms", "classifiers"}

    Returns
    -------
    list of Description
        By kind, then family or not, then name. Where a class has no source to read, the summary is
        that of its distribution; whether it can be imported is not known.
    """
    return [
        registry.Description(
            entry, summary_of(entry.target) or _distribution_summary(entry.distribution)
        )
        for entry in _items(kinds)
    ]


def _distribution_summary(distribution: str) -> str:
    try:
        facts = metadata(distribution)
        return facts["Summary"] or ""  # None where there is none
    except PackageNotFoundError:
        return ""


def _items(kinds: Iterable[str]) -> list[registry.Entry]:
    return [
        entry
        for kind in kinds
        for family in (False, True)
        for entry in (registry.families(kind) if family else registry.entries(kind))
    ]


def overview(
    kinds: Iterable[str] = registry.KINDS, patience_s: float = PATIENCE_S
) -> list[registry.Description]:
    """Say of all that is installed what it is, families too; see `eegkit.registry.describe`.

    What is not imported yet is imported by another process: a plugin that ends the process or
    takes longer than `patience_s` is listed with that as its failure.

    Parameters
    ----------
    kinds : iterable of {"datasets", "transforms", "classifiers"}
        What is listed.
    patience_s : float, default 30
        For each import, in s.

    Returns
    -------
    list of Description
        By kind, then family or not, then name.

    See Also
    --------
    eegkit.registry.describe : a single one, with an example.
    """
    items = _items(kinds)
    there = {entry: _describe(entry) for entry in items if _module_of(entry) in sys.modules}
    apart = _describe_apart([entry for entry in items if entry not in there], patience_s)
    return [(there | apart)[entry] for entry in items]


def _describe(entry: registry.Entry) -> registry.Description:
    return registry.describe(entry.kind, f"{entry.distribution}:{entry.name}")


def _module_of(entry: registry.Entry) -> str:
    return entry.target.partition(":")[0]


def _describe_apart(
    entries: list[registry.Entry], patience_s: float
) -> dict[registry.Entry, registry.Description]:
    """Describe entries in other processes; a new one goes on behind each that never came back."""
    descriptions: dict[registry.Entry, registry.Description] = {}
    while len(descriptions) < len(entries):
        waiting = entries[len(descriptions) :]
        lines, end = _run_apart(waiting, patience_s)
        # What came back, and the one behind, if any, as the failure that ended the process.
        for entry, (summary, failure) in zip(waiting, [*lines, ("", end)], strict=False):
            descriptions[entry] = registry.Description(entry, summary, failure)
    return descriptions


def _run_apart(entries: list[registry.Entry], patience_s: float) -> tuple[list[list[Any]], str]:
    """Summary and failure of entries, up to the first that never came back, and its end."""
    with tempfile.TemporaryDirectory() as folder:
        answers = Path(folder) / "answers"
        answers.touch()
        names = [(entry.kind, f"{entry.distribution}:{entry.name}") for entry in entries]
        process = subprocess.Popen(
            [sys.executable, "-c", _APART, json.dumps([sys.path, names]), str(answers)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            end = _wait(process, answers, patience_s)
        finally:
            process.kill()
            process.wait()
        return [json.loads(line) for line in answers.read_text().splitlines()], end


def _wait(process: subprocess.Popen[bytes], answers: Path, patience_s: float) -> str:
    """Wait as long as answers come; how it ended."""
    size = -1
    while answers.stat().st_size > size:
        size = answers.stat().st_size
        try:
            return f"it ended the process, with the exit code {process.wait(patience_s)}"
        except subprocess.TimeoutExpired:
            continue
    return f"it took longer than {patience_s:g} s"


_APART = """
import json, os, sys
sys.path[:], names = json.loads(sys.argv[1])
from eegkit.registry import describe
with open(sys.argv[2], "w", buffering=1) as answers:
    for kind, name in names:
        description = describe(kind, name)
        answers.write(json.dumps([description.summary, description.failure]) + "\\n")
os._exit(0)
"""
