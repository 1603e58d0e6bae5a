"""From estimators to JSON and tensors.

``None``, booleans, integers, finite floats, strings and lists are themselves in JSON. All
else is an object whose ``"$"`` says what it is; the samples of arrays are tensors beside it.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn import model_selection
from sklearn.base import BaseEstimator
from sklearn.utils import Bunch

from eegkit import tensor_file
from eegkit._compat import split_state
from eegkit.libraries import install_command
from eegkit.persistence._classes import HOLDERS, reference_to
from eegkit.recordings import Preparation
from eegkit.roles import with_role
from eegkit.signals import SignalArray

# The dtypes that have a place in the file; complex numbers are pairs of floats there.
STORED_AS = {dtype: dtype for dtype in tensor_file.NAMES} | {
    np.dtype("c8"): np.dtype("f4"),
    np.dtype("c16"): np.dtype("f8"),
}

# The distributions of Optuna that a search may draw from.
OPTUNA = ("CategoricalDistribution", "FloatDistribution", "IntDistribution")


class Encoder:
    """Encodes values and gathers their arrays.

    Attributes
    ----------
    tensors : dict of str to ndarray
        C-contiguous arrays, named after the attributes they come from.
    distributions : set of str
        What the classes of the estimators come from.
    """

    def __init__(self) -> None:
        self.tensors: dict[str, NDArray[Any]] = {}
        self.distributions: set[str] = set()
        self._path: list[tuple[str, str]] = []

    def encode(self, value: Any) -> Any:
        """The value as JSON.

        Raises
        ------
        ValueError
            It cannot be saved; the message says which attribute it is.
        """
        if value is None or type(value) in (bool, int, str):
            return value
        if isinstance(value, BaseEstimator):
            return self._estimator(value)
        if isinstance(value, np.dtype) and value.fields is None:
            return {"$": "dtype", "name": value.str}
        if isinstance(value, np.generic):
            return {"$": "scalar", "array": self._array(np.asarray(value))}
        if isinstance(value, PurePath):
            return {"$": "path", "path": str(value)}
        if is_splitter(type(value)):
            return self._by_parameters("splitter", value)
        if type(value).__module__ == "optuna.distributions" and type(value).__name__ in OPTUNA:
            return self._by_parameters("optuna", value)
        if type(value) in BY_TYPE:
            return BY_TYPE[type(value)](self, value)
        if isinstance(value, stats.distributions.rv_frozen):
            dist = {"name": value.dist.name, "args": self._items(value.args)}
            return {"$": "distribution", **dist, "kwds": self._dict(value.kwds)}
        raise self._refusal(value)

    def _inside(self, kind: str, name: Any, value: Any) -> Any:
        """A value that is a part of another, such as its item or attribute."""
        self._path.append((kind, str(name)))
        encoded = self.encode(value)
        self._path.pop()
        return encoded

    def _refusal(self, value: Any, advice: str | None = None) -> ValueError:
        cls = type(value)
        where = "".join(f"{kind} {name}, " for kind, name in self._path) or "the estimator "
        if any(base.__module__.startswith("skorch.callbacks") for base in cls.__mro__):
            advice = "Callbacks cannot be saved: set callbacks=() first."
        advice = advice or (
            "What can be saved are numbers, strings, lists, tuples, dictionaries, numpy arrays, "
            "estimators, scikit-learn's splitters and distributions to draw from: turn it "
            "into those, or remove it first."
        )
        return ValueError(f"{where}is a {cls.__module__}.{cls.__qualname__}. {advice}")

    def _items(self, values: Sequence[Any]) -> list[Any]:
        return [self._item(i, value) for i, value in enumerate(values)]

    def _item(self, i: int, value: Any) -> Any:
        is_step = type(value) is tuple and len(value) == 2 and isinstance(value[0], str)
        if is_step and isinstance(value[1], BaseEstimator):
            return {"$": "tuple", "items": [value[0], self._inside("step", *value)]}
        return self._inside("item", i, value)

    def _dict(self, value: dict[Any, Any]) -> Any:
        items = [[self._inside("key", key, part) for part in (key, value[key])] for key in value]
        return {"$": "dict", "items": items}

    def _signals(self, value: SignalArray) -> Any:
        array = self._array(value.view(np.ndarray))
        carried = {k: v for k, v in value.metadata.items() if k != "preparation" or v is not None}
        return {"$": "signals", "array": array, "knowledge": self.encode(carried)}

    def _array(self, array: NDArray[Any]) -> Any:
        array = array.view(np.ndarray)
        if array.dtype.kind in "OSU":
            items = self._items(array.ravel().tolist())
            layout = {"dtype": array.dtype.str, "shape": list(array.shape), "items": items}
            return {"$": "objects", **layout}
        stored_dtype = STORED_AS.get(array.dtype.newbyteorder("="))
        if stored_dtype is None:
            raise self._refusal(array, f"Its dtype, {array.dtype}, has no place in the file.")
        # In the order of the memory: a product may differ in its last bit in another one.
        axes = sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))
        plain = np.array(array.transpose(axes), array.dtype.newbyteorder("="), order="C")
        if plain.dtype.kind == "c":
            plain = plain[..., None].view(stored_dtype)
        name = self._keep(plain)
        return {"$": "array", "tensor": name, "dtype": array.dtype.str, "axes": axes}

    def _keep(self, array: NDArray[Any], *inner: str) -> str:
        """Keep an array under a name after its place, and return the name."""
        base = name = ".".join([*(part for _, part in self._path), *inner]) or "value"
        n_same = 1
        while name in self.tensors or name == "__metadata__":
            n_same += 1
            name = f"{base}#{n_same}"
        self.tensors[name] = array
        return name

    def _by_parameters(self, kind: str, value: Any) -> Any:
        # scikit-learn's repeated splitters keep the arguments of the inner one apart.
        values = getattr(value, "cvargs", {}) | vars(value)
        names = inspect.signature(type(value)).parameters
        params = self._attributes("parameter", {n: values[n] for n in names if n in values})
        return {"$": kind, "name": type(value).__name__, "params": params}

    def _estimator(self, estimator: BaseEstimator) -> Any:
        cls = type(estimator)
        if cls.__module__.startswith("sklearn.") and cls not in HOLDERS.values():
            return self._skops(estimator)
        reference = reference_to(cls)
        if "distribution" in reference:
            self.distributions.add(reference["distribution"])
        state, requests = split_state(estimator)
        for name in with_role(cls, "unsaved"):
            state.pop(name, None)
        names = estimator.get_params(deep=False)
        params = {name: state.pop(name) for name in names if name in state}
        node = {
            "$": "estimator",
            "class": reference,
            "params": self._attributes("parameter", params),
            "state": self._attributes("attribute", state),
        }
        if requests is not None:
            node["requests"] = requests
        return node

    def _attributes(self, kind: str, values: dict[str, Any]) -> dict[str, Any]:
        return {name: self._inside(kind, name, value) for name, value in values.items()}

    def _skops(self, estimator: BaseEstimator) -> Any:
        io = import_skops(type(estimator).__name__)
        try:
            data = io.dumps(estimator)
            untrusted = io.get_untrusted_types(data=data)
        except Exception as error:
            raise self._refusal(estimator, f"skops cannot save it: {error}") from error
        if untrusted:
            raise self._refusal(
                estimator,
                f"skops does not trust what it holds: {', '.join(untrusted)}. Estimators of "
                "eegkit can be saved in a Pipeline, not inside other estimators.",
            )
        self.distributions |= {"scikit-learn", "skops"}
        name = type(estimator).__name__
        return {
            "$": "skops",
            "name": name,
            "tensor": self._keep(np.frombuffer(data, np.uint8), name),
        }


# Of values whose class is one of these, not one that derives from it.
BY_TYPE: dict[type, Callable[[Encoder, Any], Any]] = {
    float: lambda e, v: v if math.isfinite(v) else {"$": "float", "value": repr(v)},
    complex: lambda e, v: {"$": "complex", "items": e._items((v.real, v.imag))},
    bytes: lambda e, v: {"$": "bytes", "tensor": e._keep(np.frombuffer(v, np.uint8))},
    list: Encoder._items,
    tuple: lambda e, v: {"$": "tuple", "items": e._items(v)},
    slice: lambda e, v: {"$": "slice", "items": e._items((v.start, v.stop, v.step))},
    dict: Encoder._dict,
    Bunch: lambda e, v: {"$": "bunch", "items": e._dict(dict(v))},
    np.ndarray: Encoder._array,
    np.memmap: Encoder._array,
    SignalArray: Encoder._signals,
    Preparation: lambda e, v: {"$": "preparation", "values": v.to_dict()},
    np.random.RandomState: lambda e, v: {"$": "random_state", "state": e.encode(v.get_state())},
}


def is_splitter(cls: type) -> bool:
    """Whether a class is one of scikit-learn's public splitters."""
    name = cls.__name__
    return (
        name in model_selection.__all__
        and getattr(model_selection, name) is cls
        and hasattr(cls, "split")
        and not issubclass(cls, BaseEstimator)
    )


def import_skops(name: str) -> Any:
    """The module ``skops.io``, which an estimator of scikit-learn needs."""
    try:
        from skops import io
    except ImportError as error:
        raise ImportError(
            f"{name} is an estimator of scikit-learn's own, which takes skops to save and load: "
            f"{install_command('eegkit[skops]')}."
        ) from error
    return io
