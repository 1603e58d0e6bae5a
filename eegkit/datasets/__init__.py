"""Data sets: what gives `Trials`."""

from eegkit.datasets._base import Dataset, MissingDataWarning
from eegkit.datasets._kept import cache_folder, kept_trials
from eegkit.datasets._recordings import Recording, choose_subjects
from eegkit.datasets.bids import from_bids
from eegkit.datasets.eegbci import EEGBCI
from eegkit.datasets.folder import from_folder
from eegkit.datasets.hdf5 import from_hdf5, to_hdf5
from eegkit.datasets.loading import load_dataset
from eegkit.datasets.mental_arithmetic import MentalArithmetic
from eegkit.datasets.overlap import restore_channels
from eegkit.datasets.recorded import PreparedDataset, RecordedDataset, WindowedDataset
from eegkit.datasets.simulated import Simulated
from eegkit.datasets.timeseries import from_ts, to_ts

__all__ = [
    "EEGBCI",
    "Dataset",
    "MentalArithmetic",
    "MissingDataWarning",
    "PreparedDataset",
    "RecordedDataset",
    "Recording",
    "Simulated",
    "WindowedDataset",
    "cache_folder",
    "choose_subjects",
    "from_bids",
    "from_folder",
    "from_hdf5",
    "from_ts",
    "kept_trials",
    "load_dataset",
    "restore_channels",
    "to_hdf5",
    "to_ts",
]
