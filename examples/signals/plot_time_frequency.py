"""
One trial in time and frequency
===============================

The same trial through three transforms, before and after wavelet denoising; then all of them in
one image for a net.
"""

# %%
# A trial
# -------
# A real recording where the environment variable ``EEGKIT_DATA`` names the folder that holds
# ``eegmat`` (students at rest and at mental arithmetic), else a simulated one.

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from eegkit import Pipeline, load_dataset
from eegkit.plots import SpectrogramDisplay
from eegkit.transforms import CWT, STFT, MelSpectrogram, SpectrogramUnion, WaveletDenoiser

if Path(os.environ.get("EEGKIT_DATA", ""), "eegmat").is_dir():
    trials = load_dataset("mental_arithmetic", subjects=[0])
else:
    trials = load_dataset("simulated", n_subjects=1, n_trials=8)
trial = trials[3:4]
trial

# %%
# Three transforms
# ----------------
# `STFT` has one window for all frequencies. `MelSpectrogram` gathers its bins in fewer, wider,
# overlapping bands. `CWT` lengthens the window where frequencies are low: its axis is logarithmic.

transforms = {
    "STFT": STFT(window_s=0.5, hop_s=0.05, f_min=2, f_max=40, output="db"),
    "mel": MelSpectrogram(window_s=0.5, hop_s=0.05, n_mels=16, f_min=2, f_max=40, output="db"),
    "CWT": CWT(f_min=2, f_max=40, n_cycles=5, scaling="amplitude", output="db"),
}

# %%
# Before and after denoising
# --------------------------
# `WaveletDenoiser` shrinks the small coefficients of a wavelet decomposition, over which noise
# spreads, and keeps the large ones, in which rhythms and transients gather. What is weak and fast
# goes with the noise.

channel = "O1"
denoiser = WaveletDenoiser()
rows = {"as recorded": trial.X, "denoised": denoiser.fit_transform(trial.X)}

times = np.arange(trial.n_times) / trial.sfreq
figure, axis = plt.subplots(figsize=(9, 2.4), layout="constrained")
for (name, X), color in zip(rows.items(), ("0.6", "C0"), strict=True):
    axis.plot(times, X[0, trial.ch_names.index(channel)], color=color, lw=1, label=name)
axis.set(xlabel="Time (s)", ylabel=f"{channel} (µV)")
axis.margins(x=0)
axis.legend(ncols=2, frameon=False, loc="lower left", bbox_to_anchor=(0, 1))

# %%

figure, axes = plt.subplots(2, 3, figsize=(12, 6), layout="constrained")
for column, (name, transform) in zip(axes.T, transforms.items(), strict=True):
    limits = {}
    for ax, (row, X) in zip(column, rows.items(), strict=True):
        display = SpectrogramDisplay.from_trials(X, transform, channels=channel, ax=ax, **limits)
        # The colours of the upper row hold for the lower one.
        limits = dict(zip(("vmin", "vmax"), display.colorbar_.mappable.get_clim(), strict=True))
        ax.set_title(f"{name}, {row}", loc="left")

# %%
# Regions
# -------
# A panel can be the mean over the channels of a region.

regions = {
    "left": [name for name in trial.ch_names if name[-1] in "13579"],
    "middle": [name for name in trial.ch_names if name[-1] == "z"],
    "right": [name for name in trial.ch_names if name[-1] in "02468"],
}
SpectrogramDisplay.from_trials(trial, transforms["CWT"], regions=regions)

# %%
# One image for a net
# -------------------
# `SpectrogramUnion` brings all of them to one size and puts them on top of one another; their
# units differ, so each is standardised. The whole chain is one transform to search and to cache.

union = SpectrogramUnion(
    list(transforms.items()), axis="freqs", n_freqs=40, n_frames=100, normalize="zscore"
)
chain = Pipeline([denoiser, union])
images = chain.fit_transform(trials.X)
SpectrogramDisplay.from_spectrogram(
    images, trial=3, channels=channel, label="Standardised power", cmap="magma"
)
images.shape

# %%

plt.show()
