"""What pickles hold of torch and numpy, as data: tables of names for `io.inert_pickle`.

A tensor that is pickled without `torch.save` carries its numbers as a file of torch from before version 1.6 within
the pickle, which torch itself would unpickle again (`torch.storage._load_from_bytes`). Here that file is read by
the same machine; what it declares is compared with the bytes that are there, and they are not copied.
"""

import io
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..io.errors import ParseError
from ..io.inert_pickle import Buildable, Call, read_pickle, unknown_name

_MAGIC, _VERSION = 0x1950A86A20F9469CFC6C, 1001  # that a file of torch from before 1.6 begins with
_STORAGE_STEPS = 200  # instructions of each of the pickles in such a file; torch writes about 30
_STORAGES = {
    "Float": torch.float32,
    "Double": torch.float64,
    "Half": torch.float16,
    "BFloat16": torch.bfloat16,
    "Bool": torch.bool,
    "Byte": torch.uint8,
    "Char": torch.int8,
    "Short": torch.int16,
    "Int": torch.int32,
    "Long": torch.int64,
}
_DTYPES = {f"torch.{name}Storage": dtype for name, dtype in _STORAGES.items()}
_ARRAY = "numpy.ndarray"
_NO_ARRAY = "an array of numpy that is not as numpy writes it"
_NUMBERS = frozenset(("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"))


@dataclass(frozen=True)
class Storage:
    """Numbers of one kind, somewhere in bytes.

    Attributes:
        content: bytes that hold them.
        start: of the first one, in bytes.
        count: how many there are.
        dtype: of each.
    """

    content: bytes
    start: int
    count: int
    dtype: torch.dtype


def storage_of(*arguments: Any) -> Storage:
    """The numbers in a file of torch from before version 1.6 that holds one storage and nothing else."""
    match arguments:
        case (bytes() as content,):
            return _read_storage(content)
    raise ParseError("a storage that is not in bytes")


def tensor_of(*arguments: Any) -> Tensor:
    """The view of a storage that a tensor is; arguments of `torch._utils._rebuild_tensor_v2`."""
    match arguments:
        case (Storage() as storage, int(offset), tuple(size), tuple(stride), *_) if len(size) == len(stride):
            if not _fits(storage.count, offset, size, stride):
                raise ParseError("a tensor that reaches beyond its numbers")
            return _flat(storage).as_strided(size, stride, offset)
    raise ParseError("a tensor that is not as torch writes it")


def parameter_of(*arguments: Any) -> Tensor:
    """The tensor that a parameter is of; arguments of `torch._utils._rebuild_parameter`."""
    match arguments:
        case (Tensor() as tensor, *_):
            return tensor
    raise ParseError("a parameter that is no tensor")


class NumberKind(Buildable):
    """A dtype of numpy of plain numbers; its state says the order of their bytes."""

    def __init__(self, *arguments: Any) -> None:
        match arguments:
            case (str(code), *_) if code in _NUMBERS:
                self.dtype = np.dtype(code)
            case _:
                raise ParseError("a dtype of numpy that is not of plain numbers")

    def build(self, state: Any) -> None:
        """State as numpy writes it: a version, the order of bytes, and what only records have."""
        match state:
            case (int(), "<" | ">" | "|" | "=" as order, *_):
                self.dtype = self.dtype.newbyteorder(order)
            case _:
                raise ParseError("a dtype of numpy that is not as numpy writes it")


class Array(Buildable):
    """An array of numpy of plain numbers; empty until it has its state."""

    def __init__(self, *arguments: Any) -> None:
        if arguments != (_ARRAY, (0,), b"b"):
            raise ParseError(_NO_ARRAY)
        self.value = np.zeros(0)

    def build(self, state: Any) -> None:
        """State as numpy writes it: version, shape, dtype, whether columns come first, and the numbers' bytes."""
        match state:
            case (int(), shape, kind, bool(columns_first), content):
                self.value = array_of(content, kind, shape, "F" if columns_first else "C")
            case _:
                raise ParseError(_NO_ARRAY)


