"""
Which is better, and where does it fail?
========================================

A net beside classical decoders on four imagined movements: paired tests over people, which
movement is taken for which, whether a decoder is right as often as it says, and what the last
layer of the net sees.
"""

# %%
# Evaluate
# --------
# Everybody is tested by decoders that were trained on other people.

import matplotlib.pyplot as plt
from eegkit_convnets import ShallowConvNet

from eegkit import Pipeline, evaluate, load_dataset
from eegkit.evaluation import calibration_table
from eegkit.plots import (
    ComparisonDisplay,
    ConfusionMatrixDisplay,
    EmbeddingDisplay,
    ReliabilityDisplay,
)
from eegkit.transforms import Standardizer

trials = load_dataset("simulated", n_subjects=8, n_trials=48, n_classes=4, difficulty="easy")
net = Pipeline([Standardizer(), ShallowConvNet(max_epochs=12, random_state=0)])
results = evaluate(
    {"shallow_convnet": net}, {"simulated": trials}, cv="group-4", baselines=True, random_state=0
)
results

# %%
# Which is better?
# ----------------
# A line is a person, a diamond the mean with its interval. The table has paired tests over
# people, corrected for their number.

ComparisonDisplay.from_results(results)
results.compare().round(3)

# %%
# Which movement is taken for which?
# ----------------------------------

figure, axes = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
for ax, name in zip(axes, ("shallow_convnet", "csp+lda"), strict=True):
    ConfusionMatrixDisplay.from_results(results, name, ax=ax)
    ax.set_title(name)

# %%
# Is it right as often as it says?
# --------------------------------
# Below the diagonal a decoder is too sure of itself. ECE is the expected calibration error.

ReliabilityDisplay.from_results(results)
calibration_table(results).round(3)

# %%
# What does the net see?
# ----------------------
# The net is trained on six people, and looks at two others: features of the last layer, in
# two dimensions by t-SNE, coloured by movement and by person. The movements form groups, but
# each person has groups of their own: the net sees who it is, too.

seen = trials.metadata["subject"].isin(["S01", "S02"]).to_numpy()
others, new = trials[~seen], trials[seen]
net.fit(others.X, others.y)
figure, axes = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
EmbeddingDisplay.from_estimator(net, new.X, new.y, ax=axes[0])
EmbeddingDisplay.from_estimator(net, new.X, new.groups, ax=axes[1])
plt.show()
