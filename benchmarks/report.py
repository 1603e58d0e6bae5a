"""What it takes to tabulate, plot and report large results.

    uv run --all-packages python benchmarks/report.py
    uv run --all-packages python benchmarks/report.py --out report.html

Simulates the predictions of five pipelines that tell 109 people apart in 26,839 trials (as many
as the runs of PhysioNet's motor imagery data give in windows), with probabilities of every
class, and prints the seconds of every table and display, of the whole HTML report, and the
largest resident memory of the process.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from eegkit import report
from eegkit.evaluation import Predictions, Results, RunSettings

mpl.use("agg")

PIPELINES = {
    "stft+cnn_bigru": ("Pipeline(steps=[('stft', STFT()), ('cnn_bigru', CNNBiGRU())])", 5.5),
    "mel+cnn_bigru": ("Pipeline(steps=[('mel', MelSpectrogram()), ('net', CNNBiGRU())])", 5.0),
    "eegnet": ("EEGNet()", 4.5),
    "band_power+lr": ("Pipeline(steps=[('band_power', BandPower()), ...])", 3.0),
    "tangent_space+lr": ("Pipeline(steps=[('cov', Covariances('oas')), ...])", 4.0),
}


def simulate(n_classes: int, n_trials: int, n_folds: int = 5, seed: int = 0) -> Results:
    """Results as `evaluate` gives them where the label is the person and runs are the folds."""
    rng = np.random.default_rng(seed)
    classes = np.array([f"S{i + 1:03d}" for i in range(n_classes)])
    codes = np.arange(n_trials) % n_classes
    fold = np.arange(n_trials) // n_classes % n_folds
    # Neighbours resemble each other, so that there is something to see off the diagonal.
    likeness = np.eye(n_classes) + 0.5 * np.eye(n_classes, k=1) + 0.5 * np.eye(n_classes, k=-1)
    rows, predictions = [], {}
    for name, (_, skill) in PIPELINES.items():
        logits = rng.normal(size=(n_trials, n_classes)) + skill * likeness[codes]
        proba = np.exp(logits - logits.max(axis=1, keepdims=True))
        proba = (proba / proba.sum(axis=1, keepdims=True)).astype(np.float32)
        predicted = proba.argmax(axis=1)
        predictions["trials", name] = Predictions(
            trial=np.arange(n_trials), fold=fold, seed=0 * fold, subject=classes[codes],
            y=classes[codes], predicted=classes[predicted], classes=classes, proba=proba,
        )  # fmt: skip
        right = pd.DataFrame({"fold": fold, "code": codes, "right": predicted == codes})
        for (number, code), own in right.groupby(["fold", "code"])["right"]:
            rows.append(
                {
                    "dataset": "trials", "pipeline": name, "fold": number,
                    "subject": classes[code], "n_train": n_trials - int((fold == number).sum()),
                    "n_test": len(own), "n_train_subjects": n_classes,
                    "balanced_accuracy": own.mean(), "chance_balanced_accuracy": 1 / n_classes,
                    "accuracy": own.mean(), "chance_accuracy": 1 / n_classes,
                    "fit_time_s": 60 + 10 * skill, "score_time_s": skill, "peak_mb": 900.0,
                }
            )  # fmt: skip
    about = {
        "n_trials": n_trials, "n_subjects": n_classes, "n_channels": 64, "n_times": 640,
        "sfreq": 160.0, "ch_names": [f"EEG{i:03d}" for i in range(64)],
        "classes": {str(c): int(n) for c, n in zip(*np.unique(classes[codes], return_counts=True),
                                                    strict=True)},
    }  # fmt: skip
    settings = RunSettings(
        cv="cross-run",
        n_folds={"trials": n_folds},
        subject_overlap=True,
        scoring=["balanced_accuracy", "accuracy"],
        random_state=0,
        pipelines={name: text for name, (text, _) in PIPELINES.items()},
        data={"trials": about},
        versions={"eegkit": "0"},
    )
    return Results(pd.DataFrame(rows), settings, predictions=predictions)


def steps(results: Results, path: Path) -> dict[str, Callable[[], Any]]:
    """What is timed."""
    from eegkit import plots
    from eegkit.evaluation import calibration_table

    first = results.pipelines[0]
    return {
        "per_subject": results.per_subject,
        "summary": results.summary,
        "compare": results.compare,
        "per_class": lambda: results.per_class(first),
        "calibration_table": lambda: calibration_table(results),
        "ScoresDisplay": lambda: plots.ScoresDisplay.from_results(results),
        "ComparisonDisplay": lambda: plots.ComparisonDisplay.from_results(results),
        "ConfusionMatrixDisplay": lambda: plots.ConfusionMatrixDisplay.from_results(
            results, first, order="similarity"
        ),
        "ReliabilityDisplay": lambda: plots.ReliabilityDisplay.from_results(results),
        "report": lambda: report(results, path),
        "save": lambda: results.save(path.with_suffix(".safetensors")),
    }


def draw(made: Any) -> None:
    """Render a display, which is lazy until then."""
    import matplotlib.pyplot as plt

    if hasattr(made, "figure_"):
        made.figure_.canvas.draw()
        plt.close(made.figure_)


def peak_mb() -> float:
    """The largest resident memory of this process."""
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--classes", type=int, default=109)
    parser.add_argument("--trials", type=int, default=26_839)
    parser.add_argument("--out", type=Path, help="Keep the report here.")
    chosen = parser.parse_args()
    results = simulate(chosen.classes, chosen.trials)
    begin_mb = peak_mb()
    table = Table("step", "seconds", "peak memory so far (MB)")
    total = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.out or Path(folder) / "report.html"
        for name, step in steps(results, path).items():
            started = time.perf_counter()
            draw(step())
            seconds = time.perf_counter() - started
            total += seconds
            table.add_row(name, f"{seconds:.2f}", f"{peak_mb():.0f}")
        size = path.stat().st_size / 2**20
    console = Console()
    console.print(f"{chosen.trials:,} trials, {chosen.classes} classes, {len(PIPELINES)} pipelines")
    console.print(table)
    console.print(
        f"{total:.1f} s in all; the simulated results alone take {begin_mb:.0f} MB, the whole "
        f"{peak_mb():.0f} MB; the report has {size:.1f} MB"
    )


if __name__ == "__main__":
    main()
