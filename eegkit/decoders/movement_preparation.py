"""Which hand is about to move."""

from __future__ import annotations

from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from eegkit.pipeline import Pipeline
from eegkit.transforms import BandPass, CosineTrend, Covariance


def movement_preparation() -> VotingClassifier:
    """A decoder of the hand that is about to move, from the half second before.

    The mean of two decoders' probabilities: the readiness potential, as the slow trend of every
    channel without its offset; and the rhythms of the motor cortex, 10 to 33 Hz, as covariances in
    the tangent space. Both are logistic regressions. The winner of the competition joined the same
    two kinds of features [1]_.

    Returns
    -------
    VotingClassifier
        Access none. It takes a sampling rate above 66 Hz.

    Raises
    ------
    ImportError
        pyRiemann is not installed: ``pip install eegkit[riemann]``.

    Notes
    -----
    Accuracy, with Wilson's interval over 100 test trials of one person, of 16 channels: 0.810
    (0.722 to 0.875) on FingerMovements, files of BCI Competition II as read by
    `eegkit.datasets.restore_channels`. The competition's winner had 0.84 with 28 channels.

    References
    ----------
    .. [1] Y. Wang et al. (2004), BCI Competition 2003, data set IV: an algorithm based on CSSD and
       FDA for classifying single-trial EEG, IEEE Transactions on Biomedical Engineering 51(6),
       1081-1086.

    Examples
    --------
    >>> from eegkit.decoders import movement_preparation
    >>> list(movement_preparation().named_estimators)
    ['potential', 'rhythms']
    """
    from pyriemann.tangentspace import TangentSpace

    potential = [CosineTrend(), StandardScaler(), LogisticRegression(max_iter=1000)]
    rhythms = [
        BandPass(l_freq=10.0, h_freq=33.0, order=3),
        Covariance(estimator="oas"),
        TangentSpace(),
        StandardScaler(),
        LogisticRegression(C=0.03, max_iter=1000),
    ]
    voters = [("potential", Pipeline(potential)), ("rhythms", Pipeline(rhythms))]
    return VotingClassifier(voters, voting="soft")
