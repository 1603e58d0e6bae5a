"""
A report, and what more people would bring
==========================================

`results.report` writes everything about an evaluation into one HTML file that needs no network.
A learning curve shows whether it is worth recording more people.
"""

# %%
# Evaluate
# --------
# Two classical decoders of simulated movements, each person tested by decoders that were trained
# on others.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

from eegkit import evaluate, load_dataset, report
from eegkit.evaluation import baselines, learning_curve
from eegkit.plots import LearningCurveDisplay

trials = load_dataset("simulated", n_subjects=12, n_trials=20)
names = ("band_power+lr", "csp+lda")
pipelines = {name: pipeline for name, pipeline in baselines().items() if name in names}
results = evaluate(pipelines, {"simulated": trials}, cv="group-4", random_state=0)
results

# %%
# The report
# ----------
# With the trials it also tells what they hold. The answer comes first: the best pipeline, its
# interval, how far it is above chance.

path = Path(tempfile.mkdtemp()) / "report.html"
report(results, path, {"simulated": trials})
print(f"{path.name}: {path.stat().st_size / 2**20:.1f} MB")

# %%
# More people to train on
# -----------------------
# Of the training people of every fold 2, 4 and 8 are drawn, twice; all of them, once. The people
# tested stay the same.

curve = learning_curve(
    pipelines, trials, cv="group-4", n_draws=2, scoring="balanced_accuracy", random_state=0
)
curve.summary()

# %%

LearningCurveDisplay.from_results(curve)
plt.show()
