"""Classifiers: neural nets that fit and predict as any scikit-learn classifier."""

from eegkit.classifiers._base import NeuralClassifier
from eegkit.classifiers._cost import Cost, net_cost
from eegkit.classifiers.cnn_bigru import CNNBiGRU, CNNBiGRUModule

__all__ = [
    "CNNBiGRU",
    "CNNBiGRUModule",
    "Cost",
    "NeuralClassifier",
    "net_cost",
]
