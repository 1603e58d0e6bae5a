"""What ``fit`` of an estimator takes besides X and y."""

from __future__ import annotations

import inspect
from typing import Any

from numpy.typing import NDArray
from sklearn import get_config
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import get_routing_for_object

from eegkit._compat import is_search


def groups_for_fit(estimator: Any, groups: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """What ``fit`` is to be given besides X and y: the people, where it has a use for them.

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
