"""`SignalArray`: an array of trials that remembers its sampling rate, channels and people.

Why a subclass of ``numpy.ndarray``: see ``docs/design/0001-signal-array.md``.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import mne

MICROVOLTS_PER_VOLT = 1e6


class SignalArray(np.ndarray):
    """Trials as an array that knows its sampling rate, channels and people.

    It is a ``numpy.ndarray`` in every respect. What it knows follows it through
    indexing (so through every split of scikit-learn), copies, element-wise
    arithmetic, pickling and joblib; an operation that could make it untrue
    (reshaping, transposing, picking scattered samples) drops it instead.

    Parameters
    ----------
    array : array-like
        Raw trials, shape (n_trials, n_channels, n_times), in microvolts, or spectrograms,
        shape (n_trials, n_channels, n_freqs, n_frames). Not copied; a memmap stays on disk.
    sfreq : float, optional
        Sampling rate in Hz of raw trials.
    ch_names : sequence of str, optional
        Channel names, n_channels of them.
    groups : array-like, shape (n_trials,), optional
        The subject of every trial.
    freqs : array-like, shape (n_freqs,), optional
        Frequencies of a spectrogram's bins in Hz.
    times : array-like, shape (n_frames,), optional
        Centres of a spectrogram's frames in s from the start of the trial.
    preparation : eegkit.recordings.Preparation, optional
        What the recordings went through that raw trials are from. It stays as long as the samples
        do: not through arithmetic, nor where samples of a trial are picked.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit import SignalArray
    >>> X = SignalArray(np.zeros((4, 2, 100)), sfreq=100.0, ch_names=["C3", "C4"])
    >>> X[[0, 3], :, ::2].sfreq
    50.0
    >>> X.reshape(4, -1).sfreq is None
    True
    """

    sfreq: float | None
    ch_names: tuple[str, ...] | None
    groups: NDArray[Any] | None
    freqs: NDArray[np.float64] | None
    times: NDArray[np.float64] | None
    preparation: Any

    def __new__(
        cls,
        array: ArrayLike,
        *,
        sfreq: float | None = None,
        ch_names: Sequence[str] | None = None,
        groups: ArrayLike | None = None,
        freqs: ArrayLike | None = None,
        times: ArrayLike | None = None,
        preparation: Any = None,
    ) -> SignalArray:
        signals = np.asanyarray(array).view(np.ndarray).view(cls)
        signals._know(
            sfreq=None if sfreq is None else float(sfreq),
            ch_names=None if ch_names is None else tuple(ch_names),
            groups=None if groups is None else np.asarray(groups),
            freqs=None if freqs is None else np.asarray(freqs, dtype=float),
            times=None if times is None else np.asarray(times, dtype=float),
        )
        signals.preparation = preparation
        return signals

    def _know(self, *, sfreq: Any, ch_names: Any, groups: Any, freqs: Any, times: Any) -> None:
        lengths = {0: ("groups", groups), 1: ("ch_names", ch_names)}
        if self.ndim == 4:
            lengths |= {2: ("freqs", freqs), 3: ("times", times)}
        for axis, (name, values) in lengths.items():
            if values is not None and (axis >= self.ndim or len(values) != self.shape[axis]):
                raise ValueError(
                    f"{name} has {len(values)} entries, but the array has shape {self.shape}: "
                    f"expected one entry for each element of axis {axis}."
                )
        self.sfreq, self.ch_names, self.groups = sfreq, ch_names, groups
        self.freqs, self.times = freqs, times

    def __array_finalize__(self, obj: object) -> None:
        # Every new view starts knowing nothing; only the methods below pass knowledge on.
        self.sfreq = self.ch_names = self.groups = self.freqs = self.times = None
        self.preparation = None

    @property
    def metadata(self) -> dict[str, Any]:
        """What the array knows, as the keyword arguments of the constructor."""
        return {
            "sfreq": self.sfreq,
            "ch_names": self.ch_names,
            "groups": self.groups,
            "freqs": self.freqs,
            "times": self.times,
            "preparation": self.preparation,
        }

    def _carry(self, array: NDArray[Any]) -> SignalArray:
        """Give `array`, of the same shape, everything this array knows."""
        signals = array.view(SignalArray)
        signals.__dict__.update(self.__dict__)
        return signals

    def __getitem__(self, key: Any) -> Any:
        values = self.view(np.ndarray)[key]
        keys = _key_of_each_axis(key, self.ndim)
        if keys is None or not isinstance(values, np.ndarray) or values.ndim != self.ndim:
            return values
        signals = values.view(SignalArray)
        signals.groups = _pick(self.groups, keys[0])
        if self.ndim >= 2 and self.ch_names is not None:
            signals.ch_names = tuple(_pick(np.array(self.ch_names, dtype=object), keys[1]))
        if self.ndim == 4:
            signals.freqs, signals.times = _pick(self.freqs, keys[2]), _pick(self.times, keys[3])
            signals.sfreq = self.sfreq
        elif isinstance(keys[-1], slice) and self.sfreq is not None:
            signals.sfreq = self.sfreq / abs(keys[-1].step or 1)
        if signals.shape[2:] == self.shape[2:] and _is_whole(keys[-1]):
            signals.preparation = self.preparation
        return signals

    def __array_wrap__(
        self, array: NDArray[Any], context: Any = None, return_scalar: bool = False
    ) -> Any:
        if array is self:
            return self
        if return_scalar or array.ndim == 0:
            return array[()]
        if context is not None and array.shape == self.shape:
            signals = self._carry(array)
            signals.preparation = None  # other values than it gave
            return signals
        return np.asarray(array)

    def copy(self, order: Any = "C") -> SignalArray:
        return self._carry(self.view(np.ndarray).copy(order))

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any] | None) -> SignalArray:
        return self._carry(copy.deepcopy(self.view(np.ndarray), memo))

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> SignalArray:
        return self._carry(self.view(np.ndarray).astype(dtype, *args, **kwargs))

    def __reduce__(self) -> tuple[Any, ...]:
        # The plain array inside is what lets joblib share it with its workers as a memmap.
        return _rebuild, (self.view(np.ndarray), self.metadata)


def _rebuild(array: NDArray[Any], metadata: dict[str, Any]) -> SignalArray:
    return SignalArray(array, **metadata)


def _key_of_each_axis(key: Any, ndim: int) -> list[Any] | None:
    """One key per axis, or None where the result's axes no longer match the array's."""
    parts = list(key) if isinstance(key, tuple) else [key]
    if any(part is None for part in parts):
        return None
    if any(isinstance(part, np.ndarray | list) and np.ndim(part) > 1 for part in parts):
        return None
    ellipses = [i for i, part in enumerate(parts) if part is Ellipsis]
    missing = ndim - (len(parts) - len(ellipses))
    where = ellipses[0] if ellipses else len(parts)
    parts[where : where + len(ellipses)] = [slice(None)] * missing
    if sum(not isinstance(part, slice) for part in parts) > 1:
        return None
    return parts


def _is_whole(key: Any) -> bool:
    """Whether a key picks all of an axis, in order."""
    return isinstance(key, slice) and key.start in (None, 0) and key.step in (None, 1)


def _pick(values: NDArray[Any] | None, key: Any) -> Any:
    return None if values is None else values[key]


def as_signals(X: Any) -> Any:
    """Anything an estimator accepts, as an array.

    `Trials` give their ``X``; ``mne.Epochs`` (or a list of them, which is what
    scikit-learn's splits make of them) their EEG channels in microvolts; anything
    else is returned as it is.
    """
    mne = sys.modules.get("mne")
    if mne is not None:
        if isinstance(X, mne.BaseEpochs):
            return _epochs_to_signals([X])
        if isinstance(X, list) and X and all(isinstance(x, mne.BaseEpochs) for x in X):
            return _epochs_to_signals(X)
    signals = getattr(X, "X", None)  # of Trials
    return signals if isinstance(signals, SignalArray) else X


def _epochs_to_signals(parts: list[mne.BaseEpochs]) -> SignalArray:
    import mne

    info = parts[0].info
    picks = mne.pick_types(info, meg=False, eeg=True, exclude=())
    if not len(picks):
        kinds = ", ".join(sorted(set(parts[0].get_channel_types()))) or "no type"
        raise ValueError(
            f"The epochs hold channels of {kinds}, but no EEG channel; "
            "set them with epochs.set_channel_types({...: 'eeg'})."
        )
    groups = None
    if all(e.metadata is not None and "subject" in e.metadata for e in parts):
        groups = np.concatenate([e.metadata["subject"].to_numpy() for e in parts])
    volts = np.concatenate([epochs.get_data(picks=picks, verbose="error") for epochs in parts])
    microvolts = np.multiply(volts, MICROVOLTS_PER_VOLT, dtype=np.float64).astype(np.float32)
    return SignalArray(
        microvolts,
        sfreq=info["sfreq"],
        ch_names=[info["ch_names"][i] for i in picks],
        groups=groups,
    )
