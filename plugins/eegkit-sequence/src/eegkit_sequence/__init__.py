"""Recurrent and Transformer nets for eegkit."""

from eegkit_sequence.cnn_bilstm import CNNBiLSTM, CNNBiLSTMModule
from eegkit_sequence.crnn import CRNN, CRNNModule
from eegkit_sequence.lstm_attention import LSTMAttention, LSTMAttentionModule
from eegkit_sequence.spectrogram_transformer import (
    SpectrogramTransformer,
    SpectrogramTransformerModule,
)

__all__ = [
    "CRNN",
    "CNNBiLSTM",
    "CNNBiLSTMModule",
    "CRNNModule",
    "LSTMAttention",
    "LSTMAttentionModule",
    "SpectrogramTransformer",
    "SpectrogramTransformerModule",
]
