"""Packed files: the same bytes for the same shapes, and strict reading of what comes from outside."""

import json
import zipfile
from contextlib import suppress
from dataclasses import fields

import numpy as np
import pytest
import torch

from maquette.data.pack import ShapePack, read_pack, write_pack
from maquette.io.errors import BadInput
from tests.data.pack_shapes import small_pack


@pytest.fixture(scope="module")
def pack() -> ShapePack:
    return small_pack(4)


@pytest.fixture
def file(pack, tmp_path):
    write_pack(pack, tmp_path / "a.pack")
    return tmp_path / "a.pack"


def test_what_is_written_is_read(pack, file):
    found = read_pack(file)
    for field in fields(ShapePack):
        before, after = getattr(pack, field.name), getattr(found, field.name)
        if field.name == "verts":
            torch.testing.assert_close(after, before, rtol=0, atol=1.0 / 65535)
        elif isinstance(before, torch.Tensor):
            assert after.dtype == before.dtype
            assert torch.equal(after, before)
        else:
            assert after == before


def test_the_same_shapes_give_the_same_bytes(pack, file, tmp_path):
    write_pack(read_pack(file), tmp_path / "b.pack")
    assert (tmp_path / "b.pack").read_bytes() == file.read_bytes()


def test_an_empty_pack_is_written_and_read(pack, tmp_path):
    write_pack(pack.take([]), tmp_path / "none.pack")
    assert len(read_pack(tmp_path / "none.pack")) == 0


def _changed(file, name=None, data=None, **manifest):
    """The file with one member's bytes, or some entries of the manifest, replaced."""
    with zipfile.ZipFile(file) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    if name is not None:
        members[name] = data(members[name])
    members["manifest.json"] = json.dumps({**json.loads(members["manifest.json"]), **manifest}).encode()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, value in members.items():
            archive.writestr(key, value)
    return file


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("faces", lambda data: data[:-12], "faces: is missing or has not"),
        ("faces", lambda data: b"\xff" * len(data), "faces: an index is out of range"),
        ("parts", lambda data: b"\x7f" * len(data), "parts: an index is out of range"),
        ("colours", lambda data: b"\xff" * len(data), "colours: an index is out of range"),
        ("extents", lambda data: np.full(len(data) // 4, np.nan, "<f4").tobytes(), "a box is not"),
        ("extents", lambda data: bytes(len(data)), "a box is not"),
        ("voxels", lambda data: data + b"0", "voxels: is missing or has not"),
    ],
)
def test_members_that_do_not_fit_are_refused(file, name, data, says):
    with pytest.raises(BadInput, match=says):
        read_pack(_changed(file, name, data))


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        ({"maquette_pack": 99}, "version 99 is not known"),
        ({"maquette_pack": "1"}, "version '1' is not known"),
        ({"shapes": 5}, "column 'id' does not fit"),
        ({"shapes": -1}, "number of shapes"),
        ({"side": 10**9}, "number of shapes or size"),
        ({"side": 32.0}, "number of shapes or size"),
        ({"side": 16}, "voxels: is missing or has not"),
        ({"id": ["a", "a", "b", "c"]}, "used twice"),
        ({"id": ["a", "b", "c", "\ud800"]}, "column 'id' does not fit"),
        ({"id": [1, 2, 3, 4]}, "column 'id' does not fit"),
        ({"split": ["train", "test", "val", "best"]}, "a split is none of"),
        ({"verts": [2**31] * 4}, "column 'verts' does not fit"),
        ({"verts": [2**30] * 4}, "verts: is missing or has not"),
        ({"faces": [12, 12, 12]}, "column 'faces' does not fit"),
        ({"licence": None}, "column 'licence' does not fit"),
    ],
)
def test_manifests_that_lie_are_refused(file, manifest, says):
    with pytest.raises(BadInput, match=says):
        read_pack(_changed(file, **manifest))


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_truncated_files_are_refused(file, keep):
    data = file.read_bytes()
    file.write_bytes(data[: keep if isinstance(keep, int) else int(keep * len(data))])
    with pytest.raises(BadInput):
        read_pack(file)


def test_flipped_bytes_are_refused_or_leave_a_sound_pack(file):
    data = bytearray(file.read_bytes())
    rng = np.random.default_rng(0)
    for _ in range(60):
        broken = bytearray(data)
        broken[rng.integers(len(data))] ^= 1 << rng.integers(8)
        file.write_bytes(broken)
        with suppress(BadInput):
            assert read_pack(file).faces.amax() < 24


def test_what_is_no_pack_is_refused(tmp_path):
    with pytest.raises(BadInput, match="is a folder"):
        read_pack(tmp_path)
    with pytest.raises(BadInput, match="No such file"):
        read_pack(tmp_path / "none.pack")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("hello", "you")
    with pytest.raises(BadInput, match="not a packed file of shapes"):
        read_pack(tmp_path / "other.zip")
    with pytest.raises(BadInput, match="cannot be written"):
        write_pack(small_pack(3), tmp_path / "other.zip" / "a.pack")


@pytest.mark.parametrize("packing", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_other_packings_are_refused(file, tmp_path, packing):
    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(tmp_path / "b.pack", "w", packing) as other:
        for name in archive.namelist():
            other.writestr(name, archive.read(name))
    with pytest.raises(BadInput, match="not packed as"):
        read_pack(tmp_path / "b.pack")


def test_a_small_manifest_that_would_fill_the_memory_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.pack", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"[" + b"0," * 2**25 + b"0]")
    with pytest.raises(BadInput, match="the manifest is too large"):
        read_pack(tmp_path / "bomb.pack")


@pytest.mark.parametrize("says", [None, 2**31])
def test_a_small_file_that_would_fill_the_memory_is_refused(pack, tmp_path, says):
    """Also where its directory says that much of it is packed (`says` bytes)."""
    count = 2**22
    columns = {name: [1] * 1 for name in ("verts", "faces")}
    texts = {name: ["train"] for name in ("id", "category", "split", "family", "source", "licence")}
    manifest = {"maquette_pack": 1, "shapes": 1, "side": 32, **texts, **columns, "colours": [count * 8]}
    sizes = {"extents": 12, "verts": 6, "faces": 12, "parts": 4, "colours": 1, "voxels": 4096}
    with zipfile.ZipFile(tmp_path / "bomb.pack", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        for name, size in sizes.items():
            archive.writestr(name, bytes(size))
        archive.writestr("palette", bytes(3 * count * 8))
    if says is not None:
        data = bytearray((tmp_path / "bomb.pack").read_bytes())
        entry = data.rindex(b"palette") - 46
        data[entry + 20 : entry + 24] = says.to_bytes(4, "little")
        (tmp_path / "bomb.pack").write_bytes(data)
    assert (tmp_path / "bomb.pack").stat().st_size < 200_000
    with pytest.raises(BadInput, match="would take 100"):
        read_pack(tmp_path / "bomb.pack")
