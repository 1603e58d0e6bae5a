"""From JSON and tensors back to estimators; the reverse of ``_encode``."""

from __future__ import annotations

import inspect
import io
import math
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn import config_context, model_selection
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.utils import Bunch

from eegkit.libraries import install_command
from eegkit.persistence._classes import class_of, version_of
from eegkit.persistence._encode import OPTUNA, STORED_AS, import_skops, is_splitter
from eegkit.recordings import Preparation
from eegkit.roles import places
from eegkit.signals import SignalArray

# What texts in an array may take, each as much as the longest; and what a file of skops may unpack
# to, as it packs hardly anything.
SMALL_BYTES, MOST_COMPRESSED = 2**25, 100


@dataclass(frozen=True)
class Decoder:
    """Decodes what an `Encoder` made.

    Parameters
    ----------
    tensors : dict of str to ndarray
        The arrays of the file; what is decoded shares no memory with them.
    versions : dict of str to str
        Versions of the distributions that the file was saved with.
    custom_classes : dict of str to type
        Classes that are not registered, by name.
    """

    tensors: dict[str, NDArray[Any]]
    versions: dict[str, str]
    custom_classes: dict[str, type]

    def decode(self, node: Any) -> Any:
        """The value of a node of the file's description."""
        if isinstance(node, list):
            return [self.decode(item) for item in node]
        if not isinstance(node, dict):
            return node
        if node["$"] not in BY_KIND:
            raise ValueError(f"it holds a value of the unknown kind {node['$']!r}.")
        return BY_KIND[node["$"]](self, node)

    def _tensor(self, node: Any) -> NDArray[Any]:
        """An array of the file; each belongs to one place, so that none is multiplied."""
        return self.tensors.pop(node["tensor"])

    def _array(self, node: Any) -> NDArray[Any]:
        dtype, array = np.dtype(node["dtype"]), self._tensor(node)
        if STORED_AS[dtype.newbyteorder("=")] != array.dtype:
            raise ValueError(f"an array of {dtype} is kept as {array.dtype}.")
        if dtype.kind == "c":
            array = array.view(dtype.newbyteorder("="))[..., 0]
        return np.array(array.transpose(np.argsort(node["axes"])), dtype, order="K")

    def _objects(self, node: Any) -> NDArray[Any]:
        items = self.decode(node["items"])
        dtype = np.dtype(node["dtype"])
        if dtype.kind not in "OSU":
            raise ValueError(f"an array of {dtype} is kept as a list.")
        if dtype.kind != "O":
            dtype = _no_wider(dtype, items)
        array = np.empty(len(items), dtype)
        for i, item in enumerate(items):  # one by one: an item may be a list itself
            array[i] = item
        return array.reshape(node["shape"])

    def _random_state(self, node: Any) -> np.random.RandomState:
        state = np.random.RandomState()
        state.set_state(self.decode(node["state"]))
        return state

    def _distribution(self, node: Any) -> Any:
        family = getattr(stats, node["name"], None)
        if not isinstance(family, stats.rv_continuous | stats.rv_discrete):
            raise ValueError(f"{node['name']!r} is no distribution of scipy.stats.")
        return family(*self.decode(node["args"]), **self.decode(node["kwds"]))

    def _optuna(self, node: Any) -> Any:
        name = node["name"]
        if name not in OPTUNA:
            raise ValueError(f"{name!r} is no distribution of Optuna.")
        try:
            distributions = import_module("optuna.distributions")
        except ImportError as error:
            raise ImportError(
                f"{name} is of Optuna, which is not installed: {install_command('eegkit[tune]')}."
            ) from error
        return getattr(distributions, name)(**self._attributes(node["params"]))

    def _splitter(self, node: Any) -> Any:
        name = node["name"]
        cls = getattr(model_selection, name) if name in model_selection.__all__ else object
        if not is_splitter(cls):
            raise ValueError(f"{name!r} is none of scikit-learn's splitters.")
        return cls(**self._attributes(node["params"]))

    def _skops(self, node: Any) -> Any:
        skops_io, name = import_skops(node["name"]), node["name"]
        data = self._tensor(node).tobytes()
        _check_zip(data, name)
        untrusted = skops_io.get_untrusted_types(data=data)
        if untrusted:
            raise ValueError(
                f"{name} holds types that skops does not trust: {', '.join(untrusted)}. eegkit "
                "saves no such file; do not load it."
            )
        return skops_io.loads(data)

    def _estimator(self, node: Any) -> Any:
        cls = class_of(node["class"], self.custom_classes, self.versions)
        state = self._attributes(node["params"]) | self._attributes(node["state"])
        state |= {n: v for n, v in _places(cls).items() if isinstance(state.get(n), str | Path)}
        estimator: Any = object.__new__(cls)
        try:
            # Pipelines hold nothing that depends on a version, and the file tells none.
            with warnings.catch_warnings(action="ignore", category=InconsistentVersionWarning):
                estimator.__setstate__(state)
            with config_context(enable_metadata_routing=True):  # else requests cannot be set
                for method, params in node.get("requests", {}).items():
                    getattr(estimator, f"set_{method}_request")(**params)
        except ImportError:
            raise
        except Exception as error:
            distribution = node["class"].get("distribution", "eegkit")
            raise ValueError(
                f"{cls.__name__} does not take what was saved of it (saved with {distribution} "
                f"{self.versions.get(distribution, 'unknown')}, here is "
                f"{version_of(distribution)}; install the version of the file, or fit again): "
                f"{type(error).__name__}: {error}"
            ) from error
        return estimator

    def _attributes(self, nodes: dict[str, Any]) -> dict[str, Any]:
        return {name: self.decode(node) for name, node in nodes.items()}


