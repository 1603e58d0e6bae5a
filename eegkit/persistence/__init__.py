"""Save estimators to one file and load them again, without pickle."""

from eegkit.persistence._file import CorruptFileError, load, save

__all__ = ["CorruptFileError", "load", "save"]
