"""One setting on one inner fold: who was right how often, at the end and on the way there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wilcoxon
from sklearn.base import clone, is_regressor
from skorch.callbacks import Callback

from eegkit.classifiers import NeuralClassifier
from eegkit.evaluation.metrics.scoring import Answers, Scorer, score
from eegkit.evaluation.running.fit_params import groups_for_fit
from eegkit.joint_work import busy_time, run_jointly
from eegkit.pipeline import Pipeline
from eegkit.signals import SignalArray

# Of its epochs a net reports so many times on the way: after a quarter, a half, three quarters.
N_QUARTERS = 4
# The level of the test by which a setting is stopped; and after which quarter a net may be, since
# the best one may learn late.
ALPHA, DECISIVE_QUARTER = 0.02, 3

Scores = dict[int, float]  # by number of the person


@dataclass(frozen=True)
class FoldData:
    """The trials of one inner fold, behind the steps that are the same for every setting.

    Signals are held as plain arrays, which joblib shares as a memmap, and what is known of them.
    """

    train: Any
    valid: Any
    y_train: NDArray[Any]
    y_valid: NDArray[Any]
    groups: NDArray[Any] | None  # of the training trials
    people: NDArray[np.intp]  # the number of everybody in `valid`
    train_facts: Mapping[str, Any] | None = None
    valid_facts: Mapping[str, Any] | None = None

    @property
    def X_train(self) -> Any:
        return _joined(self.train, self.train_facts)

    @property
    def X_valid(self) -> Any:
        return _joined(self.valid, self.valid_facts)


@dataclass(frozen=True)
class FoldScores:
    """What came of a setting on one fold.

    Attributes
    ----------
    people : dict of int to float
        The score of everybody whose trials were tested; empty where the fit was stopped.
    quarters : dict of int to dict
        The same on the way, by the quarter of the epochs.
    fit_time_s : float
    error : str
        Empty where all went well.
    """

    people: Scores
    quarters: dict[int, Scores] = field(default_factory=dict)
    fit_time_s: float = 0.0
    error: str = ""
    is_outpaced: bool = False


class _Outpaced(Exception):  # noqa: N818
    """The best setting was ahead on the same people after as many epochs.

    Parameters
    ----------
    scores : dict of int to dict
        By quarter of the epochs.
    """

    def __init__(self, scores: dict[int, Scores]) -> None:
        self.scores = scores


class _Quarters(Callback):
    """Scores of people after each quarter of a net's epochs, and whether to go on."""

    def __init__(
        self, X: Any, data: FoldData, scorers: Mapping[str, Scorer], rival: Mapping[int, Scores]
    ) -> None:
        self.X, self.data, self.scorers, self.rival = X, data, scorers, rival
        self.scores: dict[int, Scores] = {}

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        quarter, rest = divmod(len(net.history) * N_QUARTERS, net.n_epochs)
        # Of the last one the trained decoder itself is asked.
        if rest >= N_QUARTERS or not 0 < quarter < N_QUARTERS or quarter in self.scores:
            return
        proba = net.predict_proba(np.asarray(self.X))
        classes = net.options.classes_
        answers = Answers(_Snapshot(proba, classes), self.X, classes)
        self.scores[quarter] = scores_of_people(answers, self.data, self.X, self.scorers)
        rival = self.rival.get(quarter, {})
        if quarter >= DECISIVE_QUARTER and is_behind(self.scores[quarter], rival):
            raise _Outpaced(self.scores)


class _Snapshot:
    """A net as it was after an epoch."""

    def __init__(self, proba: NDArray[np.floating], classes: NDArray[Any]) -> None:
        self.proba, self.classes = proba, classes

    def predict_proba(self, X: Any) -> NDArray[np.floating]:
        return self.proba

    def predict(self, X: Any) -> NDArray[Any]:
        return self.classes[self.proba.argmax(axis=1)]


