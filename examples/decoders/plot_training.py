"""
Training: curves, resuming, fine-tuning
=======================================

Every net trains through one engine, and its options are flat parameters. Here a net stops early
by people it was not trained on, is killed and goes on, and is tuned to a new person.
"""

# %%
# Stop early, by people held out
# ------------------------------
# ``trials.X`` knows whose each trial is, so the inner validation split holds out whole people.
# The best epoch is the one after which the net is kept.

import contextlib
import tempfile

import matplotlib.pyplot as plt
import numpy as np
from skorch.callbacks import Callback

from eegkit import Pipeline, load_dataset
from eegkit.classifiers import CNNBiGRU
from eegkit.plots import TrainingCurvesDisplay
from eegkit.transforms import STFT

trials = load_dataset("simulated", n_subjects=5, n_trials=60, channels=["C3", "Cz", "C4"])
known = trials.groups != "S02"
X = STFT(window_s=1, f_max=40).fit_transform(trials.X)

net = CNNBiGRU(
    max_epochs=16,
    lr_schedule="one_cycle",
    early_stopping=True,
    patience=5,
    label_smoothing=0.05,
    random_state=0,
)
net.fit(X[known], trials.y[known])
TrainingCurvesDisplay.from_estimator(net)
plt.show()

# %%
# ``history_`` is the table behind the picture.

net.history_.tail()

# %%
# Killed, and run again
# ---------------------
# With ``checkpoint_dir`` the state of training is kept after every epoch. What dies here half-way
# ends, run again, with the very weights of a net that was never interrupted.


class PowerCut(BaseException):
    """Stands for a machine that dies."""


class Cut(Callback):
    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) == 2:
            raise PowerCut


few = np.flatnonzero(known)[::4]
settings = {"max_epochs": 4, "random_state": 1}
whole = CNNBiGRU(**settings).fit(X[few], trials.y[few])

with tempfile.TemporaryDirectory() as folder:
    with contextlib.suppress(PowerCut):
        cut = CNNBiGRU(**settings, checkpoint_dir=folder, callbacks=[Cut()])
        cut.fit(X[few], trials.y[few])
    resumed = CNNBiGRU(**settings, checkpoint_dir=folder).fit(X[few], trials.y[few])

same = all(np.array_equal(whole.weights_[name], w) for name, w in resumed.weights_.items())
print(f"the same weights, bit for bit: {same}")

# %%
# Tuned to a new person
# ---------------------
# ``init_weights`` begins with what a net has learned of others; ``freeze`` names what is to stay.

new = np.flatnonzero(~known)
calibration, rest = new[:30], new[30:]
settings = {"max_epochs": 10, "batch_size": 16, "random_state": 0}
tuned = CNNBiGRU(
    lr=3e-4, init_weights=net.weights_, freeze=["cnn.*", "fusion.*", "gru.*"], **settings
)
tuned.fit(X[calibration], trials.y[calibration])
alone = CNNBiGRU(**settings).fit(X[calibration], trials.y[calibration])
for name, model in (("others", net), ("this person", alone), ("others, tuned", tuned)):
    print(f"learned from {name:>13}: {model.score(X[rest], trials.y[rest]):.2f}")

# %%
# The same in a pipeline: the parameters carry the name of the step.

decoder = Pipeline([STFT(window_s=1, f_max=40), CNNBiGRU()])
decoder.set_params(cnn_bigru__early_stopping=True, cnn_bigru__class_weight="balanced")
