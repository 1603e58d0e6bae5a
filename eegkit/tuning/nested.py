"""`tune`: a decoder with tuned settings beside the decoder as it is, nested."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from eegkit.evaluation import Results, evaluate, make_splitter
from eegkit.evaluation.running.inputs import name_datasets
from eegkit.parameters import ParameterError
from eegkit.trials import Trials
from eegkit.tuning.classifier import TunedClassifier
from eegkit.tuning.folds import check_inner_folds
from eegkit.tuning.search import number_of_settings
from eegkit.tuning.spaces import Space


def tune(
    decoder: Any,
    trials: Trials | Mapping[str, Trials],
    space: Mapping[str, Any] | None = None,
    *,
    cv_outer: Any = "group-5",
    scoring: Any = "balanced_accuracy",
    baselines: bool = True,
    random_state: int | None = None,
    n_jobs: int | None = None,
    n_seeds: int = 1,
    store: Any = None,
    dask: Any = None,
    verbose: bool | None = None,
    **options: Any,
) -> Results:
    """Tune a decoder in every fold, and score it on people that no choice has seen.

    Parameters
    ----------
    decoder : classifier or pipeline
        Not changed.
    trials : Trials, or dict of str to Trials
        One data set, or several by name.
    space : dict of str to list, scipy.stats or Optuna distribution, optional
        What to choose among; see `TunedClassifier`.
    cv_outer : str, splitter or iterable, default "group-5"
        The folds that give the score; see `eegkit.evaluate`.
    scoring : str or callable, default "balanced_accuracy"
        The metric that settings are chosen by and everything is scored by.
    baselines : bool, default True
        Whether the classical decoders are evaluated as well.
    random_state : int, optional
        Of the search; it also draws which people form a fold.
    n_jobs, n_seeds, store, dask, verbose
        See `eegkit.evaluate`.
    **options
        Of `TunedClassifier`: ``cv`` (the inner folds), ``n_trials``, ``storage``, ``refit``, ...

    Returns
    -------
    Results
        In which ``"tuned"`` stands beside ``"default"``, the decoder as it is. ``compare()`` gives
        the difference of both with its interval over people, and ``tuning()`` the settings that
        each fold chose, how much they agree, and what tuning on the people one reports would
        have claimed.

    Raises
    ------
    ParameterError
        Before any fit: the space names what is no parameter, or the inner folds need more people
        than train in an outer one.
    ValueError
        As `eegkit.evaluate` and `TunedClassifier`.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from eegkit import Pipeline
    >>> from eegkit.testing import example_trials
    >>> from eegkit.transforms import BandPower
    >>> from eegkit.tuning import tune
    >>> decoder = Pipeline([BandPower(), LogisticRegression()])
    >>> results = tune(
    ...     decoder, example_trials(24), {"logisticregression__C": [0.01, 1.0]}, cv_outer="loso",
    ...     cv="group-2", sampler="grid", baselines=False,
    ... )
    >>> results.tuning().settings()[["fold", "logisticregression__C"]]
       fold  logisticregression__C
    0     0                   0.01
    1     1                   0.01
    2     2                   0.01
    """
    _check_outer(cv_outer)
    tuned = TunedClassifier(decoder, space, scoring=scoring, random_state=random_state, **options)
    # What no fold could do is said before the first.
    tuned.check_parameters()
    number_of_settings(Space(decoder, space), tuned.sampler, tuned.n_trials)
    check_inner_folds(tuned.cv, cv_outer, name_datasets(trials), random_state)
    return evaluate(
        {"tuned": tuned, "default": decoder},
        trials,
        cv=cv_outer,
        scoring=scoring,
        baselines=baselines,
        n_seeds=n_seeds,
        random_state=random_state,
        n_jobs=n_jobs,
        store=store,
        dask=dask,
        verbose=verbose,
    )


def _check_outer(cv_outer: Any) -> None:
    """Refuse folds that are none by the name that they have here."""
    try:
        make_splitter(cv_outer)
    except ValueError as error:
        text = re.sub(r"\bcv\b", "cv_outer", str(error), count=1)
        raise ParameterError(text, "cv_outer") from error
