"""
Exploring: look at the trials before decoding them
==================================================

What is in a data set, what is wrong with it, and where its classes differ. Every condition here is
simulated, so nothing is downloaded, and what was planted is known.
"""

# %%
# What is in it
# -------------
# ``describe`` reads the signals once. Here some trials were spoilt on purpose: a channel that lost
# its contact, one whose amplifier was driven into its limit, and a trial that was saved twice.

import matplotlib.pyplot as plt
import numpy as np

from eegkit import Trials, load_dataset
from eegkit.plots import ClassCountsDisplay, SpectraDisplay, TopographyDisplay, TracesDisplay

imagery = load_dataset("simulated", sfreq=160)
X = np.array(imagery.X)
X[:60, imagery.ch_names.index("T7")] = 0
X[200:220, imagery.ch_names.index("P4")] = np.clip(
    X[200:220, imagery.ch_names.index("P4")], -20, 20
)
X[399] = X[0]
spoilt = Trials(X, imagery.y, imagery.metadata, imagery.info)
described = spoilt.describe()
described

# %%
# Tables are data frames, and the warnings are a list.

described.channels.loc[
    ["T7", "P4", "Cz"], ["spread", "flat_trials", "clipped_trials", "line_50_hz"]
]

# %%
# Traces
# ------
# The first trial of each class, or those whose numbers are given: here one recording of a simulated
# seizure, cut into trials.

seizure = load_dataset(
    "simulated", condition="seizure", difficulty="easy", n_subjects=4, n_trials=24
)
where = seizure.metadata[["subject", "run"]].eq(["S02", "0"]).all(axis=1)
print(seizure.metadata[where][["onset", "focus"]].assign(label=seizure.y[where]))
TracesDisplay.from_trials(seizure, np.flatnonzero(where)[1:5])
plt.show()

# %%
# How much there is of each class
# -------------------------------
# Without the second half of one person's seizures:

kept = ~(
    (seizure.groups == "S03") & (seizure.y == "seizure") & (seizure.metadata["session"] == "1")
)
ClassCountsDisplay.from_trials(seizure[kept.to_numpy()])
plt.show()

# %%
# Spectra
# -------
# The median over people with the quartiles, at one electrode or averaged over several.

emotion = load_dataset("simulated", condition="emotion")
figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True, layout="constrained")
for ax, channel in zip(axes, ("F3", "F4"), strict=True):
    SpectraDisplay.from_trials(emotion, channels=[channel], ax=ax)
plt.show()

# %%
# Maps
# ----
# People differ much more than classes do. ``contrast=True`` shows what differs from each person's
# own mean over the classes: less alpha over the left frontal cortex and more beta over the temples
# in positive emotions, less alpha over the right frontal cortex in negative ones, more alpha behind
# in neutral ones. Theta, where nothing was planted, shows what chance makes of it.

TopographyDisplay.from_trials(emotion, contrast=True)
plt.show()

# %%
# Who it is
# ---------
# In the condition "identity" the label is the person. Everybody's alpha has its own peak, in the
# second session as in the first, so one decodes across sessions rather than across people.

identity = load_dataset("simulated", condition="identity", n_subjects=4, difficulty="easy")
figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True, layout="constrained")
for ax, session in zip(axes, "01", strict=True):
    part = identity[(identity.metadata["session"] == session).to_numpy()]
    SpectraDisplay.from_trials(part, channels=["O1", "O2"], f_max=30, ax=ax)
    ax.set_title(f"Session {session}, O1 and O2", loc="left")
plt.show()
