"""Rest against mental arithmetic, on people never seen."""

from __future__ import annotations

from typing import Any, Literal

from sklearn.linear_model import LogisticRegression

from eegkit.classical import MatrixLogarithm
from eegkit.parameters import ParameterError
from eegkit.pipeline import FeatureUnion, Pipeline
from eegkit.subject_threshold import SubjectThreshold
from eegkit.temporal_smoothing import TemporalSmoothing

ACCESSES = ("none", "causal", "calibration", "transductive")
BANDS = {
    "2-4Hz": (2, 4),
    "4-6Hz": (4, 6),
    "6-8Hz": (6, 8),
    "8-10Hz": (8, 10),
    "10-12Hz": (10, 12),
    "12-16Hz": (12, 16),
    "16-20Hz": (16, 20),
    "20-26Hz": (20, 26),
    "26-32Hz": (26, 32),
    "32-45Hz": (32, 45),
}


def mental_workload(
    access: Literal["none", "causal", "calibration", "transductive"] = "transductive",
    *,
    smoothing_s: float | None = None,
) -> Pipeline:
    """A decoder of two states of workload, such as rest and mental arithmetic.

    Covariances of the channels in ten frequency bands, aligned between people by their mean [1]_,
    in the tangent space [2]_, and logistic regression in which both classes weigh the same.

    Parameters
    ----------
    access : {"transductive", "calibration", "causal", "none"}, default "transductive"
        What the decoder may see of new people; see `eegkit.access`.

        - "calibration": each person's covariances are aligned by those of this person's first
          minute. A recording should begin with rest, as those of training did.
        - "transductive": so they are, and the answers have a threshold for each person, by all of
          the person's trials: see `SubjectThreshold`, which takes both states to be there.
        - "causal": aligned by the trials that came before.
        - "none": aligned by the training people's mean.
    smoothing_s : float, optional
        Average a person's answers over time, by weights that fall with this time constant: of what
        came before, and with access "transductive" of both sides. It takes states to last, so it is
        for recordings in which they do; see `TemporalSmoothing`. Access "none" has no smoothing,
        which sees other windows than the one that is answered.

    Returns
    -------
    Pipeline

    Raises
    ------
    ValueError
        `access` is none of these, or there is smoothing with access "none".

    Notes
    -----
    Nothing in it is random. Of rest against mental arithmetic, 32 people never seen, 8 folds,
    windows of 5 s after the first minute, means and intervals of 95 % over people:

    - ``mental_workload("none")``: balanced accuracy 0.765 [0.688, 0.832],
      AUROC 0.899 [0.809, 0.946].
    - ``mental_workload("causal")``: balanced accuracy 0.793 [0.725, 0.855],
      AUROC 0.890 [0.793, 0.942].
    - ``mental_workload("calibration")``: balanced accuracy 0.839 [0.771, 0.895],
      AUROC 0.923 [0.815, 0.966].
    - ``mental_workload("transductive")``: balanced accuracy 0.891 [0.807, 0.933],
      AUROC 0.923 [0.815, 0.966].
    - ``mental_workload("causal", smoothing_s=5)``: balanced accuracy 0.805 [0.731, 0.871],
      AUROC 0.906 [0.798, 0.958].
    - ``mental_workload("calibration", smoothing_s=5)``: balanced accuracy 0.844 [0.770, 0.904],
      AUROC 0.938 [0.823, 0.979].
    - ``mental_workload("transductive", smoothing_s=5)``: balanced accuracy 0.916 [0.822, 0.959],
      AUROC 0.946 [0.819, 0.986].

    How the settings were chosen, and what nested folds say of that choice, is on the page of the
    study.

    References
    ----------
    .. [1] P. Zanini et al. (2018), Transfer learning: a Riemannian geometry framework with
       applications to brain-computer interfaces, IEEE Transactions on Biomedical Engineering
       65(5), 1107-1116.
    .. [2] A. Barachant et al. (2012), Multiclass brain-computer interface classification by
       Riemannian geometry, IEEE Transactions on Biomedical Engineering 59(4), 920-928.

    Examples
    --------
    >>> from eegkit.access import access_of
    >>> from eegkit.decoders import mental_workload
    >>> decoder = mental_workload(access="calibration")
    >>> access_of(decoder), list(decoder.named_steps)
    ('calibration', ['covariances', 'lr'])
    """
    if access not in ACCESSES:
        words = ", ".join(map(repr, ACCESSES))
        raise ParameterError(f"access is {access!r}; expected one of {words}.", "access")
    alignment = "calibration" if access == "transductive" else access
    branches = [(name, _branch(edges, alignment)) for name, edges in BANDS.items()]
    lr: Any = LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000)
    if smoothing_s is not None:
        lr = _smoothed(lr, access, smoothing_s)
    if access == "transductive":
        lr = SubjectThreshold(lr)
    return Pipeline([("covariances", FeatureUnion(branches)), ("lr", lr)])


def _smoothed(classifier: Any, access: str, smoothing_s: float) -> TemporalSmoothing:
    if access == "none":
        raise ParameterError(
            f"smoothing_s is {smoothing_s!r} and access 'none', but smoothing sees other windows "
            "of the person; take access 'causal' or wider, or smoothing_s=None.",
            "smoothing_s",
        )
    sides: Any = "transductive" if access == "transductive" else "causal"
    return TemporalSmoothing(classifier, access=sides, time_constant_s=smoothing_s)


def _branch(edges: tuple[float, float], access: Any) -> Pipeline:
    from eegkit.transforms import Covariance, RiemannianAlignment

    return Pipeline(
        [
            ("covariance", Covariance(bands={"band": edges}, estimator=0.05)),
            ("alignment", RiemannianAlignment(access=access, metric="logeuclid")),
            ("logarithm", MatrixLogarithm()),
        ]
    )
