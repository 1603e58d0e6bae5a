"""What identifies code, parameters, data and libraries, so that what is kept answers for no other.

Code is known by what runs, not by its source, which may have been edited since it was imported:
the byte code of a function, its defaults, what it closes over and the globals it names; the
attributes of a class and of its bases. Both end at libraries, which are known by their version.
"""

from __future__ import annotations

import copyreg
import hashlib
import os
import pickle
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, ParamSpec, TypeVar

import numpy as np
import pandas as pd

from eegkit.blocks import digest_of_array
from eegkit.bytecode import lookups
from eegkit.libraries import file_of, is_compiled, library_of, versions
from eegkit.roles import with_role

# Changed where the same things get another identity than before.
EDITION = 2
PLAIN = {type(None), type(...), type(NotImplemented), bool, int, float, complex, bytes}
# A list of more texts than that is not one of files: to ask the disk for each takes seconds.
MAX_FILES = 1000
# What a class has beside its code.
NOT_CODE = {
    *("__dict__", "__weakref__", "__doc__", "__module__", "__annotations__", "__signature__"),
    *("__abstractmethods__", "_abc_impl", "__dataclass_fields__", "__dataclass_params__"),
    *("__match_args__", "__firstlineno__", "__static_attributes__", "__parameters__"),
    *("__orig_bases__", "__annotate__", "__annotate_func__", "__annotations_cache__"),
}
CODE_FACTS = (
    *("co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_flags"),
    *("co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_exceptiontable"),
)


class UnidentifiableError(ValueError):
    """Something of which nobody can tell whether it is the same the next time."""


def identify(*parts: Any, files: bool = True) -> str:
    """A digest of all that some parts are made of, and of the libraries that compute with them.

    Parameters
    ----------
    *parts
        Data (arrays in full), parameters, objects, classes and functions, in their order.
    files : bool, default True
        Whether a text or path that names a file stands for the content of this file, too.

    Returns
    -------
    str
        40 hexadecimal digits: the same in another process with the same versions.

    Raises
    ------
    UnidentifiableError
        A part has a state that cannot be read, such as an open file or a generator; the message
        says where.

    Notes
    -----
    What code looks up by a name that it computes (``globals()[name]``, ``importlib``) is not
    followed, nor are files whose paths it puts together, nor what was replaced in a library.

    Examples
    --------
    >>> from eegkit.identity import identify
    >>> identify(lambda x: x + 1) == identify(lambda x: x + 1)
    True
    >>> identify(lambda x: x + 1) == identify(lambda x: x + 2)
    False
    """
    walk = _Walk(files)
    try:
        return walk.digest((EDITION, *versions(), *parts)).hex()[:40]
    except RecursionError as error:
        raise UnidentifiableError(f"{walk.place()} is nested too deeply.") from error


def digest_of_data(*parts: Any) -> str:
    """40 hexadecimal digits of arrays, text, numbers and lists, whatever libraries are there."""
    return _Walk(files=False).digest(parts).hex()[:40]


def _hash(kind: str, *parts: bytes) -> bytes:
    lengths = ",".join(str(len(part)) for part in parts)
    return hashlib.sha256(b"".join((f"{kind} {lengths};".encode(), *parts))).digest()


