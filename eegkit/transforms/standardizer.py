"""Zero mean, unit standard deviation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from eegkit.blocks import read_blocks
from eegkit.parameters import Interval, ParameterError, Positive
from eegkit.signals import SignalArray
from eegkit.transforms._base import BLOCK_BYTES, Transformer


class Standardizer(Transformer):
    """Bring every channel to zero mean and unit standard deviation.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    mode : {"channel", "trial", "moving"}, default "channel"
        "channel": by the mean and standard deviation of each channel over the trials seen in
        `fit`. "trial": each trial and channel by its own. "moving": by an exponentially
        moving mean and variance [1]_.
    factor_new : float, default 1e-3
        Of "moving": weight of the newest sample.
    init_block_s : float, optional
        Of "moving": the first seconds are standardised by their own mean and standard
        deviation.
    sfreq : float, optional
        Sampling rate in Hz, by default that of X; used for `init_block_s` alone.
    eps : float, default 1e-4
        Least standard deviation that is divided by, in microvolts; a flat channel gives
        zeros.

    Attributes
    ----------
    mean_, scale_ : ndarray, shape (n_channels,)
        Of mode "channel".

    Notes
    -----
    "moving": ``m[t] = f x[t] + (1 - f) m[t-1]`` and
    ``v[t] = f (x[t] - m[t])**2 + (1 - f) v[t-1]``, both weighted means of what was seen so
    far (the weights of the first samples are divided by their sum, as in pandas' ``ewm``),
    and ``(x[t] - m[t]) / max(sqrt(v[t]), eps)``.

    References
    ----------
    .. [1] R. T. Schirrmeister et al. (2017), Deep learning with convolutional neural networks
       for EEG decoding and visualization, Human Brain Mapping 38(11), 5391-5420, section
       "Input representation".

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.transforms import Standardizer
    >>> X = np.random.default_rng(0).normal(5, 3, size=(10, 2, 100))
    >>> made = Standardizer().fit_transform(X)
    >>> bool(abs(made.mean()) < 1e-5)
    True
    """

    mode: Literal["channel", "trial", "moving"] = "channel"
    factor_new: Annotated[float, Interval(gt=0, lt=1)] = 1e-3
    init_block_s: Positive | None = None
    sfreq: Positive | None = None
    eps: Positive = 1e-4

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return {"mode": ["channel", "trial", "moving"]}

    def prepare(self, signals: SignalArray) -> None:
        self.output_shape_ = self.input_shape_
        self._init_block = 0
        if self.mode == "moving" and self.init_block_s is not None:
            self._check_rate(signals)
            self._init_block = round(self.init_block_s * self.sfreq_)
            if not 0 < self._init_block <= self.input_shape_[-1]:
                raise ParameterError(
                    f"init_block_s is {self.init_block_s:g} s, {self._init_block} samples; "
                    f"expected 1 to {self.input_shape_[-1]} samples.",
                    "init_block_s",
                )
        if self.mode == "channel":
            self._learn(signals.view(np.ndarray))

    def _learn(self, array: NDArray[Any]) -> None:
        n_each = len(array) * array.shape[2]
        total, squares = np.zeros(array.shape[1]), np.zeros(array.shape[1])
        for block in read_blocks(array, BLOCK_BYTES):
            total += block.sum(axis=(0, 2), dtype=np.float64)
        self.mean_ = total / n_each
        for block in read_blocks(array, BLOCK_BYTES):
            difference = block - self.mean_[:, None]
            squares += np.einsum("nct,nct->c", difference, difference)
        self.scale_ = np.maximum(np.sqrt(squares / n_each), self.eps)

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.mode == "moving":
            return self._moving(block)
        if self.mode == "channel":
            mean, scale = self.mean_[:, None], self.scale_[:, None]
        else:
            mean = block.mean(axis=2, keepdims=True, dtype=np.float64)
            scale = np.maximum(block.std(axis=2, keepdims=True, dtype=np.float64), self.eps)
        return (block - mean.astype(np.float32)) / scale.astype(np.float32)

    def as_module(self) -> Any:
        if self.mode == "moving":
            return super().as_module()
        from eegkit.transforms._modules import affine, standardized

        if self.mode == "channel":
            return affine(self.mean_[:, None], self.scale_[:, None])
        return standardized((2,), self.eps)

    def _moving(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        samples = block.astype(np.float64)
        new, keep = self.factor_new, 1 - self.factor_new
        weight = 1 - keep ** np.arange(1, samples.shape[2] + 1)

        def average(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return scipy.signal.lfilter([new], [1, -keep], values, axis=2) / weight

        difference = samples - average(samples)
        deviation = np.sqrt(average(np.square(difference)))
        scores = difference / np.maximum(deviation, self.eps)
        first = samples[:, :, : self._init_block]
        if self._init_block:
            spread = np.maximum(first.std(axis=2, keepdims=True), self.eps)
            scores[:, :, : self._init_block] = (first - first.mean(axis=2, keepdims=True)) / spread
        return scores.astype(np.float32)
