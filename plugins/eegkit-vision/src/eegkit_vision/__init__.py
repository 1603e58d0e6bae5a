"""Image nets on spectrograms, on timm for eegkit."""

from eegkit_vision.cnn_transformer import CNNTransformer
from eegkit_vision.efficientnet import EfficientNet
from eegkit_vision.inception_transformer import InceptionTransformer
from eegkit_vision.swin import Swin
from eegkit_vision.vit import ViT

__all__ = [
    "CNNTransformer",
    "EfficientNet",
    "InceptionTransformer",
    "Swin",
    "ViT",
]
