"""The base of every transform and classifier: explicit parameters and checked input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from eegkit import likeness
from eegkit.amplitude import AmplitudeWarning, unit_sentences
from eegkit.blocks import read_blocks
from eegkit.indexing import OF_TRIALS
from eegkit.notice import warn
from eegkit.parameters import ParameterError, Parametrized
from eegkit.signals import SignalArray, as_signals
from eegkit.text import shortlist, suggest

DEFAULT_SFREQ = 128.0
AXES = {
    "raw": ("n_trials", "n_channels", "n_times"),
    "spectrogram": ("n_trials", "n_channels", "n_freqs", "n_frames"),
    "covariance": ("n_trials", "n_channels", "n_channels"),
}
# Of the kind "any", by their number: features stay features there.
ANY_AXES = {2: ("n_trials", "n_features"), 3: AXES["raw"], 4: AXES["spectrogram"]}
_ADVICE = {
    "raw": "It reads raw trials: give it the signals themselves, not their spectrograms.",
    "spectrogram": "It reads spectrograms: put a time-frequency transform such as STFT() first.",
    "covariance": "It reads covariance matrices: put Covariance() first.",
    "any": "It reads raw trials, spectrograms and features.",
}


class Estimator(Parametrized, BaseEstimator):
    """A scikit-learn estimator whose parameters are the annotated fields of its classes.

    Fields are inherited, so a parameter is written once, where its concept lives, with what it
    may be; the signature of ``__init__`` lists them all, by keyword. Class variables that are
    not parameters are annotated ``ClassVar``, or not at all where a base class has them.
    """

    dataclass_options: ClassVar[Mapping[str, Any]] = {"eq": False, "repr": False}
    input_kind: ClassVar[str] = "raw"
    published_settings: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        kind = vars(cls).get("input_kind", "any")
        if isinstance(kind, str) and kind not in _ADVICE:
            raise TypeError(
                f"input_kind of {cls.__name__} is {kind!r}; expected one of "
                f"{', '.join(map(repr, _ADVICE))}."
            )

    @classmethod
    def published(cls, name: str, **params: Any) -> Self:
        """An estimator with the settings that a paper or a project gave it.

        Settings are those of the architecture, in ``published_settings``, by name; the class
        says where each comes from, and `eegkit info` lists them. All else, such as how a net is
        trained, is as by default.

        Parameters
        ----------
        name : str
            Of the settings.
        **params
            Other parameters, and those that shall differ.

        Returns
        -------
        estimator
            Not fitted.

        Raises
        ------
        ValueError
            There are no settings of this name.
        """
        settings = cls.published_settings
        if name not in settings:
            there = f"there are {', '.join(map(repr, settings))}" if settings else "it has none"
            hint = suggest(name, list(settings), there)
            raise ValueError(f"{cls.__name__} has no published settings {name!r}{hint}")
        return cls(**{**settings[name], **params})

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        """Parameters under which the conformance checks run: those without a default, and others.

        The checks have 13 trials of 3 channels and 96 samples at 128 Hz, or spectrograms of 12
        frequencies and 8 frames. What those are too short for has a smaller value here, and a net
        trains so long that it tells two classes apart; `docs/plugin_checks.md` says more.
        """
        return {}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Sensible ranges of the parameters worth tuning.

        Every value fits by itself and together with any of the others, on trials of 2 s at
        128 Hz, too. What is decided by the data or by the question is in no space: a part of the
        trials, electrodes, line noise, a sampling rate, `access`, a seed. Such estimators as
        `Crop`, `Montage`, `Notch`, `Resample` and `SubjectStandardizer` have an empty one.

        Returns
        -------
        dict of str to list or scipy.stats distribution
            As ``RandomizedSearchCV`` takes it; empty where nothing is worth tuning.
        """
        return {}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def _check_input(self, X: Any, y: Any = "no_validation", *, reset: bool) -> Any:
        """Check `X` (and `y`) and return `X` as a `SignalArray` of its full number of axes.

        With `reset` the shape is remembered; without, it must equal the remembered one.
        The values keep their dtype and are not copied.
        """
        if not reset and isinstance(y, str) and self._is_as_fitted(X):
            signals = X if isinstance(X, SignalArray) else SignalArray(X)
            self._check_as_fitted(signals)
            return signals
        if not reset:
            check_is_fitted(self)
        X = as_signals(X)
        if not hasattr(X, "shape") and hasattr(X, "__array__"):
            X = np.asarray(X)
        _check_equal_lengths(X)
        _check_numbers(X)
        self._check_axes(X, reset=reset)
        metadata = X.metadata if isinstance(X, SignalArray) else {}
        if isinstance(X, SignalArray):
            X = X.view(np.ndarray)
        options = {"allow_nd": True, "dtype": "numeric", "ensure_all_finite": False}
        if isinstance(y, str) and y == "no_validation":
            array, labels = validate_data(self, X, reset=reset, **options), None
        else:
            array, labels = validate_data(self, X, y, reset=reset, multi_output=True, **options)
        if array.ndim == 2 and self.input_kind != "any":
            array = _one_channel(array, self.input_kind)
            metadata = {name: metadata.get(name) for name in ("sfreq", *OF_TRIALS)}
        signals = SignalArray(array, **metadata)
        if reset:
            self._remember(signals)
        self._check_as_fitted(signals)
        if reset and self.input_kind == "raw":
            remember_amplitudes(self, signals)
        return signals if labels is None else (signals, labels)

    def _remember(self, signals: SignalArray) -> None:
        """Keep what the training trials know of themselves."""
        self.input_shape_, self.ch_names_ = signals.shape[1:], signals.ch_names
        self.sfreq_: Any = signals.sfreq  # `_check_rate` settles it where a rate is needed
        self._input_axes = {"freqs": signals.freqs, "times": signals.times}
        self.__dict__.pop("preparation_", None)  # of an earlier fit
        if signals.preparation is not None:
            self.preparation_ = signals.preparation

    def _check_as_fitted(self, signals: SignalArray) -> None:
        """Refuse what is not finite, or not of the channels, rate and axes of `fit`."""
        self._check_ch_names(signals)
        self._check_fitted_rate(signals)
        self._check_spectrogram_axes(signals)
        _check_finite(signals)

    def _is_as_fitted(self, X: Any) -> bool:
        """Whether an array needs no more than a look at its values: the way of single trials."""
        return (
            type(X) in (np.ndarray, SignalArray)
            and X.dtype in (np.float32, np.float64)
            and X.shape[1:] == getattr(self, "input_shape_", None)
            and len(X) > 0
        )

    def _check_axes(self, X: Any, *, reset: bool) -> None:
        """Refuse a wrong number of axes, no samples, and shapes other than the fitted one."""
        shape, name = np.shape(X), type(self).__name__
        if len(shape) < 2:
            return  # scikit-learn's own message says what to reshape
        if not reset and shape == getattr(self, "input_shape_", None) and shape[0] > 1:
            raise ValueError(
                f"X has shape {shape}, which is one trial; expected several: give X[None], or "
                "trials.X[:1] in place of trials.X[0]."
            )
        axes = self._axes(len(shape), reset=reset)
        if len(shape) != 2 and len(shape) != len(axes):
            raise ValueError(
                f"{name} expects X of shape ({', '.join(axes)}), or 2-D for a single channel, "
                f"but got {len(shape)} dimensions, shape {shape}. {_ADVICE[self.input_kind]}"
            )
        if len(shape) > 2 and 0 in shape[1:]:
            raise ValueError(f"X has shape {shape}: there is nothing in it.")
        if reset or len(shape) == 2:
            return
        for axis, length, expected in zip(axes[1:], shape[1:], self.input_shape_, strict=True):
            if length != expected:
                raise ValueError(
                    f"X has {axis} = {length}, but {name} was fitted with {axis} = {expected}; "
                    "bring it to the shape of the training trials, or fit again."
                )

    def _axes(self, n_axes: int, *, reset: bool) -> tuple[str, ...]:
        """The axes that X is expected to have."""
        if self.input_kind != "any":
            return AXES[self.input_kind]
        expected = sorted(ANY_AXES) if reset else [1 + len(self.input_shape_)]
        if n_axes not in expected:
            raise ValueError(
                f"{type(self).__name__} expects X of {' or '.join(map(str, expected))} dimensions, "
                f"but got {n_axes}. {_ADVICE['any']}"
            )
        return ANY_AXES[n_axes]

    def _check_ch_names(self, signals: SignalArray) -> None:
        """Refuse other channels than those of `fit`, where both are known by name."""
        names, fitted = signals.ch_names, self.ch_names_
        if names is None or fitted is None or names == fitted:
            return
        wrong = [f"{s} for {f}" for s, f in zip(names, fitted, strict=True) if s != f]
        raise ValueError(
            f"The channels of X differ from those {type(self).__name__} was fitted with "
            f"({shortlist(wrong, 5)}); pick or reorder them."
        )

    def _check_spectrogram_axes(self, signals: SignalArray) -> None:
        """Refuse spectrograms of other frequencies or times than those of `fit`."""
        for name, unit in (("freqs", "Hz"), ("times", "s")):
            values, fitted = getattr(signals, name), getattr(self, "_input_axes", {}).get(name)
            if values is None or fitted is None or np.allclose(values, fitted, atol=1e-6):
                continue
            raise ValueError(
                f"X has {name} from {values[0]:g} to {values[-1]:g} {unit}, but "
                f"{type(self).__name__} was fitted with {fitted[0]:g} to {fitted[-1]:g} {unit}; "
                "make spectrograms as those of the training trials, or fit again."
            )

    def _check_fitted_rate(self, signals: SignalArray) -> None:
        """Refuse another sampling rate than that of `fit`, where both are known."""
        rate, fitted = signals.sfreq, getattr(self, "sfreq_", None)
        if rate is None or fitted is None or np.isclose(rate, fitted):
            return
        raise ValueError(
            f"X is sampled at {rate:g} Hz, but {type(self).__name__} was fitted at {fitted:g} Hz; "
            "resample it, or fit again."
        )

    def _check_rate(self, signals: SignalArray) -> None:
        """Settle the sampling rate in `fit`, ``sfreq_`` in Hz; never silently a wrong one."""
        name, parameter, rate = type(self).__name__, getattr(self, "sfreq", None), signals.sfreq
        if parameter is not None and rate is not None and not np.isclose(rate, parameter):
            raise ParameterError(
                f"X is sampled at {rate:g} Hz, but {name} was given sfreq={parameter:g}; "
                "leave sfreq=None to use the rate of X.",
                "sfreq",
            )
        if parameter is None and rate is None:
            warn(
                f"X does not say its sampling rate; {name} reads it at {DEFAULT_SFREQ:g} Hz. "
                f"Pass sfreq= to {name}, or an X that knows its rate (trials.X, mne.Epochs)."
            )
        self.sfreq_ = float(parameter or rate or DEFAULT_SFREQ)


