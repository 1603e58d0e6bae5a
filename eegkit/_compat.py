"""Everything that scikit-learn and torch keep private and eegkit cannot do without.

Seen with scikit-learn 1.9 and torch 2.14. Nothing else in the core or its plugins may import or
touch a private name of these libraries, of skorch or of MNE; ``tests/test_compat.py`` says which
of the names below is gone where a new release has changed one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, ClassVar

from sklearn.utils.metaestimators import _BaseComposition


class Composition(_BaseComposition):
    """An estimator of named others, whose parameters it has as ``name__parameter``.

    Public are only compositions with a ``fit`` of their own: `Pipeline`, `FeatureUnion`, ...
    """

    parts: ClassVar[str]  # the parameter that holds the (name, estimator) tuples

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters; with `deep`, also the estimators inside by name, and theirs."""
        return self._get_params(self.parts, deep=deep)

    def set_params(self, **params: Any) -> Any:
        """Set parameters, also those of the estimators inside, as ``name__parameter``."""
        return self._set_params(self.parts, **params)

    def check_names(self) -> None:
        """Raise ValueError where names repeat, contain ``__`` or are names of parameters."""
        self._validate_names([name for name, _ in getattr(self, self.parts)])


def constrains_parameters(estimator: Any) -> bool:
    """Whether an estimator says what its parameters may be, so that they are checked in ``fit``."""
    return hasattr(estimator, "_parameter_constraints")


def is_search(estimator: Any) -> bool:
    """Whether an estimator is a search of hyper-parameters by cross-validation."""
    # Public are only the searches themselves; those of other libraries derive from this as well.
    from sklearn.model_selection._search import BaseSearchCV

    return isinstance(estimator, BaseSearchCV)


def metric_of(scorer: Any) -> Callable[..., Any] | None:
    """The function inside of a scorer of ``make_scorer``; None for other callables."""
    # Public is only the text of a scorer, which names the function among other things.
    from sklearn.metrics._scorer import _BaseScorer

    return scorer._score_func if isinstance(scorer, _BaseScorer) else None


def is_plain(scorer: Any) -> bool:
    """Whether a scorer of ``make_scorer`` gives what its function gives of labels and answers."""
    return not scorer._kwargs and scorer._sign == 1 and scorer._response_method == "predict"


def response_methods(scorer: Any) -> tuple[str, ...]:
    """The methods of an estimator of which a scorer of ``make_scorer`` needs one."""
    if metric_of(scorer) is None:
        return ()
    methods = scorer._response_method
    return (methods,) if isinstance(methods, str) else tuple(methods)


def arguments_of(scorer: Any) -> dict[str, Any]:
    """What ``make_scorer`` has to be given beside the function to make a scorer again."""
    arguments = {"response_method": scorer._response_method, "greater_is_better": scorer._sign == 1}
    defaults = {"response_method": "predict", "greater_is_better": True}
    return {n: v for n, v in arguments.items() if v != defaults[n]} | scorer._kwargs


def with_options(scorer: Any, **options: Any) -> Any:
    """A scorer of ``make_scorer`` with more arguments for its metric; None where it has them."""
    if set(options) & set(scorer._kwargs):
        return None
    other = copy.copy(scorer)
    other._kwargs = scorer._kwargs | options
    return other


def check_constraints(estimator: Any) -> None:
    """Raise ValueError where a parameter is none of those that scikit-learn's own class declares.

    It is public in ``fit`` only, which needs data.
    """
    if hasattr(estimator, "_parameter_constraints"):
        estimator._validate_params()


def split_state(estimator: Any) -> tuple[dict[str, Any], dict[str, dict[str, Any]] | None]:
    """The state of an estimator without what scikit-learn adds, and its requests of metadata.

    The requests are those of ``set_fit_request`` and the like, by method; None where nothing was
    set. ``get_metadata_routing``, which is public, does not tell what was set from the defaults.
    """
    state = dict(estimator.__getstate__())
    state.pop("_sklearn_version", None)
    routing = state.pop("_metadata_request", None)
    if routing is None:
        return state, None
    requests = {name: getattr(r, "requests", None) for name, r in vars(routing).items()}
    return state, {name: dict(request) for name, request in requests.items() if request}


def has_hooks(*modules: Any) -> bool:
    """Whether anyone listens to what goes through modules of torch, which cannot be asked.

    Parameters
    ----------
    *modules : torch.nn.Module
        Those whose own work a faster way would leave out.

    Returns
    -------
    bool
        True where one of them has a hook.

    Examples
    --------
    >>> from torch import nn
    >>> from eegkit.classifiers.layers import has_hooks
    >>> has_hooks(nn.ELU())
    False
    """
    return any(
        m._forward_hooks or m._forward_pre_hooks or m._backward_hooks or m._backward_pre_hooks
        for m in modules
    )


def signals_of_file(raw: Any) -> list[tuple[int, float]]:
    """For every channel of an EDF, BDF or GDF recording of MNE, which signal of the file it is.

    And what MNE multiplies its physical values by, to have V. Public is neither, once channels
    were renamed or dropped.
    """
    extras, picks = raw._raw_extras[0], raw._read_picks[0]
    signals, factors = extras["sel"], extras["units"]
    return [(int(signals[i]), float(factors[i])) for i in picks]
