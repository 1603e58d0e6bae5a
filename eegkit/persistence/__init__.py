"""Save estimators to one file and load them again, without pickle."""

from eegkit.persistence._file import load, save
from eegkit.tensor_file import CorruptFileError

__all__ = ["CorruptFileError", "load", "save"]
