"""Check that a MATLAB file is well formed before anything parses it.

scipy's reader trusts the sizes in a MATLAB 5 file: a damaged one can end the process. This walks
through the elements, in the terms of "MAT-File Format" (The MathWorks), and reads no signals.
"""

from __future__ import annotations

import math
import mmap
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Bytes of a value by miTYPE; text in UTF-8 counts bytes.
WIDTHS = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8, 16: 1, 17: 2, 18: 4}
INT32, UINT32, MATRIX, COMPRESSED = 5, 6, 14, 15
NAMES = (1, 2, 16)
CELL, STRUCT, OBJECT, CHAR, SPARSE, UINT64, FUNCTION, OPAQUE = 1, 2, 3, 4, 5, 15, 16, 17
COMPLEX = 0x0800
DEEPEST = 40
# Signals take hardly less room when they are compressed; a file that becomes larger than both
# of these bytes and so many times its own is there to fill the memory.
SMALL_BYTES, MOST_COMPRESSED = 2**25, 100
NO_MAT = "it does not begin as a file of MATLAB (version 5 or later) does"
# Text that scipy makes of no bytes at all.
MOST_SPACES = 4096


def check_mat(path: Path) -> None:
    """Raise ValueError unless the file is HDF5, or a well-formed MATLAB 5 file.

    Parameters
    ----------
    path : Path
    """
    with path.open("rb") as file:
        header = file.read(128)
        if len(header) < 128 or 0 in header[:4]:
            raise ValueError(NO_MAT)
        order = {b"IM": "<", b"MI": ">"}.get(header[126:128])
        version = struct.unpack(f"{order}H", header[124:126])[0] if order else None
        if version == 0x0200:
            return  # HDF5, whose library checks what it reads
        if version != 0x0100:
            raise ValueError(NO_MAT)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            _check_elements(data, str(order))


def _check_elements(data: mmap.mmap, order: str) -> None:
    walk = _Walk(data, order)
    n_left = max(SMALL_BYTES, MOST_COMPRESSED * len(data))
    for part in walk.elements(128, len(data)):
        if part.kind == COMPRESSED:
            inner = _decompress(data, part, n_left)
            n_left -= len(inner)
            _Walk(inner, order).matrices(0, len(inner), 1, 0)
        elif part.kind == MATRIX:
            walk.matrix(part, 0)
        else:
            raise ValueError(f"damaged at byte {part.start}: no array")


def _decompress(data: mmap.mmap, part: _Part, most: int) -> bytes:
    """What a compressed element holds, which is at most so many bytes."""
    stream = zlib.decompressobj()
    try:
        inner = stream.decompress(data[part.start : part.stop], most + 1)
    except zlib.error as error:
        raise ValueError(f"damaged at byte {part.start}: {error}") from error
    if len(inner) > most:
        raise ValueError(
            f"its {len(data) / 1e6:.3g} MB would be more than {most / 1e6:.0f} MB in memory, which "
            "no signals are; save it without compression (in MATLAB by save with '-v6')"
        )
    if not stream.eof:
        raise ValueError(f"damaged at byte {part.start}: what is compressed there has no end")
    return inner


class _Part(NamedTuple):
    """An element: its type, where its data begin and end, and where the next one begins."""

    kind: int
    start: int
    stop: int
    after: int