class _Walk:
    """Digests of objects, each from those of what it is made of."""

    def __init__(self, files: bool) -> None:
        self.files = files
        self.finished: dict[int, tuple[Any, bytes]] = {}  # with the object, lest its id be reused
        self.open: dict[int, int] = {}  # what is being looked at, and how deep it lies
        self.trail: list[str] = []

    def digest(self, value: Any) -> bytes:
        if type(value) in PLAIN:
            return _hash(type(value).__name__, repr(value).encode())
        if id(value) in self.finished:
            return self.finished[id(value)][1]
        if id(value) in self.open:  # a circle
            return _hash("circle", str(len(self.open) - self.open[id(value)]).encode())
        self.open[id(value)] = len(self.open)
        result = self._digest(value)
        del self.open[id(value)]
        self.finished[id(value)] = value, result
        return result

    def _digest(self, value: Any) -> bytes:
        for kind, method in KINDS.items():
            if isinstance(value, kind):
                return method(self, value)
        torch: Any = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.Tensor):
            return self.tensor(value)
        return self.instance(value)

    def joined(self, kind: str, *values: Any) -> bytes:
        return _hash(kind, *map(self.digest, values))

    def named(self, kind: str, items: Iterable[tuple[Any, Any]]) -> bytes:
        parts = []
        for name, value in items:
            with self.inside(str(name)):
                parts += [self.digest(name), self.digest(value)]
        return _hash(kind, *parts)

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        self.trail.append(name)
        yield
        self.trail.pop()  # not where an error passes: it tells the way

    def place(self) -> str:
        return " of ".join(repr(name) for name in reversed(self.trail[-4:])) or "It"

    def unidentifiable(self, value: Any, reason: object) -> UnidentifiableError:
        name = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
        return UnidentifiableError(
            f"{self.place()} is a {name}, of which nobody can tell whether it is the same the next "
            f"time ({reason})."
        )

    # Data and parameters

    def text(self, value: str) -> bytes:
        content = b""
        if self.files and os.path.isfile(value):
            with open(value, "rb") as file:
                content = hashlib.file_digest(file, "sha256").digest()
        kind = self.joined("str", *([] if type(value) is str else [type(value)]))
        return _hash("text", kind, value.encode("utf-8", "surrogatepass"), content)

    def path(self, value: os.PathLike[str]) -> bytes:
        return self.joined("path", type(value), os.fspath(value))

    def sequence(self, value: Any) -> bytes:
        if type(value) not in (list, tuple):
            return self.instance(value)
        plain = PLAIN if self.files and len(value) <= MAX_FILES else {*PLAIN, str}
        if set(map(type, value)) <= plain:  # in one go, as there may be many
            return _hash(type(value).__name__, repr(value).encode())
        return self.joined(type(value).__name__, *value)

    def unordered(self, value: Any) -> bytes:
        return _hash(type(value).__name__, *sorted(map(self.digest, value)))

    def mapping(self, value: Any) -> bytes:
        return self.named("dict", value.items()) if type(value) is dict else self.instance(value)

    def array(self, value: np.ndarray) -> bytes:
        if type(value) not in (np.ndarray, np.memmap):
            return self.instance(value)
        if value.dtype.hasobject:
            return _hash("array", str(value.shape).encode(), self.digest(value.tolist()))
        facts = f"{value.dtype.descr} {value.shape}".encode()
        return _hash("array", facts, digest_of_array(value))

    def scalar(self, value: np.generic) -> bytes:
        return self.joined("scalar", type(value), np.asarray(value))

    def tensor(self, value: Any) -> bytes:
        plain = value.detach().cpu().contiguous().reshape(-1)
        array = plain.view(sys.modules["torch"].uint8).numpy()
        facts = f"{value.dtype} {tuple(value.shape)} {value.requires_grad}".encode()
        return _hash("tensor", self.digest(type(value)), facts, digest_of_array(array))

    def frame(self, value: pd.DataFrame) -> bytes:
        columns = [value.iloc[:, i] for i in range(value.shape[1])]
        return self.joined("frame", type(value), list(value.columns), value.index, *columns)

    def series(self, value: Any) -> bytes:
        index = value.index if isinstance(value, pd.Series) else None
        plain = isinstance(value.dtype, np.dtype)
        values = value.to_numpy() if plain else value.tolist()
        dtype: Any = str(value.dtype)
        if isinstance(value.dtype, pd.CategoricalDtype):
            dtype = [bool(value.dtype.ordered), value.dtype.categories.tolist()]
        return self.joined("series", type(value), value.name, dtype, values, index)

    # Code

    def function(self, value: types.FunctionType) -> bytes:
        module = value.__globals__.get("__name__")
        if isinstance(module, str) and library_of(module) and self.is_at(module, value):
            return self.by_name(value, module)
        with self.inside(value.__name__):
            cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
            closure = [self.cell(name, cell) for name, cell in cells]
            settings = value.__defaults__, value.__kwdefaults__, vars(value)
            parts = [self.digest(value.__code__), *closure, self.digest(settings)]
            if not (isinstance(module, str) and library_of(module)):
                parts.append(self.lookups(value))
        return _hash("function", *parts)

    def cell(self, name: str, cell: types.CellType) -> bytes:
        try:
            content = cell.cell_contents
        except ValueError:
            return b"empty"
        with self.inside(name):
            return self.digest(content)

    def code(self, value: types.CodeType) -> bytes:
        facts = [getattr(value, name) for name in CODE_FACTS]
        return self.joined("code", *facts, list(value.co_consts))

    def lookups(self, function: types.FunctionType) -> bytes:
        """The globals and modules that a function names, and those of its inner ones."""
        objects, attributes = lookups(function)
        parts = []
        for name, value in objects.items():
            with self.inside(name):
                is_module = isinstance(value, types.ModuleType)
                found = self.module(value, attributes) if is_module else self.digest(value)
                parts += [name.encode(), found]
        return _hash("globals", *parts)

    def module(self, value: types.ModuleType, attributes: set[str] | None = None) -> bytes:
        """A library by its version, a module of one's own by what is used of it."""
        name = value.__name__
        if library_of(name):
            return _hash("library", name.encode(), str(library_of(name)).encode())
        space = vars(value)
        names = [n for n in space if not n.startswith("__")] if attributes is None else attributes
        parts = [self.compiled(name)]
        for name in sorted(space.keys() & set(names)):
            with self.inside(name):
                part = space[name]
                is_module = isinstance(part, types.ModuleType)
                found = self.module(part, attributes) if is_module else self.digest(part)
                parts += [name.encode(), found]
        return _hash("module", *parts)

    def class_(self, value: type) -> bytes:
        module = value.__module__
        if isinstance(module, str) and library_of(module) and self.is_at(module, value):
            return self.by_name(value, module)
        with self.inside(value.__qualname__):
            own = {name: part for name, part in vars(value).items() if name not in NOT_CODE}
            parts = [self.compiled(str(module)), self.named("class", sorted(own.items()))]
            bases = self.joined("bases", type(value), *value.__bases__)
            return _hash(value.__qualname__, *parts, bases)

    def compiled(self, module: str) -> bytes:
        """The file of an extension of one's own: its code cannot be read in parts."""
        return self.text(str(file_of(module))) if is_compiled(module) else b""

    def is_at(self, module: str, value: Any) -> bool:
        """Whether a class or function is what its name in its module says."""
        found: Any = sys.modules.get(module)
        for part in value.__qualname__.split("."):
            found = getattr(found, part, None)
        return found is value

    def by_name(self, value: Any, module: str, name: str = "") -> bytes:
        library = library_of(module) or self.compiled(module).hex()
        if not library:
            raise self.unidentifiable(value, "it is neither Python code nor from a library")
        return _hash("name", *map(str.encode, (module, name or value.__qualname__, library)))

    # Objects

    def instance(self, value: Any) -> bytes:
        """Any other object: by its class, and by what pickle would keep of it.

        One that a library made for all, such as NumPy's global generator, is known by its name.
        """
        module = type(value).__module__
        if module != "builtins" and library_of(module):
            for name, other in vars(sys.modules[module]).items():
                if other is value:
                    return self.by_name(value, module, name)
        try:
            reduce = copyreg.dispatch_table.get(type(value))
            reduced = value.__reduce_ex__(4) if reduce is None else reduce(value)
        except Exception as error:
            raise self.unidentifiable(value, error) from error
        if isinstance(reduced, str):
            return self.global_object(value, reduced)
        make, args, state, items, pairs = (*reduced, None, None, None)[:5]
        with self.inside(type(value).__name__):
            parts = [self.digest(type(value)), self.digest(make), self.digest(args)]
            slots = state if isinstance(state, tuple) else (state,)
            for part in slots:
                parts.append(self.state(part, with_role(type(value), "place", "manner")))
            parts.append(self.joined("items", *(items or ())))
            return _hash("object", *parts, self.named("pairs", pairs or ()))

    def state(self, value: Any, without: Iterable[str] = ()) -> bytes:
        if type(value) is not dict or not all(isinstance(name, str) for name in value):
            return self.digest(value)
        return self.named("state", sorted((n, v) for n, v in value.items() if n not in without))

    def global_object(self, value: Any, name: str) -> bytes:
        """What pickle knows by its name: of a module, or wrapped around something."""
        wrapped = getattr(value, "__wrapped__", None)
        if wrapped is not None:
            return self.joined("wrapped", type(value), wrapped)
        module = pickle.whichmodule(value, name)  # type: ignore[attr-defined]
        found: Any = sys.modules.get(module)
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is not value:
            raise self.unidentifiable(value, f"{module} has no {name} that it is")
        return self.by_name(value, module, name)

    def method(self, value: types.MethodType) -> bytes:
        return self.joined("method", value.__func__, value.__self__)

    def wrapper(self, value: Any) -> bytes:
        return self.joined("descriptor", type(value), value.__func__)

    def accessor(self, value: property) -> bytes:
        return self.joined("property", type(value), value.fget, value.fset, value.fdel)

    def lazy(self, value: Any) -> bytes:
        return self.joined("cached", type(value), value.func)

    def union(self, value: types.UnionType) -> bytes:
        return self.joined("union", *value.__args__)

    def member(self, value: Any) -> bytes:
        return _hash("member", value.__name__.encode())

    def lock(self, value: Any) -> bytes:
        return _hash("lock")

    def view(self, value: Any) -> bytes:
        return _hash(type(value).__name__, self.digest(dict(value)))

    def type_variable(self, value: Any) -> bytes:
        return _hash("type variable", value.__name__.encode())


Method = Callable[[_Walk, Any], bytes]
KINDS: dict[Any, Method] = {
    str: _Walk.text,
    (list, tuple): _Walk.sequence,
    (set, frozenset): _Walk.unordered,
    dict: _Walk.mapping,
    (types.MappingProxyType, weakref.WeakKeyDictionary): _Walk.view,
    (TypeVar, ParamSpec): _Walk.type_variable,
    np.ndarray: _Walk.array,
    np.generic: _Walk.scalar,
    os.PathLike: _Walk.path,
    pd.DataFrame: _Walk.frame,
    (pd.Series, pd.Index): _Walk.series,
    type: _Walk.class_,
    types.FunctionType: _Walk.function,
    types.CodeType: _Walk.code,
    types.ModuleType: _Walk.module,
    types.MethodType: _Walk.method,
    types.UnionType: _Walk.union,
    (staticmethod, classmethod): _Walk.wrapper,
    property: _Walk.accessor,
    cached_property: _Walk.lazy,
    (types.MemberDescriptorType, types.GetSetDescriptorType): _Walk.member,
    (type(threading.Lock()), type(threading.RLock())): _Walk.lock,
}
