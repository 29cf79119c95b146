"""The file of a `ShapePack`: a zip of flat little-endian arrays and `manifest.json`.

Positions are 16-bit steps of the shape's box. Positions and indices are stored as differences to the row before,
byte planes apart (all lowest bytes first), which deflate packs well. The same pack always gives the same bytes.
"""

import json
import zipfile
import zlib
from os import PathLike
from typing import Any, BinaryIO

import numpy as np
import torch

from ..io.atomic import replacing
from ..io.errors import ParseError, as_bad_input
from ..io.files import need_file
from ..io.json_file import parse_json
from ..structures.shape import SPLITS
from .batch import Entry
from .pack_data import ShapePack, starts_of

VERSION = 1
_STEPS = 65535
_LARGEST_MANIFEST = 1 << 28
_LARGEST_BYTES = 1 << 33
_LARGEST_RATIO = 300
_ALWAYS_READ = 1 << 26  # bytes, however well they are packed
_SIDES = range(2, 257, 2)
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_TEXTS = ("id", "category", "split", "family", "source", "licence")
# What `zipfile` and `json` raise at damaged, encrypted or strangely packed members.
_BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError, ValueError)


def write_pack(pack: ShapePack, path: str | PathLike[str]) -> None:
    """Write a pack; positions are rounded to 1 / 65535 of each shape's box.

    Raises:
        BadInput: a place that cannot be written to.
    """
    extents = _extents(pack)
    columns = {
        "id": [entry.id for entry in pack.entries],
        "category": [entry.category for entry in pack.entries],
        "split": [entry.split for entry in pack.entries],
        "family": [entry.family for entry in pack.entries],
        "source": [entry.source for entry in pack.entries],
        "licence": list(pack.licences),
        "verts": np.diff(pack.vert_starts.numpy()).tolist(),
        "faces": np.diff(pack.face_starts.numpy()).tolist(),
        "colours": np.diff(pack.palette_starts.numpy()).tolist(),
    }
    manifest = {"maquette_pack": VERSION, "shapes": len(pack), "side": pack.side, **columns}
    arrays = {
        "extents": extents.astype("<f4").tobytes(),
        "verts": _planes(_differences(_quantised(pack, extents).T)),
        "faces": _planes(_differences(pack.faces.numpy().astype("<u4").reshape(1, -1))),
        "parts": _planes(_differences(pack.parts.numpy().astype("<u4")[None])),
        "colours": pack.colours.numpy().tobytes(),
        "palette": pack.palette.numpy().tobytes(),
        "voxels": pack.voxels.numpy().tobytes(),
    }
    text = json.dumps(manifest, separators=(",", ":"), ensure_ascii=False).encode()
    with as_bad_input(path, OSError, say="cannot be written"), replacing(path) as file:
        _write_zip(file, {"manifest.json": text, **arrays})


def _write_zip(file: Any, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)  # dated 1980, whatever the clock says
            info.create_system = 3  # the same bytes on every system
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data, compresslevel=6)


def _extents(pack: ShapePack) -> np.ndarray:
    """(N, 3) lengths of the shapes' boxes, whose centres are at 0."""
    reach = np.abs(pack.verts.numpy())
    return (
        2 * np.maximum.reduceat(reach, pack.vert_starts[:-1].numpy(), axis=0)
        if len(pack)
        else np.zeros((0, 3))
    )


def _quantised(pack: ShapePack, extents: np.ndarray) -> np.ndarray:
    each = np.repeat(extents, np.diff(pack.vert_starts.numpy()), axis=0)
    part = np.divide(pack.verts.numpy(), each, out=np.zeros_like(each), where=each > 0) + 0.5
    steps: np.ndarray = np.rint(part.astype(np.float64) * _STEPS).astype("<u2")
    return steps


def _differences(rows: np.ndarray) -> np.ndarray:
    """Of the numbers of each row to the one before, modulo the type's range."""
    return np.diff(rows, axis=1, prepend=rows.dtype.type(0))


def _planes(array: np.ndarray) -> bytes:
    return (
        np.ascontiguousarray(array).reshape(-1).view(np.uint8).reshape(-1, array.dtype.itemsize).T.tobytes()
    )


def _unplaned(data: bytes, dtype: str) -> np.ndarray:
    planes = np.frombuffer(data, np.uint8).reshape(np.dtype(dtype).itemsize, -1)
    return np.ascontiguousarray(planes.T).reshape(-1).view(dtype)


def _summed(differences: np.ndarray) -> np.ndarray:
    return np.cumsum(differences, axis=-1, dtype=differences.dtype)


def read_pack(path: str | PathLike[str]) -> ShapePack:
    """Read a file that `write_pack` wrote.

    Raises:
        BadInput: missing, not a pack, of another version, truncated, or with numbers that do not fit each other;
            sizes are compared before anything of that size is made.
    """
    need_file(path)
    with as_bad_input(path, OSError, *_BROKEN), open(path, "rb") as file:
        return _read(file)


