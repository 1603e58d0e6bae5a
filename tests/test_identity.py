"""What identifies code, data, parameters and libraries: whatever changes them changes it."""

import functools
import importlib
import operator
import os
import subprocess
import sys
import types
import weakref
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from eegkit import SignalArray, libraries
from eegkit.blocks import digest_of_array
from eegkit.identity import UnidentifiableError, identify


def edition(source, name="mine", **others):
    module = types.ModuleType(name)
    vars(module).update(others)
    exec(source, vars(module))
    return module


def of_code(source, **others):
    return identify(edition(source, **others).f)


EDITS = {
    "body": ("def f(x): return x + 1", "1", "2"),
    "operator": ("def f(x): return x + 1", "+", "-"),
    "argument": ("def f(x, y): return x", "return x", "return y"),
    "default": ("def f(x, k=1): return x", "1", "2"),
    "keyword default": ("def f(x, *, k=1): return x", "1", "2"),
    "type of a number": ("def f(x): return x + 1", "1", "1.0"),
    "lambda": ("f = lambda x: x + 1", "1", "2"),
    "inner function": ("def f(x):\n    def g(): return 1\n    return g()", "1", "2"),
    "global": ("K = 1\ndef f(x): return K", "1", "2"),
    "global of an inner function": ("K = 1\ndef f(x): return [K for _ in x]", "1", "2"),
    "called function": ("def g(x): return x + 1\ndef f(x): return g(x)", "1", "2"),
    "function called by a called one": (
        "def h(x): return 1\ndef g(x): return h(x)\ndef f(x): return g(x)", "1", "2",
    ),
    "functions that call one another": (
        "def g(x): return f(x) if x else 1\ndef f(x): return g(x - 5)", "5", "6",
    ),
    "closure": ("def make(k):\n    return lambda x: x + k\nf = make(1)", "1", "2"),
    "partial": (
        "import functools\ndef g(x, k): return x\nf = functools.partial(g, k=1)", "1", "2",
    ),
    "function of a partial": (
        "import functools\ndef g(x, k): return 1\nf = functools.partial(g, k=3)", "1", "2",
    ),
    "decorated": (
        "import functools\ndef d(g):\n    @functools.wraps(g)\n    def w(x): return g(x)\n"
        "    return w\n@d\ndef f(x): return 1", "1", "2",
    ),
    "lru_cache": ("import functools\n@functools.lru_cache\ndef f(x): return 1", "1", "2"),
    "vectorize": ("import numpy as np\nf = np.vectorize(lambda x: x + 1)", "1", "2"),
    "generator": ("def f(x):\n    yield 1", "1", "2"),
    "attribute of a function": ("def f(x): return f.k\nf.k = 1", "k = 1", "k = 2"),
    "method": ("class f:\n    def fit(self): return 1", "1", "2"),
    "static method": ("class f:\n    @staticmethod\n    def fit(): return 1", "1", "2"),
    "class method": ("class f:\n    @classmethod\n    def fit(cls): return 1", "1", "2"),
    "property": ("class f:\n    @property\n    def p(self): return 1", "1", "2"),
    "cached property": (
        "import functools\nclass f:\n    @functools.cached_property\n    def p(self): return 1",
        "1", "2",
    ),
    "attribute of a class": ("class f:\n    k = 1", "1", "2"),
    "base": ("class A:\n    def fit(self): return 1\nclass f(A): pass", "1", "2"),
    "base of a base": ("class A:\n    k = 1\nclass B(A): pass\nclass f(B): pass", "1", "2"),
    "bases": ("class A: pass\nclass B: pass\nclass f(A): pass", "f(A)", "f(B)"),
    "metaclass": ("class M(type):\n    k = 1\nclass f(metaclass=M): pass", "1", "2"),
    "default of a field": (
        "import dataclasses\n@dataclasses.dataclass\nclass f:\n    k: int = 1", "1", "2",
    ),
    "factory of a field": (
        "import dataclasses\n@dataclasses.dataclass\nclass f:\n"
        "    k: list = dataclasses.field(default_factory=lambda: [1])", "[1]", "[2]",
    ),
    "what an object's class does": ("class A:\n    def fit(self): return 1\nf = A()", "1", "2"),
    "callable object": ("class A:\n    def __call__(self): return 1\nf = A()", "1", "2"),
    "bound method": (
        "class A:\n    def __init__(self): self.k = 1\n    def g(self): return self.k\nf = A().g",
        "1", "2",
    ),
    "function of a bound method": ("class A:\n    def g(self): return 1\nf = A().g", "1", "2"),
    "slots": (
        "class A:\n    __slots__ = ('k',)\n    def __init__(self): self.k = 1\nf = A()", "1", "2",
    ),
    "net": (
        "from torch import nn\nclass f(nn.Module):\n    def forward(self, x): return nn.ReLU()(x)",
        "ReLU", "Tanh",
    ),
    "estimator": (
        "from sklearn.svm import SVC\nclass f(SVC):\n    def predict(self, X): return 1", "1", "2",
    ),
    "scorer": (
        "from sklearn.metrics import make_scorer\nf = make_scorer(lambda y, p: 1)", "1)", "2)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "old", "new"), EDITS.values(), ids=EDITS)
def test_an_edit_of_code_changes_its_identity(source, old, new):
    assert old in source
    assert of_code(source) == of_code(source)
    assert of_code(source) != of_code(source.replace(old, new))


def test_comments_places_and_names_of_modules_change_nothing():
    first = of_code("def f(x):\n    return x + 1", name="mine")
    assert first == of_code("\n\n# why\ndef f(x):  # how\n\n    return (x + 1)", name="yours")


def test_what_is_used_of_a_module_counts_and_the_rest_does_not():
    source = "def f(x): return helpers.g(x)"
    first, edited, more = (
        edition(text)
        for text in (
            "def g(x): return 1",
            "def g(x): return 2",
            "def g(x): return 1\ndef other(): return 3",
        )
    )
    assert of_code(source, helpers=first) == of_code(source, helpers=more)
    assert of_code(source, helpers=first) != of_code(source, helpers=edited)


def test_a_module_that_is_imported_inside_counts(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "helper_of_mine.py").write_text("def g(x): return 1")
    source = "def f(x):\n    from helper_of_mine import g\n    return g(x)"
    first = of_code(source)
    sys.modules["helper_of_mine"].g.__code__ = (lambda x: 2).__code__
    assert of_code(source) != first
    monkeypatch.delitem(sys.modules, "helper_of_mine")


def test_what_runs_counts_not_what_its_file_says_by_now(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "edited_while_it_runs.py"
    file.write_text("def f(x): return 1")
    import edited_while_it_runs

    first = identify(edited_while_it_runs.f)
    file.write_text("def f(x): return 2")
    assert identify(edited_while_it_runs.f) == first
    monkeypatch.delitem(sys.modules, "edited_while_it_runs")


VALUES = {
    "number": (1, 2),
    "type": (1, True),
    "float": (0.0, -0.0),
    "text": ("a", "b"),
    "bytes": ("a", b"a"),
    "path": ("a", Path("a")),
    "order": ([1, 2], [2, 1]),
    "tuple": ([1, 2], (1, 2)),
    "nesting": ([[1], 2], [1, [2]]),
    "split text": (["ab", "c"], ["a", "bc"]),
    "dict": ({"a": 1}, {"a": 2}),
    "set": ({1, 2}, {1, 3}),
    "dtype": (np.zeros(3), np.zeros(3, np.float32)),
    "shape": (np.zeros((2, 3)), np.zeros((3, 2))),
    "objects": (np.array([1, "a"], object), np.array([1, "b"], object)),
    "scalar": (np.float32(1), np.float64(1)),
    "rate": (SignalArray(np.zeros((1, 1, 9)), sfreq=1), SignalArray(np.zeros((1, 1, 9)), sfreq=2)),
    "mask": (np.ma.masked_equal([1, 2], 1), np.ma.masked_equal([1, 2], 2)),
    "tensor": (torch.zeros(3), torch.ones(3)),
    "bfloat16": (torch.zeros(3), torch.zeros(3, dtype=torch.bfloat16)),
    "weights": (torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)),
    "generator": (np.random.default_rng(0), np.random.default_rng(1)),
    "frame": (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 3]})),
    "column": (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})),
    "categories": (
        pd.Series(pd.Categorical(["a"], ["a", "b"])),
        pd.Series(pd.Categorical(["a"], ["b", "a"])),
    ),
    "index": (pd.Series([1, 2]), pd.Series([1, 2], index=[1, 2])),
    "ufunc": (np.log, np.exp),
    "getter": (operator.itemgetter(1), operator.itemgetter(2)),
    "bound to C": ("a".join, "b".join),
    "parameter": (LogisticRegression(C=1), LogisticRegression(C=2)),
    "step": (make_pipeline(LogisticRegression(C=1)), make_pipeline(LogisticRegression(C=2))),
}


