"""`evaluate`: fit pipelines fold by fold, score every person of the test folds."""

from __future__ import annotations

import inspect
import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd

from eegkit.evaluation.audit.report import audit_folds
from eegkit.evaluation.metrics.scoring import Scorer, make_scorers
from eegkit.evaluation.metrics.suitability import suitable_scorers
from eegkit.evaluation.results.digests import digests_of
from eegkit.evaluation.results.predictions import Predictions
from eegkit.evaluation.results.results import Results
from eegkit.evaluation.results.settings import RunSettings, describe_run
from eegkit.evaluation.results.tables import failures_table
from eegkit.evaluation.results.tuning import searches_table
from eegkit.evaluation.running.access import ACCEPT, fold_to_check, tell_findings
from eegkit.evaluation.running.bars import is_shown
from eegkit.evaluation.running.calibration import without_calibration
from eegkit.evaluation.running.fold import Data, Outcome, Task, fill_chance
from eegkit.evaluation.running.inputs import (
    check_trials,
    name_datasets,
    name_pipelines,
    tell_amplitudes,
)
from eegkit.evaluation.running.kinds import check_kinds
from eegkit.evaluation.running.run_warnings import relay, warn_failed, warn_undefined, warn_unseen
from eegkit.evaluation.running.seeds import MOST_SEEDS, fits_of
from eegkit.evaluation.running.store import Store
from eegkit.evaluation.running.tasks import run_tasks
from eegkit.evaluation.running.twin import leaky_folds
from eegkit.evaluation.splits.named import (
    Fold,
    describe_split,
    folds_of,
    keeps_apart,
    make_splitter,
    overlap,
)
from eegkit.labels import one_class_each
from eegkit.parameters import Interval, check_for
from eegkit.trials import Trials

JOBS: Any = Annotated[int, Interval(ge=1)] | Annotated[int, Interval(le=-1)] | None


