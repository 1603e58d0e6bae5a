"""Every data set of MOABB as a data set of eegkit."""

from eegkit_moabb.dataset import MOABBDataset

__all__ = ["MOABBDataset"]
