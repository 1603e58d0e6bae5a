"""Slow cortical potentials that a person learns to shift up or down."""

from __future__ import annotations

from typing import Any, Literal

from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import VotingClassifier
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from eegkit.parameters import ParameterError
from eegkit.pipeline import FeatureUnion, Pipeline
from eegkit.registry import get
from eegkit.subject_threshold import SubjectThreshold
from eegkit.transforms import BandPass, Resample, Standardizer, TimeCourse

ACCESSES = ("none", "transductive")
# Far enough from each other that seeds counted up from them do not meet.
SEEDS = (0, 100, 200)
# What is slow is far below 16 Hz, and the net's filters span a second.
NET_SFREQ = 32.0
NET = {"kernel_length": 32, "pool1": 2, "pool2": 4}
TRAINING = {"max_epochs": 80, "batch_size": 64, "lr": 4e-3, "lr_schedule": "cosine"}


def slow_potentials(
    net: bool = True, *, access: Literal["none", "transductive"] = "none"
) -> VotingClassifier | Pipeline | SubjectThreshold:
    """A decoder of slow cortical potentials, negative or positive.

    The mean of the probabilities of three decoders. The first two read amplitudes in seven windows
    and logarithmic power above 80 Hz in the same windows: linear discriminant analysis with
    shrinkage, and logistic regression on a map of Gaussian kernels [1]_. Power at high frequencies
    follows the tension of the muscles, and goes with the slow potential in some people [2]_. The
    third is the mean of three `EEGNet` [3]_, trained with different seeds on the signals below
    16 Hz.

    Parameters
    ----------
    net : bool, default True
        Whether to train the nets, which takes some tens of seconds. Without, it is the
        discriminant analysis alone, a pipeline in which nothing is random.
    access : {"none", "transductive"}, default "none"
        What the decoder may see of the person it answers for; see `eegkit.access`. With
        "transductive" the answers have a threshold by all trials that are given at once, without
        labels: see `SubjectThreshold`, which takes both shifts to be there. What changes from day
        to day moves all answers of a day, and their order less.

    Returns
    -------
    VotingClassifier, Pipeline or SubjectThreshold
        It takes a sampling rate above 160 Hz.

    Raises
    ------
    ValueError
        `access` is neither of these, or `net` is True and the distribution eegkit-convnets is not
        installed.

    Notes
    -----
    Accuracy, with Wilson's interval over test trials, of one person each, of one channel (A1-Cz),
    means over three seeds: 0.901 (0.861 to 0.930) on SelfRegulationSCP1 and 0.626 (0.553 to 0.693)
    on SelfRegulationSCP2, files of BCI Competition II as read by
    `eegkit.datasets.restore_channels`. With access transductive it has 0.935 (0.901 to 0.958) and
    0.596 (0.523 to 0.665), without nets 0.891 (0.850 to 0.922) and 0.572 (0.499 to 0.642). The
    competition's winners had 0.887 with six channels and 0.544 with seven. Inside of the training
    file of SelfRegulationSCP2 it is at chance: its test score may be luck.

    References
    ----------
    .. [1] C. Williams, M. Seeger (2001), Using the Nyström method to speed up kernel machines,
       Advances in Neural Information Processing Systems 13, 682-688.
    .. [2] B. D. Mensh, J. Werfel, H. S. Seung (2004), BCI Competition 2003, data set Ia: combining
       gamma-band power with slow cortical potentials to improve single-trial classification of
       electroencephalographic signals, IEEE Transactions on Biomedical Engineering 51(6),
       1052-1056.
    .. [3] V. J. Lawhern et al. (2018), EEGNet: a compact convolutional neural network for EEG-based
       brain-computer interfaces, Journal of Neural Engineering 15(5), 056013.

    Examples
    --------
    >>> from eegkit.decoders import slow_potentials
    >>> list(slow_potentials(net=False).named_steps)
    ['features', 'scale', 'classifier']
    """
    if access not in ACCESSES:
        raise ParameterError(f"access is {access!r}; expected 'none' or 'transductive'.", "access")
    decoder = _vote() if net else _time_courses(_lda())
    return SubjectThreshold(decoder) if access == "transductive" else decoder


def _vote() -> VotingClassifier:
    """The mean of discriminant analysis, kernels and nets."""
    nets = VotingClassifier([(f"net{seed}", _net(seed)) for seed in SEEDS], voting="soft")
    voters = [("lda", _time_courses(_lda())), ("kernel", _time_courses(_kernel())), ("nets", nets)]
    return VotingClassifier(voters, voting="soft")


def _time_courses(classifier: Any) -> Pipeline:
    """Amplitudes and logarithmic power in seven windows, and a classifier."""
    power = [BandPass(l_freq=80.0, h_freq=None), TimeCourse(output="log_power")]
    features = FeatureUnion([("amplitude", TimeCourse()), ("power", Pipeline(power))])
    steps = [("features", features), ("scale", StandardScaler()), ("classifier", classifier)]
    return Pipeline(steps)


def _lda() -> LinearDiscriminantAnalysis:
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")


def _kernel() -> Pipeline:
    """Logistic regression on a map of Gaussian kernels."""
    kernels = Nystroem(n_components=150, random_state=0)
    return Pipeline([("map", kernels), ("lr", LogisticRegression(C=10.0, max_iter=2000))])


def _net(seed: int) -> Pipeline:
    eegnet = get("classifiers", "eegnet")(**NET, **TRAINING, random_state=seed)
    return Pipeline([Resample(target_sfreq=NET_SFREQ), Standardizer(), eegnet])