# The counterparts of what `Encoder` writes, by the name of the kind.
BY_KIND: dict[str, Callable[[Decoder, Any], Any]] = {
    "float": lambda d, node: {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[node["value"]],
    "complex": lambda d, node: complex(*d.decode(node["items"])),
    "bytes": lambda d, node: d._tensor(node).tobytes(),
    "tuple": lambda d, node: tuple(d.decode(node["items"])),
    "slice": lambda d, node: slice(*d.decode(node["items"])),
    "dict": lambda d, node: dict(d.decode(node["items"])),
    "bunch": lambda d, node: Bunch(**d.decode(node["items"])),
    "dtype": lambda d, node: np.dtype(node["name"]),
    "path": lambda d, node: Path(node["path"]),
    "scalar": lambda d, node: d.decode(node["array"])[()],
    "signals": lambda d, node: SignalArray(d.decode(node["array"]), **d.decode(node["knowledge"])),
    "preparation": lambda d, node: Preparation.from_dict(node["values"]),
    "array": Decoder._array,
    "objects": Decoder._objects,
    "random_state": Decoder._random_state,
    "splitter": Decoder._splitter,
    "distribution": Decoder._distribution,
    "optuna": Decoder._optuna,
    "skops": Decoder._skops,
    "estimator": Decoder._estimator,
}


def _places(cls: type) -> dict[str, Any]:
    """Parameters that name where to write, which a file shall not choose; their defaults."""
    names = {"memory"} | places(cls)  # of pipelines, those of scikit-learn among them
    parameters = inspect.signature(cls).parameters
    defaults = {name: parameters[name].default for name in names if name in parameters}
    return {
        n: None if default is inspect.Parameter.empty else default
        for n, default in defaults.items()
    }


def _no_wider(dtype: np.dtype[Any], items: list[Any]) -> np.dtype[Any]:
    """The dtype of an array of texts, or a narrower one that holds them, within the memory."""
    most = SMALL_BYTES + MOST_COMPRESSED * sum(map(len, items))
    if dtype.itemsize * len(items) > most:
        longest = max(map(len, items), default=0)
        dtype = np.dtype(f"{dtype.kind}{max(1, longest)}")
    if dtype.itemsize * len(items) > most:
        raise ValueError("an array of texts would fill the memory.")
    return dtype


def _check_zip(data: bytes, name: str) -> None:
    """Refuse an archive that is far larger unpacked, archives in it included."""
    most = max(SMALL_BYTES, MOST_COMPRESSED * len(data))
    archives = [data]
    while archives:
        with zipfile.ZipFile(io.BytesIO(archives.pop())) as archive:
            most -= sum(part.file_size for part in archive.infolist())
            if most < 0:
                raise ValueError(f"{name} would fill the memory; eegkit saves no such file.")
            archives += [archive.read(p) for p in archive.infolist() if p.filename[-4:] == ".npz"]