@dataclass
class _Walk:
    data: bytes | mmap.mmap
    order: str

    def elements(self, position: int, end: int) -> Iterator[_Part]:
        """One element after the other, each within bounds and of a known type."""
        while position < end:
            if position + 8 > end:
                raise ValueError(f"damaged at byte {position}: no room for an element")
            kind, n_bytes = struct.unpack_from(f"{self.order}II", self.data, position)
            start = position + 8
            after = start + n_bytes + (0 if kind == COMPRESSED else -n_bytes % 8)
            if kind >> 16:  # a small one: its data lie within the tag
                kind, n_bytes, after = kind & 0xFFFF, kind >> 16, start
                start = position + 4
                if n_bytes > 4:
                    raise ValueError(f"damaged at byte {position}: too large for a small element")
            if kind not in WIDTHS and kind not in (MATRIX, COMPRESSED):
                raise ValueError(f"damaged at byte {position}: no such type, {kind}")
            if start + n_bytes > end:
                raise ValueError(
                    f"damaged or cut short: the element at byte {position} ends at byte "
                    f"{start + n_bytes}, what holds it at byte {end}"
                )
            yield _Part(kind, start, start + n_bytes, after)
            position = after

    def matrices(self, position: int, end: int, n: int, depth: int) -> None:
        """Exactly `n` arrays from `position` to `end`."""
        n_arrays = 0
        for part in self.elements(position, end):
            if part.kind != MATRIX:
                raise ValueError(f"damaged at byte {part.start}: no array")
            self.matrix(part, depth)
            n_arrays += 1
        if n_arrays != n:
            raise ValueError(f"damaged at byte {position}: {n_arrays} arrays, not {n}")

    def matrix(self, whole: _Part, depth: int) -> None:
        """One array and all that it holds."""
        if whole.start == whole.stop:
            return  # an empty one
        if depth > DEEPEST:
            raise ValueError(f"damaged at byte {whole.start}: nested too deep")
        parts = self.elements(whole.start, whole.stop)
        flags = self.numbers(next(parts), UINT32)
        kind = flags[0] & 0xFF
        if kind == OPAQUE:
            for part in parts:
                if part.kind == MATRIX:
                    self.matrix(part, depth + 1)
            return
        dims = self.numbers(self.following(parts, whole), INT32)
        name = self.following(parts, whole)
        if len(flags) != 2 or not 2 <= len(dims) <= 32 or min(dims) < 0 or name.kind not in NAMES:
            raise ValueError(f"damaged at byte {whole.start}: no shape or name")
        n = math.prod(dims)
        if kind == CELL:
            self.matrices(name.after, whole.stop, n, depth + 1)
        elif kind in (STRUCT, OBJECT):
            if kind == OBJECT:
                self.following(parts, whole)  # the name of its class
            width = self.numbers(self.following(parts, whole), INT32)
            names = self.following(parts, whole)
            fields = self.fields(width, names)
            self.matrices(names.after, whole.stop, fields * n, depth + 1)
        elif kind == FUNCTION:
            self.matrices(name.after, whole.stop, 1, depth + 1)
        elif CHAR <= kind <= UINT64:
            self.values(list(parts), kind, dims, bool(flags[0] & COMPLEX), whole.start)
        else:
            raise ValueError(f"damaged at byte {whole.start}: no such class, {kind}")

    def following(self, parts: Iterator[_Part], whole: _Part) -> _Part:
        part = next(parts, None)
        if part is None:
            raise ValueError(f"damaged at byte {whole.start}: too few parts")
        return part

    def fields(self, width: tuple[int, ...], names: _Part) -> int:
        """How many fields a structure has."""
        n_bytes = names.stop - names.start
        if len(width) != 1 or width[0] < 1 or n_bytes % width[0] or names.kind not in NAMES:
            raise ValueError(f"damaged at byte {names.start}: no names of fields")
        for start in range(names.start, names.stop, width[0]):
            if 0 not in self.data[start : start + width[0]]:
                raise ValueError(f"damaged at byte {start}: a name has no end")
        return n_bytes // width[0]

    def values(
        self, parts: list[_Part], kind: int, dims: tuple[int, ...], is_complex: bool, at: int
    ) -> None:
        """The values of an array of numbers or text are as many as its shape says."""
        n_index = 2 if kind == SPARSE else 0
        if len(parts) != n_index + 1 + is_complex or any(p.kind not in WIDTHS for p in parts):
            raise ValueError(f"damaged at byte {at}: {len(parts)} parts of an array")
        for part in parts:
            n, odd = divmod(part.stop - part.start, WIDTHS[part.kind])
            if odd or (kind not in (SPARSE, CHAR) and n != math.prod(dims)):
                raise ValueError(f"damaged at byte {part.start}: {n} values of shape {dims}")
        if kind == CHAR and math.prod(dims) > max(MOST_SPACES, parts[0].stop - parts[0].start):
            raise ValueError(f"damaged at byte {at}: too few letters for the shape {dims}")
        if kind == SPARSE:
            rows, columns = (self.indices(part) for part in parts[:2])
            whole = len(dims) == 2 and len(columns) == dims[1] + 1 and columns[0] == 0
            rising = whole and bool((np.diff(columns) >= 0).all()) and columns[-1] <= len(rows)
            if not rising or (len(rows) and not 0 <= rows.min() <= rows.max() < dims[0]):
                raise ValueError(f"damaged at byte {at}: no sparse array of shape {dims}")

    def indices(self, part: _Part) -> NDArray[np.int32]:
        if part.kind not in (INT32, UINT32):
            raise ValueError(f"damaged at byte {part.start}: no indices")
        return np.frombuffer(self.data[part.start : part.stop], f"{self.order}i4")

    def numbers(self, part: _Part, kind: int) -> tuple[int, ...]:
        n, odd = divmod(part.stop - part.start, 4)
        if part.kind != kind or odd or not 1 <= n <= 32:
            raise ValueError(f"damaged at byte {part.start}: no numbers")
        letter = "I" if kind == UINT32 else "i"
        return struct.unpack_from(f"{self.order}{n}{letter}", self.data, part.start)
