"""
Which split answers which question
==================================

A score says what the split asks. Here is what each split trains on and tests, on four people who
came on two days and recorded two runs each time.
"""

# %%
# Trials
# ------
# Metadata say who, on which day and in which run every trial was recorded. That is all a split
# looks at, so the signals are left empty here.

import matplotlib.pyplot as plt
import numpy as np

from eegkit import Trials
from eegkit.evaluation import WithinSubjectKFold
from eegkit.plots.splits import SplitDisplay

n_subjects, n_sessions, n_runs, n_each = 4, 2, 2, 10
n_trials = n_subjects * n_sessions * n_runs * n_each
number = np.arange(n_trials)
trials = Trials.from_arrays(
    np.zeros((n_trials, 1, 2)),
    np.where(np.random.default_rng(0).random(n_trials) < 0.5, "left", "right"),
    sfreq=1,
    subject=[f"S{i + 1}" for i in number // (n_sessions * n_runs * n_each)],
    session=[str(i % n_sessions + 1) for i in number // (n_runs * n_each)],
    run=[str(i % n_runs + 1) for i in number // n_each],
)
trials


def show(*splits):
    """The splits side by side."""
    _, axes = plt.subplots(1, len(splits), figsize=(9, 4), layout="constrained")
    for axis, cv in zip(axes, splits, strict=True):
        SplitDisplay.from_splitter(cv, trials, ax=axis)
    axes[0].get_legend().remove()


# %%
# New people
# ----------
# Does the decoder work on somebody it has never seen? Everybody stands on one side.

show("group-2", "loso")

# %%
# The same person, another time
# -----------------------------
# Does a decoder that was calibrated for one person work on another day, or in another run? Grey
# trials are not used: nothing is learned from other people.

show("cross-session", "cross-run")

# %%
# The same person, the same time
# ------------------------------
# Can the classes be told apart at all? Blocks of neighbouring trials are tested; shuffled ones
# would be recognised by their neighbours. Each block holds every class as often, so blocks mix
# a little where they meet; a gap keeps neighbours of tested trials out of training.

show("within-3", WithinSubjectKFold(3, gap=2))

# %%
# By name
# -------
# A split that was published, say. A net holds out the people of ``validation`` by
# ``validation_split=split.inner()``.

SplitDisplay.from_splitter({"train": ["S1"], "validation": ["S2"], "test": ["S4"]}, trials)
plt.show()
