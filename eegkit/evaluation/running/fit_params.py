"""What an estimator is given besides X and y: people, and labelled trials of new ones."""

from __future__ import annotations

import inspect
from typing import Any

from numpy.typing import NDArray
from sklearn import get_config
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import get_routing_for_object

from eegkit._compat import is_search
from eegkit.signals import SignalArray


def groups_for_fit(estimator: Any, groups: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """What ``fit`` is to be given besides X and y: the groups, where it has a use for them.

    With metadata routing that is whatever was requested; without, the last step of a pipeline
    is looked at: a search of hyper-parameters, or one whose ``fit`` names ``groups``.
    """
    if get_config()["enable_metadata_routing"]:
        names = get_routing_for_object(estimator).consumes("fit", {"groups"})
        return dict.fromkeys(names, groups)
    path = []
    while isinstance(estimator, Pipeline):
        name, estimator = estimator.steps[-1]
        path.append(name)
    takes = is_search(estimator) or (
        hasattr(estimator, "fit") and "groups" in inspect.signature(estimator.fit).parameters
    )
    return {"__".join([*path, "groups"]): groups} if takes else {}


def calibrate(decoder: Any, X: SignalArray, y: NDArray[Any]) -> None:
    """Give a decoder that may have them the first labelled trials of everybody tested.

    This is the only place where labels of test trials reach a decoder.
    """
    if takes_labels(decoder):
        rows = decoder.calibration_rows(X)
        decoder.calibrate(X[rows], y[rows])


def takes_labels(decoder: Any) -> bool:
    """Whether it is calibrated by labelled trials, itself and not by a step inside of it."""
    return getattr(get_tags(decoder), "access", "none") == "labelled"
