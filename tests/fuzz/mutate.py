"""Mutations of files, of their bytes and of their parts, each by a random generator."""

import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from random import Random
from typing import Any

_WHOLE = (0, 1, -1, 2, 3, 127, 255, 256, 65535, 65536, 10**6, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 10**30)
_WORDS = (
    b"nan",
    b"inf",
    b"-inf",
    b"1e30",
    b"1e-40",
    b"1e999",
    b"-0",
    b"x",
    b"",
    b"0x10",
    b"\xff\xfe",
    b"1/2",
    b"//",
)
_VALUES: tuple[Any, ...] = (
    None, True, False, 0.5, 1e30, 1e308, float("nan"), float("inf"), "", "x", "a" * 300, "../x", "/etc/passwd",
    "\0", "\x1b[31m\n", "\ud800", [], {}, [[]], [{}], [0] * 3, {"": 0}, *_WHOLE,
)  # fmt: skip


def mutated(name: str, data: bytes, rng: Random) -> bytes:
    """A file of this name with one to four changes, half of them of its parts where they are known."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        of_parts = _PARTS.get(name.rpartition(".")[2])
        if of_parts is not None and rng.random() < 0.6:
            with suppress(Exception):  # the changes before have left nothing to take apart
                data = of_parts(data, rng)
                continue
        data = _bytes(data, rng)
    return data


def _bytes(data: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    end = min(len(data), at + rng.choice((1, 2, 4, 8, 64, 1024)))
    change = rng.randrange(6)
    if change == 0 and data:
        flipped = bytearray(data)
        flipped[at % len(data)] ^= 1 << rng.randrange(8)
        return bytes(flipped)
    if change == 1:
        return data[:at]
    if change == 2:
        return data[:at] + data[end:]
    if change == 3:
        return data[:at] + data[at:end] * rng.choice((2, 3, 100)) + data[end:]
    if change == 4:
        return data[:at] + rng.randbytes(end - at) + data[end:]
    return data[:at] + _number(rng) + data[min(len(data), at + 4) :]


def _number(rng: Random) -> bytes:
    kind = rng.choice(("<I", ">I", "<H", ">H", "<f", "<d"))
    if kind[1] in "fd":
        return struct.pack(kind, rng.choice((0.0, -0.0, float("nan"), float("inf"), 1e30, 1e-40)))
    return struct.pack(kind, rng.choice(_WHOLE) & (0xFFFF if kind[1] == "H" else 0xFFFFFFFF))


def _text(data: bytes, rng: Random) -> bytes:
    """Words and lines changed."""
    if rng.random() < 0.4:
        lines = data.splitlines(keepends=True)
        i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
        change = rng.randrange(3)
        if change == 0:
            lines[i], lines[j] = lines[j], lines[i]
        elif change == 1:
            lines.insert(i, lines[j])
        else:
            del lines[i]
        return b"".join(lines)
    word = rng.choice(list(re.finditer(rb"[^\s/]+", data)))
    other = rng.choice(list(re.finditer(rb"[^\s/]+", data)))[0]
    new = rng.choice((other, *_WORDS, *(str(n).encode() for n in _WHOLE), word[0] * 300))
    return data[: word.start()] + new + data[word.end() :]


def _ply(data: bytes, rng: Random) -> bytes:
    """The header of a PLY file changed: words, lines and types."""
    head, mark, body = data.partition(b"end_header\n")
    if rng.random() < 0.4:
        kind = rng.choice(
            (b"char", b"uchar", b"short", b"ushort", b"int", b"uint", b"float", b"double", b"list")
        )
        places = list(re.finditer(rb"\b(char|uchar|short|ushort|int|uint|float|double)\b", head))
        place = rng.choice(places)
        return head[: place.start()] + kind + head[place.end() :] + mark + body
    return _text(head, rng) + mark + body


def _json(data: bytes, rng: Random) -> bytes:
    return _json_text(_tree(json.loads(data), rng))


def _json_text(tree: Any) -> bytes:
    return json.dumps(tree).encode()


def _tree(tree: Any, rng: Random) -> Any:
    """JSON with a part changed, left out, doubled, or put in the place of another."""
    places = list(_places(tree))
    holder, key = rng.choice(places)
    change = rng.randrange(6)
    if change == 0:
        del holder[key]
    elif change == 1 and isinstance(holder, list):
        holder.insert(key, holder[key])
    elif change == 2:
        from_holder, from_key = rng.choice(places)
        holder[key] = json.loads(json.dumps(from_holder[from_key]))
    elif change == 3 and isinstance(holder, dict):
        holder[rng.choice(("x", "", "count", "uri", "extensions"))] = rng.choice(_VALUES)
    elif change == 4:
        deep: Any = 0
        for _ in range(rng.choice((3, 70, 900))):
            deep = [deep] if rng.random() < 0.5 else {"children": deep}
        holder[key] = deep
    else:
        holder[key] = rng.choice(_VALUES)
    return tree


def _places(tree: Any) -> Any:
    """Every (holder, key) of a tree of JSON."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield tree, key
        if isinstance(value, dict | list):
            yield from _places(value)


def _glb(data: bytes, rng: Random) -> bytes:
    """The JSON of a GLB file changed."""
    size = struct.unpack_from("<I", data, 12)[0]
    text = _json(data[20 : 20 + size], rng)
    text += b" " * (-len(text) % 4)
    rest = data[20 + size :]
    return (
        struct.pack("<4sII", b"glTF", 2, 20 + len(text) + len(rest))
        + struct.pack("<I4s", len(text), b"JSON")
        + text
        + rest
    )


def _safetensors(data: bytes, rng: Random) -> bytes:
    """The header of a safetensors file changed, or the settings in it."""
    size = struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8 : 8 + size])
    about = header.get("__metadata__", {})
    if "config" in about and rng.random() < 0.5:
        about["config"] = _json(about["config"].encode(), rng).decode()
    else:
        header = _tree(header, rng)
    text = _json_text(header)
    return struct.pack("<Q", len(text)) + text + data[8 + size :]


def _pack(data: bytes, rng: Random) -> bytes:
    """A member of an archive changed, and packed soundly again."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    name = rng.choice(("manifest.json", rng.choice(list(members))))
    members[name] = (_json if name.endswith(".json") else _bytes)(members[name], rng)
    file = BytesIO()
    with zipfile.ZipFile(file, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for key, member in members.items():
            archive.writestr(key, member)
    return file.getvalue()


def _png(data: bytes, rng: Random) -> bytes:
    """A chunk of a PNG file changed, with the right checksum."""
    chunks, at = [], 8
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        chunks.append((kind, data[at + 8 : at + 8 + size]))
        at += 12 + size
    i = rng.randrange(len(chunks))
    kind, body = chunks[i]
    if kind == b"IHDR" and rng.random() < 0.7:
        sides = (rng.choice((0, 1, 7, 8, 9, 100, 7000, 50_000, 2**31)) for _ in range(2))
        body = struct.pack(">II", *sides) + body[8:]
    chunks[i] = kind, body if rng.random() < 0.5 else _bytes(body, rng)
    return data[:8] + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


_PARTS: dict[str, Callable[[bytes, Random], bytes]] = {
    **dict.fromkeys(("obj", "mtl", "off", "stl", "binvox", "csv"), _text),
    **dict.fromkeys(("json", "gltf"), _json),
    "ply": _ply,
    "glb": _glb,
    "safetensors": _safetensors,
    "pack": _pack,
    "png": _png,
}
