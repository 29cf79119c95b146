"""What is no file is refused before it is opened; what the shell has opened is read."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from maquette.data.check import check_data
from maquette.data.pack_file import read_pack
from maquette.io import BadInput, load_mesh, save_mesh
from maquette.io.files import read_file
from maquette.io.image_files import image_size
from maquette.utils import ico_sphere

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")


@pytest.fixture(autouse=True)
def a_few_seconds() -> Iterator[None]:
    def fail(*_) -> None:
        raise AssertionError("waits for somebody to write")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(10)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("read", [read_file, image_size, load_mesh, read_pack])
def test_a_named_pipe_is_refused(tmp_path: Path, read) -> None:
    os.mkfifo(tmp_path / "x.ply")
    (tmp_path / "link.ply").symlink_to(tmp_path / "x.ply")
    for name in ("x.ply", "link.ply"):
        with pytest.raises(BadInput, match=rf"{name}: is a pipe or a device, not a file"):
            read(tmp_path / name)


def test_a_named_pipe_that_a_mesh_refers_to_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "data.bin")
    asset = {"asset": {"version": "2.0"}, "buffers": [{"uri": "data.bin", "byteLength": 36}]}
    asset["bufferViews"] = [{"buffer": 0, "byteLength": 36}]
    asset["accessors"] = [{"bufferView": 0, "componentType": 5126, "type": "VEC3", "count": 3}]
    asset["meshes"] = [{"primitives": [{"attributes": {"POSITION": 0}}]}]
    (tmp_path / "x.gltf").write_text(
        json.dumps({**asset, "nodes": [{"mesh": 0}], "scenes": [{"nodes": [0]}]})
    )
    with pytest.raises(BadInput, match=r"data\.bin: is a pipe"):
        load_mesh(tmp_path / "x.gltf")


@pytest.mark.parametrize("suffix", [".ply", ".png"])
def test_a_named_pipe_among_data_is_one_problem(tmp_path: Path, suffix: str) -> None:
    save_mesh(ico_sphere(0), tmp_path / "good.ply") if suffix == ".ply" else Image.new("L", (9, 9)).save(
        tmp_path / "good.png"
    )
    os.mkfifo(tmp_path / f"pipe{suffix}")
    report = check_data(tmp_path)
    assert [entry.id.split(".")[0] for entry in report.usable] == ["good"]
    assert [(Path(path).name, why) for path, why in report.problems] == [
        (f"pipe{suffix}", "is a pipe or a device, not a file")
    ]


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")
def test_a_pipe_that_the_shell_opened_is_read(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as file:
        Image.new("L", (9, 5)).save(file, "PNG")
    try:
        assert image_size(f"/dev/fd/{reader}") == (9, 5)
    finally:
        os.close(reader)
