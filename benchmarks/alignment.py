"""Rest against arithmetic of 32 people, with and without alignment, under each access.

Run ``EEGKIT_DATA=folder python benchmarks/alignment.py`` with the folder of ``eegmat/``. Settings
were fixed before any score was seen; nothing is chosen on the people that are scored.
"""

import warnings

import torch
from pyriemann.tangentspace import TangentSpace
from sklearn.linear_model import LogisticRegression

import eegkit
from eegkit.transforms import (
    BandPower,
    Covariance,
    EuclideanAlignment,
    RiemannianAlignment,
    SubjectStandardizer,
)

ACCESS = ("none", "causal", "calibration", "transductive")


def pipelines():
    """Name and pipeline of every row."""
    last = LogisticRegression(C=0.1, max_iter=2000, class_weight="balanced")
    for access in ACCESS:
        steps = [BandPower(), SubjectStandardizer(access=access), last]
        yield f"band power, SubjectStandardizer, {access}", eegkit.Pipeline(steps)
    for access in ACCESS:
        steps = [Covariance(), RiemannianAlignment(access=access), TangentSpace(), last]
        yield f"tangent space, RiemannianAlignment, {access}", eegkit.Pipeline(steps)
    stretched = RiemannianAlignment(stretch=True)
    steps = [Covariance(), stretched, TangentSpace(), last]
    yield "tangent space, stretched, transductive", eegkit.Pipeline(steps)
    steps = [EuclideanAlignment(), Covariance(), TangentSpace(), last]
    yield "tangent space, EuclideanAlignment, transductive", eegkit.Pipeline(steps)


def main():
    torch.set_num_threads(1)
    trials = eegkit.load_dataset("mental_arithmetic", window_s=5.0)
    for name, pipeline in pipelines():
        with warnings.catch_warnings(action="ignore"):
            results = eegkit.evaluate(
                pipeline, trials, cv="group-8", scoring=["balanced_accuracy", "roc_auc"]
            )
        cells = [
            f"{row['mean']:.3f} ({row['ci_low']:.3f} to {row['ci_high']:.3f})"
            for _, row in results.summary().iterrows()
        ]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