def _read(file: BinaryIO) -> ShapePack:
    if not zipfile.is_zipfile(file):
        raise ParseError("not a packed file of shapes, or a truncated one")
    with zipfile.ZipFile(file) as archive:
        manifest = _manifest(archive)
        counts = {name: np.array(manifest[name], np.int64) for name in ("verts", "faces", "colours")}
        data = _members(archive, _sizes(manifest, counts))
    faces = _summed(_unplaned(data["faces"], "<u4")).reshape(-1, 3)
    parts = _summed(_unplaned(data["parts"], "<u4"))
    colours = np.frombuffer(data["colours"], np.uint8)
    _check_indices(faces, parts, colours, counts)
    extents = np.frombuffer(data["extents"], "<f4").reshape(-1, 3)
    if not (((extents >= 0) & (extents <= 1.001)).all() and (extents > 0).any(axis=1).all()):
        raise ParseError("a box is not of the object frame")
    steps = _summed(_unplaned(data["verts"], "<u2").reshape(3, -1)).T
    verts = (steps.astype(np.float32) / _STEPS - 0.5) * np.repeat(extents, counts["verts"], axis=0)
    return ShapePack(
        entries=_entries(manifest),
        licences=tuple(manifest["licence"]),
        verts=torch.from_numpy(np.ascontiguousarray(verts, np.float32)),
        faces=torch.from_numpy(faces.astype(np.int32)),
        parts=torch.from_numpy(parts.astype(np.int32)),
        colours=torch.from_numpy(colours.copy()),
        palette=torch.from_numpy(np.frombuffer(data["palette"], np.uint8).reshape(-1, 3).copy()),
        voxels=torch.from_numpy(
            np.frombuffer(data["voxels"], np.uint8).reshape(-1, manifest["side"] ** 3 // 8).copy()
        ),
        vert_starts=starts_of(counts["verts"]),
        face_starts=starts_of(counts["faces"]),
        palette_starts=starts_of(counts["colours"]),
    )


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        member = archive.getinfo("manifest.json")
    except KeyError:
        raise ParseError("not a packed file of shapes") from None
    if member.file_size > min(_LARGEST_MANIFEST, _most_bytes(archive, member)):
        raise ParseError("the manifest is too large", "manifest.json")
    manifest = parse_json(_member(archive, "manifest.json", member.file_size), dict)
    if "maquette_pack" not in manifest:
        raise ParseError("not a packed file of shapes")
    if manifest["maquette_pack"] != VERSION:
        raise ParseError(
            f"version {manifest['maquette_pack']!r} is not known, only {VERSION}", "manifest.json"
        )
    _check_manifest(manifest)
    return manifest


def _check_manifest(manifest: dict[str, Any]) -> None:
    number, side = manifest.get("shapes"), manifest.get("side")
    if not _is_count(number) or not _is_count(side) or side not in _SIDES:
        raise ParseError("number of shapes or size of their voxels is wrong", "manifest.json")
    for name in _TEXTS:
        _check_column(manifest, name, _is_text)
    for name in ("verts", "faces", "colours"):
        _check_column(manifest, name, lambda value: _is_count(value) and 1 <= value < 2**31)
    if len(set(manifest["id"])) != number or "" in manifest["id"]:
        raise ParseError("an id is missing or used twice", "manifest.json")
    if not set(manifest["split"]) <= set(SPLITS):
        raise ParseError(f"a split is none of {', '.join(SPLITS)}", "manifest.json")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _check_column(manifest: dict[str, Any], name: str, fits: Any) -> None:
    values = manifest.get(name)
    if not isinstance(values, list) or len(values) != manifest["shapes"] or not all(map(fits, values)):
        raise ParseError(f"column {name!r} does not fit", "manifest.json")


def _sizes(manifest: dict[str, Any], counts: dict[str, np.ndarray]) -> dict[str, int]:
    """Bytes that each member must have."""
    shapes = manifest["shapes"]
    verts, faces, colours = (int(counts[name].sum()) for name in ("verts", "faces", "colours"))
    return {
        "extents": 12 * shapes,
        "verts": 6 * verts,
        "faces": 12 * faces,
        "parts": 4 * faces,
        "colours": faces,
        "palette": 3 * colours,
        "voxels": shapes * manifest["side"] ** 3 // 8,
    }


def _members(archive: zipfile.ZipFile, sizes: dict[str, int]) -> dict[str, bytes]:
    known = {info.filename: info for info in archive.infolist()}
    for name, size in sizes.items():
        if name not in known or known[name].file_size != size:
            raise ParseError(f"is missing or has not the {size} bytes that the manifest tells", name)
    total = sum(sizes.values())
    if total > min(_LARGEST_BYTES, _most_bytes(archive, *(known[name] for name in sizes))):
        raise ParseError(f"would take {total} bytes in memory")
    return {name: _member(archive, name, size) for name, size in sizes.items()}


def _most_bytes(archive: zipfile.ZipFile, *members: zipfile.ZipInfo) -> int:
    """More than honest members come to, whose packed bytes the file must hold whatever they say."""
    packed = min(sum(member.compress_size for member in members), archive.start_dir)
    return max(_LARGEST_RATIO * packed, _ALWAYS_READ)


def _member(archive: zipfile.ZipFile, name: str, size: int) -> bytes:
    if archive.getinfo(name).compress_type not in _PACKINGS:
        raise ParseError("is not packed as `write_pack` packs", name)
    try:
        with archive.open(name) as file:
            data = file.read(size + 1)
    except (zlib.error, zipfile.BadZipFile, EOFError) as error:
        raise ParseError(f"is corrupt: {error}", name) from error
    if len(data) != size:
        raise ParseError("is truncated", name)
    return data


def _check_indices(
    faces: np.ndarray, parts: np.ndarray, colours: np.ndarray, counts: dict[str, np.ndarray]
) -> None:
    """Refuse faces, parts and colours beyond what their shapes have."""
    each = counts["faces"]
    for name, values, limit in (
        ("faces", faces.max(axis=1, initial=0), counts["verts"]),
        ("parts", parts, each),
        ("colours", colours, counts["colours"]),
    ):
        if (values >= np.repeat(limit, each)).any():
            raise ParseError("an index is out of range", name)


def _entries(manifest: dict[str, Any]) -> tuple[Entry, ...]:
    columns = (manifest[name] for name in ("id", "category", "split", "family", "source"))
    return tuple(Entry(*row) for row in zip(*columns, strict=True))
