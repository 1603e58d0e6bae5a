"""Image nets on spectrograms, on timm for eegkit."""

from eegkit_vision.cnn_transformer import CNNTransformer, CNNTransformerModule
from eegkit_vision.efficientnet import EfficientNet, EfficientNetModule
from eegkit_vision.inception_transformer import InceptionTransformer
from eegkit_vision.swin import Swin, SwinModule
from eegkit_vision.vit import ViT, ViTModule

__all__ = [
    "CNNTransformer",
    "CNNTransformerModule",
    "EfficientNet",
    "EfficientNetModule",
    "InceptionTransformer",
    "Swin",
    "SwinModule",
    "ViT",
    "ViTModule",
]
