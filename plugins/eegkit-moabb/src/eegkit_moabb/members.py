"""The data sets, a class each, made when they are asked for.

``eegkit_moabb.members.BNCI2014_001`` is the class of the data set
``moabb:BNCI2014_001``; here pickle finds it again.
"""

from __future__ import annotations

from eegkit_moabb import _catalogue
from eegkit_moabb.dataset import MOABBDataset


def __getattr__(name: str) -> type[MOABBDataset]:
    if name.startswith("_") or name not in _catalogue.names():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return MOABBDataset.member(name)
