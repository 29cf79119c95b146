"""One array of numbers out of MATLAB's format of version 5, read strictly; SciPy's reader crashes on broken files.

Behind 128 bytes of header follow elements: a type, a number of bytes, the bytes, filled up to a multiple of 8. An
element may be packed by zlib. An array has elements of its own: flags, sizes, name, numbers with the first axis
fastest. (MathWorks, "MAT-File Format", level 5.)
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Shaped

from ..io.errors import ParseError

_HEADER, _VERSION = 128, 0x0100
_NAME, _ARRAY, _PACKED = 1, 14, 15  # types of elements: of a name, arrays, packed
_KINDS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_NUMBERS = range(6, 16)  # classes of arrays: doubles to 64-bit integers
_COMPLEX = 0x0800
_MOST_AXES = 8


class _Element(NamedTuple):
    kind: int
    data: memoryview


def parse_mat(data: bytes, name: str, most: int) -> Shaped[np.ndarray, "..."]:
    """An array by its name, its axes as MATLAB has them.

    Args:
        data: the whole file.
        name: of the array.
        most: numbers that it may have.

    Raises:
        ParseError: another format, a broken file, no such array, too large a one, or one that is not of real numbers.
    """
    if len(data) < _HEADER or data[126:128] not in (b"IM", b"MI"):
        raise ParseError("is no MATLAB file of version 5")
    order = "<" if data[126:128] == b"IM" else ">"
    (version,) = struct.unpack(f"{order}H", data[124:126])
    if version != _VERSION:
        raise ParseError(f"is a MATLAB file of version {version:#x}, not of {_VERSION:#x}")
    for element in _elements(memoryview(data)[_HEADER:], order):
        if element.kind == _PACKED:
            element = _unpacked(element.data, order, most)
        if element.kind == _ARRAY and (found := _array(element.data, order, name, most)) is not None:
            return found
    raise ParseError(f"has no array {name!r}")


def _elements(data: memoryview, order: str) -> Iterator[_Element]:
    """Elements one after another; what is packed is not filled up."""
    place = 0
    while place < len(data):
        if len(data) - place < 8:
            raise ParseError("ends within an element", f"byte {place}")
        kind, size = struct.unpack_from(f"{order}II", data, place)
        if kind >> 16:  # four bytes or fewer, in the place of their number
            size, kind, begin = kind >> 16, kind & 0xFFFF, place + 4
            end, after = begin + size, place + 8
            if size > 4:
                raise ParseError("has a short element that is none", f"byte {place}")
        else:
            begin = place + 8
            end = begin + size
            after = end if kind == _PACKED else begin + -(-size // 8) * 8
        if end > len(data):
            raise ParseError("ends within an element", f"byte {place}")
        yield _Element(kind, data[begin:end])
        place = after


def _unpacked(data: memoryview, order: str, most: int) -> _Element:
    """The one element within a packed one."""
    bound = 8 * most + 4096
    try:
        unpacker = zlib.decompressobj()
        whole = unpacker.decompress(data, bound)
    except zlib.error as error:
        raise ParseError(f"cannot be unpacked: {error}") from None
    if not unpacker.eof:
        raise ParseError("cannot be unpacked: it is too large or cut off")
    return next(_elements(memoryview(whole), order), _Element(0, memoryview(b"")))


def _array(data: memoryview, order: str, name: str, most: int) -> Shaped[np.ndarray, "..."] | None:
    """The array, where it has the name."""
    parts = list(_elements(data, order))
    if len(parts) < 3 or len(parts[0].data) != 8 or parts[2].kind != _NAME:
        return None  # what other programs keep beside arrays
    if bytes(parts[2].data) != name.encode():
        return None
    (flags,) = struct.unpack_from(f"{order}I", parts[0].data)
    if flags & 0xFF not in _NUMBERS or flags & _COMPLEX or len(parts) != 4 or parts[3].kind not in _KINDS:
        raise ParseError(f"{name} is no array of real numbers")
    sizes = np.frombuffer(parts[1].data[: len(parts[1].data) // 4 * 4], f"{order}i4").astype(np.int64)
    if not 2 <= len(sizes) <= _MOST_AXES or (sizes < 0).any() or float(sizes.astype(float).prod()) > most:
        raise ParseError(f"{name} has sizes {sizes.tolist()}: at most {most:,} numbers are read")
    numbers = np.dtype(order + _KINDS[parts[3].kind])
    if int(sizes.prod()) * numbers.itemsize != len(parts[3].data):
        raise ParseError(
            f"{name} has {len(parts[3].data)} bytes of numbers, not {sizes.prod() * numbers.itemsize}"
        )
    return np.frombuffer(parts[3].data, numbers).reshape(sizes, order="F")