# Whether an estimator is being fitted inside of another, which has looked at the signals.
_is_inner: ContextVar[bool] = ContextVar("is_inner", default=False)


@contextmanager
def inner_fits() -> Iterator[None]:
    """Let the estimators that are fitted inside of one leave the amplitudes of signals to it."""
    token = _is_inner.set(True)
    try:
        yield
    finally:
        _is_inner.reset(token)


def remember_amplitudes(estimator: Any, signals: SignalArray) -> None:
    """Tell training trials in another unit; remember their amplitude and spectrum to predict."""
    estimator.__dict__.pop("training_profile_", None)  # of an earlier fit
    array = signals.view(np.ndarray)
    if _is_inner.get() or array.dtype.kind not in "fiu" or not len(array):
        return
    for sentence in unit_sentences(array, signals.groups):
        warn(sentence, AmplitudeWarning)
    if hasattr(estimator, "predict"):
        profile = likeness.profile_of(array)
        if profile is not None:
            estimator.training_profile_ = profile


def tell_unlike(estimator: Any, array: NDArray[Any]) -> None:
    """Warn of trials that are nothing like those that an estimator was fitted on."""
    profile = getattr(estimator, "training_profile_", None)
    if profile is None or not len(array):
        return
    if array.dtype.kind == "O":  # numbers, as was found to predict
        array = array.astype(np.float64)
    sentences = list(likeness.sentences(profile, array, getattr(estimator, "sfreq_", None)))
    if sentences:
        warn(
            f"X is nothing like the trials that this {type(estimator).__name__} was fitted on: "
            f"{'; '.join(sentences)}. Bring X to their unit and filter, or do not believe what is "
            "predicted.",
            AmplitudeWarning,
        )


