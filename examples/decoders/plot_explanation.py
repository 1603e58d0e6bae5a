"""
Explanation: what a decoder looks at
====================================

In simulated motor imagery the truth is known: a mu and a beta rhythm over the hand area opposite to
the hand lose power. Do a net and a baseline go by that, for people they were not trained on?
"""

# %%
# A net and a baseline, trained on five people
# --------------------------------------------

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from eegkit import Pipeline, explain, load_dataset
from eegkit.classifiers import CNNBiGRU
from eegkit.transforms import STFT, BandPower

trials = load_dataset("simulated", n_subjects=6, n_trials=40, difficulty="easy")
new = np.isin(trials.groups, ["S06"])
net = Pipeline([STFT(normalize="fitted"), CNNBiGRU(max_epochs=8, random_state=0)])
baseline = Pipeline([BandPower(), StandardScaler(), LogisticRegression()])
for decoder in (net, baseline):
    decoder.fit(trials.X[~new], trials.y[~new])
    print(f"{decoder.score(trials.X[new], trials.y[new]):.2f} of the trials of a new person")

# %%
# Integrated gradients of the net
# -------------------------------
# How much each channel and band spoke for the class, in logits, on the new person's trials.
# ``mean`` gives tables; what the net reads stands in Hz and s.

of_net = explain(net, trials[new], method="integrated_gradients", target="true", n_steps=200)
table = of_net.mean(["class", "channel", "band"])
print(table.sort_values("attribution", ascending=False).head(6).to_string(index=False))

# %%
# Occlusion of both
# -----------------
# Occlusion needs no gradient: it hides a band of a channel, and looks how much probability the
# class loses. So the net's map stands beside the baseline's.

figure, axes = plt.subplots(1, 2, figsize=(8, 5), layout="constrained", sharey=True)
for ax, (name, decoder) in zip(axes, {"net": net, "baseline": baseline}.items(), strict=True):
    attributions = explain(
        decoder, trials[new], method="occlusion", by=["channel", "band"], target="true"
    )
    mean = attributions.values.mean(axis=0)
    limit = np.abs(mean).max()
    image = ax.imshow(mean, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    ax.set_title(name)
    ax.set_xticks(range(mean.shape[1]), attributions.coordinates("band"), rotation=45)
    ax.set_yticks(range(mean.shape[0]), attributions.coordinates("channel"))
    figure.colorbar(image, ax=ax, label="probability lost")
