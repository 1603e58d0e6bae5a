"""Classifiers: neural nets that fit and predict as any scikit-learn classifier."""

from eegkit.classifiers._base import NeuralClassifier
from eegkit.classifiers._cost import Cost, net_cost
from eegkit.classifiers.adaptive_batch_norm import AdaptiveBatchNorm
from eegkit.classifiers.cnn_bigru import CNNBiGRU
from eegkit.classifiers.dense_net import DenseNet
from eegkit.classifiers.feature_maps import AttentionMap, FeatureMap, attention_weights
from eegkit.classifiers.supervised_calibration import SupervisedCalibration

__all__ = [
    "AdaptiveBatchNorm",
    "AttentionMap",
    "CNNBiGRU",
    "Cost",
    "DenseNet",
    "FeatureMap",
    "NeuralClassifier",
    "SupervisedCalibration",
    "attention_weights",
    "net_cost",
]
