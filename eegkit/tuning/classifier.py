"""`TunedClassifier`: a decoder whose settings are chosen by people of the training side."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from optuna import Study
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from eegkit.evaluation.metrics.scoring import make_scorers
from eegkit.evaluation.metrics.suitability import suitable_scorers
from eegkit.evaluation.running.fit_params import groups_for_fit
from eegkit.notice import warn
from eegkit.parameters import Count, ParameterError, Positive, RandomState, check_for
from eegkit.roles import Role
from eegkit.text import count, shortlist
from eegkit.tuning.folds import FoldsOfSpace, inner_folds, read_trials
from eegkit.tuning.people import may_classify
from eegkit.tuning.progress import progress
from eegkit.tuning.search import Search, trials_table
from eegkit.tuning.spaces import Space
from eegkit.tuning.storage import Claims, identity_of, open_study, quiet


class TunedClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """A decoder with the settings that did best on people of the training side.

    Three sets of people never meet. Inner folds by people choose the settings; a net that stops
    early within one does so by people of that fold's training side; and whoever is to be predicted
    has part in neither. So inside of `evaluate`, or of ``cross_val_score`` with groups, the search
    is nested: it is made anew in every fold.

    Parameters
    ----------
    decoder : classifier or pipeline
        Not changed.
    space : dict of str to list, scipy.stats or Optuna distribution, optional
        What to choose among, by name as ``set_params`` takes it:
        ``{"cnn_bigru__lr": loguniform(1e-4, 1e-2), "stft": [STFT(), MelSpectrogram()],
        "stft__window_s": [0.5, 1.0]}``. A step may be chosen whole; its parameters are then drawn
        where the choice has them. By default the union of what ``search_space()`` of every part
        says.
    cv : str, splitter or iterable, default "group-4"
        The inner folds, as `evaluate` takes them; names that need more than people are refused.
    scoring : str or callable, default "balanced_accuracy"
        One metric, of which more is better; a setting has the mean over people.
    n_trials : int, default 30
        Settings to try.
    timeout_s : float, optional
        No setting is begun after so many seconds.
    sampler : {"tpe", "random", "grid"} or optuna.samplers.BaseSampler, default "tpe"
        Where settings come from: Parzen estimators [1]_, at random, all of the lists, or a sampler
        of Optuna, which is used as it is.
    pruner : {"people"} or None, default "people"
        Whether a setting is stopped when the best one so far is ahead on the same people by more
        than chance (Wilcoxon's signed-rank test, one-sided, 0.02, which takes six people): after
        each inner fold, and of a net after three quarters of its epochs. A stopped setting is never
        chosen.
    refit : "best" or int, default "best"
        Whether the best setting is fitted on all trials, or the best so many, whose mean
        probability is then the answer.
    storage : path or URL, optional
        A file, or a database, that keeps every setting tried: a search that was killed goes on
        there, and processes that are given the same share the work.
    study_name : str, optional
        In the storage; by default made of the decoder, the space, the trials and the folds.
    random_state : int, optional
        Of the sampler. With it, one process tries the same settings each time.
    n_jobs : int, optional
        Settings that are fitted at the same time; results depend on it.
    together : {"auto", False}, default False
        ``"auto"`` trains the nets of a setting's folds at once, and of ``sampler="random"`` and
        ``"grid"`` those of several settings that make one architecture (other `lr`,
        `weight_decay`, ...), as `evaluate` does. With ``pruner=None`` only: settings that may be
        stopped train one by one. Scores are those of each alone, up to rounding.
    verbose : bool, default False
        Show a progress bar on the standard error.

    Attributes
    ----------
    best_params_ : dict
        Of the best setting.
    best_score_ : float
        Its mean over people who chose it: flattered by that choice.
    best_estimator_ : estimator
        With these settings, fitted on all trials.
    metric_ : str
        The name of what they were chosen by.
    estimators_ : list of estimator
        The best one, or as many as `refit` says, fitted on all trials.
    trials_ : pandas.DataFrame
        A row for each setting tried: ``trial`` (its number), ``state`` ("whole", "stopped" or
        "failed"), ``score`` (NaN unless whole), ``n_fits`` (inner folds begun), ``fit_time_s``,
        the parameters by name, and ``error``.
    study_ : optuna.Study
        Which files of `eegkit.save` leave out.
    classes_ : ndarray, shape (n_classes,)
    n_features_in_ : int

    Raises
    ------
    ValueError
        On `fit`: nobody knows the people, or there are fewer than folds; the space names what is
        no parameter; every setting failed; the storage cannot be written to, or its study answers
        for another search.

    Warns
    -----
    UserWarning
        Inner folds have the same people on both sides, so that what knows people best is chosen.

    References
    ----------
    .. [1] J. Bergstra et al. (2011), Algorithms for hyper-parameter optimization, NeurIPS 24.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from eegkit import Pipeline
    >>> from eegkit.testing import example_trials
    >>> from eegkit.transforms import BandPower
    >>> from eegkit.tuning import TunedClassifier
    >>> trials = example_trials(24)
    >>> decoder = Pipeline([BandPower(), LogisticRegression()])
    >>> tuned = TunedClassifier(
    ...     decoder, {"logisticregression__C": [0.01, 1.0]}, cv="group-2", sampler="grid"
    ... )
    >>> tuned.fit(trials.X, trials.y).trials_["state"].tolist()
    ['whole', 'whole']
    """

    attribute_roles: ClassVar[dict[str, Role]] = {
        "storage": "place",
        "study_name": "place",
        "verbose": "manner",
        "n_trials": "extent",
        "timeout_s": "extent",
        "refit": "extent",
        "n_jobs": "extent",
        "together": "extent",
        "study_": "unsaved",
    }

    def __init__(
        self,
        decoder: Any,
        space: Mapping[str, Any] | None = None,
        *,
        cv: Any = "group-4",
        scoring: Any = "balanced_accuracy",
        n_trials: int = 30,
        timeout_s: float | None = None,
        sampler: Any = "tpe",
        pruner: Literal["people"] | None = "people",
        refit: Any = "best",
        storage: str | os.PathLike[str] | None = None,
        study_name: str | None = None,
        random_state: int | None = None,
        n_jobs: int | None = None,
        together: Literal["auto", False] = False,
        verbose: bool = False,
    ) -> None:
        self.decoder = decoder
        self.space = space
        self.cv = cv
        self.scoring = scoring
        self.n_trials = n_trials
        self.timeout_s = timeout_s
        self.sampler = sampler
        self.pruner = pruner
        self.refit = refit
        self.storage = storage
        self.study_name = study_name
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.together = together
        self.verbose = verbose

    def fit(self, X: Any, y: ArrayLike, *, groups: ArrayLike | None = None) -> TunedClassifier:
        """Choose the settings, and fit the decoder with them.

        Parameters
        ----------
        X : array-like, Trials or mne.Epochs, shape (n_trials, ...)
            As the decoder takes it.
        y : array-like, shape (n_trials,)
        groups : array-like, shape (n_trials,), optional
            The subject of every trial; by default what X knows.

        Returns
        -------
        self
        """
        self.check_parameters()
        X, y, groups = read_trials(X, y, groups)
        space = Space(self.decoder, self.space)
        folds = inner_folds(self.cv, y, groups)
        scorers = self._scorers(y)
        identity = {} if self.storage is None else identity_of(self, space, folds, X, y, groups)
        with quiet():
            study = open_study(self.storage, self.study_name, identity)
            best = self._search(study, space, FoldsOfSpace(space, folds, X, y, groups), scorers)
        self._check_outcome(len(best))
        self._refit(space, [trial.params for trial in best], X, y, groups)
        self.best_score_ = best[0].value
        [self.metric_] = scorers
        return self

    def _search(
        self, study: Study, space: Space, data: FoldsOfSpace, scorers: Mapping[str, Any]
    ) -> list[FrozenTrial]:
        """Try settings; those that were tried on all folds, the best first."""
        claims = Claims(study, self.storage)
        try:
            with progress(bool(self.verbose), next(iter(scorers))) as advance:
                search = Search(
                    study, claims, space, data, len(data.folds), scorers,
                    sampler=self.sampler, by_people=self.pruner is not None,
                    n_trials=self.n_trials, timeout_s=self.timeout_s,
                    random_state=self.random_state, n_jobs=self.n_jobs,
                    together=self.together, advance=advance,
                )  # fmt: skip
                search.run()
        except KeyboardInterrupt as interruption:
            if self.storage is not None:
                interruption.add_note(
                    f"What was tried is in {str(self.storage)!r}; the same call goes on there."
                )
            raise
        finally:
            claims.close()
        self.study_, self._tried = study, trials_table(study, space).to_dict("list")
        return search.ranked()

    def _refit(self, space: Space, best: Sequence[Any], X: Any, y: Any, groups: Any) -> None:
        self.best_params_ = space.params(best[0])
        n_wanted = 1 if self.refit == "best" else self.refit
        if len(best) < n_wanted:
            warn(
                f"refit={n_wanted} asks for more settings than were tried on all folds; the answer "
                f"is the mean of {count(len(best), 'setting')}."
            )
        self.estimators_ = []
        for drawn in best[:n_wanted]:
            decoder = space.decoder_with(drawn)
            params = {} if groups is None else groups_for_fit(decoder, groups)
            self.estimators_.append(decoder.fit(X, y, **params))
        self.best_estimator_ = self.estimators_[0]
        self.classes_ = self.best_estimator_.classes_

    @property
    def trials_(self) -> pd.DataFrame:
        """Every setting tried."""
        check_is_fitted(self, "_tried")
        return pd.DataFrame(self._tried)

    @property
    def n_features_in_(self) -> int:
        """As the decoder counts them."""
        check_is_fitted(self, "estimators_")
        return self.best_estimator_.n_features_in_

    def predict(self, X: Any) -> NDArray[Any]:
        """The class of each trial.

        Parameters
        ----------
        X : array-like, shape (n_trials, ...)

        Returns
        -------
        ndarray, shape (n_trials,)
        """
        check_is_fitted(self, "estimators_")
        if len(self.estimators_) == 1:
            return self.best_estimator_.predict(X)
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    @available_if(lambda self: _answers(self, "predict_proba"))
    def predict_proba(self, X: Any) -> NDArray[np.floating]:
        """The probability of each class: the mean of those that `refit` keeps.

        Parameters
        ----------
        X : array-like, shape (n_trials, ...)

        Returns
        -------
        ndarray, shape (n_trials, n_classes)
        """
        check_is_fitted(self, "estimators_")
        return np.mean([decoder.predict_proba(X) for decoder in self.estimators_], axis=0)

    @available_if(lambda self: self.refit == "best" and _answers(self, "decision_function"))
    def decision_function(self, X: Any) -> NDArray[np.floating]:
        """What the best decoder says of each trial.

        Parameters
        ----------
        X : array-like, shape (n_trials, ...)

        Returns
        -------
        ndarray, shape (n_trials,) or (n_trials, n_classes)
        """
        check_is_fitted(self, "estimators_")
        return self.best_estimator_.decision_function(X)

    @available_if(lambda self: _answers(self, "calibrate"))
    def calibrate(self, X: Any, *args: Any, **params: Any) -> TunedClassifier:
        """Have the decoders learn about new people, as the decoder's own method does."""
        check_is_fitted(self, "estimators_")
        for decoder in self.estimators_:
            decoder.calibrate(X, *args, **params)
        return self

    def check_parameters(self) -> None:
        """Raise ParameterError where one of the parameters makes no sense, before there are data.

        What depends on the trials, the inner folds among it, is checked in `fit`.
        """
        checks: dict[str, Any] = {
            "n_trials": Count,
            "timeout_s": Positive | None,
            "pruner": Literal["people"] | None,
            "refit": Literal["best"] | Count,
            "study_name": str | None,
            "random_state": RandomState,
            "n_jobs": int | None,
            "together": Literal["auto", False],
            "verbose": bool | int,
        }
        for name, hint in checks.items():
            check_for(hint).require(name, getattr(self, name))
        if not isinstance(self.sampler, BaseSampler):
            check_for(Literal["tpe", "random", "grid"]).require("sampler", self.sampler)
        if len(scorers := make_scorers(self.scoring)) > 1:
            raise ParameterError(
                f"scoring names {shortlist(scorers)}; a search takes one metric.", "scoring"
            )
        if not may_classify(self.decoder):
            expected = "expected a classifier, or a pipeline that ends in one"
            raise ParameterError(f"decoder is {self.decoder!r}; {expected}.", "decoder")
        if self.refit != "best" and not hasattr(self.decoder, "predict_proba"):
            raise ParameterError(
                f"refit={self.refit} is the mean probability of several decoders, and "
                f'{type(self.decoder).__name__} has no predict_proba; use refit="best".',
                "refit",
            )

    def _scorers(self, y: NDArray[Any]) -> Mapping[str, Any]:
        return suitable_scorers(make_scorers(self.scoring), {"y": y}, {"decoder": self.decoder})

    def _check_outcome(self, n_whole: int) -> None:
        if n_whole:
            return
        errors = [error for error in self.trials_["error"] if error]
        tried = count(len(self.trials_), "setting")
        if not self.trials_.size:
            raise ValueError(f"timeout_s={self.timeout_s} was over before a setting was tried.")
        if errors:
            raise ValueError(
                f"No setting could be fitted on all inner folds, of {tried}. The first error: "
                f"{errors[0]}"
            )
        raise ValueError(
            f"No setting was tried on all inner folds, of {tried}: all were stopped before. Use "
            "pruner=None, or a storage without other searches."
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        of_decoder = get_tags(self.decoder)
        tags.input_tags = of_decoder.input_tags
        tags.classifier_tags = of_decoder.classifier_tags
        return tags


def _answers(tuned: TunedClassifier, method: str) -> bool:
    """Whether the decoder, fitted or not, has a method."""
    return hasattr(getattr(tuned, "best_estimator_", tuned.decoder), method)
