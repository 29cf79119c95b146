"""Accessors of a glTF asset: numbers that lie in its buffers, dense or sparse."""

from typing import Any

import numpy as np

from .errors import ParseError
from .gltf_asset import Asset, whole

_ITEMS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


def access(asset: Asset, index: Any, kinds: tuple[str, ...], count: int | None = None) -> np.ndarray:
    """The values of an accessor, (count, width); whole numbers meant as fractions come as float32 in [-1, 1].

    Args:
        asset: where it is.
        index: its number.
        kinds: the types that it may have, such as "VEC3".
        count: how many values it must have; None for any number.

    Raises:
        ParseError: another type or length, or sizes that the data do not have: all are compared before anything is
            made.
    """
    entry, place = asset.item("accessors", index), f"accessor {index}"
    if entry.get("type") not in kinds:
        raise ParseError(f"is {entry.get('type')!r:.20}, not {' or '.join(kinds)}", place)
    declared = whole(entry, "count")
    if count is not None and declared != count:
        raise ParseError(f"has {declared} values instead of {count}", place)
    asset.spend(declared)
    item, width = _item(entry, place), _WIDTHS[entry["type"]]
    if "bufferView" in entry:
        values = _dense(asset, entry, item, width, declared, place)
    elif "sparse" in entry:
        values = np.zeros((declared, width), item)
    else:
        raise ParseError("empty accessors are not supported", place)
    if "sparse" in entry:
        _replace(asset, entry["sparse"], values, place)
    if entry.get("normalized") and item.kind in "iu":
        return np.maximum(values.astype(np.float32) / np.iinfo(item).max, -1)
    return values


def fractions(values: np.ndarray) -> np.ndarray:
    """Float32; bytes and shorts count as fractions of their largest value."""
    scale = np.iinfo(values.dtype).max if values.dtype.kind == "u" else 1
    return values.astype(np.float32) / np.float32(scale)


def whole_numbers(values: np.ndarray, place: str) -> np.ndarray:
    """Values that must be of an unsigned type, as int64."""
    if values.dtype.kind != "u":
        raise ParseError("are not whole numbers", place)
    return values.astype(np.int64)


def _item(entry: dict[str, Any], place: str) -> np.dtype:
    code = entry.get("componentType")
    if type(code) is not int or code not in _ITEMS:
        raise ParseError(f"has the unknown component type {code!r:.20}", place)
    return np.dtype(_ITEMS[code])


def _dense(
    asset: Asset, entry: dict[str, Any], item: np.dtype, width: int, count: int, place: str
) -> np.ndarray:
    """(count, width) numbers of a view, from the offset that `entry` gives."""
    data, start, length, stride = asset.view(entry["bufferView"])
    row, offset = item.itemsize * width, whole(entry, "byteOffset", 0)
    stride = stride or row
    needed = (count - 1) * stride + row if count else 0
    if stride < row:
        raise ParseError("sizes that make no sense", place)
    if offset + needed > length:
        raise ParseError("Buffer did not have enough data for the accessor", place)
    if count == 0:
        return np.zeros((0, width), item)
    chars = np.frombuffer(data, np.uint8, needed, start + offset)
    rows = np.lib.stride_tricks.as_strided(chars, (count, row), (stride, 1))
    return np.ascontiguousarray(rows).view(item).copy()


def _replace(asset: Asset, sparse: dict[str, Any], values: np.ndarray, place: str) -> None:
    """Put the values that a sparse accessor gives in their places."""
    count, where = whole(sparse, "count"), sparse["indices"]
    asset.spend(count)
    index = whole_numbers(_dense(asset, where, _item(where, place), 1, count, place)[:, 0], place)
    if (index >= len(values)).any():
        raise ParseError(f"replaces value {index.max()} of {len(values)}", place)
    values[index] = _dense(asset, sparse["values"], values.dtype, values.shape[1], count, place)
