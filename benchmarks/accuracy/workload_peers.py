"""Nets of braindecode for rest against arithmetic, trained with care."""

from __future__ import annotations

from eegkit_braindecode import BraindecodeClassifier

from eegkit import Pipeline
from eegkit.transforms import Resample, Standardizer

# Half the rate and a quarter of it, as their papers have it; what is not here is the default.
MODELS = {
    "EEGNet": {"kernel_length": 32},
    "ShallowFBCSPNet": {},
    "Deep4Net": {},
    "ATCNet": {"conv_block_kernel_length_1": 16},
}
# Deep4Net pools too often for trials of 5 s at 64 Hz.
RATES = {"Deep4Net": 128.0}


def peers() -> dict[str, Pipeline]:
    """By name: standardised trials, and a net that stops early by people held out."""
    return {f"braindecode {name}": _pipeline(name) for name in MODELS}


def _pipeline(name: str) -> Pipeline:
    net = BraindecodeClassifier(
        model=name,
        model_params=MODELS[name],
        max_epochs=20,
        early_stopping=True,
        patience=5,
        validation_split=0.2,
        class_weight="balanced",
        random_state=0,
    )
    rate = RATES.get(name, 64.0)
    return Pipeline([Resample(target_sfreq=rate), Standardizer(mode="trial"), net])
