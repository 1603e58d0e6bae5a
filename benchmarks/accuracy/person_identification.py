"""Task 2: which of the people in training is it, from rest to mental arithmetic and back.

    python benchmarks/accuracy/person_identification.py --store folds
    python benchmarks/accuracy/person_identification.py --decoders log_spectrum+lda person

The recordings of `MentalArithmetic` (``EEGKIT_DATA``), windows of 5 s; accuracy, the mean over
people, and the equal error rate of verification. Decoders that draw are fitted with three seeds.
Access none: every window is answered by itself. A run that was stopped goes on from its store.

Nets of braindecode (`peers`) read channels standardised by the training recording, as how large a
person's signals are tells people apart, for 50 epochs, with and without the label smoothing of
``person_identification("net")``. Smoothing was fixed before any was scored; rows without were
added when scores with it were low.
"""

from __future__ import annotations

# ruff: noqa: E402
import argparse
import json
import os
import platform
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import pandas as pd
from peers import peers
from sklearn.ensemble import VotingClassifier

import eegkit
from eegkit import Pipeline, Trials, load_dataset
from eegkit.atomic import atomic_write
from eegkit.decoders import person_identification
from eegkit.evaluation import FixedSplit, baselines, bootstrap_interval, verification_table
from eegkit.registry import get
from eegkit.transforms import STFT, Standardizer

FOLDER = Path(__file__).parent / "results"
WAYS = {"rest to arithmetic": ("1", "2"), "arithmetic to rest": ("2", "1")}
LABEL_SMOOTHING = 0.7
COLUMNS = (
    "task", "decoder", "kind", "access", "metric", "mean", "ci_low", "ci_high", "sd_seeds",
    "n_seeds", "n_subjects", "minutes",
)  # fmt: skip


def decoders():
    """By name: the kind, and the estimator."""
    named = {name: ("baseline", decoder) for name, decoder in baselines().items()}
    cnn_bilstm = Pipeline([STFT(normalize="fitted"), get("classifiers", "cnn_bilstm")()])
    for smoothing in (0.0, LABEL_SMOOTHING):
        suffix = f", labels smoothed by {smoothing}" if smoothing else ""
        nets = peers(Standardizer(), max_epochs=50, label_smoothing=smoothing)
        named |= {f"{name}{suffix}": ("peer", net) for name, net in nets.items()}
    named["stft+cnn_bilstm"] = ("eegkit", cnn_bilstm)
    named["person_identification()"] = ("eegkit", person_identification())
    net = person_identification("net", random_state=0)
    named['person_identification("net")'] = ("eegkit", net)
    both = VotingClassifier([("ls", person_identification()), ("net", net)], voting="soft")
    named["least squares and net, averaged"] = ("eegkit", both)
    return named


def rows_of(task, results, kinds):
    """The rows of the table, of all pipelines of one way."""
    verification = verification_table(results).set_index("pipeline")
    summary = results.table.groupby(["pipeline", "seed"])["accuracy"].mean()
    for name, person in results.scores("accuracy").items():
        interval, seeds = bootstrap_interval(person), summary[name]
        minutes = (
            results.table[results.table["pipeline"] == name]
            .groupby("seed")[["fit_time_s", "score_time_s"]]
            .first()
        )
        shared = [task, name, kinds[name], results.settings.access[name]]
        ends = [len(seeds), interval.n, round(minutes.to_numpy().sum() / 60, 2)]
        yield [*shared, "accuracy", *interval[:3], seeds.std(), *ends]
        rates = verification.loc[name, ["eer", "eer_low", "eer_high"]]
        yield [*shared, "equal_error_rate", *rates, None, 1, *ends[1:]]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--decoders", nargs="+", help="parts of names; all by default")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--store", help="a folder for finished folds")
    options = parser.parse_args()
    named = decoders()
    for part in options.decoders or ():
        if not any(part in name for name in named):
            parser.error(f"no decoder has {part!r} in its name; there are: {'; '.join(named)}")
    if options.decoders:
        named = {k: v for k, v in named.items() if any(part in k for part in options.decoders)}
    trials = load_dataset("mental_arithmetic")
    who = Trials(trials.X, trials.groups, trials.metadata, trials.info)
    rows, settings = [], {}
    for way, (train, test) in WAYS.items():
        results = eegkit.evaluate(
            {name: decoder for name, (_, decoder) in named.items()},
            who,
            cv=FixedSplit(train=[train], test=[test], by="run"),
            scoring="accuracy",
            n_seeds=options.seeds,
            store=options.store,
        )
        rows += rows_of(way, results, {name: kind for name, (kind, _) in named.items()})
        settings[way] = results.settings.to_dict()
        print(results.scores("accuracy").round(2).to_string())
    table = pd.DataFrame(rows, columns=COLUMNS).round(4)
    path = FOLDER / "person_identification.csv"
    if options.decoders and path.exists():
        others = pd.read_csv(path)
        others = others[~others["decoder"].isin(named)]
        table = pd.concat([others, table])
    print(table.to_string())
    with atomic_write(path) as part:
        table.to_csv(part, index=False)
    document = {"runs": {}}
    if options.decoders and path.with_suffix(".json").exists():
        document = json.loads(path.with_suffix(".json").read_text())
    document["runs"][", ".join(named)] = {"cpu": processor(), "settings": settings}
    with atomic_write(path.with_suffix(".json")) as part:
        part.write_text(json.dumps(document, indent=1, default=str) + "\n")


def processor():
    """What the machine says its processor is."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()


if __name__ == "__main__":
    main()
