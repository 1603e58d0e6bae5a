"""
Quick start: decode people the net has not seen
===============================================

Simulated people imagine a movement of the left or the right hand. A spectrogram of every
channel and a small net decode which, tested on people who were not in the training set.
"""

# %%
# Trials
# ------
# A data set gives `Trials`: signals in microvolts, labels, and who each trial is from.
# Nothing is downloaded here; ``"eegbci"`` or ``"mental_arithmetic"`` would be real recordings.

import matplotlib.pyplot as plt
import numpy as np

from eegkit import Pipeline, evaluate, load_dataset
from eegkit.classifiers import CNNBiGRU
from eegkit.plots import ScoresDisplay
from eegkit.transforms import STFT

trials = load_dataset("simulated", n_subjects=6, n_trials=30, channels=["C3", "Cz", "C4", "Pz"])
trials

# %%
# A spectrogram
# -------------
# `STFT` takes the sampling rate from ``trials.X``. Over the hemisphere opposite to the hand the
# mu rhythm, near 10 Hz, loses power.

stft = STFT(window_s=1, f_min=2, f_max=40, output="db")
spectrograms = stft.fit_transform(trials.X)

first = trials.groups == "S01"
figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True, layout="constrained")
for axis, hand in zip(axes, ("left_hand", "right_hand"), strict=True):
    channel = spectrograms.ch_names.index("C3")
    mean = np.asarray(spectrograms[first & (trials.y == hand)])[:, channel].mean(axis=0)
    image = axis.pcolormesh(
        spectrograms.times, spectrograms.freqs, mean, shading="nearest", vmin=-20, vmax=15
    )
    axis.set(title=f"C3, {hand.replace('_', ' ')}", xlabel="Time (s)")
axes[0].set_ylabel("Frequency (Hz)")
figure.colorbar(image, ax=axes, label="Power (dB re 1 µV²/Hz)")

# %%
# Scores per person
# -----------------
# `evaluate` keeps people apart: nobody is tested by a net that was trained on them.

decoder = Pipeline([STFT(window_s=1, f_max=40), CNNBiGRU(max_epochs=8, random_state=0)])
results = evaluate(decoder, trials, cv="group-3", scoring="balanced_accuracy")
results.summary()

# %%

ScoresDisplay.from_results(results)
plt.show()