def _one_channel(array: NDArray[Any], input_kind: str) -> NDArray[Any]:
    """Signals of one channel, shape (n_trials, n_times), as an estimator of this kind reads them.

    To a net that reads spectrograms they are one frame; of covariances there is but the power.
    """
    if input_kind == "covariance":
        return np.square(array, dtype=np.float64).mean(axis=1).reshape(-1, 1, 1)
    return array.reshape((len(array), 1, -1) if input_kind == "raw" else (len(array), 1, -1, 1))


def _check_equal_lengths(X: Any) -> None:
    """Refuse a list of trials that differ in shape, naming the shapes."""
    if not isinstance(X, list | tuple):
        return
    try:
        np.shape(X)
    except ValueError:
        shapes = sorted({np.shape(x) for x in X if isinstance(x, np.ndarray)})
        listing = f": {', '.join(map(str, shapes[:5]))}" if shapes else ""
        raise ValueError(
            f"The trials of X differ in shape{listing}; crop or pad them to one."
        ) from None


def _check_numbers(X: Any) -> None:
    """Refuse an array of objects that has text among its numbers."""
    if getattr(getattr(X, "dtype", None), "kind", None) != "O":
        return
    try:
        np.asarray(X, dtype=np.float64)
    except ValueError as error:
        raise ValueError(
            f"X is an array of objects that are not all numbers ({error}); expected signals as an "
            "array of floats."
        ) from None


def _check_finite(signals: SignalArray) -> None:
    """Refuse NaN and infinity, telling how many there are and in which channels."""
    array = signals.view(np.ndarray)
    if array.dtype.kind not in "fc":
        return
    n_bad = np.zeros(array.shape[1], dtype=int)
    for block in read_blocks(array):
        with np.errstate(over="ignore", invalid="ignore"):
            # BLAS reads an array at several times the speed of a sum.
            flat = block.reshape(-1) if block.flags.c_contiguous else None
            total = block.sum() if flat is None else np.dot(flat, flat)
        if not np.isfinite(total):  # or it overflowed, and there is nothing to count
            axes = tuple(axis for axis in range(block.ndim) if axis != 1)
            n_bad += np.count_nonzero(~np.isfinite(block), axis=axes)
    if not n_bad.any():
        return
    bad = np.flatnonzero(n_bad)
    channels = [signals.ch_names[i] if signals.ch_names else str(i) for i in bad]
    raise ValueError(
        f"X holds {n_bad.sum()} NaN or infinite values, in {len(bad)} of {array.shape[1]} "
        f"channels ({shortlist(channels)}); drop those trials or channels, or interpolate them."
    )
