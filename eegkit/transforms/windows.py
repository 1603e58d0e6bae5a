"""Parts of trials: one, or many."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegkit.parameters import NonNegative, ParameterError, Positive
from eegkit.signals import SignalArray
from eegkit.transforms._base import Transformer
from eegkit.trials import Trials


class Crop(Transformer):
    """Keep a part of every trial.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    tmin, tmax : float or None, default None
        From and to, in s from the start of the trial, `tmax` excluded; None is the start
        and the end.
    sfreq : float, optional
        Sampling rate in Hz; by default that of X. An X that does not say its rate is
        read at 128 Hz, with a warning.

    Attributes
    ----------
    start_s_ : float
        Where the part begins, at a sample, in s from the start of the trial.

    Raises
    ------
    ValueError
        On `fit`: the part is empty, or reaches beyond the trial.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.transforms import Crop
    >>> Crop(tmin=0.5, tmax=1.5, sfreq=128).fit_transform(np.ones((1, 2, 256))).shape
    (1, 2, 128)
    """

    tmin: NonNegative | None = None
    tmax: Positive | None = None
    sfreq: Positive | None = None

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"sfreq": 128.0}

    def prepare(self, signals: SignalArray) -> None:
        self._check_rate(signals)
        n_times = signals.shape[-1]
        start = 0 if self.tmin is None else round(self.tmin * self.sfreq_)
        stop = n_times if self.tmax is None else round(self.tmax * self.sfreq_)
        if not 0 <= start < stop <= n_times:
            raise ParameterError(
                f"tmin={self.tmin} and tmax={self.tmax} are samples {start} to {stop} at "
                f"{self.sfreq_:g} Hz; expected 0 <= tmin < tmax <= "
                f"{n_times / self.sfreq_:g} s, the length of a trial.",
                "tmin" if start >= n_times else "tmax",
            )
        self._part = slice(start, stop)
        self.output_shape_ = (signals.shape[1], stop - start)

    @property
    def start_s_(self) -> float:
        """Where the part begins, in s from the start of the trial."""
        return float(self._part.start / self.sfreq_)

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        return block[..., self._part]

    def as_module(self) -> Any:
        from eegkit.transforms._modules import Formula

        return Formula(lambda x: x[..., self._part])


@dataclass(kw_only=True)
class SlidingWindows:
    """Cut every trial into windows, each a trial of its own that knows where it comes from.

    The number of trials changes, and so must y: this is no scikit-learn transformer and no
    step of a pipeline. Apply it to `Trials`, before any split; windows of one trial stay
    with their subject in every split by groups.

    Parameters
    ----------
    window_s : float, default 2
        Length of a window in s.
    step_s : float, optional
        From one window's start to the next in s; by default the window's length. Less, and
        windows overlap: then never let those of one trial fall on both sides of a split.

    Examples
    --------
    >>> from eegkit.testing import example_trials
    >>> from eegkit.transforms import SlidingWindows
    >>> trials = example_trials(n_trials=4, n_times=128)
    >>> windows = SlidingWindows(window_s=0.5, step_s=0.25).transform(trials)
    >>> len(windows), windows.n_times
    (12, 64)
    >>> windows.metadata[["subject", "parent", "window_onset_s"]].head(3)
      subject  parent  window_onset_s
    0      S1       0            0.00
    1      S1       0            0.25
    2      S1       0            0.50
    """

    window_s: float = 2.0
    step_s: float | None = None

    def transform(self, trials: Trials) -> Trials:
        """The windows of all trials.

        Parameters
        ----------
        trials : Trials

        Returns
        -------
        Trials
            Labels, subject, session, run and all other metadata are those of the trial;
            ``parent`` is its number (kept, where the trial was a window itself) and
            ``window_onset_s`` the window's start in it.

        Raises
        ------
        ValueError
            `trials` is an array, or a length makes no sense.
        """
        if not isinstance(trials, Trials):
            raise ValueError(
                f"SlidingWindows got a {type(trials).__name__}; it changes the number of trials, "
                "so it takes Trials, with their labels and people: see Trials.from_arrays."
            )
        sfreq, n_times = trials.sfreq, trials.n_times
        length = round(self.window_s * sfreq)
        step = length if self.step_s is None else round(self.step_s * sfreq)
        if not 0 < length <= n_times:
            raise ValueError(
                f"window_s is {self.window_s:g} s, {length} samples; expected 1 to {n_times} "
                "samples, the length of a trial."
            )
        if step < 1:
            raise ValueError(f"step_s is {self.step_s:g} s, less than a sample at {sfreq:g} Hz.")
        starts = np.arange(0, n_times - length + 1, step)
        plain = np.asarray(trials.X)
        windows = np.lib.stride_tricks.sliding_window_view(plain, length, axis=2)[:, :, starts]
        # One copy, of the windows side by side: (n_trials, n_windows, n_channels, length).
        X = np.ascontiguousarray(windows.swapaxes(1, 2)).reshape(-1, plain.shape[1], length)
        rows = np.repeat(np.arange(len(trials)), len(starts))
        metadata = trials.metadata.iloc[rows].reset_index(drop=True)
        if "parent" not in metadata:
            metadata["parent"] = rows
        before = metadata["window_onset_s"].to_numpy() if "window_onset_s" in metadata else 0.0
        metadata["window_onset_s"] = before + np.tile(starts / sfreq, len(trials))
        preparation = trials.preparation
        if preparation is not None:  # as if cut from the recordings so short
            preparation = dataclasses.replace(
                preparation, window_s=length / sfreq, overlap=max(0.0, 1 - step / length)
            )
        return Trials(X, trials.y[rows], metadata, trials.info, preparation)
