"""Clinical data sets (CHB-MIT, Bonn, HMS) for eegkit."""

from eegkit_clinical.bonn import Bonn

__all__ = ["Bonn"]