@pytest.mark.parametrize(("first", "other"), VALUES.values(), ids=VALUES)
def test_other_values_have_another_identity(first, other):
    assert identify(first) == identify(first)
    assert identify(first) != identify(other)


def test_equal_things_are_the_same_wherever_they_lie():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    assert identify(frame) == identify(frame.copy())
    X = np.arange(24.0).reshape(2, 3, 4)
    assert identify(X) == identify(X.copy(order="F")) == identify(X[::-1].copy()[::-1])
    twice = ["ab"] * 2
    assert identify(twice) == identify(["ab", "".join(["a", "b"])])
    assert identify({1, "a", None}) == identify({None, "a", 1})


def test_circles_end():
    first, second = [], []
    first.append(second)
    second.append(first)
    assert identify(first) == identify(second)


def test_every_sample_of_a_large_array_counts(monkeypatch):
    monkeypatch.setattr("eegkit.blocks.DIGEST_BYTES", 64)
    X = np.arange(800.0).reshape(100, 8)
    digests = set()
    for i in range(0, 800, 50):
        changed = X.copy()
        changed.flat[i] += 1
        digests.add(digest_of_array(changed))
    assert len(digests | {digest_of_array(X)}) == 17
    monkeypatch.setattr("eegkit.blocks.MAX_THREADS", 1)
    assert digest_of_array(X) not in digests


