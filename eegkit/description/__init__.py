"""What trials hold, and what is wrong with them: `Trials.describe`."""

from eegkit.description._description import TrialsDescription, describe

__all__ = ["TrialsDescription", "describe"]
