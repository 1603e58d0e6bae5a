"""
From training to ONNX
=====================

A decoder that is trained goes to a program that has neither Python nor torch as one ONNX file,
from raw trials to probabilities. On simulated people, so without a download.
"""

# %%
# Train, and test on people it has not seen
# -----------------------------------------
# The spectrogram is a part of the decoder, and of the file that is written.

import json
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import eegkit
from eegkit import Pipeline, evaluate, load_dataset
from eegkit.classifiers import CNNBiGRU
from eegkit.transforms import STFT

trials = load_dataset("simulated", n_subjects=9, n_trials=40, channels=["C3", "Cz", "C4"])
decoder = Pipeline([STFT(window_s=1, f_max=40), CNNBiGRU(max_epochs=20, random_state=0)])
known = trials[trials.groups != "S09"]
evaluate(decoder, known, cv="group-4", random_state=0).summary()

# %%
# The decoder that is used is fitted on all of these people. The ninth stands for who comes later.

decoder.fit(known.X, known.y)
new = trials[trials.groups == "S09"]

# %%
# One file
# --------
# Before it appears, its answers are compared with those of ``predict_proba``. A step that has no
# form as a torch module is refused by name.

path = Path(tempfile.mkdtemp()) / "hands.onnx"
eegkit.export_onnx(decoder, path)
print(path.name, path.stat().st_size // 1000, "kB")

# %%
# What reads it
# -------------
# onnxruntime has a version for C++, for browsers and for telephones. The file says what it reads
# and what it answers.

import onnxruntime

session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
description = session.get_modelmeta().custom_metadata_map
{key: json.loads(value) for key, value in description.items()}

# %%
# Trials go in as they went into the decoder: these channels, this sampling rate, in microvolts.

(probabilities,) = session.run(None, {"X": np.asarray(new.X, dtype=np.float32)})
difference = np.abs(probabilities - decoder.predict_proba(new.X)).max()
print(f"largest difference of a probability: {difference:.0e}")

# %%

right = probabilities[np.arange(len(new)), np.searchsorted(decoder.classes_, new.y)]
fig, ax = plt.subplots(figsize=(6, 3))
ax.hist(right, bins=np.linspace(0, 1, 11))
ax.axvline(0.5, color="gray", linestyle="--")
ax.set(xlabel="probability of the true class", ylabel="trials of the ninth person")
plt.show()

# %%
# A window at a time
# ------------------
# Live, one trial comes at a time; onnxruntime and torch side by side, on one thread.

import time

import torch


def milliseconds(answer, n=50):
    """The median time of one window."""
    times = []
    for _ in range(n):
        start = time.perf_counter()
        answer()
        times.append(time.perf_counter() - start)
    return 1e3 * np.median(times)


options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
n_threads = torch.get_num_threads()
torch.set_num_threads(1)
window, single = np.asarray(new.X[:1], dtype=np.float32), new.X[:1]
table = {
    "onnxruntime": milliseconds(lambda: session.run(None, {"X": window})),
    "predict_proba": milliseconds(lambda: decoder.predict_proba(single)),
}
torch.set_num_threads(n_threads)
pd.Series(table, name="ms per window").round(2)
