"""The page of all accuracy tables, made from the stored results.

    python benchmarks/accuracy/tables.py

It reads the four studies of ``results``, and ``nets.csv`` of every net with its defaults, and
writes ``docs/benchmarks/accuracy.md``; a test of the repository compares the two.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from eegkit.atomic import atomic_write

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[2] / "docs" / "benchmarks" / "accuracy.md"
STUDIES = {
    "mental_workload": "Rest against arithmetic, people never seen",
    "person_identification": "Who is it, of 32 people",
    "bci_competition_ii": "BCI Competition II, files of the competition",
    "motor_imagery": "Imagined movements of one person, run by run",
}
TASKS = {
    "group-8": "8 folds by people",
    "loso": "leave-one-person-out",
    "imagine_left_right": "left or right hand",
    "imagine_hands_feet": "both hands or both feet",
}
METRICS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "auroc": "AUROC within people",
    "equal_error_rate": "equal error rate",
}
NETS = """
## Every net with its defaults

`benchmarks/accuracy/nets.py`: microvolts as they are loaded, windows of 5 s, behind `STFT()` where
a net reads spectrograms, one seed. Rest against arithmetic is in two folds of 16 people here, so
learned from half as many as above, and of all windows. Chance is 0.5, and 0.031 where people are
told apart. Where a default was changed, its score before stands first. `EEGNet`, `EEGNetV1` and
`DeepConvNet` were trained too little to know their own training trials (0.63 to 0.87, 0.22 to 0.89
and 0.19 to 0.47 of them), which is what their epochs and learning rate were changed for, on the 16
people of even number. `Swin` had the size of the paper's Swin-T, 28 million parameters, and stayed
at chance; its size now is the best of four settings of 0.1 and 0.3 million, on the same 16 people.
Of `CRNN`, `EfficientNet`, `VAEClassifier` and `ViT`, which tell people apart badly, those 16 were
looked at as well: they know 0.81 to 1.00 of their training trials, so more training is not what
they lack. `CNNBiGRU` was changed for what it costs: it has one CNN for all channels and few filters
now, and tells people apart as well as before within the intervals.

"""
LOWER_IS_BETTER = ("equal_error_rate",)
ACCESSES = ("none", "causal", "calibration", "transductive")
# The decoders that the first table shows, fixed by name: the best row of several would be a choice
# by these scores. Answers averaged over time are left to the second kind of table.
DECODERS = (
    *(f'mental_workload("{access}")' for access in ACCESSES),
    "person_identification()",
    "slow_potentials()",
    'slow_potentials(access="transductive")',
    "movement_preparation()",
    "motor_imagery()",
)
HEAD = """\
# Accuracy: all tasks

`benchmarks/accuracy/tables.py` makes this page from the results in `benchmarks/accuracy/results`,
which the scripts beside it write with versions, processor and settings. Protocols and choices are
on the pages of the studies: {studies}.

The first table has the best of all baselines, and the best of the peers' nets, by the score shown:
whichever that was, so a little in their favour, with its access. Of eegkit there is one decoder for
each task and access, fixed by name. Intervals are of 95 %: over people in the first two studies,
Wilson's over the test trials of one person in the others. Access is what a decoder may see of new
people ({{mod}}`eegkit.access`); scores of different access are not of one race. A dash is what was
not computed. Of a peer without a spread of seeds there is one seed; in other decoders without one
nothing is drawn.

