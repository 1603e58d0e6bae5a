"""Clinical data sets (CHB-MIT, Bonn, HMS) for eegkit."""

from eegkit_clinical._hms_files import PublishedSpectrogram, read_spectrogram
from eegkit_clinical.bonn import Bonn
from eegkit_clinical.chb_mit import CHBMIT
from eegkit_clinical.hms import HMS

__all__ = [
    "CHBMIT",
    "HMS",
    "Bonn",
    "PublishedSpectrogram",
    "read_spectrogram",
]
