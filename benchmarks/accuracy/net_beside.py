"""Does a net on aligned raw trials add to `mental_workload("calibration")`?

    uv run --all-packages python benchmarks/accuracy/net_beside.py

Rest against arithmetic, 8 folds by people, as in `mental_workload.py`. The net is `ShallowConvNet`
with its defaults but for 25 epochs of one cycle and balanced classes, on trials of 64 Hz that are
aligned by each person's first minute (`EuclideanAlignment`). Its log-odds are averaged over three
seeds, and with those of logistic regression at equal weights. All of this, the weights as well,
was fixed before anything was scored.
"""

from __future__ import annotations

# ruff: noqa: E402
import os
import time

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np
import pandas as pd
import torch
from eegkit_convnets import ShallowConvNet
from scipy.stats import wilcoxon
from shared_covariances import folds_of_features, scores_of
from sklearn.base import clone

from eegkit import Trials, load_dataset
from eegkit.decoders import mental_workload
from eegkit.evaluation import make_splitter
from eegkit.transforms import EuclideanAlignment, Resample

SEEDS = (0, 1, 2)
RATE_HZ = 64


def odds_of_regression(trials: Trials) -> np.ndarray:
    """Log-odds of the second label, each trial answered by the fold that did not train on it."""
    decoder = mental_workload("calibration")
    odds = np.empty(len(trials.X))
    for train, test, X in folds_of_features(trials, decoder, "group-8"):
        lr = clone(decoder.named_steps["lr"]).fit(X[train], trials.y[train])
        odds[test] = lr.decision_function(X[test])
    return odds


def odds_of_net(trials: Trials, seed: int) -> np.ndarray:
    """The same, of one net for each fold."""
    resampled = Resample(target_sfreq=RATE_HZ).fit_transform(trials.X)
    X = EuclideanAlignment(access="calibration").fit_transform(resampled)
    net = ShallowConvNet(
        max_epochs=25, lr_schedule="one_cycle", class_weight="balanced", random_state=seed
    )
    odds = np.empty(len(X))
    for train, test in make_splitter("group-8", random_state=0).split(X, trials.y, X.groups):
        start = time.process_time()
        p = clone(net).fit(X[train], trials.y[train]).predict_proba(X[test])
        odds[test] = np.log(p[:, 1] + 1e-7) - np.log(p[:, 0] + 1e-7)
        print(f"seed {seed}: {time.process_time() - start:.0f} s", flush=True)
    return odds


def main() -> None:
    torch.set_num_threads(1)
    trials = load_dataset("mental_arithmetic")
    regression = odds_of_regression(trials)
    nets = [odds_of_net(trials, seed) for seed in SEEDS]
    odds = {f"net, seed {seed}": net for seed, net in zip(SEEDS, nets, strict=True)}
    odds["net, three seeds"] = np.mean(nets, axis=0)
    odds["both"] = (regression + odds["net, three seeds"]) / 2
    alone = scores_of(trials, regression)
    rows = {'mental_workload("calibration")': alone.mean().to_dict()}
    for name, values in odds.items():
        gain = scores_of(trials, values) - alone
        rows[name] = scores_of(trials, values).mean().to_dict()
        for metric in gain:
            rows[name][f"gain, {metric}"] = gain[metric].mean()
            rows[name][f"its error, {metric}"] = gain[metric].sem()
            rows[name][f"p, {metric}"] = wilcoxon(gain[metric]).pvalue
    with pd.option_context("display.width", 200, "display.max_columns", None):
        print(pd.DataFrame.from_dict(rows, orient="index").round(4))


if __name__ == "__main__":
    main()
