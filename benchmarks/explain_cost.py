"""What integrated gradients of EEGNet cost, beside Captum's own call on the same module.

    python benchmarks/explain_cost.py
    python benchmarks/explain_cost.py --trials 200 --repeats 3 --threads 2

explains trials of 22 channels x 1000 samples by 50 steps, each time in a fresh process, the two in
turn, and prints processor time, time on the clock, and the growth of the peak of resident memory.
Captum gets ``internal_batch_size``; of more trials than that it takes one step of all of them at
once, since it never splits trials. What is written to ``results/explain_cost.json`` has versions
and processor. Exits with 1 where eegkit's memory is above ``--limit-mb``, which its docs state, or
the attributions differ.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
from explain import processor

from eegkit.atomic import atomic_write

PATH = Path(__file__).parent / "results" / "explain_cost.json"
# Memory that explain may take by default, and what else grows: a copy of X, and attributions.
LIMIT_MB = 1000.0

PROGRAM = """
import json, sys, time
import numpy as np, torch
from eegkit import explain, registry

def peak_mb():
    status = open("/proc/self/status").read()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024

side, n, threads, target = sys.argv[1], *map(int, sys.argv[2:4]), sys.argv[4]
torch.set_num_threads(threads)
X = np.random.default_rng(0).normal(size=(n, 22, 1000)).astype(np.float32)
net = registry.get("classifiers", "eegnet")(max_epochs=1, random_state=0, device="cpu")
net.fit(X[:32], np.arange(32) % 4)
classes = np.arange(n) % 4
options = {"method": "integrated_gradients", "n_steps": 50}
explain(net, X[:1], **options)
at_rest, cpu, clock = peak_mb(), time.process_time(), time.perf_counter()
if side == "eegkit":
    values = explain(net, X, classes, target="true", **options).values
else:
    from captum.attr import IntegratedGradients
    batch = int(side.split()[1])
    method = IntegratedGradients(net.module_.eval())
    values = method.attribute(
        torch.tensor(X), target=torch.tensor(classes), n_steps=50, internal_batch_size=batch
    ).detach().numpy()
facts = {"cpu_s": time.process_time() - cpu, "clock_s": time.perf_counter() - clock}
np.save(target, values[:8])
print(json.dumps(facts | {"grown_mb": peak_mb() - at_rest}))
"""


def cost_of(side: str, n_trials: int, threads: int, target: Path) -> dict[str, float]:
    """What one side costs, in a new process."""
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, side, n_trials, threads, target]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    answer = subprocess.run(
        list(map(str, command)), check=True, capture_output=True, text=True, env=environment
    )
    return json.loads(answer.stdout.splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=50, help="internal_batch_size of Captum")
    parser.add_argument("--limit-mb", type=float, default=LIMIT_MB)
    arguments = parser.parse_args()
    sides = ("eegkit", f"captum {arguments.batch}")
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        places = {side: Path(folder) / f"{side}.npy" for side in sides}
        for _ in range(arguments.repeats):
            for side in sides:
                costs = cost_of(side, arguments.trials, arguments.threads, places[side])
                runs.append({"side": side, "n_trials": arguments.trials} | costs)
                runs[-1]["threads"] = arguments.threads
                print(runs[-1], flush=True)
        one, two = (np.load(place) for place in places.values())
    _store(runs)
    grown = max(run["grown_mb"] for run in runs if run["side"] == "eegkit")
    return int(grown > arguments.limit_mb or not np.allclose(one, two, rtol=1e-3, atol=1e-6))


def _store(runs: list[dict[str, object]]) -> None:
    PATH.parent.mkdir(exist_ok=True)
    before = json.loads(PATH.read_text(encoding="utf-8"))["runs"] if PATH.exists() else []
    versions = {name: version(name) for name in ("eegkit", "numpy", "torch", "captum")}
    facts = {"cpu": processor(), "versions": versions, "runs": before + runs}
    with atomic_write(PATH) as part:
        part.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