def array_of(*arguments: Any) -> np.ndarray:
    """The array whose numbers are in bytes; arguments of `numpy.core.numeric._frombuffer`."""
    match arguments:
        case (bytes() | bytearray() as content, NumberKind() as kind, tuple(shape), "C" | "F" as order):
            if _is_shape(shape) and math.prod(shape) * kind.dtype.itemsize == len(content):
                return np.frombuffer(content, kind.dtype).reshape(shape, order=order)
    raise ParseError(_NO_ARRAY)


def scalar_of(*arguments: Any) -> bool | int | float:
    """The number that a scalar of numpy is."""
    match arguments:
        case (NumberKind() as kind, bytes() as content) if len(content) == kind.dtype.itemsize:
            number: bool | int | float = np.frombuffer(content, kind.dtype)[0].item()
            return number
    raise ParseError("a scalar of numpy that is not as numpy writes it")


def empty_dict(*arguments: Any) -> dict[str, Any]:
    """An empty dictionary, which the file fills; also for classes that are dictionaries with more to them."""
    if arguments:
        raise ParseError("a dictionary that is not as Python writes it")
    return {}


def set_of(*arguments: Any) -> list[Any]:
    """What is in a set, as the list in the file: a set would be a copy of it."""
    match arguments:
        case (list() as values,):
            return values
    raise ParseError("a set that is not as Python writes it")


_NUMPY = {
    "multiarray.scalar": Call(scalar_of),
    "multiarray._reconstruct": Call(Array),
    "numeric._frombuffer": Call(array_of),
}
TENSORS: Mapping[str, Any] = {
    "torch._utils._rebuild_parameter": Call(parameter_of),
    "torch._utils._rebuild_tensor_v2": Call(tensor_of),
    "torch.storage._load_from_bytes": Call(storage_of),
    "collections.OrderedDict": Call(empty_dict),
    "builtins.set": Call(set_of),
    "__builtin__.set": Call(set_of),
    "numpy.dtype": Call(NumberKind),
    _ARRAY: _ARRAY,
    **{f"numpy.core.{name}": call for name, call in _NUMPY.items()},
    **{f"numpy._core.{name}": call for name, call in _NUMPY.items()},
}


def _read_storage(content: bytes) -> Storage:
    """Five pickles (magic, version, sizes of types, the storage, its key), the count, and the numbers."""
    file = io.BytesIO(content)

    def dtype(name: str) -> torch.dtype:
        if name not in _DTYPES:
            raise unknown_name(name)
        return _DTYPES[name]

    def part(persistent: Any = None) -> Any:
        return read_pickle(file, dtype, persistent, _STORAGE_STEPS)

    if part() != _MAGIC or part() != _VERSION:
        raise ParseError("a storage that is not as torch writes it")
    machine, stored, keys = part(), part(_stored), part()
    start = file.tell() + 8
    match machine, stored, keys:
        case ({"little_endian": True}, (torch.dtype() as kind, str(key), int(count)), [str(listed)]) if (
            key == listed
        ):
            written = int.from_bytes(content[start - 8 : start], "little")
            if written != count or len(content) != start + count * kind.itemsize:
                raise ParseError("a storage that is not as long as it says")
            return Storage(content, start, count, kind)
    raise ParseError("a storage that is not as torch writes it")


def _stored(given: Any) -> tuple[torch.dtype, str, int]:
    """Kind, key and count of a persistent id of torch."""
    match given:
        case ("storage", torch.dtype() as kind, str(key), str(), int(count), *view) if view in ([], [None]):
            return kind, key, count
    raise ParseError("a storage that is not as torch writes it")


def _is_shape(sizes: tuple[Any, ...]) -> bool:
    return all(type(size) is int and 0 <= size < 2**31 for size in sizes)


def _fits(count: int, offset: int, size: tuple[Any, ...], stride: tuple[Any, ...]) -> bool:
    """Whether a view lies within so many numbers and shows no more than there are."""
    if not (_is_shape(size) and _is_shape(stride) and 0 <= offset <= count and len(size) <= 8):
        return False
    if math.prod(size) == 0:
        return True
    last: int = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    return last < count and math.prod(size) <= count


def _flat(storage: Storage) -> Tensor:
    if storage.count == 0:
        return torch.empty(0, dtype=storage.dtype)
    with warnings.catch_warnings(action="ignore"):  # that the numbers are not to be written to
        return torch.frombuffer(
            storage.content, dtype=storage.dtype, count=storage.count, offset=storage.start
        )
