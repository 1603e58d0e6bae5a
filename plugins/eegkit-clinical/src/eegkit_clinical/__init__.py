"""Clinical data sets (CHB-MIT, Bonn, HMS) for eegkit."""

from eegkit_clinical.bonn import Bonn
from eegkit_clinical.chb_mit import CHBMIT

__all__ = ["CHBMIT", "Bonn"]
