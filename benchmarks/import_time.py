"""What ``import eegkit`` costs beside ``import numpy, sklearn``, and what ``eegkit list`` does.

Run: ``uv run python benchmarks/import_time.py``
"""

import statistics
import subprocess
import sys
import time

from rich.console import Console
from rich.table import Table

N_RUNS = 7
BASE = "import numpy, sklearn"
STATEMENTS = {
    "numpy, sklearn": BASE,
    "numpy, sklearn, eegkit": f"{BASE}, eegkit",
    "eegkit's transforms": f"{BASE}, eegkit.transforms",
    "the command eegkit list": "from eegkit.cli import main; main(['list'])",
    "eegkit's nets (torch, skorch)": f"{BASE}, eegkit.classifiers",
}


def seconds(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(N_RUNS):
        for name, code in STATEMENTS.items():
            times[name].append(seconds(code))
    medians = {name: statistics.median(values) for name, values in times.items()}
    base = medians["numpy, sklearn"]
    table = Table("import", "median (s)", "more (s)", "ratio", title=f"{N_RUNS} runs")
    for name, median in medians.items():
        table.add_row(name, f"{median:.3f}", f"{median - base:+.3f}", f"{median / base:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
