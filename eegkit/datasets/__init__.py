"""Data sets: what gives `Trials`."""

from eegkit.datasets._base import Dataset, MissingDataWarning, load_dataset
from eegkit.datasets.eegbci import EEGBCI
from eegkit.datasets.mental_arithmetic import MentalArithmetic
from eegkit.datasets.simulated import Simulated

__all__ = [
    "EEGBCI",
    "Dataset",
    "MentalArithmetic",
    "MissingDataWarning",
    "Simulated",
    "load_dataset",
]
