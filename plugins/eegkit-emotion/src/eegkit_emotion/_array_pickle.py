"""Read a pickled dict of arrays without unpickling: nothing in the file is ever called.

A pickle is a program for a small machine. Here that machine knows only the instructions that
a dict of plain arrays needs. It makes no object of the file's choosing: the five globals that
NumPy's arrays need are mere names, which stand for what is done here, and any other is refused.
The arrays are made at the end, of bytes that are in the file and have the length they claim.

Not a `pickle.Unpickler` that refuses globals: ten bytes (a far place in its memo) make it take
gigabytes, 200 (nested tuples as a key to be hashed) keep it busy for ever, and it asks nobody.
"""

from __future__ import annotations

import mmap
import pickletools
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A pickle of two arrays has about 70 instructions.
MAX_INSTRUCTIONS = 2000

RECONSTRUCT, NDARRAY, DTYPE, ENCODE = "reconstruct", "ndarray", "dtype", "encode"
GLOBALS = {
    ("numpy.core.multiarray", "_reconstruct"): RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): RECONSTRUCT,
    ("numpy", "ndarray"): NDARRAY,
    ("numpy", "dtype"): DTYPE,
    ("_codecs", "encode"): ENCODE,  # how Python 3 writes bytes in the format of Python 2
}
TYPES = ("f4", "f8")

VALUES = {
    "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
    "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "INT", "BININT", "BININT1", "BININT2", "LONG",
    "LONG1", "LONG4",
}  # fmt: skip
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
PUTS, GETS = {"PUT", "BINPUT", "LONG_BINPUT"}, {"GET", "BINGET", "LONG_BINGET"}


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read a pickle of a dict of arrays of floats, of protocol 1 to 4.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict of str to ndarray
        Read-only where the file keeps the bytes as they are.

    Raises
    ------
    ValueError
        The file holds anything else; the message names it, and the global it asks for.
    """
    try:
        # A map, as reading from one never allocates more than is there.
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            content = _Machine().run(view)
        if type(content) is not dict:
            raise _RefusedError(f"it holds a {type(content).__name__}, not a dict")
        return {name: value.make() for name, value in content.items() if type(value) is _Array}
    except MemoryError:
        raise
    except Exception as error:  # of damaged bytes, whatever pickletools raises
        reason = str(error) if isinstance(error, _RefusedError) else f"damaged: {error}"
        raise ValueError(
            f"{path} is not a pickled dict of plain arrays ({reason[:300]}); nothing in it was "
            "run. Remove the file and get it again."
        ) from error


class _RefusedError(Exception):
    """What the file asks for is not done."""


@dataclass(frozen=True)
class _Global:
    stands_for: str


@dataclass
class _Type:
    code: str
    order: str = "="


@dataclass
class _Array:
    state: tuple[Any, ...] | None = None

    def make(self) -> NDArray[Any]:
        if self.state is None or len(self.state) != 5:
            raise _RefusedError("an array without its five parts")
        _, shape, kind, by_columns, content = self.state
        if type(kind) is not _Type or kind.code not in TYPES or kind.order not in tuple("<>="):
            raise _RefusedError(f"an array of something else than {' or '.join(TYPES)}")
        if type(shape) is not tuple or not all(type(n) is int and n >= 0 for n in shape):
            raise _RefusedError("an array with a strange shape")
        if type(content) is str:
            content = content.encode("latin-1")
        dtype = np.dtype(f"{kind.order}{kind.code}")
        if type(content) is not bytes or len(content) != prod(shape) * dtype.itemsize:
            raise _RefusedError("an array whose bytes do not fit its shape")
        flat = np.frombuffer(content, dtype)
        return flat.reshape(shape, order="F" if by_columns else "C")


class _Machine:
    """The instructions of pickle that a dict of arrays needs."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self, source: Any) -> Any:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(source)):
            if count > MAX_INSTRUCTIONS:
                raise _RefusedError("far more instructions than two arrays need")
            if opcode.name == "STOP":
                return self.stack.pop()
            self.do(opcode.name, argument)
        raise _RefusedError("it does not end")

    def do(self, name: str, argument: Any) -> None:
        if name in VALUES:
            self.stack.append(argument)
        elif name in CONSTANTS:
            self.stack.append(CONSTANTS[name])
        elif name in TUPLES:
            self.stack.append(self.take(TUPLES[name]))
        elif name in PUTS:
            self.memo[int(argument)] = self.stack[-1]
        elif name in GETS:
            self.stack.append(self.memo[int(argument)])
        elif name not in ("PROTO", "FRAME"):
            instruction = getattr(self, f"do_{name.lower()}", None)
            if instruction is None:
                raise _RefusedError(f"the instruction {name}")
            instruction(argument)

    def take(self, n: int) -> tuple[Any, ...]:
        if len(self.stack) - (self.marks[-1] if self.marks else 0) < n:
            raise _RefusedError("an instruction without its operands")
        operands = tuple(self.stack[-n:])
        del self.stack[-n:]
        return operands

    def take_to_mark(self) -> tuple[Any, ...]:
        start = self.marks.pop()
        operands = tuple(self.stack[start:])
        del self.stack[start:]
        return operands

    def do_mark(self, _: Any) -> None:
        self.marks.append(len(self.stack))

    def do_memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def do_tuple(self, _: Any) -> None:
        self.stack.append(self.take_to_mark())

    def do_empty_dict(self, _: Any) -> None:
        self.stack.append({})

    def do_dict(self, _: Any) -> None:
        items = self.take_to_mark()
        self.stack.append({})
        self.set_items(items)

    def do_setitem(self, _: Any) -> None:
        self.set_items(self.take(2))

    def do_setitems(self, _: Any) -> None:
        self.set_items(self.take_to_mark())

    def set_items(self, items: tuple[Any, ...]) -> None:
        target = self.stack[-1]
        if type(target) is not dict or any(type(key) is not str for key in items[::2]):
            raise _RefusedError("something else than a dict with names as keys")
        target.update(zip(items[::2], items[1::2], strict=True))

    def do_global(self, argument: str) -> None:
        self.find(*argument.split(" ", 1))

    def do_stack_global(self, _: Any) -> None:
        self.find(*self.take(2))

    def find(self, module: Any, name: Any) -> None:
        if type(module) is not str or type(name) is not str:
            raise _RefusedError("a global without a name")
        if (module, name) not in GLOBALS:
            raise _RefusedError(f"it asks for {module}.{name}")
        self.stack.append(_Global(GLOBALS[module, name]))

    def do_reduce(self, _: Any) -> None:
        function, arguments = self.take(2)
        kind = function.stands_for if type(function) is _Global else None
        if type(arguments) is not tuple or not arguments:
            raise _RefusedError("a call without arguments")
        first = arguments[0]
        if kind == RECONSTRUCT and first == _Global(NDARRAY):
            self.stack.append(_Array())
        elif kind == DTYPE and type(first) is str:
            self.stack.append(_Type(first))
        elif kind == ENCODE and type(first) is str and arguments[1:] == ("latin1",):
            self.stack.append(first.encode("latin-1"))
        else:
            raise _RefusedError("a call of something else than what makes an array")

    def do_build(self, _: Any) -> None:
        target, state = self.take(2)
        if type(state) is not tuple:
            raise _RefusedError("a strange state")
        if type(target) is _Array:
            target.state = state
        elif type(target) is _Type and len(state) > 1 and type(state[1]) is str:
            target.order = state[1]
        else:
            raise _RefusedError("the state of something else than an array or its type")
        self.stack.append(target)
