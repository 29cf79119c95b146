"""The body of a PLY file, ascii or binary, to columns of numbers.

Elements without lists, and elements whose lists all have the length found in the first record, are read with
array operations. Others are walked record by record only to find where lists begin. Every declared size is
compared with the bytes at hand before anything is allocated.
"""

from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import numpy as np

from .errors import ParseError
from .plain_text import PADDING, plain_text, without_mark
from .ply_header import PlyElement, PlyHeader, parse_ply_header


@dataclass(frozen=True, eq=False)
class Ragged:
    """Lists of numbers laid end to end: `values`, and the (R,) `sizes` of the lists."""

    values: np.ndarray
    sizes: np.ndarray

    def equal_size(self) -> int | None:
        """The size that all lists share, or None (also when there is no list)."""
        if len(self.sizes) == 0 or (self.sizes != self.sizes[0]).any():
            return None
        return int(self.sizes[0])


Columns = dict[str, np.ndarray | Ragged]


def parse_ply(data: bytes, text_only: bool = False) -> tuple[PlyHeader, dict[str, Columns]]:
    """Read a PLY file.

    Args:
        data: its content.
        text_only: the content came through a text stream, so a binary body cannot be trusted.

    Returns:
        The header, and for each element name its columns: property name -> (count,) array, or `Ragged`.

    Raises:
        ValueError: not PLY, too little or too much data, or something that is not a number.
    """
    data = without_mark(data)
    header, position = parse_ply_header(data)
    if header.ascii:
        return header, _parse_ascii(header, plain_text(data[position:]))
    if text_only:
        raise ValueError("Cannot safely read a binary ply file using a Text stream.")
    return header, _parse_binary(header, data, position)


def _not_enough(element: PlyElement) -> ParseError:
    return ParseError(f"Not enough data for {element.name}.", f"element {element.name}")


def _check_end(rest: bytes) -> None:
    if rest.strip(PADDING):
        raise ValueError(f"Extra data at end of file: {rest.strip()[:20]!r}")


def _parse_binary(header: PlyHeader, data: bytes, position: int) -> dict[str, Columns]:
    found = {}
    for element in header.elements:
        if element.count * element.least_bytes() > len(data) - position:
            raise _not_enough(element)
        found[element.name], position = _read_binary(element, data, position, header.order or "<")
    _check_end(data[position:])
    return found


def _read_binary(element: PlyElement, data: bytes, position: int, order: str) -> tuple[Columns, int]:
    quick = _read_equal_records(element, data, position, order)
    return quick if quick is not None else _read_unequal_records(element, data, position, order)


def _ordered(kind: np.dtype, order: str) -> np.dtype:
    return np.dtype(order + kind.str[1:])


def _read_equal_records(
    element: PlyElement, data: bytes, start: int, order: str
) -> tuple[Columns, int] | None:
    """Read records as one structured array, or give None when lists differ in length."""
    fields: list[Any] = []
    lists: dict[int, int] = {}
    at = start
    for i, p in enumerate(element.properties):
        if p.count_type is not None and element.count:
            if at + p.count_type.itemsize > len(data):
                raise _not_enough(element)
            size = int(np.frombuffer(data, _ordered(p.count_type, order), 1, at)[0])
            if size < 0:
                raise ParseError("A list length was negative.", f"element {element.name}")
            if at + size * p.type.itemsize > len(data):
                raise _not_enough(element)
            lists[i] = size
            fields.append((f"n{i}", _ordered(p.count_type, order)))
            at += p.count_type.itemsize + size * p.type.itemsize
        else:
            at += p.type.itemsize
        shape = (lists[i],) if i in lists else ()
        fields.append((f"p{i}", _ordered(p.type, order), shape))
    record = np.dtype(fields)
    if element.count * record.itemsize > len(data) - start:
        return None
    table = np.frombuffer(data, record, element.count, start)
    if any((table[f"n{i}"] != size).any() for i, size in lists.items()):
        return None
    columns: Columns = {}
    for i, p in enumerate(element.properties):
        values = table[f"p{i}"].astype(p.type)
        columns[p.name] = values
        if p.count_type is not None:
            columns[p.name] = Ragged(values.reshape(-1), np.full(element.count, lists.get(i, 0)))
    return columns, start + element.count * record.itemsize


def _read_unequal_records(element: PlyElement, data: bytes, start: int, order: str) -> tuple[Columns, int]:
    begins, sizes, end = _walk(element, data, start, order)
    chars = np.frombuffer(data, np.uint8)
    columns: Columns = {}
    for i, p in enumerate(element.properties):
        if p.count_type is None:
            columns[p.name] = _gather(chars, begins[i], p.type, order)
        else:
            inner = np.arange(sizes[i].sum()) - np.repeat(np.cumsum(sizes[i]) - sizes[i], sizes[i])
            at = np.repeat(begins[i], sizes[i]) + inner * p.type.itemsize
            columns[p.name] = Ragged(_gather(chars, at, p.type, order), sizes[i])
    return columns, end


