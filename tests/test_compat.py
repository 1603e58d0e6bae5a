"""What other libraries keep private: that it is still there, and used in one place only."""

import ast
import importlib
import importlib.metadata
import inspect
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMPAT = ROOT / "eegkit" / "_compat.py"
LIBRARIES = (
    "braindecode",
    "joblib",
    "mne",
    "moabb",
    "numpy",
    "scipy",
    "sklearn",
    "skorch",
    "torch",
)
SOURCES = [
    path
    for folder in (ROOT / "eegkit", *ROOT.glob("plugins/*/src"))
    for path in folder.rglob("*.py")
    if path != COMPAT
]
# Of Python itself; and of MOABB, which has no switch that keeps a data set off its mirror.
ALLOWED = {"_fields", "_getframe", "_is_protocol", "_prefetch_nemar_sourcedata", "_replace"}

# Every private name in `eegkit/_compat.py`: its library, module and class.
PRIVATE = [
    ("scikit-learn", "sklearn.utils.metaestimators", "_BaseComposition", None),
    ("scikit-learn", "sklearn.utils.metaestimators", "_BaseComposition", "_get_params"),
    ("scikit-learn", "sklearn.utils.metaestimators", "_BaseComposition", "_set_params"),
    ("scikit-learn", "sklearn.utils.metaestimators", "_BaseComposition", "_validate_names"),
    ("scikit-learn", "sklearn.model_selection._search", "BaseSearchCV", None),
    ("scikit-learn", "sklearn.metrics._scorer", "_BaseScorer", None),
    ("scikit-learn", "sklearn.linear_model", "LogisticRegression", "_parameter_constraints"),
    ("scikit-learn", "sklearn.base", "BaseEstimator", "_validate_params"),
]


@pytest.mark.parametrize(("library", "module", "name", "method"), PRIVATE)
def test_it_is_there(library, module, name, method):
    path = ".".join(filter(None, (module, name, method)))
    try:
        value = getattr(importlib.import_module(module), name)
        if method is not None:
            getattr(value, method)
    except (ImportError, AttributeError) as error:
        raise gone(library, path) from error


def gone(library, name):
    version = importlib.metadata.version(library)
    return AssertionError(f"{library} {version} has no {name} as before: mend eegkit/_compat.py.")


def test_signatures_of_compositions():
    from sklearn.utils.metaestimators import _BaseComposition as base

    for method, expected in (
        ("_get_params", ["self", "attr", "deep"]),
        ("_set_params", ["self", "attr", "params"]),
        ("_validate_names", ["self", "names"]),
    ):
        if list(inspect.signature(getattr(base, method)).parameters) != expected:
            raise gone("scikit-learn", f"_BaseComposition.{method}({', '.join(expected)})")


def test_searches():
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

    from eegkit._compat import is_search

    for search in (GridSearchCV(LogisticRegression(), {}), RandomizedSearchCV(None, {})):
        if not is_search(search):
            raise gone("scikit-learn", "BaseSearchCV under its searches")
    assert not is_search(LogisticRegression())


def test_metrics_of_scorers():
    from sklearn.metrics import accuracy_score, get_scorer, get_scorer_names, make_scorer

    from eegkit._compat import metric_of

    if metric_of(make_scorer(accuracy_score)) is not accuracy_score:
        raise gone("scikit-learn", "_BaseScorer._score_func")
    if not all(map(callable, map(metric_of, map(get_scorer, get_scorer_names())))):
        raise gone("scikit-learn", "_BaseScorer under all scorers")
    assert metric_of(accuracy_score) is None


def test_states_of_estimators():
    from sklearn import config_context
    from sklearn.linear_model import LogisticRegression

    from eegkit._compat import split_state

    plain = LogisticRegression()
    state, requests = split_state(plain)
    if state != plain.get_params() or requests is not None:
        raise gone("scikit-learn", "_sklearn_version in the states of its estimators")
    with config_context(enable_metadata_routing=True):
        state, requests = split_state(LogisticRegression().set_fit_request(sample_weight=True))
    if state != plain.get_params() or requests["fit"] != {"sample_weight": True}:
        raise gone("scikit-learn", "_metadata_request in the states of its estimators")


@pytest.mark.parametrize(
    "register",
    [
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
    ],
)
def test_hooks(register):
    from torch import nn

    from eegkit._compat import has_hooks

    module = nn.Linear(1, 1)
    handle = getattr(module, register)(lambda *args: None)
    if not has_hooks(nn.ReLU(), module):
        raise gone("torch", f"dictionary behind nn.Module.{register}")
    handle.remove()
    assert not has_hooks(nn.ReLU(), module)


def private(name):
    return name.startswith("_") and not name.startswith("__") and name != "_"


def bound_names(tree):
    """Private names that the project itself defines, in a class, a function or on self."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and getattr(node.value, "id", None) in ("self", "cls")
        ):
            yield node.attr


def names_used(tree):
    """Private names of imports from the libraries, of attributes, and in `getattr`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(LIBRARIES):
            paths = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            paths = [a.name for a in node.names if a.name.startswith(LIBRARIES)]
        elif isinstance(node, ast.Attribute):
            paths = [node.attr]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
            "delattr", "getattr", "hasattr", "setattr",
        ):  # fmt: skip
            paths = [str(a.value) for a in node.args[1:2] if isinstance(a, ast.Constant)]
        else:
            continue
        for path in paths:
            for name in filter(private, path.split(".")):
                yield node.lineno, name


def private_names_of_bases():
    """Those of the classes of other libraries that the project's classes derive from."""
    from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
    from sklearn.pipeline import Pipeline
    from skorch import NeuralNet
    from skorch.callbacks import Callback
    from torch.nn import Module

    bases = (
        BaseEstimator,
        Callback,
        ClassifierMixin,
        Module,
        NeuralNet,
        Pipeline,
        TransformerMixin,
    )
    return {name for base in bases for name in dir(base) if private(name)} - {"_repr_html_"}


def test_private_names_are_used_in_one_place():
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}
    ours = {name for tree in trees.values() for name in bound_names(tree)} | ALLOWED
    theirs = private_names_of_bases()
    places = [
        f"{path.relative_to(ROOT)}:{line} uses {name}"
        for path, tree in trees.items()
        for line, name in names_used(tree)
        if name not in ours
    ]
    places += [
        f"{path.relative_to(ROOT)}:{method.lineno} overrides {method.name}"
        for path, tree in trees.items()
        for cls in ast.walk(tree)
        if isinstance(cls, ast.ClassDef) and cls.bases
        for method in cls.body
        if isinstance(method, ast.FunctionDef) and method.name in theirs
    ]
    assert not places, (
        "These names are private in another library; take a public one, or put it into "
        "eegkit/_compat.py:\n" + "\n".join(places)
    )
