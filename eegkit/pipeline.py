"""scikit-learn's `Pipeline`, whose steps may be given without names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn import pipeline as sklearn_pipeline


def _named(steps: Any) -> Any:
    """Name bare estimators as scikit-learn's ``make_pipeline`` does; named steps pass through."""
    if not isinstance(steps, Sequence) or all(isinstance(step, tuple) for step in steps):
        return steps
    bare = [step[1] if isinstance(step, tuple) else step for step in steps]
    made = sklearn_pipeline._name_estimators(bare)
    return [s if isinstance(s, tuple) else m for s, m in zip(steps, made, strict=True)]


class Pipeline(sklearn_pipeline.Pipeline):
    """A scikit-learn ``Pipeline`` that takes bare estimators as well as named steps.

    ``Pipeline([STFT(), CNNBiGRU()])`` names its steps ``stft`` and ``cnnbigru``, as
    ``make_pipeline`` would; everything else is scikit-learn's.

    Parameters
    ----------
    steps : list of estimators or of (name, estimator) tuples
        The steps in order; named and bare ones may be mixed.
    transform_input, memory, verbose
        As in ``sklearn.pipeline.Pipeline``.

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
            _named(steps), transform_input=transform_input, memory=memory, verbose=verbose
        )

    def set_params(self, **params: Any) -> Pipeline:
        """Set parameters, as scikit-learn does; ``steps`` may hold bare estimators."""
        if "steps" in params:
            params["steps"] = _named(params["steps"])
        return super().set_params(**params)


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
