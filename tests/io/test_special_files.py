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
from maquette.io import (
    IO,
    BadInput,
    load_binvox,
    load_mask,
    load_mesh,
    load_obj,
    load_objs_as_meshes,
    load_ply,
    read_cameras,
    save_mesh,
)
from maquette.io.checksum import sha256_of
from maquette.io.files import read_file
from maquette.io.image_files import image_size
from maquette.report.files import read_evaluation
from maquette.report.runs import read_run
from maquette.training.foreign_kind import foreign_kind
from maquette.training.weights import load_weights
from maquette.training.weights_header import read_weights_header
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


@pytest.mark.parametrize(
    ("read", "suffix"),
    [
        (load_obj, ".obj"),
        (load_ply, ".ply"),
        (lambda path: load_objs_as_meshes([path]), ".obj"),
        *((IO().load_mesh, suffix) for suffix in (".obj", ".ply", ".off", ".stl", ".glb")),
        (IO().load_pointcloud, ".ply"),
        (read_weights_header, ".safetensors"),
        (load_weights, ".safetensors"),
        (foreign_kind, ".safetensors"),
        (sha256_of, ".bin"),
        (load_mask, ".png"),
        (load_binvox, ".binvox"),
        (read_cameras, ".json"),
        (read_evaluation, ".json"),
    ],
)
def test_no_reader_waits_for_a_named_pipe(tmp_path: Path, read, suffix: str) -> None:
    os.mkfifo(tmp_path / f"x{suffix}")
    with pytest.raises(BadInput, match="is a pipe or a device, not a file"):
        read(str(tmp_path / f"x{suffix}"))


@pytest.mark.parametrize("name", ["config.json", "metrics.csv", "weights.safetensors"])
def test_named_pipes_in_the_folder_of_a_run_are_refused(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    read = {"config.json": read_run, "metrics.csv": read_run, "weights.safetensors": load_weights}[name]
    with pytest.raises(BadInput, match=rf"{name}: is a pipe"):
        read(tmp_path)


def test_what_is_missing_is_what_it_is_in_pytorch3d(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_obj(tmp_path / "x.obj")
    with pytest.raises(IsADirectoryError):
        load_ply(tmp_path)


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
