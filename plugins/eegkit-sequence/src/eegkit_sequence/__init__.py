"""Recurrent and Transformer nets for eegkit."""

from eegkit_sequence.cnn_bilstm import CNNBiLSTM
from eegkit_sequence.crnn import CRNN
from eegkit_sequence.lstm_attention import LSTMAttention
from eegkit_sequence.spectrogram_transformer import SpectrogramTransformer

__all__ = [
    "CRNN",
    "CNNBiLSTM",
    "LSTMAttention",
    "SpectrogramTransformer",
]
