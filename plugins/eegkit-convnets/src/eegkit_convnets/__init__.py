"""Convolutional nets for eegkit."""

from eegkit_convnets.deep_convnet import DeepConvNet, DeepConvNetModule
from eegkit_convnets.eegnet import EEGNet, EEGNetModule
from eegkit_convnets.eegnet_v1 import EEGNetV1, EEGNetV1Module
from eegkit_convnets.resnet1d import ResNet1D, ResNet1DModule
from eegkit_convnets.shallow_convnet import ShallowConvNet, ShallowConvNetModule

__all__ = [
    "DeepConvNet",
    "DeepConvNetModule",
    "EEGNet",
    "EEGNetModule",
    "EEGNetV1",
    "EEGNetV1Module",
    "ResNet1D",
    "ResNet1DModule",
    "ShallowConvNet",
    "ShallowConvNetModule",
]
