"""`SignalArray`: an array of trials that remembers its sampling rate, channels and people.

Why a subclass of ``numpy.ndarray``: see ``docs/design/0001-signal-array.md``.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eegkit.indexing import (
    ELEMENTWISE,
    FACTS,
    OF_TRIALS,
    WRITING,
    check_facts,
    common_facts,
    is_whole,
    key_of_each_axis,
    owner_of_memory,
    pick,
    pick_names,
    same,
)
from eegkit.signals_input import epochs_in, read_epochs, read_facts, refuse_masked, refuse_recording


def _forgetting(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of arrays that changes them in place, after which signals know nothing."""

    def change(self: SignalArray, *args: Any, **kwargs: Any) -> Any:
        self._forget()
        return method(self, *args, **kwargs)

    return change


def _filling(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of arrays that writes its result into `out`, behind its first argument."""

    def fill(self: SignalArray, *args: Any, **kwargs: Any) -> Any:
        _forget_all([*args[1:], kwargs.get("out")])
        return method(self, *args, **kwargs)

    return fill


class SignalArray(np.ndarray):
    """Trials as an array that knows its sampling rate, channels and people.

    It is a ``numpy.ndarray`` in every respect. What it knows follows it through
    indexing (so through every split of scikit-learn), copies, pickling, joblib and
    element-wise arithmetic with numbers, plain arrays and signals that know the same;
    every other operation drops it: reshaping, matrix products, sorting, picking scattered
    samples. Where other signals are written into it, or their order is changed in place,
    it and all views of its memory know nothing any more; what is written by way of a plain
    array (``np.asarray(X)[...] = ...``) goes unnoticed. What it knows is read-only.

    Parameters
    ----------
    array : array-like
        Raw trials, shape (n_trials, n_channels, n_times), in microvolts, or spectrograms,
        shape (n_trials, n_channels, n_freqs, n_frames). Not copied; a memmap stays on disk.
    sfreq : float, optional
        Sampling rate in Hz of raw trials.
    ch_names : sequence of str, optional
        Channel names, n_channels of them, each once; an index that repeats a channel drops them.
    groups, onsets : array-like, shape (n_trials,), optional
        The subject of every trial; when it begins, in s from its subject's first trial.
    freqs : array-like, shape (n_freqs,), optional
        Frequencies of a spectrogram's bins in Hz.
    times : array-like, shape (n_frames,), optional
        Centres of a spectrogram's frames in s from the start of the trial.
    preparation : eegkit.recordings.Preparation, optional
        What the recordings went through that raw trials are from. It stays as long as the samples
        do: not through arithmetic, nor where samples of a trial are picked.

    Raises
    ------
    ValueError
        What it knows does not fit the shape, channels share a name, or samples are masked.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit import SignalArray
    >>> X = SignalArray(np.zeros((4, 2, 100)), sfreq=100.0, ch_names=["C3", "C4"])
    >>> X[[0, 3], :, ::2].sfreq
    50.0
    >>> (X + SignalArray(np.ones((4, 2, 100)), sfreq=200.0)).sfreq is None
    True
    """

    # Shared by all views of one memory: how often its order and its values were changed in place.
    # What a view knows holds for the counts at which it was learned.
    _changes: list[int]

    def __new__(
        cls,
        array: ArrayLike,
        *,
        sfreq: float | None = None,
        ch_names: Sequence[str] | None = None,
        groups: ArrayLike | None = None,
        onsets: ArrayLike | None = None,
        freqs: ArrayLike | None = None,
        times: ArrayLike | None = None,
        preparation: Any = None,
    ) -> SignalArray:
        refuse_masked(array)
        array = np.asanyarray(array)
        if not isinstance(array, SignalArray):  # a memmap or a matrix
            array = array.view(np.ndarray)
        facts = read_facts(
            sfreq=sfreq, ch_names=ch_names, groups=groups, preparation=preparation,
            onsets=onsets, freqs=freqs, times=times,
        )  # fmt: skip
        check_facts(facts, array.shape)
        return array.view(cls)._learn(facts)

    def __array_finalize__(self, obj: object) -> None:
        # Every new view starts knowing nothing; only the methods below pass knowledge on.
        is_view = isinstance(obj, SignalArray) and owner_of_memory(self) is owner_of_memory(obj)
        self._changes = obj._changes if is_view else [0, 0]  # type: ignore[attr-defined]
        self._learn({})

    def _learn(self, facts: Mapping[str, Any]) -> SignalArray:
        self._facts, self._learned_at = dict(facts), (self._changes[0], self._changes[1])
        for value in facts.values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False  # whoever sorts it would change what is true
        return self

    def _fact(self, name: str) -> Any:
        (order, values), changes = self._learned_at, self._changes
        is_true = order == changes[0] and (name != "preparation" or values == changes[1])
        return self._facts.get(name) if is_true else None

    def _forget(self) -> None:
        """Drop what this array and every other view of its memory know."""
        self._changes[0] += 1

    def _forget_preparation(self) -> None:
        """The same of what the samples went through: their values were changed."""
        self._changes[1] += 1

    @property
    def sfreq(self) -> float | None:
        """Sampling rate in Hz of raw trials."""
        return self._fact("sfreq")

    @property
    def ch_names(self) -> tuple[str, ...] | None:
        """Channel names, n_channels of them."""
        return self._fact("ch_names")

    @property
    def groups(self) -> NDArray[Any] | None:
        """The subject of every trial, shape (n_trials,)."""
        return self._fact("groups")

    @property
    def onsets(self) -> NDArray[np.float64] | None:
        """When every trial begins in s, shape (n_trials,)."""
        return self._fact("onsets")

    @property
    def freqs(self) -> NDArray[np.float64] | None:
        """Frequencies of a spectrogram's bins in Hz, shape (n_freqs,)."""
        return self._fact("freqs")

    @property
    def times(self) -> NDArray[np.float64] | None:
        """Centres of a spectrogram's frames in s, shape (n_frames,)."""
        return self._fact("times")

    @property
    def preparation(self) -> Any:
        """What the recordings went through, or None."""
        return self._fact("preparation")

    @property
    def metadata(self) -> dict[str, Any]:
        """What the array knows, as the keyword arguments of the constructor."""
        return {name: self._fact(name) for name in FACTS}

    @property
    def of_trials(self) -> dict[str, Any]:
        """What the array knows of its trials, whatever became of their samples."""
        return {name: self._fact(name) for name in OF_TRIALS}

    def __getitem__(self, key: Any) -> Any:
        values = super().__getitem__(key)
        keys = key_of_each_axis(key, self.ndim)
        if keys is None or not isinstance(values, SignalArray) or values.ndim != self.ndim:
            return values
        facts = {name: pick(value, keys[0]) for name, value in self.of_trials.items()}
        if self.ndim >= 2:
            facts["ch_names"] = pick_names(self.ch_names, keys[1])
        if self.ndim == 4:
            facts["freqs"], facts["times"] = pick(self.freqs, keys[2]), pick(self.times, keys[3])
            facts["sfreq"] = self.sfreq
        elif isinstance(keys[-1], slice) and self.sfreq is not None:
            facts["sfreq"] = self.sfreq / abs(keys[-1].step or 1)
        if values.shape[2:] == self.shape[2:] and is_whole(keys[-1]):
            facts["preparation"] = self.preparation
        return values._learn(facts)

    def __setitem__(self, key: Any, value: Any) -> None:
        if not _keeps_order(self, key, value):
            self._forget()
        super().__setitem__(key, _plain(value))
        self._forget_preparation()

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in {"shape", "strides", "dtype", "data"}:  # of this view, as `view` sets them
            self._learn({})
        elif name in {"flat", "real", "imag"}:
            self._forget()

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **kwargs: Any
    ) -> Any:
        targets = out if out is not None else (None,) * ufunc.nout
        if out is not None:
            kwargs["out"] = tuple(map(_plain, out))
        kwargs = {name: _plain(value) for name, value in kwargs.items()}
        results = getattr(ufunc, method)(*map(_plain, inputs), **kwargs)
        if method == "at":  # which writes into the first input
            return _forget_all(inputs[:1])
        signals = _signals(inputs) if method == "__call__" and ufunc.signature is None else []
        if ufunc.nout == 1 or method != "__call__":
            return _wrap(results, signals, targets[0])
        return tuple(
            _wrap(result, signals, target) for result, target in zip(results, targets, strict=True)
        )

    def __array_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Iterable[Any],
        kwargs: Mapping[str, Any],
    ) -> Any:
        args = list(args)
        arrays = [_plain(value) for value in args]
        result = func(*arrays, **{name: _plain(value) for name, value in kwargs.items()})
        if func in WRITING:
            return _forget_all(args[:1] or [kwargs.get(name) for name in ("dst", "arr", "a")])
        target = kwargs.get("out")
        inputs = [*args, *(value for name, value in kwargs.items() if name != "out")]
        for i, (value, array) in enumerate(zip(args, arrays, strict=True)):
            if isinstance(value, SignalArray) and array is result:
                target, inputs = value, inputs[: i or None]  # given as `out` by its place
        signals = _signals(inputs)
        if target is not None or func in ELEMENTWISE:
            return _wrap(result, signals if func in ELEMENTWISE else [], target)
        return _as_signals(result, signals)

    def __array_wrap__(
        self, array: NDArray[Any], context: Any = None, return_scalar: bool = False
    ) -> Any:
        return array[()] if return_scalar else np.asarray(array)

    def copy(self, order: Any = "C") -> SignalArray:
        return self._with_facts(self.view(np.ndarray).copy(order))

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any] | None) -> SignalArray:
        return self._with_facts(copy.deepcopy(self.view(np.ndarray), memo))

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> SignalArray:
        array = self.view(np.ndarray).astype(dtype, *args, **kwargs)
        return self if array.base is self else self._with_facts(array)

    def _with_facts(self, array: NDArray[Any]) -> SignalArray:
        return array.view(SignalArray)._learn(self.metadata)

    @property
    def flat(self) -> Any:
        """An iterator to read by; what is written through one would go unnoticed."""
        values = self.view(np.ndarray)
        values.flags.writeable = False
        return values.flat

    @flat.setter
    def flat(self, values: Any) -> None:
        self.view(np.ndarray).flat[:] = values

    choose = _filling(np.ndarray.choose)
    compress = _filling(np.ndarray.compress)
    dot = _filling(np.ndarray.dot)
    take = _filling(np.ndarray.take)
    byteswap = _forgetting(np.ndarray.byteswap)
    fill = _forgetting(np.ndarray.fill)
    partition = _forgetting(np.ndarray.partition)
    put = _forgetting(np.ndarray.put)
    resize = _forgetting(np.ndarray.resize)
    setfield = _forgetting(np.ndarray.setfield)
    sort = _forgetting(np.ndarray.sort)

    def __reduce__(self) -> tuple[Any, ...]:
        # The plain array inside is what lets joblib share it with its workers as a memmap.
        return _rebuild, (self.view(np.ndarray), self.metadata)


