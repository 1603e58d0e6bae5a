"""Convolutional nets for eegkit."""

from eegkit_convnets.eegnet import EEGNet, EEGNetModule

__all__ = ["EEGNet", "EEGNetModule"]
