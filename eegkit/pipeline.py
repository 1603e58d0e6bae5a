"""scikit-learn's `Pipeline`, whose steps may be given without names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sklearn import pipeline as sklearn_pipeline
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_memory

from eegkit.naming import named
from eegkit.signals import SignalArray


class Pipeline(sklearn_pipeline.Pipeline):
    """A scikit-learn ``Pipeline`` that takes bare estimators as well as named steps.

    ``Pipeline([STFT(), CNNBiGRU()])`` names its steps ``stft`` and ``cnnbigru``, as
    ``make_pipeline`` would; everything else is scikit-learn's.

    Parameters
    ----------
    steps : list of estimators or of (name, estimator) tuples
        The steps in order; named and bare ones may be mixed.
    memory : str or joblib.Memory, optional
        A folder in which fitted transforms and what they made of the training trials are
        kept. Beside the samples, the sampling rate, channels and people that a
        `SignalArray` knows tell one X from another. For single transforms, and for new
        trials as well as for training trials, see `eegkit.transforms.Cached`.
    transform_input, verbose
        As in ``sklearn.pipeline.Pipeline``.

    Attributes
    ----------
    input_shape_ : tuple of int
        Of one trial: (n_channels, n_times). This and the next two are there if the pipeline was
        fitted on a `SignalArray`; so a pipeline whose first step comes from elsewhere
        remembers them, too.
    ch_names_ : tuple of str, or None
        Names of the channels, where they were known.
    sfreq_ : float, or None
        Sampling rate in Hz, where it was known.
    preparation_ : eegkit.recordings.Preparation
        What the recordings of the training trials went through; only where it was known.

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
        with self._fitting_on(X):
            return super().fit(X, y, **params)

    @available_if(lambda self: super().fit_transform)
    def fit_transform(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Fit all steps, and transform X by them."""
        with self._fitting_on(X):
            return super().fit_transform(X, y, **params)

    @available_if(lambda self: super().fit_predict)
    def fit_predict(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Fit all steps, and predict X by a last step that does both in one."""
        with self._fitting_on(X):
            return super().fit_predict(X, y, **params)

    @contextmanager
    def _fitting_on(self, X: Any) -> Iterator[None]:
        """Remember what is known of X, and let the memory tell it from other signals."""
        for name in ("input_shape_", "ch_names_", "sfreq_", "preparation_"):
            self.__dict__.pop(name, None)  # of an earlier fit
        if isinstance(X, SignalArray):
            self.input_shape_, self.ch_names_, self.sfreq_ = X.shape[1:], X.ch_names, X.sfreq
            if X.preparation is not None:
                self.preparation_ = X.preparation
        memory: Any = self.memory  # type: ignore[has-type]
        if memory is not None:
            self.memory = _KnowingMemory(memory)
        try:
            yield
        finally:
            self.memory = memory


class _KnowingMemory:
    """A joblib memory that also tells arrays apart by what they know.

    joblib hashes no attribute of an array: the same samples at another sampling rate would
    be answered with the spectrograms of the first.
    """

    def __init__(self, memory: Any) -> None:
        self.memory = check_memory(memory)

    def cache(self, function: Callable[..., Any], ignore: Sequence[str] = ()) -> Any:
        cached = self.memory.cache(_call, ignore=["extras"])

        def call(*args: Any, **kwargs: Any) -> Any:
            extras = {name: kwargs.pop(name) for name in ignore if name in kwargs}
            metadata = [a.metadata for a in args if isinstance(a, SignalArray)]
            return cached(function, metadata, args, kwargs, extras)

        return call


def _call(function: Callable[..., Any], metadata: Any, args: Any, kwargs: Any, extras: Any) -> Any:
    return function(*args, **kwargs, **extras)


def flat_steps(estimator: Any) -> list[Any]:
    """The steps of a pipeline, and of pipelines in it, in order; of others the estimator alone."""
    if not hasattr(estimator, "steps"):
        return [estimator]
    steps = [step for _, step in estimator.steps if step is not None and step != "passthrough"]
    return [inner for step in steps for inner in flat_steps(step)] or [estimator]


def make_pipeline(*steps: Any, memory: Any = None, verbose: bool = False) -> Pipeline:
    """Make a `Pipeline` of estimators.

    Parameters
    ----------
    *steps : estimators
    memory, verbose
        As in ``sklearn.pipeline.make_pipeline``.

    Returns
    -------
    Pipeline
    """
    return Pipeline(list(steps), memory=memory, verbose=verbose)