def fit_and_score(
    decoder: Any,
    data: FoldData,
    scorers: Mapping[str, Scorer],
    rival: Mapping[int, Scores] | None,
) -> FoldScores:
    """Fit a setting on one fold and score everybody held out by it.

    With a `rival`, the scores by quarter of the best setting so far, nets report as they are
    trained, and are stopped where they are behind it.
    """
    start = busy_time()
    decoder = clone(decoder)
    X_train, X_valid = data.X_train, data.X_valid
    quarters: _Quarters | None = None
    try:
        if rival is not None and isinstance(last_step(decoder), NeuralClassifier):
            decoder, X_train, X_valid = _behind_its_steps(decoder, X_train, data.y_train, X_valid)
            quarters = _Quarters(X_valid, data, scorers, rival)
            decoder.set_params(callbacks=[*decoder.callbacks, quarters])
        params = {} if data.groups is None else groups_for_fit(decoder, data.groups)
        decoder.fit(X_train, data.y_train, **params)
    except _Outpaced as outpaced:
        return FoldScores({}, outpaced.scores, busy_time() - start, is_outpaced=True)
    except Exception as error:  # a setting that cannot be fitted is a failed trial
        return FoldScores({}, error=f"{type(error).__name__}: {error}")
    fit_time_s = busy_time() - start
    answers = Answers(decoder, X_valid, decoder.classes_)
    people = scores_of_people(answers, data, X_valid, scorers)
    return FoldScores(people, quarters.scores if quarters else {}, fit_time_s)


def fit_and_score_jointly(
    decoders: Sequence[Any], folds: Sequence[FoldData], scorers: Mapping[str, Scorer]
) -> list[list[FoldScores]]:
    """As `fit_and_score` without a rival: for each setting its folds, whose nets train at once."""
    pairs = [(i, fold) for i in range(len(decoders)) for fold in range(len(folds))]

    def of_pair(i: int, fold: int) -> tuple[tuple[int, int], FoldScores]:
        return (i, fold), fit_and_score(decoders[i], folds[fold], scorers, None)

    by_pair = dict(run_jointly([partial(of_pair, *pair) for pair in pairs]))
    return [[by_pair[i, fold] for fold in range(len(folds))] for i in range(len(decoders))]


def scores_of_people(
    answers: Answers, data: FoldData, X: Any, scorers: Mapping[str, Scorer]
) -> Scores:
    """One score for each person; NaN where the metric is undefined for somebody."""
    [metric] = scorers
    scores = {}
    for person in np.unique(data.people).tolist():
        rows = np.flatnonzero(data.people == person)
        trials, y = partial(rows_of, X, rows), data.y_valid[rows]
        scores[person] = score(answers, rows, trials, y, scorers)[metric]
    return scores


def is_behind(scores: Scores, rival: Scores) -> bool:
    """Whether another setting's scores of the same people are better by more than chance.

    Wilcoxon's signed-rank test [1]_, one-sided.

    References
    ----------
    .. [1] F. Wilcoxon (1945), Individual comparisons by ranking methods, Biometrics Bulletin 1(6).
    """
    people = [p for p in scores if p in rival and np.isfinite([scores[p], rival[p]]).all()]
    gaps = np.array([scores[p] - rival[p] for p in people])
    if not gaps.any() or gaps.mean() >= 0:
        return False
    return bool(wilcoxon(gaps, alternative="less", zero_method="zsplit").pvalue < ALPHA)


def last_step(decoder: Any) -> Any:
    """The last step of a pipeline; other decoders themselves."""
    while hasattr(decoder, "steps"):
        decoder = decoder.steps[-1][1]
    return decoder


def may_classify(decoder: Any) -> bool:
    """Whether it is an estimator; the last step may still be one that is to be chosen."""
    if not hasattr(decoder, "get_params") or isinstance(decoder, type):
        return False
    last = last_step(decoder)
    return isinstance(last, str) or (hasattr(last, "predict") and not is_regressor(last))


def _behind_its_steps(decoder: Any, X: Any, y: Any, X_valid: Any) -> tuple[Any, Any, Any]:
    """The last step, and the trials as it reads them."""
    while hasattr(decoder, "steps"):
        steps = decoder.steps[:-1]
        if steps:
            before = Pipeline(steps)
            X, X_valid = before.fit_transform(X, y), before.transform(X_valid)
        decoder = decoder.steps[-1][1]
    return decoder, X, X_valid


def split_facts(X: Any) -> tuple[Any, dict[str, Any] | None]:
    """Signals as a plain array and what is known of them; anything else as it is."""
    if isinstance(X, SignalArray):
        return X.view(np.ndarray), dict(X.metadata)
    return X, None


def _joined(X: Any, facts: Mapping[str, Any] | None) -> Any:
    return X if facts is None else SignalArray(X, **facts)


def rows_of(X: Any, rows: NDArray[np.intp]) -> Any:
    """Some of the trials, of an array or a data frame."""
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]
