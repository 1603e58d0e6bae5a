"""Who somebody is, of the people that were recorded before."""

from __future__ import annotations

from typing import Any

from sklearn.ensemble import VotingClassifier
from sklearn.preprocessing import StandardScaler

from eegkit.classical import LeastSquaresClassifier
from eegkit.pipeline import Pipeline


def person_identification(net: bool = False, random_state: int | None = None) -> Any:
    """A decoder of who somebody is, of the people in training.

    Correlations of all pairs of channels in ten frequency bands, the matrix logarithm of each, and
    least squares; with `net` also a dense net on the same features, whose probabilities and those
    of least squares are averaged. Power is not in it: it changes more than a person does when the
    person stops to rest.

    Parameters
    ----------
    net : bool, default False
        Whether a net votes, too.
    random_state : int, optional
        The seed of the net.

    Returns
    -------
    Pipeline, or sklearn.ensemble.VotingClassifier of two

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
    least_squares = _on_correlations(("least_squares", LeastSquaresClassifier(shrinkage=0.1)))
    if not net:
        return least_squares
    from eegkit.classifiers import DenseNet

    # So smooth that the net goes on to learn when it tells all training trials apart.
    dense = DenseNet(
        max_epochs=100,
        batch_size=64,
        lr_schedule="one_cycle",
        label_smoothing=0.7,
        random_state=random_state,
    )
    voters = [("least_squares", least_squares), ("net", _on_correlations(("net", dense)))]
    return VotingClassifier(voters, voting="soft")


def _on_correlations(classifier: tuple[str, Any]) -> Pipeline:
    from eegkit.transforms import BandCorrelation

    return Pipeline([("correlations", BandCorrelation()), ("scale", StandardScaler()), classifier])