def test_a_text_that_names_a_file_stands_for_its_content(tmp_path):
    file = tmp_path / "weights.npy"
    for value in (str(file), file):
        file.write_bytes(b"first")
        first, path = identify([value]), identify([value], files=False)
        file.write_bytes(b"other")
        assert identify([value]) != first
        assert identify([value], files=False) == path


HOPELESS = {
    "generator": lambda: (i for i in range(3)),
    "weak reference": lambda: weakref.ref(LogisticRegression),
    "ufunc without a name": lambda: np.frompyfunc(lambda x: x, 1, 1),
    "device": lambda: memoryview(b"abc"),
    "depth": lambda: functools.reduce(lambda x, _: [x], range(10**5), []),
}


@pytest.mark.parametrize("make", HOPELESS.values(), ids=HOPELESS)
def test_what_cannot_be_identified_is_refused(make):
    with pytest.raises(UnidentifiableError, match=r"nobody can tell|nested too deeply"):
        identify({"source": make()})


def test_the_refusal_says_where():
    f = edition("def f(x): return next(numbers)", numbers=(i for i in range(3))).f
    with pytest.raises(
        UnidentifiableError, match=r"^'numbers' of 'f' of 'func' is a generator, of"
    ):
        identify({"func": f})


@pytest.fixture
def versions(monkeypatch):
    """Versions of libraries, to be changed at will."""
    changed, true = {}, libraries.metadata.version

    def forget():
        libraries.library_of.cache_clear()
        libraries.versions.cache_clear()

    def change(name, value="99.0"):
        changed[name] = value
        forget()

    monkeypatch.setattr(libraries.metadata, "version", lambda n: changed.get(n) or true(n))
    yield change
    forget()


@pytest.mark.parametrize("name", ["eegkit", "numpy", "torch", "scikit-learn"])
def test_another_version_of_what_computes_is_another_identity(versions, name):
    first = identify(1)
    versions(name)
    assert identify(1) != first