def evaluate(
    pipelines: Any,
    trials: Trials | Mapping[str, Trials],
    *,
    cv: Any = "group-5",
    scoring: Any = ("balanced_accuracy", "accuracy"),
    baselines: bool = False,
    n_seeds: int = 1,
    twin: bool = False,
    n_jobs: int | None = None,
    random_state: int | None = None,
    on_leak: str = "refuse",
    on_error: str = "record",
    keep_decoders: bool = False,
    store: str | os.PathLike[str] | None = None,
    dask: Any = None,
    together: Literal["auto", False] = False,
    verbose: bool | None = None,
) -> Results:
    """Cross-validate pipelines, person by person, with people kept apart.

    Every pipeline is cloned and fitted on the training trials of each fold; each person
    of the test fold is scored on this person's trials alone, so that everybody counts the
    same and nobody's score hides in a mean over trials. The split is audited before anything
    is fitted; see `audit_split`.

    Parameters
    ----------
    pipelines : estimator, or dict of str to estimator
        scikit-learn classifiers or pipelines. They are not changed; set their own
        ``random_state`` for results that can be repeated.
    trials : Trials, or dict of str to Trials
        One data set, or several by name. Labels may be soft, shape (n_trials, n_classes): then
        ``"neg_kl_divergence"`` is scored by them, other metrics by the most probable class.
    cv : str, dict, splitter, or iterable of (train, test), default "group-5"
        Such as ``"group-K"``, ``"loso"``, ``"within-K"``, ``"cross-session"``, or whatever
        scikit-learn splits by; see `make_splitter`.
    scoring : str, callable, sequence of them, or dict of str to them
        Names of scikit-learn scorers, ``"top_K_accuracy"``, ``"cohen_kappa"``, ``"auroc"``,
        ``"neg_kl_divergence"``, or callables ``scorer(estimator, X, y)``, greater being better.
        ``"f1"`` and other metrics of one class are of 1, else of the last in order; a warning says
        which.
    baselines : bool, default False
        Evaluate classical decoders beside the pipelines: those of `baselines`.
    n_seeds : int, default 1
        Fits of every pipeline in which something has a ``random_state``; others are fitted once.
        Fit `s`, from 0 on, has every ``random_state`` raised by `s`, counting from 0 where it is
        None; a single fit has it as it is. Scores of a person are means over seeds, and
        ``sd_seeds`` of the summary is how far the seed moves the mean over people; no seed is
        ever picked. A search that would choose a ``random_state`` is refused.
    twin : bool, default False
        Evaluate the same pipelines under leaky splits as well: shuffled trials, and whole
        sessions, or runs, where people have several. The summary then shows what these add to the
        honest scores, and `Results.inflation` tells more. It takes as long again for each.
    n_jobs : int, optional
        Processes that fit at the same time, as in scikit-learn, or threads: on joblib's backends
        ``"loky"`` (its default), ``"threading"`` and ``"dask"``. The results do not depend on it.
    random_state : int, optional
        Draws which people form a fold; see `make_splitter`.
    on_leak : {"refuse", "mark"}, default "refuse"
        What to do about a split through which something leaks: refuse to compute, or let the
        results say so wherever they are shown.
    on_error : {"record", "raise"}, default "record"
        What to do about a fold that fails: keep its traceback in ``results.failures`` and
        go on, or raise. Where every fold of all pipelines fails, the first error is raised.
    keep_decoders : bool, default False
        Keep the fitted decoder of every fold and seed, which `Results.decoders` gives: an
        explanation of people takes the one that never saw them. All of them are in memory at once,
        as many as folds, seeds and pipelines together, each on the device it was fitted on, with
        whatever it learned (a net its weights and, where it was fitted in this process, the state
        of its optimizer, in all up to four times its weights). With `store` they are files
        there as well, as `eegkit.save` writes them; a fold that was kept without is fitted again.
        Those of the leaky twin are not kept.
    store : path, optional
        A folder that keeps every finished fold. A run that was killed goes on from there, and
        two processes may share it: no fold is computed twice.
    dask : str or distributed.Client, optional
        Fit on a dask cluster: the address of its scheduler, ``"local"`` for one on this machine,
        or a client. The data are sent once to every worker; folds of a worker that dies are given
        to another.
    together : {"auto", False}, default False
        ``"auto"`` trains the nets of up to 32 folds and seeds of a pipeline at once, as far as
        they have one architecture and one shape of batches, and batches small enough for it not
        to be slower (at most 2^18 values: 256 trials of 8 x 128; at most 25 million operations on
        the way forward); others are trained one after the other, and `Results.training_note` says
        why. A net comes out as alone, up to the rounding of sums. Finished folds are stored when
        those that trained with them are finished, too.
    verbose : bool, optional
        Whether to show a progress bar on the standard error; by default where that is a terminal
        or a notebook, unless the environment variable ``EEGKIT_PROGRESS`` is 0.

    Returns
    -------
    Results
        ``table`` has one row per data set, pipeline, seed, fold and subject of its test trials,
        with columns ``dataset``, ``pipeline``, ``seed`` (the number of the fit, from 0 on; which
        seeds these are, ``results.settings.seeds`` tells), ``fold`` (from 0 on), ``subject``,
        ``n_train``,
        ``n_test`` (this subject's trials), ``n_train_subjects``, every metric followed by its
        ``chance_<metric>`` (see `chance_level`), and of the whole fold ``fit_time_s``,
        ``score_time_s`` and ``peak_mb``, the largest memory of its process. A metric that is
        undefined for a subject, such as ``roc_auc`` where the test trials hold one class only, is
        NaN, and a warning names it. ``twin`` has such rows of the leaky splits, with a column
        ``split``, or is None.

    Raises
    ------
    ValueError
        Something leaks through the split, or into a pipeline; there are fewer subjects than folds;
        a metric cannot score these labels or pipelines; a search would choose its seed; or an
        argument makes no sense. The message says what to do.

    Notes
    -----
    The settings tell the access of every pipeline, what it may see of the people tested (see
    `eegkit.access`), and one fold of each checks that it sees no more: `on_leak` says what to do
    about one that does. Test trials that some pipeline calibrates on are scored for none, and
    chance is that of the others.

    Where the label is the person (a class for each subject), people stand on both sides by
    design, and the chance level is that of a whole test fold: split by run or session.

    Whoever has test trials of one class only would be answered rightly by that class every time.
    The chance level there is that of all people tested, each counting once for a class. Where
    that is everybody, as of a diagnosis, `Results.summary` tells accuracy, balanced accuracy and
    AUROC over people, with one answer for each: see `person_scores`.

    What splits the training trials itself, a search or a net that holds some out, is given the
    people as ``groups``, where it takes them: ``GridSearchCV(pipeline, grid, cv=GroupKFold(5))``
    tunes with people kept apart. Where the split keeps apart something else that a column says,
    such as sessions, it is given that.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyClassifier
    >>> from eegkit import Trials, evaluate
    >>> X = np.random.default_rng(0).normal(size=(8, 2, 64))
    >>> trials = Trials.from_arrays(X, ["rest", "task"] * 4, sfreq=64, subject=list("aabbccdd"))
    >>> results = evaluate(DummyClassifier(), trials, cv="loso", scoring="accuracy")
    >>> results.table[["fold", "subject", "n_train", "accuracy"]]
       fold subject  n_train  accuracy
    0     0       a        6       0.5
    1     1       b        6       0.5
    2     2       c        6       0.5
    3     3       d        6       0.5
    """
    pipelines, scorers = name_pipelines(pipelines, baselines), make_scorers(scoring)
    _check_choices(on_leak, on_error, n_seeds, twin, n_jobs, keep_decoders, together)
    splitter, datasets = make_splitter(cv, random_state=random_state), name_datasets(trials)
    data = {name: check_trials(part, keeps_apart(splitter)) for name, part in datasets.items()}
    seeds, fits = fits_of(check_kinds(pipelines, data), n_seeds)
    scorers = suitable_scorers(scorers, {name: d.y for name, d in data.items()}, pipelines)
    folds, split = _split(splitter, datasets, pipelines, on_leak)
    folds, split["calibration"] = _without_calibration(folds, data, pipelines, scorers)
    leaky = _leaky_folds(datasets, split, random_state, data, pipelines, scorers) if twin else {}
    carry_out = partial(
        _carry_out, fits, data, scorers, store=store, dask=dask, n_jobs=n_jobs,
        verbose=is_shown(verbose), may_fail=on_error == "record", together=together,
    )  # fmt: skip
    tasks, outcomes = carry_out(folds, accept=ACCEPT[on_leak], keep_decoders=keep_decoders)
    tell_findings(split["audit"], tasks, outcomes)
    options = {"cv": cv, "scoring": scoring, "n_seeds": n_seeds, "twin": twin, "on_leak": on_leak}
    options["random_state"] = random_state
    split |= describe_split(cv, splitter) | {"scoring": list(scorers), "random_state": random_state}
    settings = describe_run(datasets, pipelines, _not_defaults(options), seeds=seeds, **split)
    results = _results(tasks, outcomes, settings, data, scorers)
    return _add_twin(results, {n: carry_out(f) for n, f in leaky.items()}, data, scorers)


