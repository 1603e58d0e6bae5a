"""Every person brought to zero mean and unit standard deviation."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from eegkit.parameters import Positive
from eegkit.transforms._alignment import Alignment, Floats

ROUNDING = 1e-7  # of float32


class SubjectStandardizer(Alignment):
    """Bring the trials of every person to zero mean and unit standard deviation.

    People differ in the amplitude and spectrum of their EEG more than one person's states do.
    Standardised by their own unlabelled trials, they are alike, and a decoder of new people
    has to learn the states alone.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    access, n_calibration, calibration_s, prior_trials
        See `eegkit.adaptation.Adaptation`.
    eps : float, default 1e-6
        What deviates by at most this share of what it does in the training people is flat, and
        gives zeros.

    Attributes
    ----------
    statistics_ : tuple of (ndarray, ndarray, float)
        Mean, variance and number of the trials seen in `fit`.
    subjects_ : dict
        The same of people whom `calibrate` was given, by subject.

    See Also
    --------
    Standardizer : The same for all people at once, or for each trial by itself.

    Notes
    -----
    Raw trials are standardised per channel, over trials and time; spectrograms per channel and
    frequency, over trials and frames; features, shape (n_trials, n_features), each over
    trials. With access "causal", the prior counts as `prior_trials` trials of the training
    people's mean and variance, and statistics are those of all of these together.

    Examples
    --------
    >>> import eegkit
    >>> from eegkit.transforms import BandPower, SubjectStandardizer
    >>> from sklearn.linear_model import LogisticRegression
    >>> decoder = eegkit.Pipeline([BandPower(), SubjectStandardizer(), LogisticRegression()])
    >>> eegkit.access.access_of(decoder)
    'transductive'
    """

    input_kind: ClassVar[str] = "any"

    eps: Positive = 1e-6

    def summaries(self, block: NDArray[Any]) -> tuple[Floats, Floats]:
        if block.ndim == 2:
            means = block.astype(np.float64)
            return means, np.zeros_like(means)
        return block.mean(axis=-1, dtype=np.float64), block.var(axis=-1, dtype=np.float64)

    def maps(self, centres: Floats, spreads: Floats) -> tuple[NDArray[Any], ...]:
        scales, usual = np.sqrt(spreads), np.sqrt(self.statistics_[1])
        is_flat = scales <= np.maximum(self.eps * usual, ROUNDING * np.abs(centres))
        scales = np.where(is_flat, np.inf, scales)
        if len(self.input_shape_) > 1:
            centres, scales = centres[..., None], scales[..., None]
        return centres.astype(np.float32), scales.astype(np.float32)

    def map_trials(self, block: NDArray[Any], *maps: NDArray[Any]) -> NDArray[np.float32]:
        means, scales = maps
        return (block.astype(np.float32, copy=False) - means) / scales

    def as_module(self) -> Any:
        if self.access != "none" or len(self.input_shape_) == 1:
            return super().as_module()
        from eegkit.transforms._modules import affine

        means, scales = self.maps(*self.statistics_[:2])
        return affine(means, scales)
