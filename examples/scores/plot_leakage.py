"""
Leakage: what it looks like, and how much it flatters
=====================================================

Windows of one person resemble each other. Where some of them are trained on and others tested, a
decoder that recognises the person looks as if it had recognised the class. Here the signals hold
nothing but the person, so every score above chance is leakage.
"""

# %%
# People, and no classes
# ----------------------
# Simulated people, each labelled "patient" or "control" at random: who they are has nothing to do
# with the label. From each, four recordings of eight windows.

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier

from eegkit import Pipeline, Trials, evaluate, load_dataset
from eegkit.evaluation import audit_split
from eegkit.plots.inflation import InflationDisplay
from eegkit.transforms import BandPower

simulated = load_dataset("simulated", n_subjects=24, n_trials=32, duration=2.0)
people = np.unique(simulated.groups)
rng = np.random.default_rng(0)
patients = rng.permutation(people)[::2]
label = np.where(np.isin(simulated.groups, patients), "patient", "control")
trials = Trials(np.asarray(simulated.X), label, simulated.metadata, simulated.info)
trials

# %%
# The audit, before anything is fitted
# ------------------------------------
# It reads the metadata and the signals. With people kept apart there is no leak. That every
# person has one class remains a warning: here, what is counted are 24 people, not 768 windows.

audit_split(trials, "stratified-group-4")

# %%
# Shuffled windows are another matter.

shuffled = StratifiedKFold(4, shuffle=True, random_state=0)
audit_split(trials, shuffled)

# %%
# Leaks that no metadata show
# ---------------------------
# Somebody enlarged the data by scaled and flipped copies, and gave them names of their own. The
# people are kept apart by name, and yet every copy is found, as the signals are compared.

copies = trials[::16]
renamed = copies.metadata.assign(subject="aug-" + copies.metadata["subject"])
enlarged = Trials.concatenate(
    [trials, Trials(-1.5 * np.asarray(copies.X), copies.y, renamed, copies.info)]
)
audit_split(enlarged, "loso")

# %%
# Standardised before the split, the trials carry the mark of it.

X = np.asarray(trials.X, dtype=np.float64)
X = (X - X.mean(axis=(0, 2), keepdims=True)) / X.std(axis=(0, 2), keepdims=True)
audit_split(Trials(X, trials.y, trials.metadata, trials.info), "group-4").findings

# %%
# How much it flatters
# --------------------
# The same decoders, evaluated with people kept apart and with windows shuffled. Guessing gets half
# of the windows right.

decoders = {
    "nearest neighbour": Pipeline([BandPower(), KNeighborsClassifier(3)]),
    "linear": Pipeline([BandPower(), LinearDiscriminantAnalysis()]),
}
results = evaluate(
    decoders, trials, cv="stratified-group-4", scoring="accuracy", random_state=0, twin=True
)
inflation = results.inflation()
print(inflation.describe())

# %%

display = InflationDisplay.from_inflation(inflation)
display.ax_.axhline(0.5, color="0.35", ls="--", lw=1.2)

# %%
# With people kept apart both decoders guess, as they should: there is nothing to find. Shuffled,
# they have learned who is a patient, not what a patient's EEG looks like, and new people gain
# nothing from that.

inflation.summary()