def _check_choices(
    on_leak: Any, on_error: Any, n_seeds: Any, twin: Any, n_jobs: Any, keep_decoders: Any,
    together: Any,
) -> None:  # fmt: skip
    check_for(Literal["auto", False]).require("together", together)
    check_for(JOBS).require("n_jobs", n_jobs)
    check_for(bool).require("twin", twin)
    check_for(bool).require("keep_decoders", keep_decoders)
    check_for(Literal["refuse", "mark"]).require("on_leak", on_leak)
    check_for(Literal["record", "raise"]).require("on_error", on_error)
    check_for(Annotated[int, Interval(ge=1, le=MOST_SEEDS)]).require("n_seeds", n_seeds)


def _without_calibration(
    folds: Mapping[str, list[Fold]],
    data: Mapping[str, Data],
    pipelines: Mapping[str, Any],
    scorers: Mapping[str, Scorer],
) -> tuple[dict[str, list[Fold]], dict[str, Any]]:
    """The folds of every data set, which know what is not scored, and what settings tell of it."""
    both = {n: without_calibration(folds[n], data[n], pipelines, scorers) for n in folds}
    return {n: marked for n, (marked, _) in both.items()}, {
        n: facts for n, (_, facts) in both.items()
    }


def _carry_out(
    fits: Mapping[tuple[str, int], Any],
    data: Mapping[str, Data],
    scorers: Mapping[str, Scorer],
    folds: Mapping[str, list[Fold]],
    store: str | os.PathLike[str] | None,
    accept: Callable[[Task, Outcome], None] | None = None,
    keep_decoders: bool = False,
    **options: Any,
) -> tuple[list[Task], list[Outcome]]:
    """Every fit on every fold of every data set, and what came of it."""
    places = ((name, *fit, fold) for name in folds for fit in fits for fold in folds[name])
    checked = {name: fold_to_check(parts) for name, parts in folds.items() if accept}
    tasks = [
        Task(i, name, pipeline, seed, fold, seed == 0 and fold is checked.get(name), keep_decoders)
        for i, (name, pipeline, seed, fold) in enumerate(places)
    ]
    outcomes = run_tasks(
        tasks, fits, data, scorers, store=None if store is None else Store(store),
        accept=accept or ACCEPT["mark"], **options,
    )  # fmt: skip
    relay(outcomes)
    diagnoses = {name for name, part in data.items() if one_class_each(part.labels, part.groups)}
    warn_undefined(outcomes, {task.number for task in tasks if task.dataset in diagnoses})
    return tasks, outcomes


def _leaky_folds(
    datasets: Mapping[str, Trials],
    split: Mapping[str, Any],
    random_state: int | None,
    *calibration: Any,
) -> dict[str, dict[str, list[Fold]]]:
    """Those of the twin, for a split that is honest itself, by split and data set."""
    if split["subject_overlap"]:
        raise ValueError(
            "twin=True shows what leaky splits add, but this split trains and tests on the same "
            'people, so there is nothing honest to compare with; use cv="group-5" or cv="loso".'
        )
    leaky = leaky_folds(datasets, split["n_folds"], random_state)
    try:
        return {name: _without_calibration(f, *calibration)[0] for name, f in leaky.items()}
    except ValueError as error:
        error.add_note("These are folds of the leaky twin; leave out twin=True.")
        raise