def test_the_version_of_a_plugin_and_of_what_it_requires_counts(versions, monkeypatch, tmp_path):
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "eegkit_plugin.py").write_text("class Net:\n    pass")
    monkeypatch.syspath_prepend(folder)
    requirements = ["eegkit>=0.1", "braindecode (>1)", 'onnx; extra == "onnx"']
    monkeypatch.setattr(libraries.metadata, "requires", lambda name: requirements)
    monkeypatch.setattr(libraries, "_packages", lambda: {"eegkit_plugin": ["eegkit-plugin"]})
    versions("eegkit-plugin", "1.0")
    monkeypatch.setitem(libraries.DISTRIBUTIONS, "eegkit_plugin", "eegkit-plugin")
    from eegkit_plugin import Net

    found = {identify(Net)}
    for n, name in enumerate(["eegkit-plugin", "braindecode"], start=2):
        versions(name)
        found.add(identify(Net))
        assert len(found) == n
    versions("onnx")
    assert identify(Net) in found
    monkeypatch.delitem(sys.modules, "eegkit_plugin")


def test_a_module_of_ones_own_with_the_name_of_a_standard_one_is_no_library(
    tmp_path, monkeypatch, versions
):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    found = set()
    for value in (1, 2):
        (tmp_path / "code" / "nets.py").write_text(f"def f(x):\n    return x + {value}000\n")
        for name in ("code", "code.nets"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        versions("nothing")
        found.add(identify(importlib.import_module("code.nets").f))
    assert len(found) == 2
    monkeypatch.delitem(sys.modules, "code.nets")
    monkeypatch.delitem(sys.modules, "code")


def test_another_build_of_one_version_counts(versions, monkeypatch, tmp_path):
    folder = tmp_path / "site-packages"
    about = folder / "ours-1.0.dist-info"
    about.mkdir(parents=True)
    (folder / "ours.py").write_text("def f():\n    pass\n")
    (about / "METADATA").write_text("Name: ours\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(folder)
    ours = importlib.import_module("ours")

    def identity(digest):
        (about / "RECORD").write_text(f"ours.py,sha256={digest},20\n")
        libraries._digest_of_build.cache_clear()
        versions("nothing")
        return identify(ours.f)

    assert identity("a") == identity("b")  # from an index, where a version is one build
    (about / "direct_url.json").write_text("{}")
    assert identity("a") != identity("b")
    monkeypatch.delitem(sys.modules, "ours")


def test_a_library_that_is_imported_inside_counts_by_its_version(versions, monkeypatch):
    def f():
        import pywt

        return pywt

    imported = identify(f)
    monkeypatch.delitem(sys.modules, "pywt", raising=False)
    versions("nothing")
    assert identify(f) == imported
    versions("networkx")
    assert identify(f) == imported
    monkeypatch.setattr(libraries, "NUMERICS", ())
    libraries.versions.cache_clear()
    without = identify(f)
    versions("pywavelets")
    assert identify(f) != without


@functools.singledispatch
def of_any_type(x):
    return x


@of_any_type.register
def _(x: int):
    return -x


def test_what_typing_and_functools_make_is_identified():
    variable, spec = TypeVar("variable"), ParamSpec("spec")
    table = types.MappingProxyType({"a": 1})
    assert identify(lambda: (of_any_type, variable, spec, table))
    assert identify(table) != identify(types.MappingProxyType({"a": 2}))


OWN = """
from eegkit import NeuralClassifier
from scipy.stats import loguniform
class Own(NeuralClassifier):
    lr: float | None = 0.5
    def build_module(self, shape, n_classes):
        return None
    @classmethod
    def search_space(cls):
        return super().search_space() | {"width": loguniform(1, 2)}
class Net:
    width = 3
    def f(self, x):
        return [x + 1 for _ in range(self.width)]
value = {"net": Net(), "names": {"a", "b", "c"}, "f": lambda x: Net, "own": Own(),
         "range": loguniform(1, 2)}
"""


def test_it_is_the_same_in_another_process(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    code = "from own import value\nfrom eegkit.identity import identify\nprint(identify(value))"
    found = set()
    for seed in "12":
        env = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        )
        found.add(done.stdout)
    assert len(found) == 1
    value = edition(OWN).value
    assert found == {identify(value) + "\n"}


def test_it_is_the_same_in_a_worker_that_was_sent_the_code():
    cloudpickle = pytest.importorskip("cloudpickle")  # of dask; joblib has one, too
    value = edition(OWN).value
    del value["own"], value["range"]  # scipy's distributions copy the state of numpy's generator
    assert identify(cloudpickle.loads(cloudpickle.dumps(value))) == identify(value)
