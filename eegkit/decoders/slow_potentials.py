"""Slow cortical potentials that a person learns to shift up or down."""

from __future__ import annotations

from sklearn.pipeline import FeatureUnion
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from eegkit.pipeline import Pipeline
from eegkit.transforms import BandPass, TimeCourse


def slow_potentials() -> Pipeline:
    """A decoder of slow cortical potentials, negative or positive.

    Amplitudes in seven windows, logarithmic power above 80 Hz in the same windows, and a support
    vector machine with a Gaussian kernel. Power at high frequencies follows the tension of the
    muscles, and goes with the slow potential in some people [1]_.

    Returns
    -------
    Pipeline
        Access none. It takes a sampling rate above 160 Hz.

    Notes
    -----
    @SCORE@

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
    ['features', 'scale', 'svm']
    """
    power = [BandPass(l_freq=80.0, h_freq=None), TimeCourse(output="log_power")]
    features = FeatureUnion([("amplitude", TimeCourse()), ("power", Pipeline(power))])
    return Pipeline([("features", features), ("scale", StandardScaler()), ("svm", SVC(C=3.0))])
