"""
Tuning without flattering
=========================

Settings are chosen in every fold by people of its training side, and scored on people who had no
part in that. What the chosen setting scored on those who chose it is flattered; both are shown.
"""

# %%
# A decoder and what to choose among
# ----------------------------------
# Band power of simulated movements, and a regression whose penalty is not obvious.

import matplotlib.pyplot as plt
from scipy.stats import loguniform
from sklearn.linear_model import LogisticRegression

from eegkit import Pipeline, load_dataset
from eegkit.plots import TuningDisplay
from eegkit.transforms import BandPower
from eegkit.tuning import tune

trials = load_dataset("simulated", n_subjects=9, n_trials=16)
decoder = Pipeline([BandPower(), LogisticRegression(max_iter=1000)])
space = {
    "logisticregression__C": loguniform(1e-3, 1e2),
    "logisticregression__class_weight": [None, "balanced"],
}
results = tune(
    decoder, trials, space, cv_outer="group-3", cv="group-3", n_trials=12, baselines=False,
    random_state=0,
)  # fmt: skip
results.compare()

# %%
# What the folds chose
# --------------------

print(results.tuning().describe())
results.tuning().settings()

# %%

results.tuning().agreement()

# %%
# How the searches went
# ---------------------
# A dot is a setting, a line the best so far. Settings that were stopped have no score.

TuningDisplay.from_results(results)
plt.show()

# %%
# Which parameters mattered, and where the good values are.

TuningDisplay.from_results(results, "slice")
plt.show()