def _split(
    splitter: Any, datasets: Mapping[str, Trials], pipelines: Mapping[str, Any], on_leak: str
) -> tuple[dict[str, list[Fold]], dict[str, Any]]:
    """The folds of every data set, and what the settings tell about them."""
    folds = {name: folds_of(splitter, trials) for name, trials in datasets.items()}
    tell_amplitudes(datasets)
    audits = {
        name: audit_folds(trials, folds[name], keeps_apart(splitter), pipeline=pipelines)
        for name, trials in datasets.items()
    }
    for audit in audits.values():
        if on_leak == "refuse":
            audit.raise_for_leaks()
    warn_unseen(audits)
    # Numbers, which compare much faster than names.
    groups = {n: np.unique(t.groups, return_inverse=True)[1] for n, t in datasets.items()}
    return folds, {
        "n_folds": {name: len(parts) for name, parts in folds.items()},
        "subject_overlap": any(overlap(f, groups[name]) for name in folds for f in folds[name]),
        "audit": {name: audit.to_dict() for name, audit in audits.items()},
        "digests": {name: digests_of(trials, folds[name]) for name, trials in datasets.items()},
    }


def _not_defaults(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are not the defaults of `evaluate`."""
    defaults = inspect.signature(evaluate).parameters
    return {n: v for n, v in options.items() if repr(v) != repr(defaults[n].default)}


def _results(
    tasks: list[Task],
    outcomes: list[Outcome],
    settings: RunSettings,
    data: Mapping[str, Data],
    scorers: Mapping[str, Scorer],
) -> Results:
    table = pd.DataFrame([row for outcome in outcomes for row in outcome.rows])
    failures = _failures(tasks, outcomes)
    predictions: dict[tuple[str, str], list[Predictions]] = defaultdict(list)
    for t, outcome in zip(tasks, outcomes, strict=True):
        if outcome.predictions is not None:
            predictions[t.dataset, t.pipeline].append(outcome.predictions)
    if failures and len(failures) == len(tasks):
        raise ValueError(
            f"Every fold failed, the first of {failures[0]['pipeline']!r} with "
            f"{failures[0]['error']}\n\n{failures[0]['traceback']}"
        )
    settings.one_by_one = _one_by_one(tasks, outcomes)
    whole = {key: Predictions.joined(parts) for key, parts in predictions.items()}
    fill_chance(table, tasks, data, scorers)
    tried = [row for outcome in outcomes for row in outcome.search]
    searches = searches_table(tried) if tried else None
    results = Results(
        table, settings, predictions=whole, failures=failures, searches=searches,
        decoders=_decoders(tasks, outcomes),
    )  # fmt: skip
    warn_failed(results.failures)
    return results


def _add_twin(
    results: Results,
    leaky: Mapping[str, tuple[list[Task], list[Outcome]]],
    data: Mapping[str, Data],
    scorers: Mapping[str, Scorer],
) -> Results:
    """Put the scores and failures of the leaky splits beside the honest ones."""
    tables, failures = [], results.failures.to_dict("records")
    for split, (tasks, outcomes) in leaky.items():
        rows = [{"split": split} | row for outcome in outcomes for row in outcome.rows]
        failures += [{"split": split} | row for row in _failures(tasks, outcomes)]
        if rows:
            tables.append(pd.DataFrame(rows))
            fill_chance(tables[-1], tasks, data, scorers)
    results.failures = failures_table(failures)
    results.twin = pd.concat(tables, ignore_index=True) if tables else None
    warn_failed(results.failures[results.failures["split"] != ""])
    return results


def _one_by_one(tasks: list[Task], outcomes: list[Outcome]) -> dict[str, dict[str, Any]]:
    """By pipeline and reason, the fits whose nets were to be trained at once and were not."""
    fits: dict[str, dict[str, Any]] = {}
    for task, outcome in zip(tasks, outcomes, strict=True):
        for reason in outcome.alone:
            of_reason = fits.setdefault(task.pipeline, {}).setdefault(reason, [])
            of_reason.append([task.dataset, task.seed, task.fold.number])
    return fits


def _decoders(tasks: list[Task], outcomes: list[Outcome]) -> dict[tuple[str, str, int, int], Any]:
    return {
        (task.dataset, task.pipeline, task.seed, task.fold.number): out.decoder
        for task, out in zip(tasks, outcomes, strict=True)
        if out.decoder is not None
    }


def _failures(tasks: list[Task], outcomes: list[Outcome]) -> list[dict[str, Any]]:
    pairs = zip(tasks, outcomes, strict=True)
    return [task.names | out.failure for task, out in pairs if out.failure is not None]
