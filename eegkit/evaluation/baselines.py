"""Classical decoders that a net is to be compared with."""

from __future__ import annotations

from importlib.util import find_spec

from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from eegkit.classical import BalancedLDA, DiagonalLoading
from eegkit.pipeline import Pipeline


def baselines() -> dict[str, Pipeline]:
    """The classical decoders of raw trials, by name.

    Returns
    -------
    dict of str to sklearn.pipeline.Pipeline
        ``"band_power+lr"``: logarithmic power in five bands for every channel, standardised,
        and logistic regression. ``"log_spectrum+lda"``: logarithmic power in bands of 1 Hz for
        every channel, and linear discriminant analysis of which the covariance is shrunk by a
        tenth to a multiple of the identity. Where pyRiemann is installed
        (``pip install eegkit[riemann]``), also ``"csp+lda"``: common spatial patterns [1]_ and
        linear discriminant analysis, and ``"tangent_space+lr"``: covariances in the tangent
        space [2]_ and logistic regression.
        Every class weighs the same in all of them, however many trials it has, and a trial that is
        flat does not stop the others.

    References
    ----------
    .. [1] B. Blankertz et al. (2008), Optimizing spatial filters for robust EEG single-trial
       analysis, IEEE Signal Processing Magazine 25(1), 41-56.
    .. [2] A. Barachant et al. (2012), Multiclass brain-computer interface classification by
       Riemannian geometry, IEEE Transactions on Biomedical Engineering 59(4), 920-928.

    Examples
    --------
    >>> from eegkit.evaluation import baselines
    >>> "band_power+lr" in baselines()
    True
    """
    from eegkit.transforms import BandPower

    steps = {
        "band_power+lr": [
            ("band_power", BandPower()),
            ("scale", StandardScaler()),
            ("lr", LogisticRegression(class_weight="balanced", max_iter=1000)),
        ],
        "log_spectrum+lda": [
            ("log_spectrum", BandPower(bands=1.0)),
            ("lda", BalancedLDA(solver="lsqr", shrinkage=0.1)),
        ],
    }
    if find_spec("pyriemann") is not None:
        from pyriemann.estimation import Covariances
        from pyriemann.spatialfilters import CSP
        from pyriemann.tangentspace import TangentSpace

        steps["csp+lda"] = [
            ("covariances", Covariances("oas")),
            ("loading", DiagonalLoading()),
            ("csp", CSP(nfilter=6)),
            ("lda", BalancedLDA()),
        ]
        steps["tangent_space+lr"] = [
            ("covariances", Covariances("oas")),
            ("loading", DiagonalLoading()),
            ("tangent_space", TangentSpace()),
            ("lr", LogisticRegression(class_weight="balanced", max_iter=1000)),
        ]
    return {name: Pipeline(parts) for name, parts in steps.items()}
