"""What trials hold, and what is wrong with them: `Trials.describe`."""

from eegkit.description._description import TrialsDescription
from eegkit.description._description import describe as describe

__all__ = ["TrialsDescription"]