def _rebuild(array: NDArray[Any], metadata: dict[str, Any]) -> SignalArray:
    return SignalArray(array, **metadata)


def _plain(value: Any) -> Any:
    """A value, or a list or tuple of values, with plain arrays for signals."""
    if isinstance(value, SignalArray):
        return value.view(np.ndarray)
    if type(value) in (list, tuple) and any(
        isinstance(item, SignalArray | list | tuple) for item in value
    ):
        return type(value)(map(_plain, value))
    return value


def _signals(values: Iterable[Any]) -> list[SignalArray]:
    return [value for value in values if isinstance(value, SignalArray)]


def _forget_all(values: Iterable[Any]) -> None:
    for array in _signals(values):
        array._forget()


def _wrap(result: Any, signals: list[SignalArray], target: Any) -> Any:
    """The result of an operation sample by sample, knowing what its inputs agree upon."""
    if isinstance(target, tuple):
        (target,) = target
    if isinstance(target, SignalArray):
        facts = common_facts(signals, target.shape)
        target._forget_preparation()
        if any(not same(target._fact(name), facts.get(name)) for name in FACTS):
            target._forget()  # and so does whoever looks at the same memory
            target._learn(facts)
        return target
    if target is not None or type(result) is not np.ndarray:  # a number, or a masked array
        return result if target is None else target
    return result.view(SignalArray)._learn(common_facts(signals, result.shape))


