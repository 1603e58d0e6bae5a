"""The search: settings are drawn, tried fold by fold, and stopped where others are ahead."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import optuna
import pandas as pd
from joblib import effective_n_jobs
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState
from sklearn.utils.parallel import Parallel, delayed

from eegkit.evaluation.metrics.scoring import Scorer
from eegkit.evaluation.running.tasks import MOST_JOINT
from eegkit.parameters import ParameterError
from eegkit.tuning.people import (
    N_QUARTERS,
    FoldScores,
    Scores,
    fit_and_score,
    fit_and_score_jointly,
    is_behind,
)
from eegkit.tuning.spaces import Space
from eegkit.tuning.storage import ATTEMPT, Claims, attempts, bury_dead

# Attributes of a trial of Optuna: the scores of people by fold, those on the way by fold and
# quarter, inner folds begun, the time that these took, and why there are no more.
PEOPLE, QUARTERS, N_FITS, FIT_TIME_S, ERROR = "people", "quarters", "n_fits", "fit_time_s", "error"
WAIT_S = 0.5
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
# The sampler whose settings are counted rather than drawn.
GRID = "grid"


class FixedSampler(RandomSampler):
    """Draws one setting. Optuna's queue would outlive a process that dies before it has asked.

    Parameters
    ----------
    drawn : dict
        By name of the parameter.
    """

    def __init__(self, drawn: Mapping[str, Any]) -> None:
        super().__init__(seed=0)
        self.drawn = drawn

    def sample_independent(
        self, study: Any, trial: Any, param_name: str, param_distribution: Any
    ) -> Any:
        return self.drawn[param_name]


@dataclass
class Attempt:
    """A setting at work: what was drawn, and what came of it so far."""

    trial: optuna.Trial
    decoder: Any
    folds: list[FoldScores] = field(default_factory=list)
    error: str = ""
    is_outpaced: bool = False

    @property
    def people(self) -> Scores:
        return over_folds([fold.people for fold in self.folds])


class Search:
    """A search for the best setting, alone or together with other processes.

    Parameters
    ----------
    study : optuna.Study
        Where settings come from, and are kept.
    claims : Claims
        Of the same study.
    space : Space
    fold_data : callable
        Gives the `FoldData` of an inner fold by its number; its ``behind`` the part of a decoder
        that is fitted on them.
    n_folds : int
    scorers : dict of str to callable
        With one metric, of which more is better.
    sampler : {"tpe", "random", "grid"} or optuna.samplers.BaseSampler
    by_people : bool
        Whether settings are stopped that are behind the best one on the same people.
    n_trials : int
    timeout_s : float, optional
        No setting is begun after so long.
    random_state : int, optional
    n_jobs : int, optional
    together : {"auto", False}
    advance : callable
        Told of the search whenever a fold is done.
    """

    def __init__(
        self,
        study: optuna.Study,
        claims: Claims,
        space: Space,
        fold_data: Any,
        n_folds: int,
        scorers: Mapping[str, Scorer],
        *,
        sampler: Any,
        by_people: bool,
        n_trials: int,
        timeout_s: float | None,
        random_state: int | None,
        n_jobs: int | None,
        together: Any,
        advance: Callable[[Search], None],
    ) -> None:
        self.study, self.claims, self.space, self.fold_data = study, claims, space, fold_data
        self.n_folds, self.scorers, self.by_people = n_folds, scorers, by_people
        self.timeout_s, self.n_jobs, self.advance = timeout_s, n_jobs, advance
        self.sampler = sampler
        self.seed = int(np.random.default_rng(random_state).integers(2**32))
        self.n_trials = number_of_settings(space, sampler, n_trials)
        self.grid = space.grid() if sampler == GRID else None
        # Settings that may be stopped by others' scores are tried fold by fold.
        self.trains_jointly = bool(together) and not by_people
        # Where none follows from the scores of those before it, several settings train at once.
        several = self.trains_jointly and sampler in (GRID, "random")
        self.n_abreast = -(-MOST_JOINT // n_folds) if several else 1

    def run(self) -> None:
        """Try settings until there are enough, or time is up."""
        end = np.inf if self.timeout_s is None else time.monotonic() + self.timeout_s
        at_work: list[Attempt] = []
        with Parallel(n_jobs=self.n_jobs) as parallel:
            n_workers = effective_n_jobs(self.n_jobs)
            while True:
                while len(at_work) < n_workers * self.n_abreast and time.monotonic() < end:
                    attempt = self._ask()
                    if attempt is None:
                        break
                    at_work.append(attempt)
                if not at_work and not self._others_at_work():
                    return
                if not at_work:
                    time.sleep(WAIT_S)
                    continue
                if self.trains_jointly:
                    at_work = self._all_folds(parallel, at_work)
                else:
                    at_work = self._one_fold_more(parallel, at_work)

    def _all_folds(self, parallel: Any, at_work: Sequence[Attempt]) -> list[Attempt]:
        """Fit every setting at work on all folds, several fits at once; none goes on after it."""
        folds = [self.fold_data(number) for number in range(self.n_folds)]
        size = self.n_abreast
        groups = [at_work[start : start + size] for start in range(0, len(at_work), size)]
        calls = (
            delayed(fit_and_score_jointly)([one.decoder for one in group], folds, self.scorers)
            for group in groups
        )
        for group, of_group in zip(groups, parallel(calls), strict=True):
            for attempt, of_folds in zip(group, of_group, strict=True):
                for scores in of_folds:
                    self._take(attempt, scores)
                    if self._finish(attempt):
                        break
                self.advance(self)
        return []

    def _one_fold_more(self, parallel: Any, at_work: Sequence[Attempt]) -> list[Attempt]:
        """Fit every setting at work on its next fold; those that go on after it."""
        best = self.best()
        calls = (
            delayed(fit_and_score)(
                attempt.decoder,
                self.fold_data(len(attempt.folds)),
                self.scorers,
                self._rival(best, len(attempt.folds)),
            )
            for attempt in at_work
        )
        left = []
        for attempt, scores in zip(at_work, parallel(calls), strict=True):
            self._take(attempt, scores)
            if not self._finish(attempt):
                left.append(attempt)
            self.advance(self)
        return left

    def _rival(self, best: FrozenTrial | None, fold: int) -> dict[int, Scores] | None:
        """What the best setting so far had after each quarter of its epochs on the same fold."""
        if not self.by_people:
            return None
        if best is None:
            return {}
        quarters = best.user_attrs[QUARTERS].get(str(fold), {})
        return {int(quarter): _numbered(scores) for quarter, scores in quarters.items()}

    def _take(self, attempt: Attempt, scores: FoldScores) -> None:
        """Keep what came of a fold, and report it."""
        first_step = len(attempt.folds) * N_QUARTERS
        attempt.folds.append(scores)
        attempt.error, attempt.is_outpaced = scores.error, scores.is_outpaced
        for quarter, people in scores.quarters.items():
            attempt.trial.report(mean_over_people(people), first_step + quarter - 1)
        if scores.people:
            step = first_step + N_QUARTERS - 1
            attempt.trial.report(mean_over_people(attempt.people), step)

    def _finish(self, attempt: Attempt) -> bool:
        """Tell the study of a setting that needs no further fold; whether that is so."""
        is_whole = len(attempt.folds) == self.n_folds
        mean = mean_over_people(attempt.people)
        if is_whole and not attempt.error and np.isnan(mean):
            [metric] = self.scorers
            attempt.error = f"{metric} is undefined for everybody."
        if attempt.error:
            attempt.trial.set_user_attr(ERROR, attempt.error)
            self._tell(attempt, state=TrialState.FAIL)
        elif attempt.is_outpaced or (not is_whole and self._is_behind(attempt)):
            self._tell(attempt, state=TrialState.PRUNED)
        elif is_whole:
            self._tell(attempt, values=mean)
        else:
            return False
        return True

    def _is_behind(self, attempt: Attempt) -> bool:
        best = self.best()
        if best is None or not self.by_people:
            return False
        same_folds = best.user_attrs[PEOPLE][: len(attempt.folds)]
        return is_behind(attempt.people, over_folds([_numbered(fold) for fold in same_folds]))

    def _tell(self, attempt: Attempt, **outcome: Any) -> None:
        trial, folds = attempt.trial, attempt.folds
        trial.set_user_attr(PEOPLE, [_named(fold.people) for fold in folds])
        quarters = {
            str(i): {str(quarter): _named(scores) for quarter, scores in fold.quarters.items()}
            for i, fold in enumerate(folds)
            if fold.quarters
        }
        trial.set_user_attr(QUARTERS, quarters)
        trial.set_user_attr(N_FITS, len(folds))
        trial.set_user_attr(FIT_TIME_S, sum(fold.fit_time_s for fold in folds))
        self.study.tell(trial, **outcome)
        self.claims.release(trial.number)

    def _ask(self) -> Attempt | None:
        """The next setting, if there is one: first those that a dead process left behind."""
        with self.claims.asking():
            bury_dead(self.study, self.claims.is_dead)
            last = attempts(self.study)
            left = [n for n, trial in sorted(last.items()) if _is_left_behind(trial)]
            number = left[0] if left else len(last)
            if number >= self.n_trials:
                return None
            self.study.sampler = self._sampler_of(number)
            drawn = last[number].params if left else self.grid and self.grid[number]
            if drawn:
                self.study.sampler = FixedSampler(drawn)
            trial = self.study.ask()
            self.claims.claim(trial)
            drawn = self.space.suggest(trial)
            # From here on it is an attempt at this trial of the search.
            trial.set_user_attr(ATTEMPT, number)
        try:
            decoder = self.fold_data.behind(self.space.decoder_with(drawn))
        except Exception as error:
            attempt = Attempt(trial, None, error=f"{type(error).__name__}: {error}")
            self._finish(attempt)
            return self._ask()
        return Attempt(trial, decoder)

    def _sampler_of(self, number: int) -> BaseSampler:
        """The sampler of one trial, seeded by its number: a search that goes on draws the same."""
        if isinstance(self.sampler, BaseSampler):
            return self.sampler
        seed = int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0])
        if self.sampler == "tpe":
            return TPESampler(seed=seed, constant_liar=True)
        return RandomSampler(seed=seed)

    def _others_at_work(self) -> bool:
        if not self.claims.shared:
            return False
        running = self.study.get_trials(deepcopy=False, states=[TrialState.RUNNING])
        return any(not self.claims.is_dead(trial) for trial in running)

    def best(self) -> FrozenTrial | None:
        """The best setting that was tried on all folds; of equals the first."""
        return next(iter(self.ranked()), None)

    def ranked(self) -> list[FrozenTrial]:
        """Settings tried on all folds, each once and the best first; of equals the earlier."""
        last = attempts(self.study)
        whole = [last[n] for n in sorted(last) if last[n].state == TrialState.COMPLETE]
        ranked = sorted(whole, key=lambda trial: -(trial.value or 0.0))
        by_setting: dict[str, FrozenTrial] = {}
        for trial in ranked:
            by_setting.setdefault(repr(trial.params), trial)
        return list(by_setting.values())


def number_of_settings(space: Space, sampler: Any, n_trials: int) -> int:
    """How many settings a search tries: `n_trials`, or all of the grid.

    Raises
    ------
    ParameterError
        The grid has more, or is none.
    """
    if sampler != GRID:
        return n_trials
    n_settings = space.grid_size()
    if n_settings > n_trials:
        raise ParameterError(
            f"The grid has {n_settings:,} settings and n_trials is {n_trials:,}; give "
            f'n_trials={n_settings}, or sampler="random".',
            "n_trials",
        )
    return n_settings


def trials_table(study: optuna.Study, space: Space) -> pd.DataFrame:
    """A row for each setting that was tried; see `TunedClassifier`."""
    rows = []
    for number, trial in sorted(attempts(study).items()):
        if trial.state not in FINISHED and ERROR not in trial.user_attrs:
            continue
        attrs = trial.user_attrs
        params = {name: _short(value) for name, value in space.params(trial.params).items()}
        state = {TrialState.COMPLETE: "whole", TrialState.PRUNED: "stopped"}
        rows.append(
            {
                "trial": number,
                "state": state.get(trial.state, "failed"),
                "score": trial.value if trial.state == TrialState.COMPLETE else np.nan,
                "n_fits": attrs.get(N_FITS, 0),
                "fit_time_s": attrs.get(FIT_TIME_S, 0.0),
                **{name: params.get(name) for name in space},
                "error": attrs.get(ERROR, ""),
            }
        )
    columns = ["trial", "state", "score", "n_fits", "fit_time_s", *space, "error"]
    return pd.DataFrame(rows, columns=columns)


def over_folds(folds: Sequence[Scores]) -> Scores:
    """The score of everybody: of somebody tested in several folds, the mean of these."""
    values: dict[int, list[float]] = {}
    for fold in folds:
        for person, value in fold.items():
            values.setdefault(person, []).append(value)
    return {person: _mean(of_folds) for person, of_folds in values.items()}


def mean_over_people(scores: Scores) -> float:
    """Without those for whom it is undefined; NaN if that is everybody."""
    return _mean(list(scores.values()))


def _mean(values: Sequence[float]) -> float:
    """Without NaN; NaN if all are."""
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else float("nan")


def _is_left_behind(trial: FrozenTrial) -> bool:
    return trial.state == TrialState.FAIL and ERROR not in trial.user_attrs


def _named(scores: Scores) -> dict[str, float | None]:
    """As JSON holds it, which has neither numbers as keys nor NaN."""
    return {str(p): None if np.isnan(value) else float(value) for p, value in scores.items()}


def _numbered(scores: Mapping[str, float | None]) -> Scores:
    return {int(p): float("nan") if v is None else v for p, v in scores.items()}


def _short(value: Any) -> Any:
    """A value as a table holds it: estimators as text."""
    return " ".join(repr(value).split()) if hasattr(value, "get_params") else value
