"""The header of a PLY file: which elements follow, with which properties."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

_TYPES = {
    "char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4",
    "double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4",
    "float32": "f4", "float64": "f8",
}  # fmt: skip
_FORMATS = {"ascii": None, "binary_little_endian": "<", "binary_big_endian": ">"}
_LONGEST_HEADER = 1 << 20


@dataclass(frozen=True)
class PlyProperty:
    """One property; `count_type` is the numpy type of a list's length, None for a plain number."""

    name: str
    type: np.dtype
    count_type: np.dtype | None = None


@dataclass
class PlyElement:
    """One kind of record ("vertex", "face", ...), how many there are and what each holds."""

    name: str
    count: int
    properties: list[PlyProperty] = field(default_factory=list)

    def add(self, prop: PlyProperty) -> None:
        if any(p.name == prop.name for p in self.properties):
            raise ValueError(f"Cannot have two properties called {prop.name} in {self.name}.")
        self.properties.append(prop)

    def least_bytes(self) -> int:
        """Bytes that a record takes in a binary file when all its lists are empty."""
        return sum((p.count_type or p.type).itemsize for p in self.properties)


@dataclass
class PlyHeader:
    """What the header says; `ascii`, or the byte `order` ("<" or ">")."""

    ascii: bool = True
    order: str | None = None
    elements: list[PlyElement] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    obj_info: list[str] = field(default_factory=list)

    @property
    def big_endian(self) -> bool:
        return self.order == ">"

    def element(self, name: str) -> PlyElement | None:
        return next((e for e in self.elements if e.name == name), None)


def parse_ply_header(data: bytes) -> tuple[PlyHeader, int]:
    """Read the header.

    Returns:
        The header, and the position of the first byte after it.

    Raises:
        ValueError: not a PLY header.
    """
    if not data[:5].lower().startswith((b"ply\n", b"ply\r\n", b"ply\r")):
        raise ValueError("Invalid file header.")
    header = PlyHeader()
    seen_format = False
    for line, position in _lines(data):
        if line == "end_header":
            _check_complete(header, seen_format)
            return header, position
        word, _, rest = line.partition(" ")
        if word == "format" and not seen_format:
            header.ascii, header.order = _parse_format(rest)
            seen_format = True
        elif word == "format":
            raise ValueError("Invalid format line.")
        elif word == "comment" or not line:
            if rest:
                header.comments.append(rest)
        elif word == "obj_info":
            header.obj_info.append(rest)
        elif word == "element":
            header.elements.append(_parse_element(line, header))
        elif word == "property":
            _parse_property(line, header)
        else:
            raise ValueError(f"Invalid line: {line}.")
    raise ValueError("The header has no end_header line.")


def _lines(data: bytes) -> Iterator[tuple[str, int]]:
    end = data[:5].index(b"\r") if b"\r" in data[:5] else 3
    mark = b"\r" if data[end : end + 2] != b"\r\n" and data[end : end + 1] == b"\r" else b"\n"
    position = data.index(mark) + 1
    while (stop := data.find(mark, position, _LONGEST_HEADER)) >= 0:
        try:
            line = data[position:stop].decode("utf-8").strip()
        except UnicodeDecodeError:
            raise ValueError("Invalid line: not text.") from None
        position = stop + 1
        yield line, position
    if data[position:].strip() == b"end_header":
        yield "end_header", len(data)


def _check_complete(header: PlyHeader, seen_format: bool) -> None:
    if not header.elements:
        raise ValueError("No elements found.")
    if not header.elements[-1].properties:
        raise ValueError("Found an element with no properties.")
    if not seen_format:
        raise ValueError("No format line found.")


def _parse_format(rest: str) -> tuple[bool, str | None]:
    name, *version = rest.split() or [""]
    if name not in _FORMATS or version != ["1.0"]:
        raise ValueError("Invalid format line.")
    return name == "ascii", _FORMATS[name]


def _parse_element(line: str, header: PlyHeader) -> PlyElement:
    if header.elements and not header.elements[-1].properties:
        raise ValueError("Found an element with no properties.")
    items = line.split()
    if len(items) != 3:
        raise ValueError(f"Invalid line: {line}")
    try:
        count = int(items[2])
    except ValueError:
        raise ValueError(f"Number of items for {items[1]} was not a number.") from None
    if count < 0:
        raise ValueError(f"Number of items for {items[1]} was negative.")
    return PlyElement(items[1], count)


def _parse_property(line: str, header: PlyHeader) -> None:
    if not header.elements:
        raise ValueError("Encountered property before any element.")
    items = line.split()
    is_list = len(items) == 5 and items[1] == "list"
    if not is_list and len(items) != 3:
        raise ValueError(f"Invalid line: {line}")
    count_type = _type(items[2]) if is_list else None
    if count_type is not None and count_type.kind == "f":
        raise ValueError(f"Invalid datatype: {items[2]}")
    header.elements[-1].add(PlyProperty(items[-1], _type(items[-2]), count_type))


def _type(name: str) -> np.dtype:
    if name not in _TYPES:
        raise ValueError(f"Invalid datatype: {name}")
    return np.dtype(_TYPES[name])