"""
TAIL = """
Minutes are of one busy machine, partly processor time and partly on the clock: see each study.
"""


def page() -> str:
    """The whole page."""
    tables = {name: pd.read_csv(RESULTS / f"{name}.csv") for name in STUDIES}
    studies = ", ".join(f"{{doc}}`{name}`" for name in STUDIES)
    parts = [HEAD.format(studies=studies)]
    parts += summary(tables)
    for name, table in tables.items():
        parts.append(f"\n## {STUDIES[name]}\n")
        for task, rows in table.groupby("task", sort=False):
            parts += [f"\n### {_title(task)}\n\n", chance(name, task), *full(rows)]
    parts += [NETS, *nets(pd.read_csv(RESULTS / "nets.csv"))]
    return "".join(parts) + TAIL


def nets(table: pd.DataFrame) -> Iterable[str]:
    """A row for each net: its scores on each task, before and now."""
    tasks = ["rest against arithmetic", "rest to arithmetic", "arithmetic to rest"]
    metrics = table.groupby("task")["metric"].first().map(METRICS)
    yield line("net", *(f"{task}: {metrics[task]}" for task in tasks))
    yield rule(1 + len(tasks))
    for name, rows in table.groupby("decoder"):
        now, before = (rows[rows["settings"] == s].set_index("task") for s in ("now", "before"))
        cells = [_cell(now.loc[task]) if task in now.index else "-" for task in tasks]
        for column, task in enumerate(tasks):
            if task in before.index:
                cells[column] = f"{before['mean'][task]:.3f}, now {cells[column]}"
        yield line(f"`{name}`", *cells)


def summary(tables: dict[str, pd.DataFrame]) -> Iterable[str]:
    """A row for each task and metric: the best baseline and peer, and eegkit by access."""
    shown = [f"eegkit, {access}" for access in ACCESSES]
    yield line("task", "metric", "best baseline", "best peer", *shown)
    yield rule(4 + len(shown))
    for table in tables.values():
        for (task, metric), rows in table.groupby(["task", "metric"], sort=False):
            best = [_best(rows[rows["kind"] == kind], metric) for kind in ("baseline", "peer")]
            eegkit = rows[rows["decoder"].isin(DECODERS)].set_index("access")
            cells = [_cell(eegkit.loc[a]) if a in eegkit.index else "-" for a in ACCESSES]
            yield line(f"[{_title(task)}](#{_anchor(task)})", METRICS[metric], *best, *cells)


def full(rows: pd.DataFrame) -> Iterable[str]:
    """All decoders of a task, one row each, with all its metrics."""
    metrics = list(rows["metric"].unique())
    yield line(
        "decoder", "kind", "access", *(METRICS[m] for m in metrics), "sd of seeds", "minutes"
    )
    yield rule(5 + len(metrics))
    for (decoder, kind), parts in _ordered(rows).groupby(["decoder", "kind"], sort=False):
        first = parts.iloc[0]
        cells = [_cell(row) for _, row in parts.set_index("metric").loc[metrics].iterrows()]
        spread = "-" if first["n_seeds"] == 1 else f"{first['sd_seeds']:.3f} ({first['n_seeds']})"
        minutes = f"{first['minutes']:.1f}"
        yield line(f"`{decoder}`", kind, first["access"], *cells, spread, minutes)


def chance(name: str, task: str) -> str:
    """What answers that never look at the signals get, and what else to know of the table."""
    text = "Chance is 0.5."
    if name == "person_identification":
        text = "Chance is 0.031 (accuracy) and 0.5 (equal error rate)."
    if name == "motor_imagery":
        coin = json.loads((RESULTS / f"{name}.json").read_text())["coin"][task]
        text += (
            f" There are {coin['n_trials']} trials: in 95 of 100 such tests a coin stays between "
            f"{coin['low']:.3f} and {coin['high']:.3f}."
        )
    return f"{text}\n\n"


def line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def rule(n_columns: int) -> str:
    return line(*["---"] * n_columns)


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    """Baselines, peers, eegkit's by access, and the better the earlier, by the first metric."""
    first = rows[rows["metric"] == rows["metric"].iloc[0]]
    kinds = pd.Categorical(first["kind"], ["baseline", "peer", "eegkit"])
    accesses = pd.Categorical(first["access"], ACCESSES)
    keys = first.assign(kind=kinds, access=accesses, worse=-first["mean"])
    order = keys.sort_values(["kind", "access", "worse"], kind="stable")["decoder"]
    places = {decoder: place for place, decoder in enumerate(order)}
    return rows.sort_values("decoder", key=lambda names: names.map(places), kind="stable")


def _best(rows: pd.DataFrame, metric: str) -> str:
    """The best of each access."""
    scores = -rows["mean"] if metric in LOWER_IS_BETTER else rows["mean"]
    best = rows.loc[scores.groupby(rows["access"]).idxmax()].set_index("access")
    accesses = [access for access in ACCESSES if access in best.index]
    cells = [f"{_cell(best.loc[a])} `{best.loc[a, 'decoder']}`, {a}" for a in accesses]
    return "; ".join(cells) or "-"


def _cell(row: pd.Series) -> str:
    return f"{row['mean']:.3f} ({row['ci_low']:.3f} to {row['ci_high']:.3f})"


def _title(task: str) -> str:
    return TASKS.get(task, task)


def _anchor(task: str) -> str:
    return "".join(c for c in _title(task).lower().replace(" ", "-") if c.isalnum() or c == "-")


def main() -> None:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    with atomic_write(PAGE) as part:
        part.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
