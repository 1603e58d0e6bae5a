"""
Explanation: rest against arithmetic, people never seen
=======================================================

What do a net and a baseline of band power go by, when they tell people at rest, eyes closed, from
the same people subtracting numbers? Everybody is explained by decoders that were trained on others,
and a test over people says what holds for the population.
"""

# %%
# Two decoders, four folds of people
# ----------------------------------
# Recordings where the environment variable ``EEGKIT_DATA`` names the folder that holds ``eegmat``,
# else simulated imagery of movements. Everybody is standardised by all of their own trials, without
# labels (access "transductive"): people differ more than rest and arithmetic do.

import os
from pathlib import Path

import matplotlib.pyplot as plt
import mne
import numpy as np
from sklearn.linear_model import LogisticRegression

from eegkit import Pipeline, evaluate, load_dataset
from eegkit.classifiers import CNNBiGRU
from eegkit.explanation import explain_people
from eegkit.recordings import make_info
from eegkit.transforms import STFT, BandPower, SubjectStandardizer

if Path(os.environ.get("EEGKIT_DATA", ""), "eegmat").is_dir():
    trials, source = load_dataset("mental_arithmetic", subjects=range(16)), "recordings"
    # Of rest, which lasts three times as long, every third trial.
    is_rest = trials.y == "rest"
    trials = trials[~is_rest | (np.cumsum(is_rest) % 3 == 0)]
else:
    trials = load_dataset("simulated", n_subjects=16, n_trials=24, difficulty="easy")
    source = "simulation"
net = CNNBiGRU(n_filters=(8,), hidden_size=16, max_epochs=10, lr=3e-3, random_state=0)
stft = STFT(window_s=0.5, hop_s=0.5, f_min=2, f_max=44)
decoders = {
    "net": Pipeline([stft, SubjectStandardizer(), net]),
    "band power": Pipeline([BandPower(), SubjectStandardizer(), LogisticRegression(C=0.1)]),
}
results = evaluate(decoders, trials, cv="group-4", scoring="balanced_accuracy", keep_decoders=True)
print(f"{source}: {trials}")
results.summary()[["pipeline", "access", "mean", "ci_low", "ci_high"]]

# %%
# Maps of people
# --------------
# Integrated gradients of the net, by channel and band. The baseline has no gradient: each of its
# features, a band of a channel, is put at its mean instead, and what counts is how much probability
# the right class loses. ``test`` asks of every channel and band, corrected for all, whether it
# speaks for the right class in people at large.

BANDS = {"theta": (4, 7.9), "alpha": (8, 12.9), "beta": (13, 29.9), "gamma": (30, 44)}
maps = {
    "net": explain_people(results, trials, pipeline="net", n_steps=120),
    "band power": explain_people(
        results, trials, pipeline="band power", method="occlusion", space="input", by="feature",
        baseline="mean",
    ),
}  # fmt: skip
tables = {"net": maps["net"].test(["channel", "band"], bands=BANDS)}
names = BandPower().fit(trials.X).get_feature_names_out()
table = maps["band power"].test("feature")
table[["channel", "band"]] = [name.rsplit("_", 1) for name in names]
tables["band power"] = table
for name, table in tables.items():
    print(name, table.nsmallest(3, "p")[["channel", "band", "t", "p"]].to_string(index=False))

# %%
# The picture
# -----------
# t over people; rings would be electrodes whose p, corrected for all channels and bands, is 0.01 or
# less.
#
# Of the recordings it says: both decoders tell rest from arithmetic in people whom they never saw
# better than chance (balanced accuracy 0.69 and 0.70), but no channel and band reaches a p of 0.01
# over these 16 people, so that there are no rings. The net's smallest, beta at F3 and alpha at T4
# (0.02 and 0.03), are a hint and no finding: with all trials of rest and twice as many frames no p
# was below 0.35, and the baseline's smallest is 0.43 (beta at F4).

info = make_info(trials.ch_names, trials.sfreq)
figure, axes = plt.subplots(2, len(BANDS), figsize=(9, 5), layout="constrained")
for row, (name, table) in zip(axes, tables.items(), strict=True):
    limit = table["t"].abs().max()
    for ax, band in zip(row, BANDS, strict=True):
        part = table[table["band"] == band].set_index("channel").loc[list(trials.ch_names)]
        image, _ = mne.viz.plot_topomap(
            part["t"], info, axes=ax, show=False, cmap="RdBu_r", vlim=(-limit, limit),
            mask=(part["p"] <= 0.01).to_numpy(), contours=0,
            mask_params={"markersize": 7, "markerfacecolor": "none", "markeredgewidth": 1.5},
        )  # fmt: skip
        ax.set_title(f"{name}, {band}", fontsize=10)
    figure.colorbar(image, ax=list(row), label="t")
_ = figure.suptitle(f"What spoke for the right class ({source}, {len(maps['net'])} people)")
