"""Nets whose batch normalisation adapts to each new person."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils.validation import check_is_fitted

from eegkit.adaptation import Adaptation, Person
from eegkit.base import inner_fits, tell_unlike
from eegkit.classifiers._advice import refuse_no_numbers
from eegkit.classifiers._base import NeuralClassifier
from eegkit.classifiers._batch_norms import BatchNorms, Moments, has_batch_norm, pooled
from eegkit.parameters import ParameterError
from eegkit.signals import SignalArray

# From this many times the trials on, running statistics are estimated anew.
GROWTH = 1.1
# What a net learns of its trials, and whoever holds it is asked for.
FACTS = (
    "classes_", "input_shape_", "ch_names_", "sfreq_", "preparation_", "training_profile_",
    "n_features_in_", "feature_names_in_",
)  # fmt: skip


class AdaptiveBatchNorm(MetaEstimatorMixin, ClassifierMixin, Adaptation, kw_only=False):
    """A net whose batch normalisation goes by the statistics of the person it decodes [1]_.

    Training is the net's own. Of new people the running means and variances of its layers of
    batch normalisation are estimated anew, from unlabelled trials of the person; weights stay.

    Parameters
    ----------
    net : NeuralClassifier
        A net with batch normalisation; it is cloned, not changed.
    access, n_calibration, calibration_s, prior_trials
        See `eegkit.adaptation.Adaptation`.

    Attributes
    ----------
    classifier_ : NeuralClassifier
        The fitted net, with the statistics of the training people.
    classes_ : ndarray, shape (n_classes,)
        The labels.
    statistics_ : tuple of (list of ndarray, list of ndarray, float)
        Running means and variances of the net's layers of batch normalisation, in the order in
        which they work; the number counts for nothing.
    subjects_ : dict
        The same of people whom `calibrate` was given, and from how many trials, by subject.

    Raises
    ------
    ValueError
        On `fit`: the net has no batch normalisation.

    Notes
    -----
    The statistics of a layer are those of its input when all layers before it have adapted, over
    trials and whatever axes the layer normalises over. With access "causal" those of earlier trials
    are mixed with those of the training people, as `prior_trials` trials [2]_, and estimated anew
    whenever a tenth more trials have come.

    In training, batches are of many people: the net learns what tells classes apart across them,
    and new people are brought to them all. Where people of training differ much among themselves,
    align the trials before the net, too.

    References
    ----------
    .. [1] Y. Li et al. (2018), Adaptive batch normalization for practical domain adaptation,
       Pattern Recognition 80, 109-117.
    .. [2] S. Schneider et al. (2020), Improving robustness against common corruptions by
       covariate shift adaptation, NeurIPS 33, equation 3.

    Examples
    --------
    >>> from eegkit import Pipeline
    >>> from eegkit.classifiers import AdaptiveBatchNorm, CNNBiGRU
    >>> from eegkit.transforms import STFT
    >>> decoder = Pipeline([STFT(), AdaptiveBatchNorm(CNNBiGRU(), access="causal")])
    """

    net: Any
    _: KW_ONLY

    @property
    def input_kind(self) -> str:  # type: ignore[override]
        return getattr(self.net, "input_kind", "raw")

    def check_parameters(self) -> None:
        super().check_parameters()
        if not isinstance(self.net, NeuralClassifier):
            raise ParameterError(
                f"net is {self.net!r}; expected a net of eegkit, such as CNNBiGRU().", "net"
            )

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        *,
        groups: ArrayLike | None = None,
        domains: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> AdaptiveBatchNorm:
        """Train the net.

        Parameters
        ----------
        X : array-like, Trials or mne.Epochs
        y : array-like, shape (n_trials,) or (n_trials, n_classes)
        groups, domains, sample_weight : array-like, shape (n_trials,), optional
            All as in `NeuralClassifier.fit`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            X, y or a parameter is malformed, or the net has no batch normalisation.
        """
        self.check_parameters()
        self._refuse_without(X, y)
        net = clone(self.net)
        net.fit(X, y, groups=groups, sample_weight=sample_weight, domains=domains)
        self.classifier_ = net
        for name in FACTS:
            self.__dict__.pop(name, None)  # of an earlier fit
            if hasattr(net, name):
                setattr(self, name, getattr(net, name))
        self._begin_with(BatchNorms(net).statistics)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float32]:
        """Probabilities of the classes.

        Parameters
        ----------
        X : array-like, Trials or mne.Epochs
            As in `fit`. Trials of one person are to be given together, unless `calibrate` has been
            given some.

        Returns
        -------
        ndarray, shape (n_trials, n_classes)
            In the order of ``classes_``.

        Raises
        ------
        ValueError
            X is malformed, or differs from what was seen in `fit`.
        sklearn.exceptions.NotFittedError
            `fit` was not called.
        """
        signals = self._signals(X)
        array, norms = signals.view(np.ndarray), BatchNorms(self.classifier_)
        proba = np.empty((len(array), len(self.classes_)), dtype=np.float32)
        if self.access == "none":
            proba[:] = norms.proba(array)
        else:
            for person in self._people(signals):
                decode = self._running_proba if self.access == "causal" else self._proba
                proba[person.rows] = decode(person, signals, norms)
        refuse_no_numbers(proba, array)
        tell_unlike(self, array)
        return proba

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable label of every trial.

        Parameters
        ----------
        X : array-like, Trials or mne.Epochs
            As for `predict_proba`.

        Returns
        -------
        ndarray, shape (n_trials,)
        """
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def _signals(self, X: Any) -> SignalArray:
        check_is_fitted(self)
        return self.classifier_._check_input(X, reset=False)

    def _refuse_without(self, X: Any, y: Any) -> None:
        """Refuse a net without batch normalisation before it is trained."""
        net = clone(self.net)
        with inner_fits():
            net._read(X, y, None, False, None, None, None)
        with net.initialising(0):
            module = net.make_module()
        if not has_batch_norm(module):
            raise ParameterError(
                f"net is a {type(net).__name__}, which has no batch normalisation with running "
                "statistics, so it cannot adapt by them; align trials before it instead "
                "(EuclideanAlignment, SubjectStandardizer).",
                "net",
            )

    def _statistics(self, signals: SignalArray, rows: NDArray[np.intp]) -> Moments:
        return BatchNorms(self.classifier_).adapt(signals.view(np.ndarray), rows)

    def _proba(
        self, person: Person, signals: SignalArray, norms: BatchNorms
    ) -> NDArray[np.float32]:
        norms.statistics = self._statistics_of(person, signals)
        return norms.proba(signals.view(np.ndarray), person.rows)

    def _running_proba(
        self, person: Person, signals: SignalArray, norms: BatchNorms
    ) -> NDArray[np.float32]:
        """Statistics are estimated anew whenever a tenth more trials have come."""
        array = signals.view(np.ndarray)
        prior = (*self.statistics_[:2], float(self.prior_trials))
        if person.source == "calibrate":
            prior = pooled([prior, self.subjects_[person.subject]])
        norms.statistics = prior
        parts, n_seen = [], 0
        for moment in np.unique(person.moments):
            if moment > n_seen and moment >= GROWTH * n_seen:
                norms.adapt(array, person.rows[:moment], prior)
                n_seen = moment
            parts.append(norms.proba(array, person.rows[person.moments == moment]))
        return np.concatenate(parts)
