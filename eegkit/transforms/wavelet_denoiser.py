"""Denoising by wavelet shrinkage."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pywt
from numpy.typing import NDArray

from eegkit.parameters import Count, ParameterError, Positive
from eegkit.signals import SignalArray
from eegkit.transforms._base import Transformer

# The third quartile of the standard normal distribution: the median of its magnitude.
NORMAL_MAD = 0.6744897501960817
LEVELS_LEFT = 3


class WaveletDenoiser(Transformer):
    """Shrink the wavelet coefficients of every trial and channel that noise explains.

    The trial is decomposed into levels, the details of each level are shrunk by a threshold
    that follows from the noise, and the trial is put together again. The coarsest
    approximation is left alone.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    wavelet : str, default "db4"
        Any discrete wavelet of PyWavelets.
    level : int, optional
        Levels; by default three less than PyWavelets finds useful for the length of the
        trial, at least one.
    threshold : {"bayes", "universal"}, default "bayes"
        BayesShrink [2]_, ``sigma^2 / sqrt(max(mean(d^2) - sigma^2, 0))`` for each level's details
        d, or VisuShrink [1]_, ``sigma sqrt(2 log n_times)``, which leaves less noise but takes
        more of the signal.
    mode : {"soft", "hard"}, default "soft"
        Move all coefficients towards zero, or set the small ones to zero.
    noise : {"finest", "level"}, default "finest"
        The noise's standard deviation sigma is estimated for every trial and channel, by the
        median magnitude over 0.6745 of the finest details, for all levels (white noise) or of
        each level's own details (coloured noise).
    sigma : float, optional
        The noise's standard deviation in microvolts where it is known.

    Raises
    ------
    ValueError
        On `fit`: PyWavelets has no such wavelet, or the trial is too short for the levels.

    References
    ----------
    .. [1] D. L. Donoho, I. M. Johnstone (1994), Ideal spatial adaptation by wavelet
       shrinkage, Biometrika 81(3), 425-455.
    .. [2] S. G. Chang, B. Yu, M. Vetterli (2000), Adaptive wavelet thresholding for image
       denoising and compression, IEEE Transactions on Image Processing 9(9), 1532-1546.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.transforms import WaveletDenoiser
    >>> clean = np.sin(2 * np.pi * 3 * np.arange(512) / 128)[None, None]
    >>> noisy = clean + np.random.default_rng(0).normal(scale=0.5, size=clean.shape)
    >>> made = WaveletDenoiser().fit_transform(noisy)
    >>> bool(np.var(made - clean) < np.var(noisy - clean) / 4)
    True
    """

    wavelet: str = "db4"
    level: Count | None = None
    threshold: Literal["bayes", "universal"] = "bayes"
    mode: Literal["soft", "hard"] = "soft"
    noise: Literal["finest", "level"] = "finest"
    sigma: Positive | None = None

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"wavelet": "haar"}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return {
            "wavelet": ["db4", "sym8", "coif3"],
            "threshold": ["bayes", "universal"],
            "mode": ["soft", "hard"],
            "noise": ["finest", "level"],
        }

    def prepare(self, signals: SignalArray) -> None:
        try:
            wavelet = pywt.Wavelet(self.wavelet)
        except ValueError as error:
            raise ParameterError(
                f"wavelet is {self.wavelet!r}; expected a discrete wavelet of PyWavelets, such as "
                f"{', '.join(pywt.wavelist('db')[:4])}.",
                "wavelet",
            ) from error
        n_times = signals.shape[-1]
        useful = pywt.dwt_max_level(n_times, wavelet.dec_len)
        if useful < 1:
            raise ValueError(
                f"Trials of {n_times} samples (n_features = {n_times}) are too short for the "
                f"wavelet {self.wavelet}, of {wavelet.dec_len} coefficients."
            )
        self._level = max(1, useful - LEVELS_LEFT) if self.level is None else self.level
        if not 1 <= self._level <= useful:
            raise ParameterError(
                f"level is {self.level}; expected 1 to {useful} for trials of {n_times} samples "
                f"and the wavelet {self.wavelet}.",
                "level",
            )
        self.output_shape_ = self.input_shape_

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        approximation, *details = pywt.wavedec(block, self.wavelet, level=self._level, axis=-1)
        finest = self._estimate(details[-1])
        shrunk = [
            self._shrink(d, self._estimate(d) if self.noise == "level" else finest) for d in details
        ]
        signal = pywt.waverec([approximation, *shrunk], self.wavelet, axis=-1)
        # A trial of odd length comes back one sample longer.
        return signal[..., : block.shape[-1]]

    def _estimate(self, details: NDArray[np.float32]) -> NDArray[np.float32]:
        """Standard deviation of the noise, shape (n_block, n_channels, 1)."""
        if self.sigma is not None:
            return np.full((*details.shape[:2], 1), self.sigma, dtype=np.float32)
        # No numpy.median here: it checks for NaN, which costs as much again.
        magnitude = np.abs(details)
        n = magnitude.shape[-1]
        middle = ((n - 1) // 2, n // 2)
        magnitude.partition(middle, axis=-1)
        return magnitude[..., list(middle)].mean(axis=-1, keepdims=True) / np.float32(NORMAL_MAD)

    def _shrink(
        self, details: NDArray[np.float32], sigma: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        if self.threshold == "universal":
            limit = sigma * np.float32(np.sqrt(2 * np.log(self.input_shape_[-1])))
        else:
            power = np.einsum("nct,nct->nc", details, details)[..., None] / details.shape[-1]
            signal = np.maximum(power - sigma**2, np.finfo(np.float32).tiny)
            limit = sigma**2 / np.sqrt(signal)
        if self.mode == "hard":
            return np.where(np.abs(details) > limit, details, np.float32(0))
        # d less d cut off at the limit: soft thresholding in two passes.
        return details - np.clip(details, -limit, limit)
