"""Clinical data sets (CHB-MIT, Bonn, HMS) for eegkit."""

from eegkit_clinical._hms_files import PublishedSpectrogram, read_spectrogram
from eegkit_clinical.bonn import Bonn
from eegkit_clinical.chb_mit import CHBMIT
from eegkit_clinical.hms import HMS
from eegkit_clinical.kl_divergence import kl_divergence, kl_divergence_scorer

__all__ = [
    "CHBMIT",
    "HMS",
    "Bonn",
    "PublishedSpectrogram",
    "kl_divergence",
    "kl_divergence_scorer",
    "read_spectrogram",
]
