"""Nets of braindecode, trained with care.

These settings were fixed before any net was scored with them; before, an EEGNet that stopped early
had been scored on rest against arithmetic. Training takes 25 epochs of AdamW, or as many as are
asked for, at one cycle of the learning rate, without early stopping: to hold some of 28 people out
leaves few to learn from and few to stop by. The peak of the learning rate and the decay of weights
are those of braindecode's examples for ShallowFBCSPNet and Deep4Net, those of the paper for ATCNet
[2]_. Trials have 128 Hz; lengths are those that the paper of EEGNet has there for the first three
nets [1]_, and the quarter of a second for ATCNet.

References
----------
.. [1] V. J. Lawhern et al. (2018), EEGNet: a compact convolutional neural network for EEG-based
   brain-computer interfaces, Journal of Neural Engineering 15(5), 056013.
.. [2] H. Altaheri et al. (2023), Physics-informed attention temporal convolutional network for
   EEG-based motor imagery classification, IEEE Transactions on Industrial Informatics 19(2),
   2249-2258.
"""

from __future__ import annotations

from typing import Any

from eegkit_braindecode import BraindecodeClassifier
from sklearn.base import clone

from eegkit import Pipeline
from eegkit.transforms import Standardizer

# By model: lengths in samples, and what differs in training.
MODELS: dict[str, tuple[dict[str, int], dict[str, Any]]] = {
    "EEGNet": ({"kernel_length": 64}, {}),
    "ShallowFBCSPNet": (
        {"filter_time_length": 13, "pool_time_length": 35, "pool_time_stride": 7},
        {"lr": 6.25e-4, "weight_decay": 0.0},
    ),
    "Deep4Net": (
        {
            "filter_time_length": 5,
            "filter_length_2": 5,
            "filter_length_3": 5,
            "filter_length_4": 5,
            "pool_time_length": 2,
            "pool_time_stride": 2,
        },
        {"lr": 1e-2, "weight_decay": 5e-4},
    ),
    "ATCNet": ({"conv_block_kernel_length_1": 32}, {"lr": 9e-4}),
}


def peers(standardizer: Standardizer, **training: Any) -> dict[str, Pipeline]:
    """By name: standardised trials, and a net that is trained so."""
    return {f"braindecode {name}": _pipeline(name, standardizer, training) for name in MODELS}


def _pipeline(name: str, standardizer: Standardizer, training: dict[str, Any]) -> Pipeline:
    lengths, differing = MODELS[name]
    net = BraindecodeClassifier(
        model=name,
        model_params=lengths,
        max_epochs=25,
        lr_schedule="one_cycle",
        class_weight="balanced",
        random_state=0,
    )
    return Pipeline([clone(standardizer), net.set_params(**differing, **training)])