def _walk(
    element: PlyElement, data: bytes, start: int, order: str
) -> tuple[list[np.ndarray], list[np.ndarray], int]:
    """Where each property of each record begins (for a list: its first value), and the lists' sizes."""
    steps = [(p.count_type and p.count_type.itemsize, p.type.itemsize) for p in element.properties]
    signed = [p.count_type is not None and p.count_type.kind == "i" for p in element.properties]
    byte_order: Literal["little", "big"] = "little" if order == "<" else "big"
    begins: list[list[int]] = [[] for _ in steps]
    sizes: list[list[int]] = [[] for _ in steps]
    at, length = start, len(data)
    for _ in range(element.count):
        for i, (count_bytes, item_bytes) in enumerate(steps):
            if count_bytes is None:
                begins[i].append(at)
                at += item_bytes
                continue
            size = int.from_bytes(data[at : at + count_bytes], byte_order, signed=signed[i])
            if size < 0:
                raise ParseError("A list length was negative.", f"element {element.name}")
            begins[i].append(at + count_bytes)
            sizes[i].append(size)
            at += count_bytes + size * item_bytes
        if at > length:
            raise _not_enough(element)
    as_arrays = [[np.array(x, np.int64) for x in table] for table in (begins, sizes)]
    return as_arrays[0], as_arrays[1], at


def _gather(chars: np.ndarray, at: np.ndarray, kind: np.dtype, order: str) -> np.ndarray:
    raw = chars[at[:, None] + np.arange(kind.itemsize)]
    return np.ascontiguousarray(raw).view(_ordered(kind, order)).reshape(-1).astype(kind)


def _parse_ascii(header: PlyHeader, body: bytes) -> dict[str, Columns]:
    lines = [line for line in body.splitlines() if line and not line.isspace()]
    at = 0
    found = {}
    for element in header.elements:
        if element.count > len(lines) - at:
            raise _not_enough(element)
        rows = [line.split() for line in lines[at : at + element.count]]
        found[element.name] = _read_ascii(element, rows)
        at += element.count
    _check_end(b"\n".join(lines[at:]))
    return found


def _read_ascii(element: PlyElement, rows: list[list[bytes]]) -> Columns:
    widths = set(map(len, rows))
    if not any(p.count_type for p in element.properties):
        if widths - {len(element.properties)}:
            raise ParseError(f"Inconsistent data for {element.name}.", f"element {element.name}")
        return _columns_of_table(element, rows, {})
    if len(widths) == 1:
        sizes = _first_sizes(element, rows[0])
        if sizes is not None:
            return _columns_of_table(element, rows, sizes)
    return _read_ragged_ascii(element, rows)


def _numbers(words: list[bytes], element: PlyElement) -> np.ndarray:
    try:
        return np.fromiter(map(float, words), np.float64, len(words))
    except ValueError:
        raise ParseError("Bad numerical data.", f"element {element.name}") from None


def _as_type(values: np.ndarray, kind: np.dtype, element: PlyElement) -> np.ndarray:
    if kind.kind == "f":
        with np.errstate(over="ignore"):
            return values.astype(kind)
    limits = np.iinfo(kind)
    whole = (
        np.isfinite(values) & (values == np.floor(values)) & (values >= limits.min) & (values <= limits.max)
    )
    if not whole.all():
        raise ParseError("Bad numerical data.", f"element {element.name}")
    return values.astype(kind)


def _first_sizes(element: PlyElement, row: list[bytes]) -> dict[int, int] | None:
    """Sizes of the lists in one row, or None when they do not add up to the row's length."""
    sizes, at = {}, 0
    for i, p in enumerate(element.properties):
        if p.count_type is not None:
            if at >= len(row):
                return None
            sizes[i] = _list_size(row[at], element)
            at += sizes[i]
        at += 1
    if at == len(row):
        return sizes
    if len(element.properties) == 1:
        reason = f"A line of {element.name} data did not have the specified length."
        raise ParseError(reason, f"element {element.name}")
    return None


def _list_size(word: bytes, element: PlyElement) -> int:
    try:
        size = int(word)
    except ValueError:
        raise ParseError("A list length was not a number.", f"element {element.name}") from None
    if size < 0:
        raise ParseError("A list length was negative.", f"element {element.name}")
    return size


def _columns_of_table(element: PlyElement, rows: list[list[bytes]], sizes: dict[int, int]) -> Columns:
    width = len(element.properties) + sum(sizes.values())
    table = _numbers(list(chain.from_iterable(rows)), element).reshape(len(rows), width)
    columns: Columns = {}
    at = 0
    for i, p in enumerate(element.properties):
        if i not in sizes:
            columns[p.name] = _as_type(table[:, at], p.type, element)
            at += 1
            continue
        if (table[:, at] != sizes[i]).any():
            if len(element.properties) > 1:
                return _read_ragged_ascii(element, rows)
            reason = f"A line of {element.name} data did not have the specified length."
            raise ParseError(reason, f"element {element.name}")
        values = _as_type(table[:, at + 1 : at + 1 + sizes[i]].reshape(-1), p.type, element)
        columns[p.name] = Ragged(values, np.full(len(rows), sizes[i]))
        at += 1 + sizes[i]
    return columns


def _read_ragged_ascii(element: PlyElement, rows: list[list[bytes]]) -> Columns:
    words: list[list[bytes]] = [[] for _ in element.properties]
    sizes: list[list[int]] = [[] for _ in element.properties]
    for row in rows:
        at = 0
        for i, p in enumerate(element.properties):
            size = 1
            if p.count_type is not None and at < len(row):
                size = _list_size(row[at], element)
                sizes[i].append(size)
                at += 1
            elif p.count_type is not None:
                at = len(row) + 1
            words[i] += row[at : at + size]
            at += size
        if at != len(row):
            much = "little" if at > len(row) else "much"
            raise ParseError(f"Too {much} data for an element.", f"element {element.name}")
    columns: Columns = {}
    for i, p in enumerate(element.properties):
        values = _as_type(_numbers(words[i], element), p.type, element)
        columns[p.name] = values if p.count_type is None else Ragged(values, np.array(sizes[i], np.int64))
    return columns
