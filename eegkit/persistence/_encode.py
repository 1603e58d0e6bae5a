"""From estimators to JSON and tensors.

``None``, booleans, integers, finite floats, strings and lists are themselves in JSON. All
else is an object whose ``"$"`` says what it is; the samples of arrays are tensors beside it.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn import model_selection
from sklearn.base import BaseEstimator

from eegkit._compat import split_state
from eegkit.persistence._classes import HOLDERS, reference_to
from eegkit.recordings import Preparation
from eegkit.signals import SignalArray

# The dtypes that have a place in the file; complex numbers are pairs of floats there.
TENSOR_TYPES = ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
STORED_AS = {np.dtype(name): np.dtype(name) for name in TENSOR_TYPES} | {
    np.dtype("c8"): np.dtype("f4"),
    np.dtype("c16"): np.dtype("f8"),
}


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
            return self._splitter(value)
        encode = self._exact.get(type(value))
        if encode is None:
            raise self._refusal(value)
        return encode(self, value)

    @contextmanager
    def _inside(self, kind: str, name: Any) -> Iterator[None]:
        self._path.append((kind, str(name)))
        yield
        self._path.pop()

    def _refusal(self, value: Any, advice: str | None = None) -> ValueError:
        cls = type(value)
        where = "".join(f"{kind} {name}, " for kind, name in self._path) or "the estimator "
        if any(base.__module__.startswith("skorch.callbacks") for base in cls.__mro__):
            advice = "Callbacks cannot be saved: set callbacks=() first."
        advice = advice or (
            "What can be saved are numbers, strings, lists, tuples, dictionaries, numpy arrays, "
            "estimators and scikit-learn's splitters: turn it into those, or remove it first."
        )
        return ValueError(f"{where}is a {cls.__module__}.{cls.__qualname__}. {advice}")

    def _float(self, value: float) -> Any:
        return value if math.isfinite(value) else {"$": "float", "value": repr(value)}

    def _complex(self, value: complex) -> Any:
        parts = [self._float(value.real), self._float(value.imag)]
        return {"$": "complex", "items": parts}

    def _bytes(self, value: bytes) -> Any:
        return {"$": "bytes", "tensor": self._keep(np.frombuffer(value, np.uint8))}

    def _items(self, values: Sequence[Any]) -> list[Any]:
        items = []
        for i, value in enumerate(values):
            is_step = type(value) is tuple and len(value) == 2 and isinstance(value[0], str)
            if is_step and isinstance(value[1], BaseEstimator):
                with self._inside("step", value[0]):
                    step = [value[0], self.encode(value[1])]
                items.append({"$": "tuple", "items": step})
            else:
                with self._inside("item", i):
                    items.append(self.encode(value))
        return items

    def _tuple(self, value: tuple[Any, ...]) -> Any:
        return {"$": "tuple", "items": self._items(value)}

    def _slice(self, value: slice) -> Any:
        return {"$": "slice", "items": self._items((value.start, value.stop, value.step))}

    def _dict(self, value: dict[Any, Any]) -> Any:
        items = []
        for key, part in value.items():
            with self._inside("key", key):
                items.append([self.encode(key), self.encode(part)])
        return {"$": "dict", "items": items}

    def _random_state(self, value: np.random.RandomState) -> Any:
        return {"$": "random_state", "state": self.encode(value.get_state(legacy=True))}

    def _signals(self, value: SignalArray) -> Any:
        array = self._array(value.view(np.ndarray))
        carried = {k: v for k, v in value.metadata.items() if k != "preparation" or v is not None}
        return {"$": "signals", "array": array, "knowledge": self.encode(carried)}

    def _preparation(self, value: Preparation) -> Any:
        return {"$": "preparation", "values": value.to_dict()}

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

    def _keep(self, array: NDArray[Any]) -> str:
        base = name = ".".join(part for _, part in self._path) or "value"
        n_same = 1
        while name in self.tensors or name == "__metadata__":
            n_same += 1
            name = f"{base}#{n_same}"
        self.tensors[name] = array
        return name

    def _splitter(self, value: Any) -> Any:
        params = {}
        for name in inspect.signature(type(value)).parameters:
            # scikit-learn's repeated splitters keep the arguments of the inner one apart.
            values = getattr(value, "cvargs", {}) | vars(value)
            if name in values:
                with self._inside("parameter", name):
                    params[name] = self.encode(values[name])
        return {"$": "splitter", "name": type(value).__name__, "params": params}

    def _estimator(self, estimator: BaseEstimator) -> Any:
        cls = type(estimator)
        if cls.__module__.startswith("sklearn.") and cls not in HOLDERS.values():
            return self._skops(estimator)
        reference = reference_to(cls)
        if "distribution" in reference:
            self.distributions.add(reference["distribution"])
        state, requests = split_state(estimator)
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
        encoded = {}
        for name, value in values.items():
            with self._inside(kind, name):
                encoded[name] = self.encode(value)
        return encoded

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
        with self._inside("scikit-learn", type(estimator).__name__):
            name = self._keep(np.frombuffer(data, np.uint8))
        return {"$": "skops", "name": type(estimator).__name__, "tensor": name}

    _exact: ClassVar[dict[type, Callable[[Encoder, Any], Any]]] = {
        float: _float,
        complex: _complex,
        bytes: _bytes,
        list: _items,
        tuple: _tuple,
        slice: _slice,
        dict: _dict,
        np.ndarray: _array,
        np.memmap: _array,
        SignalArray: _signals,
        Preparation: _preparation,
        np.random.RandomState: _random_state,
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
            "pip install eegkit[skops]."
        ) from error
    return io
