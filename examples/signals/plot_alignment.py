"""
Alignment: people brought to one another
========================================

People differ in the amplitude and spectrum of their EEG more than one person's states do. Aligned
by their own unlabelled trials they are alike; what remains is to say which of these trials a
decoder may see.
"""

# %%
# What people differ in
# ---------------------
# Each point is a trial: its beta power at F8 and its gamma power at C4. Colours are people, who
# fill the plane side by side; aligned, they lie upon each other.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression

from eegkit import Pipeline, evaluate, load_dataset
from eegkit.transforms import BandPower, SubjectStandardizer

trials = load_dataset("simulated", n_subjects=12, n_trials=40)
trials.metadata["onset"] = 3.0 * trials.metadata["trial"]  # s: one trial after the other
power = BandPower()
features = power.fit_transform(trials.X)
aligned = SubjectStandardizer().fit_transform(features)

names = list(power.get_feature_names_out())
columns = [names.index("F8_beta"), names.index("C4_gamma")]
figure, axes = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
for ax, values, title in zip(axes, (features, aligned), ("as they are", "aligned"), strict=True):
    for subject in np.unique(trials.groups)[:4]:
        x, y = np.asarray(values)[trials.groups == subject][:, columns].T
        ax.scatter(x, y, s=12, label=subject)
    ax.set(title=title, xlabel="F8, log beta power", ylabel="C4, log gamma power")
    ax.spines[["top", "right"]].set_visible(False)
handles, labels = axes[0].get_legend_handles_labels()
_ = figure.legend(handles, labels, frameon=False, title="Subject", loc="outside right upper")

# %%
# What may be seen
# ----------------
# The same decoder, tested on people it was not trained on. ``access`` says whose statistics a trial
# is aligned by; `evaluate` writes it beside every score, and does not score the trials that a
# decoder calibrates on.

decoders = {
    access: Pipeline(
        [
            BandPower(),
            SubjectStandardizer(access=access, n_calibration=10),
            LogisticRegression(C=0.1),
        ]
    )
    for access in ("none", "causal", "calibration", "transductive")
}
results = evaluate(decoders, trials, cv="group-4", scoring="balanced_accuracy")
results.summary()[["pipeline", "access", "mean", "ci_low", "ci_high"]]

# %%
# One trial at a time
# -------------------
# In use, trials of a new person come one by one. ``calibrate`` keeps the person's statistics, so
# that a single trial is decoded as it would be among all others.

train, new = trials[trials.groups != "S12"], trials[trials.groups == "S12"]
decoder = decoders["transductive"].fit(train.X, train.y)
decoder.calibrate(new.X[:20])
decoder.predict(new.X[20:21])
