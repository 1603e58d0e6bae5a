"""scikit-learn's `Pipeline`, whose steps may be given without names."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn import pipeline as sklearn_pipeline
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_memory

from eegkit.access import access_of, with_groups
from eegkit.base import Estimator, inner_fits, remember_amplitudes, tell_unlike
from eegkit.identity import UnidentifiableError, identify
from eegkit.notice import warn
from eegkit.signals import SignalArray, as_signals
from eegkit.step_names import flat_steps, named
from eegkit.tensor_file import CorruptFileError

__all__ = ["FeatureUnion", "Pipeline", "make_pipeline"]


def _watched(name: str) -> Any:
    """A method of scikit-learn's pipeline that tells trials unlike those of `fit`."""
    inner = getattr(sklearn_pipeline.Pipeline, name)

    def method(self: Any, X: Any, *args: Any, **params: Any) -> Any:
        X = self._as_read(X)
        result = getattr(super(Pipeline, self), name)(X, *args, **params)
        trials = self._raw_trials(X)
        if trials is not None:
            tell_unlike(self, trials.view(np.ndarray))
        return result

    method = functools.wraps(inner)(method)
    return available_if(lambda self: getattr(super(Pipeline, self), name))(method)


class Pipeline(sklearn_pipeline.Pipeline):
    """A scikit-learn ``Pipeline`` that takes bare estimators as well as named steps.

    ``Pipeline([STFT(), CNNBiGRU()])`` names its steps ``stft`` and ``cnn_bigru``, as they are
    registered; others have the names of ``make_pipeline``. All else is scikit-learn's.

    Parameters
    ----------
    steps : list of estimators or of (name, estimator) tuples
        The steps in order; named and bare ones may be mixed.
    memory : str or joblib.Memory, optional
        A folder in which fitted transforms and what they made of the training trials are
        kept. They answer for the same samples, sampling rate, channels and people, code
        and parameters, and are compared with a checksum; a damaged one is made again, with a
        warning. What cannot be identified or written is not kept. For single transforms, and
        for new trials as well as for training trials, see `eegkit.transforms.Cached`.
    transform_input, verbose
        As in ``sklearn.pipeline.Pipeline``.

    Attributes
    ----------
    input_shape_ : tuple of int
        Of one trial: (n_channels, n_times). This and the next two are there if the pipeline was
        fitted on a `SignalArray`, or on epochs or trials that its first step reads as one; so a
        pipeline whose first step comes from elsewhere
        remembers them, too.
    ch_names_ : tuple of str, or None
        Names of the channels, where they were known.
    sfreq_ : float, or None
        Sampling rate in Hz, where it was known.
    preparation_ : eegkit.recordings.Preparation
        What the recordings of the training trials went through; only where it was known.
    training_profile_ : dict of str to ndarray
        Amplitude and spectrum of the training trials, where the pipeline predicts and its first
        step reads raw trials. Where trials are nothing like them (another unit, another filter,
        another rig), the methods that predict warn.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.preprocessing import StandardScaler
    >>> from eegkit import Pipeline
    >>> list(Pipeline([StandardScaler(), ("clf", LogisticRegression())]).named_steps)
    ['standardscaler', 'clf']
    """

    def __init__(
        self, steps: Any, *, transform_input: Any = None, memory: Any = None, verbose: bool = False
    ) -> None:
        super().__init__(
            named(steps), transform_input=transform_input, memory=memory, verbose=verbose
        )

    def set_params(self, **params: Any) -> Pipeline:
        """Set parameters, as scikit-learn does; ``steps`` may hold bare estimators."""
        if "steps" in params:
            params["steps"] = named(params["steps"])
        return super().set_params(**params)

    def fit(self, X: Any, y: Any = None, **params: Any) -> Pipeline:
        """Fit all steps, as scikit-learn does, and remember channels, rate and shape of X."""
        X = self._as_read(X)
        with self._fitting_on(X):
            return super().fit(X, y, **params)

    @available_if(lambda self: super().fit_transform)
    def fit_transform(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Fit all steps, and transform X by them."""
        X = self._as_read(X)
        with self._fitting_on(X):
            return super().fit_transform(X, y, **params)

    @available_if(lambda self: super().fit_predict)
    def fit_predict(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Fit all steps, and predict X by a last step that does both in one."""
        X = self._as_read(X)
        with self._fitting_on(X):
            return super().fit_predict(X, y, **params)

    predict = _watched("predict")
    predict_proba = _watched("predict_proba")
    predict_log_proba = _watched("predict_log_proba")
    decision_function = _watched("decision_function")
    score = _watched("score")

    def calibrate(self, X: Any, *, groups: Any = None) -> Pipeline:
        """Let the steps that adapt to people learn the statistics of new ones.

        From then on trials of these people, single ones too, are treated by what was learned here;
        pickles and files of `eegkit.save` keep it, clones and further fits do not.

        Parameters
        ----------
        X : array-like, Trials or mne.Epochs
            Unlabelled trials of one person or more, as `predict` takes them. All of them count.
        groups : array-like, shape (n_trials,), optional
            The subject of every trial; by default what X knows. `predict` must be given trials
            that know the same names.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            No step adapts to people, or one that does is out of reach, such as in a
            ``VotingClassifier``; or X is malformed.
        sklearn.exceptions.NotFittedError
            `fit` was not called.
        """
        steps = flat_steps(self)
        _refuse_out_of_reach(steps)
        adaptive = [i for i, step in enumerate(steps) if _adapts_unlabelled(step)]
        if not adaptive:
            raise ValueError(
                "No step of this pipeline adapts to people, so there is nothing to calibrate; "
                "SubjectStandardizer and EuclideanAlignment are steps that do."
            )
        X = as_signals(X)
        if groups is not None:
            X = with_groups(X if isinstance(X, SignalArray) else SignalArray(X), groups)
        trials = self._raw_trials(X)
        for i, step in enumerate(steps[: adaptive[-1] + 1]):
            if i in adaptive:
                step.calibrate(X)
            if i < adaptive[-1]:
                X = step.transform(X)
        if trials is not None:
            tell_unlike(self, trials.view(np.ndarray))
        return self

    @property
    def _reads_raw(self) -> bool:
        first = flat_steps(self)[0]
        return isinstance(first, Estimator) and first.input_kind == "raw"

    def _as_read(self, X: Any) -> Any:
        """X as the first step reads it, where that is one of eegkit: epochs are read once."""
        return as_signals(X) if self._reads_raw else X

    def _raw_trials(self, X: Any) -> SignalArray | None:
        """X, where it is an array of raw signals, or trials."""
        X = getattr(X, "X", X)  # of Trials
        if getattr(X, "ndim", 0) != 3 or not (isinstance(X, SignalArray) or self._reads_raw):
            return None
        return X if isinstance(X, SignalArray) else SignalArray(X)

    @contextmanager
    def _fitting_on(self, X: Any) -> Iterator[None]:
        """Remember what is known of X, and let the memory tell it from other signals."""
        for name in ("input_shape_", "ch_names_", "sfreq_", "preparation_", "training_profile_"):
            self.__dict__.pop(name, None)  # of an earlier fit
        if isinstance(X, SignalArray):
            self.input_shape_, self.ch_names_, self.sfreq_ = X.shape[1:], X.ch_names, X.sfreq
            if X.preparation is not None:
                self.preparation_ = X.preparation
        trials = self._raw_trials(X)
        if trials is not None:
            remember_amplitudes(self, trials)
        memory: Any = self.memory  # type: ignore[has-type]
        if memory is not None:
            self.memory = _KnowingMemory(memory)
        try:
            with inner_fits():
                yield
        finally:
            self.memory = memory


class FeatureUnion(sklearn_pipeline.FeatureUnion):
    """scikit-learn's ``FeatureUnion``, whose output still knows whose trials it is of.

    Steps behind it, such as `SubjectStandardizer`, tell people apart by that.

    Parameters
    ----------
    transformer_list : list of estimators or of (name, estimator) tuples
        Each is given X, and their features are put side by side; named and bare ones may be mixed.
    n_jobs, transformer_weights, verbose, verbose_feature_names_out
        As in ``sklearn.pipeline.FeatureUnion``.

    Examples
    --------
    >>> from eegkit import SignalArray
    >>> from eegkit.pipeline import FeatureUnion
    >>> from eegkit.transforms import BandPower
    >>> X = SignalArray([[[0.0, 1.0] * 64]] * 3, sfreq=128, groups=["S1", "S1", "S2"])
    >>> power = BandPower(bands={"alpha": (8, 13)})
    >>> features = FeatureUnion([power, BandPower(bands={"beta": (13, 30)})]).fit_transform(X)
    >>> features.shape, features.groups.tolist()
    ((3, 2), ['S1', 'S1', 'S2'])
    """

    def __init__(
        self,
        transformer_list: Any,
        *,
        n_jobs: int | None = None,
        transformer_weights: Any = None,
        verbose: bool = False,
        verbose_feature_names_out: bool = True,
    ) -> None:
        super().__init__(
            named(transformer_list),
            n_jobs=n_jobs,
            transformer_weights=transformer_weights,
            verbose=verbose,
            verbose_feature_names_out=verbose_feature_names_out,
        )

    def fit_transform(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Fit all transforms, and put what they make of X side by side."""
        return _with_people(X, super().fit_transform(X, y, **params))

    def transform(self, X: Any, **params: Any) -> Any:
        """Put what the transforms make of X side by side.

        Parameters
        ----------
        X : array-like
            As the transforms take it.

        Returns
        -------
        SignalArray, shape (n_trials, n_features)
            Or whatever scikit-learn's gives, where X is no `SignalArray`.
        """
        return _with_people(X, super().transform(X, **params))

    @available_if(lambda self: self._adaptive())
    def calibrate(self, X: Any, *, groups: Any = None) -> FeatureUnion:
        """Have every transform inside that can learn about new people from their trials do so.

        Parameters
        ----------
        X : array-like
            Unlabelled trials, as the transforms take them.
        groups : array-like, shape (n_trials,), optional
            The subject of every trial; by default what X knows.

        Returns
        -------
        self
        """
        _refuse_out_of_reach([transform for _, transform in self.transformer_list])
        for transform in self._adaptive():
            transform.calibrate(X, groups=groups)
        return self

    def _adaptive(self) -> list[Any]:
        """The transforms in which a step adapts to people."""
        transforms = [transform for _, transform in self.transformer_list]
        return [t for t in transforms if any(hasattr(s, "calibrate") for s in flat_steps(t))]


def _with_people(X: Any, features: Any) -> Any:
    X = getattr(X, "X", X)
    return SignalArray(features, **X.of_trials) if isinstance(X, SignalArray) else features


class _KnowingMemory:
    """A joblib memory whose files answer for what they were made of, and are checked.

    joblib knows an array by its samples alone and code by its name, and takes a file as it is:
    the same samples at another sampling rate, an edited function or a flipped bit would give
    another step's trials.
    """

    def __init__(self, memory: Any) -> None:
        self.memory = check_memory(memory)

    def cache(self, function: Callable[..., Any], ignore: Sequence[str] = ()) -> Any:
        cached = self.memory.cache(_call, ignore=["function", "args", "kwargs"])

        def call(*args: Any, **kwargs: Any) -> Any:
            decisive = {name: value for name, value in kwargs.items() if name not in ignore}
            try:
                key = identify(function, args, decisive)
                return _kept(cached, key, function, args, kwargs)
            except (UnidentifiableError, _UnpicklableError) as error:
                warn(f"memory does not keep a step of the pipeline: {error}")
                return function(*args, **kwargs)

        return call


class _UnpicklableError(Exception):
    """What a step made cannot be written."""


def _kept(cached: Any, *call: Any) -> Any:
    """What the memory keeps of a call, if it is as it was written; else it is made again."""
    try:
        return _unsealed(call[0], cached(*call))
    except CorruptFileError as error:
        warn(f"{error} It is made again.")
        cached.call(*call)
        return _unsealed(call[0], cached(*call))


def _call(key: str, function: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, ...]:
    """What the memory writes: the key, a checksum, and the result in pieces."""
    buffers: list[pickle.PickleBuffer] = []
    result = function(*args, **kwargs)
    try:
        head = pickle.dumps(result, protocol=5, buffer_callback=buffers.append)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise _UnpicklableError(f"what it makes cannot be written ({error}).") from error
    parts = key, head, [np.asarray(buffer.raw()) for buffer in buffers]
    return (identify(*parts, files=False), *parts)


def _unsealed(key: str, kept: Any) -> Any:
    parts: list[Any]
    checksum, *parts = kept if isinstance(kept, tuple) and len(kept) == 4 else (None, None)
    if parts[0] != key or identify(*parts, files=False) != checksum:
        raise CorruptFileError(
            "A file of the pipeline's memory is damaged, or has the name of another."
        )
    return pickle.loads(parts[1], buffers=parts[2])


def _adapts_unlabelled(step: Any) -> bool:
    return hasattr(step, "calibrate") and access_of(step) != "labelled"


def _refuse_out_of_reach(steps: Sequence[Any]) -> None:
    """Refuse to calibrate some steps where others would go on without."""
    for step in steps:
        if not hasattr(step, "calibrate") and access_of(step) not in ("none", "labelled"):
            raise ValueError(
                f"What adapts to people inside of {type(step).__name__} is not reached by "
                "calibrate; let the steps that adapt stand in the pipeline itself, or in a "
                "FeatureUnion of eegkit."
            )


def make_pipeline(*steps: Any, memory: Any = None, verbose: bool = False) -> Pipeline:
    """Make a `Pipeline` of estimators.

    Parameters
    ----------
    *steps : estimators
        In the order in which they work.
    memory, verbose
        As of `Pipeline`.

    Returns
    -------
    Pipeline
        Not fitted; steps are named after their classes.

    See Also
    --------
    Pipeline : the same from a list of steps, with an example.
    """
    return Pipeline(list(steps), memory=memory, verbose=verbose)
