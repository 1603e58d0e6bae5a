"""Who somebody is, of the people that were recorded before."""

from __future__ import annotations

from typing import Any, Literal

from sklearn.preprocessing import StandardScaler

from eegkit.classical import LeastSquaresClassifier
from eegkit.parameters import check_for
from eegkit.pipeline import Pipeline


def person_identification(
    classifier: Literal["least_squares", "net"] = "least_squares", random_state: int | None = None
) -> Pipeline:
    """A decoder of who somebody is, of the people in training.

    Correlations of all pairs of channels in ten frequency bands, the matrix logarithm of each, and
    least squares, or a dense net. Power is not in it: it changes more than a person does when the
    person stops to rest.

    Parameters
    ----------
    classifier : {"least_squares", "net"}, default "least_squares"
        What reads the logarithms.
    random_state : int, optional
        The seed of the net.

    Returns
    -------
    Pipeline

    Raises
    ------
    ValueError
        `classifier` is neither.

    See Also
    --------
    eegkit.evaluation.verification_table : How well it verifies who someone claims to be.

    Notes
    -----
    Access none: every trial is answered by itself. Of 32 people by windows of 5 s, trained on three
    minutes of rest and asked during one of mental arithmetic, and the other way round, means and
    intervals of 95 % over people:

    - ``person_identification()``, rest to arithmetic: accuracy 0.977 [0.922, 0.992],
      equal error rate 0.008 [0.001, 0.023].
    - ``person_identification()``, arithmetic to rest: accuracy 0.954 [0.859, 0.984],
      equal error rate 0.010 [0.004, 0.016].
    - ``person_identification("net")``, rest to arithmetic: accuracy 0.968 [0.888, 0.995],
      equal error rate 0.015 [0.001, 0.029].
    - ``person_identification("net")``, arithmetic to rest: accuracy 0.921 [0.826, 0.962],
      equal error rate 0.026 [0.010, 0.044].

    References
    ----------
    D. La Rocca et al. (2014), Human brain distinctiveness based on EEG spectral coherence
    connectivity, IEEE Transactions on Biomedical Engineering 61(9), 2406-2412.

    Examples
    --------
    >>> from eegkit.decoders import person_identification
    >>> list(person_identification().named_steps)
    ['correlations', 'scale', 'least_squares']
    """
    from eegkit.transforms import BandCorrelation

    check_for(Literal["least_squares", "net"]).require("classifier", classifier)
    last = _net(random_state) if classifier == "net" else LeastSquaresClassifier(shrinkage=0.1)
    return Pipeline(
        [("correlations", BandCorrelation()), ("scale", StandardScaler()), (classifier, last)]
    )


def _net(random_state: int | None) -> Any:
    """With labels so smooth that it goes on to learn when it tells all training trials apart."""
    from eegkit.classifiers import DenseNet

    return DenseNet(
        max_epochs=100,
        batch_size=64,
        lr_schedule="one_cycle",
        label_smoothing=0.7,
        random_state=random_state,
    )
