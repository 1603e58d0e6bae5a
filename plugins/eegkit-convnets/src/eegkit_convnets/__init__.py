"""Convolutional nets for eegkit."""

from eegkit_convnets.deep_convnet import DeepConvNet
from eegkit_convnets.eegnet import EEGNet
from eegkit_convnets.eegnet_v1 import EEGNetV1
from eegkit_convnets.resnet1d import ResNet1D
from eegkit_convnets.shallow_convnet import ShallowConvNet

__all__ = [
    "DeepConvNet",
    "EEGNet",
    "EEGNetV1",
    "ResNet1D",
    "ShallowConvNet",
]
