"""`evaluate`: fit pipelines fold by fold, score every person of the test folds."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.utils.multiclass import type_of_target

from eegkit.evaluation._fold import Data, Outcome, fit_and_score
from eegkit.evaluation.results import Results, describe_run
from eegkit.evaluation.scoring import make_scorers
from eegkit.evaluation.splits import (
    WithinSubjectKFold,
    listed,
    make_folds,
    make_splitter,
    overlap,
)
from eegkit.trials import Trials


def evaluate(
    pipelines: Any,
    trials: Trials,
    *,
    cv: Any = "group-5",
    scoring: Any = ("balanced_accuracy", "accuracy"),
    n_jobs: int | None = None,
    random_state: int | None = None,
    allow_subject_overlap: bool = False,
    verbose: bool = False,
) -> Results:
    """Cross-validate pipelines, person by person, with people kept apart.

    Every pipeline is cloned and fitted on the training trials of each fold; each person
    of the test fold is scored on this person's trials alone, so that everybody counts the
    same and nobody's score hides in a mean over trials.

    Parameters
    ----------
    pipelines : estimator, or dict of str to estimator
        scikit-learn classifiers or pipelines. They are not changed; set their own
        ``random_state`` for results that can be repeated.
    trials : Trials
        With one label per trial.
    cv : str, splitter, or iterable of (train, test), default "group-5"
        ``"group-K"``, ``"stratified-group-K"``, ``"loso"``, ``"within-K"`` or whatever
        scikit-learn splits by; see `make_splitter`. ``"within-K"`` trains and tests on the
        same person, and the results say so.
    scoring : str, callable, sequence of them, or dict of str to them
        Names of scikit-learn scorers, or callables ``scorer(estimator, X, y)``, greater
        being better.
    n_jobs : int, optional
        Processes that fit at the same time, as in scikit-learn. The results do not
        depend on it.
    random_state : int, optional
        Draws which people form a fold; see `make_splitter`.
    allow_subject_overlap : bool, default False
        Accept a splitter that puts a person on both sides.
    verbose : bool, default False
        Show a progress bar on the standard error.

    Returns
    -------
    Results
        ``table`` has one row per pipeline, fold and subject of its test trials, with columns
        ``pipeline``, ``fold`` (from 0 on), ``subject``, ``n_train``, ``n_test`` (this
        subject's trials), ``n_train_subjects``, every metric followed by its
        ``chance_<metric>`` (see `chance_level`), ``fit_time_s`` (of the whole fold) and
        ``score_time_s``. A metric that is undefined for a subject, such as ``roc_auc``
        where the test trials hold one class only, is NaN, and a warning names it.

    Raises
    ------
    ValueError
        A subject would be on both sides of a split; there are fewer subjects than folds;
        labels are soft; or an argument makes no sense. The message says what to do.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyClassifier
    >>> from eegkit import Trials, evaluate
    >>> trials = Trials.from_arrays(
    ...     np.zeros((8, 2, 64)), ["rest", "task"] * 4, sfreq=64, subject=list("aabbccdd")
    ... )
    >>> results = evaluate(DummyClassifier(), trials, cv="loso", scoring="accuracy")
    >>> results.table[["fold", "subject", "n_train", "accuracy"]]
       fold subject  n_train  accuracy
    0     0       a        6       0.5
    1     1       b        6       0.5
    2     2       c        6       0.5
    3     3       d        6       0.5
    """
    named = _name_pipelines(pipelines)
    scorers = make_scorers(scoring)
    splitter = make_splitter(cv, random_state=random_state)
    data = _check_trials(trials)
    allowed = allow_subject_overlap or isinstance(splitter, WithinSubjectKFold)
    folds = make_folds(splitter, data.y, data.groups, allow_subject_overlap=allowed)
    tasks = [(name, fold) for name in named for fold in folds]
    calls = (
        delayed(fit_and_score)(i, name, named[name], data, fold, scorers)
        for i, (name, fold) in enumerate(tasks)
    )
    done: dict[int, Outcome] = {}
    with _progress(len(tasks), verbose) as advance:
        for outcome in Parallel(n_jobs=n_jobs, return_as="generator_unordered")(calls):
            done[outcome.task] = outcome
            advance()
    outcomes = [done[i] for i in range(len(tasks))]
    table = pd.DataFrame([row for outcome in outcomes for row in outcome.rows])
    _relay(outcomes)
    _warn_undefined(outcomes)
    settings = describe_run(
        trials,
        named,
        cv=cv if isinstance(cv, str) else repr(cv),
        splitter=repr(splitter),
        n_folds=len(folds),
        scoring=list(scorers),
        random_state=random_state,
        subject_overlap=any(overlap(fold, data.groups) for fold in folds),
    )
    return Results(table, settings)


def _name_pipelines(pipelines: Any) -> dict[str, Any]:
    """The pipelines by name; a single one is named after its steps."""
    if isinstance(pipelines, Mapping):
        named = dict(pipelines)
    elif isinstance(pipelines, Sequence) and not hasattr(pipelines, "fit"):
        raise ValueError(
            "pipelines is a sequence; expected one estimator, or a dict from names to estimators."
        )
    else:
        steps = getattr(pipelines, "named_steps", None) or {type(pipelines).__name__.lower(): None}
        named = {"+".join(steps): pipelines}
    if not named:
        raise ValueError("pipelines is empty; there is nothing to evaluate.")
    for name, pipeline in named.items():
        if not isinstance(name, str):
            raise ValueError(f"A pipeline is named {name!r}; expected a string.")
        if isinstance(pipeline, type):
            raise ValueError(
                f"Pipeline {name!r} is the class {pipeline.__name__}; expected an object, "
                f"{pipeline.__name__}(...)."
            )
        if not hasattr(pipeline, "fit") or not hasattr(pipeline, "get_params"):
            raise ValueError(
                f"Pipeline {name!r} is a {type(pipeline).__name__}; expected a scikit-learn "
                "estimator."
            )
    return named


def _check_trials(trials: Any) -> Data:
    if not isinstance(trials, Trials):
        raise ValueError(
            f"trials is a {type(trials).__name__}; expected Trials, which load_dataset gives; "
            "make your own with Trials.from_arrays or Trials.from_epochs."
        )
    if not len(trials):
        raise ValueError("There are no trials to evaluate on.")
    if trials.y.ndim != 1:
        raise ValueError(
            f"The labels are soft, shape {trials.y.shape}; evaluate needs one label per trial. "
            "Set trials.y, for instance to trials.y.argmax(axis=1)."
        )
    kind = type_of_target(trials.y)
    if kind not in ("binary", "multiclass"):
        raise ValueError(f"The labels are {kind}; evaluate needs those of two or more classes.")
    if len(np.unique(trials.y)) < 2:
        raise ValueError(
            f"All {len(trials)} trials are of one class ({trials.y[0]}); there is nothing to "
            "tell apart."
        )
    groups = trials.groups
    n_unknown = int(pd.isna(groups).sum())
    if n_unknown:
        raise ValueError(
            f"{n_unknown} of {len(trials)} trials have no subject; fill in metadata['subject']."
        )
    if len({isinstance(subject, str) for subject in groups}) > 1:
        raise ValueError("metadata['subject'] mixes strings with numbers; use one of them.")
    # The plain array is made once, here: joblib shares with its workers what it has seen before.
    return Data(np.asarray(trials.X), trials.X.knowledge, trials.y, groups)


@contextmanager
def _progress(n_tasks: int, verbose: bool) -> Iterator[Callable[[], None]]:
    """A function to call after every finished fit; it moves the bar where one is shown."""
    if not verbose:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("Fitting", total=n_tasks)
        yield lambda: bar.advance(task)


def _relay(outcomes: list[Outcome]) -> None:
    """Give the warnings of all workers, each once; a process of joblib would swallow them."""
    seen = dict.fromkeys(warning for outcome in outcomes for warning in outcome.warnings)
    told = set()
    for text, category, filename, lineno in seen:
        if (text, category) not in told:
            told.add((text, category))
            warnings.warn_explicit(text, category, filename, lineno)


def _warn_undefined(outcomes: list[Outcome]) -> None:
    """Name the subjects for whom a metric is NaN, once for each metric."""
    subjects: dict[str, dict[Any, None]] = {}
    for outcome in outcomes:
        for metric, subject in outcome.undefined:
            subjects.setdefault(metric, {})[subject] = None
    for metric, who in subjects.items():
        warnings.warn(
            f"{metric} is undefined for {listed(list(who))}, whose test trials do not hold "
            "every class; it is NaN there.",
            UserWarning,
            stacklevel=3,
        )
