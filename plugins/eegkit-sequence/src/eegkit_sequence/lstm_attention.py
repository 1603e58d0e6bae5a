"""LSTM with additive attention over time frames, on spectrograms."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from scipy.stats import uniform
from torch import nn

from eegkit.classifiers import FeatureMap, NeuralClassifier
from eegkit.parameters import Count, Depth, Proportion


class AdditiveAttention(nn.Module):
    """The weighted mean of a sequence, with weights from a layer of its own.

    Shapes: B trials, T steps, H features of a step.
    """

    def __init__(self, n_features: int, attention_size: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(n_features, attention_size)
        # A bias here would be the same for every step, which the softmax takes out again.
        self.score = nn.Linear(attention_size, 1, bias=False)

    def weights(self, x: torch.Tensor) -> torch.Tensor:
        """How much every step counts, (B, T, 1); they add up to 1 over the steps."""
        return self.score(torch.tanh(self.hidden(x))).softmax(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (self.weights(x) * x).sum(1)  # (B, H)


class LSTMAttentionModule(nn.Module):
    """The net of `LSTMAttention`; see there for the parameters.

    Shapes: B trials, C channels, F frequencies, T frames.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        *,
        hidden_size: int,
        n_layers: int,
        bidirectional: bool,
        attention_size: int,
        dropout: float,
    ) -> None:
        super().__init__()
        n_channels, n_freqs, _ = input_shape
        width = (2 if bidirectional else 1) * hidden_size
        self.norm = nn.BatchNorm1d(n_channels * n_freqs)
        self.lstm = nn.LSTM(
            n_channels * n_freqs,
            hidden_size,
            n_layers,
            batch_first=True,
            bidirectional=bidirectional,
            dropout=dropout if n_layers > 1 else 0.0,
        )
        self.attention = AdditiveAttention(width, attention_size)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, n_classes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm(x.flatten(1, 2))  # (B, C*F, T)
        x, _ = self.lstm(x.transpose(1, 2))  # (B, T, width)
        return self.head(self.attention(x))  # (B, n_classes)

    def feature_map(self) -> FeatureMap:
        """What the LSTM says of every frame: (B, T, width)."""
        return FeatureMap(self.lstm, lambda x: x.transpose(1, 2), lambda output: output[0])


class LSTMAttention(NeuralClassifier):
    r"""An LSTM over time frames, pooled by additive attention, on spectrograms.

    A spectrogram is read as a sequence of frames, the frequencies of all channels side by
    side. An LSTM gives a state for every frame, and attention says how much each one counts:
    a short event such as a seizure need not be averaged away.

    Stages at 19 channels, 100 frequencies, 7 frames, 2 classes: (19, 100, 7) -> sequence
    (7, 1900) -> LSTM (7, 256) -> attention (256) -> 2; 2,099,546 parameters.

    Parameters
    ----------
    hidden_size : int, default 128
        Units of the LSTM, in each direction.
    n_layers : int, default 1
        Layers of the LSTM.
    bidirectional : bool, default True
        Whether the LSTM also reads the frames from the end.
    attention_size : int, default 64
        Units of the layer that the attention's scores are read from.
    dropout : float, default 0.3
        Part of the values dropped between LSTM layers and before the classes.

    Raises
    ------
    ValueError
        On `fit`, of a parameter that makes no net.

    See Also
    --------
    eegkit.NeuralClassifier : the parameters of training.

    Notes
    -----
    With :math:`h_t` the state of frame :math:`t`, the pooled state :math:`c` is

    .. math::
        e_t = v^\top \tanh(W h_t + b), \qquad
        a_t = \frac{\exp e_t}{\sum_s \exp e_s}, \qquad
        c = \sum_t a_t h_t.

    In [1]_ the score also depends on the state of a decoder, :math:`U s`. There is none here:
    a classifier asks one question of all trials, which is the bias :math:`b`.

    Every channel and frequency is first brought to zero mean and unit variance by a batch
    norm, so that power in any unit does not drive the gates to their ends.

    LSTMs with attention on EEG of seizures: [2]_, whose attention weighs channels where this
    one weighs frames. No paper gives the sizes; the defaults are moderate ones.

    References
    ----------
    .. [1] D. Bahdanau, K. Cho, Y. Bengio (2015), Neural machine translation by jointly
       learning to align and translate, arXiv:1409.0473, appendix A.1.2.
    .. [2] X. Yao, Q. Cheng, G.-Q. Zhang (2018), A robust deep learning approach for automatic
       classification of seizures against non-seizures, arXiv:1812.06562.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit_sequence import LSTMAttention
    >>> X = np.random.default_rng(0).normal(size=(8, 3, 20, 5))
    >>> y = ["seizure", "none"] * 4
    >>> LSTMAttention(max_epochs=1, random_state=0).fit(X, y).predict_proba(X).shape
    (8, 2)
    """

    input_kind: ClassVar[str] = "spectrogram"
    fits_in_threads = True
    reads_frames = True

    hidden_size: Count = 128
    n_layers: Depth = 1
    bidirectional: bool = True
    attention_size: Count = 64
    dropout: Proportion = 0.3

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {
            "hidden_size": 16,
            "attention_size": 8,
            "dropout": 0.0,
            "max_epochs": 15,
            "lr": 1e-2,
        }

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return super().search_space() | {
            "hidden_size": [64, 128, 256],
            "n_layers": [1, 2, 3],
            "bidirectional": [True, False],
            "attention_size": [32, 64, 128],
            "dropout": uniform(0.1, 0.5),
        }

    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        return LSTMAttentionModule(input_shape, n_classes, **self.architecture_params())
