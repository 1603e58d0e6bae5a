"""
Denoising: what it takes away
=============================

Two denoisers before a decoder: wavelet thresholds, which need no training, and a variational
autoencoder, which learns what trials have in common. Here the clean signal is known, so one can
see what each of them takes from the noise, and what from the signal.
"""

# %%
# Rhythms in noise
# ----------------
# The simulated trials serve as the clean signal; white noise of the same power is put on top.

import matplotlib.pyplot as plt
import numpy as np
from eegkit_vae import VAEDenoiser

from eegkit import SignalArray, load_dataset
from eegkit.transforms import WaveletDenoiser

trials = load_dataset("simulated", n_subjects=3, n_trials=60, channels=["C3", "Cz", "C4", "Pz"])
clean = np.asarray(trials.X)
rng = np.random.default_rng(0)
noise = rng.normal(size=clean.shape).astype(np.float32)
noisy = SignalArray(clean + clean.std() * noise, sfreq=trials.sfreq, ch_names=trials.ch_names)


def decibel(made):
    """Signal-to-noise ratio of the last 40 trials."""
    error = np.asarray(made)[-40:] - clean[-40:]
    return 10 * np.log10((clean[-40:] ** 2).sum() / (error**2).sum())


# %%
# Both denoise
# ------------
# The autoencoder is fitted to noisy trials alone, and never sees the last 40.

denoisers = {
    "wavelet": WaveletDenoiser(),
    "autoencoder": VAEDenoiser(beta=1.0, max_epochs=30, random_state=0),
}
made = {"noisy": noisy}
for name, denoiser in denoisers.items():
    made[name] = denoiser.fit(noisy[:-40]).transform(noisy)
for name, signals in made.items():
    print(f"{name:>12}: {decibel(signals):+.1f} dB")

# %%

figure, axes = plt.subplots(3, 1, figsize=(8, 5.5), sharex=True, sharey=True, layout="constrained")
time = np.arange(clean.shape[-1]) / trials.sfreq
for ax, (name, signals) in zip(axes, made.items(), strict=True):
    ax.plot(time, np.asarray(signals)[-1, 0], color="C0", lw=1, label=name)
    ax.plot(time, clean[-1, 0], color="0.3", lw=1, label="clean")
    ax.set(title=f"{name}, {decibel(signals):+.1f} dB", ylabel="C3 (µV)")
    ax.spines[["top", "right"]].set_visible(False)
axes[0].legend(frameon=False, loc="upper right")
axes[-1].set_xlabel("Time (s)")
plt.show()

# %%
# How much of the trials the autoencoder gives back is in its history; look at it before trusting
# one with data whose clean signal nobody knows.

denoisers["autoencoder"].history_.tail(3)