def _as_signals(result: Any, signals: list[SignalArray]) -> Any:
    """Arrays as signals that know nothing; views such that writing into them is noticed."""
    if type(result) in (list, tuple):  # no named tuple, as linear algebra gives them
        return type(result)(_as_signals(part, signals) for part in result)
    if type(result) is not np.ndarray:
        return result
    view = result.view(SignalArray)
    for array in signals:
        if owner_of_memory(view) is owner_of_memory(array):
            view._changes = array._changes
    return view._learn({})


def _keeps_order(signals: SignalArray, key: Any, value: Any) -> bool:
    """Whether what signals know stays true where a value is written into them.

    So it does for a number, for the very samples that were there (as ``X[0] *= 2`` writes
    them), and for signals that know the same.
    """
    if np.ndim(value) == 0:
        return True
    if not isinstance(value, SignalArray):
        return False
    part = signals[key]
    if value.ndim == signals.ndim:
        facts = [(part._fact(name), value._fact(name)) for name in FACTS[:-1]]
        return any(fact is not None for fact, _ in facts) and all(same(*pair) for pair in facts)
    return (
        owner_of_memory(part) is owner_of_memory(value)
        and part.__array_interface__ == value.__array_interface__
    )


def as_signals(X: Any) -> Any:
    """Anything an estimator accepts, as an array.

    `Trials` give their ``X``; ``mne.Epochs`` (or a list of them, which is what
    scikit-learn's splits make of them) their EEG channels in microvolts; anything
    else is returned as it is.
    """
    refuse_recording(X)
    epochs = epochs_in(X)
    if epochs:
        return SignalArray(**read_epochs(epochs))
    refuse_masked(X)
    signals = getattr(X, "X", None)  # of Trials
    return signals if isinstance(signals, SignalArray) else X
