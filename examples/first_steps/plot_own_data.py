"""
Your own recordings
===================

A folder of recordings and a table that says what is in them: that is all `from_folder` needs.
Here both are written first, so that the example runs anywhere: eight people, each with one minute
of rest with eyes closed, then one of work.
"""

# %%
# Recordings and a table of labels
# --------------------------------
# One file for each person. The table has a row for each piece of a file.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import mne
import numpy as np
import pandas as pd

from eegkit.datasets import from_folder

folder = Path(tempfile.mkdtemp())
rng = np.random.default_rng(0)
names, sfreq, n_seconds = ["Fz", "Cz", "Pz", "Oz"], 128, 60
rows = []
for subject in [f"S{i:02d}" for i in range(8)]:
    t = np.arange(2 * n_seconds * sfreq) / sfreq
    signals = rng.normal(0, 10e-6, (len(names), len(t)))
    alpha = rng.uniform(3e-6, 6e-6) * np.sin(2 * np.pi * rng.uniform(9, 11) * t)
    signals[2:] += np.where(t < n_seconds, alpha, 0.2 * alpha)  # of the back of the head
    raw = mne.io.RawArray(signals, mne.create_info(names, sfreq, "eeg"), verbose="error")
    raw.save(folder / f"{subject}_raw.fif", verbose="error")
    for label, onset in (("rest", 0), ("work", n_seconds)):
        rows.append((f"{subject}_raw.fif", label, subject, onset, n_seconds))

table = pd.DataFrame(rows, columns=["file", "label", "subject", "onset", "duration"])
table.to_csv(folder / "labels.csv", index=False)
table.head(4)

# %%
# Trials of them
# --------------
# Each piece is cut into windows of four seconds. Broken files, files that are not there and
# channels that some files lack are told by name.

trials = from_folder(folder, folder / "labels.csv", window_s=4, l_freq=1, h_freq=40)
trials

# %%

trials.metadata.head(3)

# %%
# Decoded, on people the decoder has not seen
# -------------------------------------------
# From here on they are trials like any others.

from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from eegkit import Pipeline, evaluate
from eegkit.transforms import BandPower

decoder = Pipeline([BandPower(), StandardScaler(), LogisticRegression()])
results = evaluate(decoder, trials, cv="group-4")
results.summary()

# %%

from eegkit.plots import ScoresDisplay

ScoresDisplay.from_results(results)
plt.show()

# %%
# In other formats
# ----------------
# The same trials as a ``.ts`` file, which aeon and aeon-neuro read. Its format has no place for
# the sampling rate and the people, so they are given when it is read.

from eegkit.datasets import from_ts, to_ts

to_ts(trials, folder / "own.ts")
again = from_ts(folder / "own.ts", sfreq=trials.sfreq, subject=trials.groups)
print((folder / "own.ts").stat().st_size // 1000, "kB;", again)
