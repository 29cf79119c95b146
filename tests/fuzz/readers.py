"""The readers that are fuzzed: for each the files that it starts from, and what must hold of what it accepts."""

import json
import struct
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2  # noqa: F401 - or the first picture that is made smaller would load it within its bounds
import numpy as np
import torch
from PIL import Image
from scipy.io import savemat

from maquette.data.pack import pack_shapes, read_pack, write_pack
from maquette.data.pix3d_voxels import read_voxel_points, write_voxels
from maquette.io import (
    IO,
    BadInput,
    CameraFile,
    CameraView,
    load_binvox,
    load_image,
    load_mask,
    load_mesh,
    load_obj,
    read_cameras,
    save_binvox,
    save_image,
    save_mesh,
    write_cameras,
)
from maquette.io.mesh_data import check_mesh
from maquette.io.mesh_tensors import from_meshes
from maquette.metrics.measure import Measure
from maquette.renderer import TexturesUV, TexturesVertex
from maquette.report.files import read_evaluation
from maquette.report.runs import read_run
from maquette.structures import Meshes, VoxelGrid
from maquette.structures.shape import Shape
from maquette.systems.r2n2.recipes import best
from maquette.systems.stylegan2.config import NetworkConfig
from maquette.systems.stylegan2.network import fresh_network
from maquette.systems.stylegan2.official_weights import convert
from maquette.training.checkpoint_files import write_checkpoint
from maquette.training.progress import Progress
from maquette.training.run_folder import RunFolder
from maquette.training.state import read_state
from maquette.training.weights import load_weights, save_weights
from maquette.utils import ico_sphere
from tests.official_stylegan2 import official_content, write_official


@dataclass(frozen=True)
class Reader:
    """How a kind of file is made and read.

    Attributes:
        seeds: writes sound files into an empty folder; what a file names begins with its own stem.
        read: reads a file or, where `folder`, the folder that it is in, and checks what it accepts.
        refuses: errors that are as they should be.
        pictures: whether it may take memory for its pixels.
        beside: suffixes of files that are only read where others name them.
        folder: whether the folder is read.
    """

    seeds: Callable[[Path], None]
    read: Callable[[Path], None]
    refuses: tuple[type[Exception], ...] = (BadInput,)
    pictures: bool = False
    beside: tuple[str, ...] = (".mtl", ".png")
    folder: bool = False


def _accepted(mesh: Meshes) -> None:
    """Nothing is accepted that `check_mesh` would refuse."""
    for data in from_meshes(mesh):
        check_mesh(data)


def _meshes(suffix: str, folder: Path) -> None:
    ball = ico_sphere(0)
    verts, faces = ball.verts_packed(), ball.faces_packed()
    colours = TexturesVertex([verts.abs().clamp(0, 1)])
    uvs = TexturesUV([torch.rand(4, 4, 3)], [faces], [(verts[:, :2] + 1) / 2])
    for name, textures in (("plain", None), ("colours", colours), ("picture", uvs)):
        save_mesh(Meshes([verts], [faces], textures), folder / f"{name}.{suffix}")


def _ply(folder: Path) -> None:
    _meshes("ply", folder)
    IO().save_mesh(ico_sphere(0), folder / "text.ply", binary=False)


def _gltf(folder: Path) -> None:
    """GLB files as glTF with their data in them."""
    _meshes("glb", folder)
    for file in list(folder.iterdir()):
        data = file.read_bytes()
        size = struct.unpack_from("<I", data, 12)[0]
        tree = json.loads(data[20 : 20 + size])
        binary = data[28 + size :]
        tree["buffers"][0]["uri"] = "data:application/octet-stream;base64," + b64encode(binary).decode()
        file.with_suffix(".gltf").write_text(json.dumps(tree))
        file.unlink()


def _stl(folder: Path) -> None:
    _meshes("stl", folder)
    facet = "facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\n"
    (folder / "text.stl").write_text(f"solid a\n{facet * 2}endsolid a\n")


def _read_mesh(path: Path) -> None:
    _accepted(load_mesh(path))


def _read_pluggable(path: Path) -> None:
    IO().load_mesh(path)
    if path.suffix == ".ply":
        IO().load_pointcloud(path)
    if path.suffix == ".obj":
        load_obj(path, create_texture_atlas=True)


def _pluggable(folder: Path) -> None:
    for suffix in ("obj", "ply", "off", "stl", "glb"):
        _meshes(suffix, folder)


def _binvox(folder: Path) -> None:
    save_binvox(VoxelGrid(torch.rand(1, 8, 8, 8) > 0.5, side=1.0), folder / "a.binvox")


def _read_binvox(path: Path) -> None:
    grid = load_binvox(path)
    assert 0 < grid.side < float("inf")
    assert grid.occupancy.shape == (1, *(grid.resolution,) * 3)


def _mat(folder: Path) -> None:
    write_voxels(folder / "packed.mat", np.random.default_rng(0).random((8, 8, 8)) > 0.5)
    savemat(folder / "plain.mat", {"voxel": np.ones((4, 4, 4), np.uint8)})


def _read_mat(path: Path) -> None:
    points = read_voxel_points(path)
    assert points.shape == (len(points), 3)
    assert np.isfinite(points).all()
    assert np.abs(points).max() < 0.5 + 1e-6


def _pack(folder: Path) -> None:
    shapes = [Shape.from_mesh(f"shape-{i}", ico_sphere(i), "ball", "train") for i in range(2)]
    write_pack(pack_shapes(shapes, side=8), folder / "a.pack")


def _read_pack(path: Path) -> None:
    pack = read_pack(path)
    for i in range(len(pack)):
        shape = pack.shape(i)
        assert shape.mesh is not None
        _accepted(shape.mesh)


def _pictures(folder: Path) -> None:
    for suffix in ("png", "jpg", "webp", "tif", "bmp"):
        save_image(torch.rand(3, 9, 12), folder / f"rgb.{suffix}")
    save_image(torch.rand(4, 9, 12), folder / "rgba.png")
    Image.fromarray(np.arange(108, dtype=np.uint16).reshape(9, 12) * 600).save(folder / "deep.png")
    Image.fromarray(np.arange(108, dtype=np.float32).reshape(9, 12) / 108).save(folder / "float.tif")
    Image.fromarray(np.arange(108, dtype=np.uint8).reshape(9, 12)).convert("P").save(folder / "palette.png")
    Image.fromarray(np.eye(12, dtype=bool)).save(folder / "bits.tif", compression="group4")


def _read_picture(path: Path) -> None:
    image = load_image(path)
    assert image.isfinite().all()
    assert image.min() >= 0
    assert image.max() <= 1
    with suppress(BadInput):  # a sound picture may be black
        load_mask(path)


def _cameras(folder: Path) -> None:
    save_image(torch.rand(3, 6, 8), folder / "a_1.png")
    save_image(torch.ones(1, 6, 8), folder / "a_2.png")
    eye, far = torch.eye(3, dtype=torch.float64), torch.tensor([0.1, 0.2, 3.0], dtype=torch.float64)
    K = torch.tensor([[9.0, 0, 4], [0, 9, 3], [0, 0, 1]], dtype=torch.float64)
    view = CameraView(folder / "a_1.png", folder / "a_2.png", 8, 6, K, eye, far)
    write_cameras(CameraFile((view, view), ((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0))), folder / "a.json")


def _read_cameras(path: Path) -> None:
    for view in read_cameras(path).views:
        for numbers in (view.K, view.R, view.t):
            assert (numbers.float() ** 2).isfinite().all()


def _weights(folder: Path) -> None:
    tensors = {"a.weight": torch.rand(3, 4), "b": torch.rand(2), "count": torch.tensor(3)}
    config = {"network": {"width": 1.0, "names": ["a"]}, "threshold": 0.4}
    for precision in ("float32", "float16", "int8"):
        save_weights(folder / f"{precision}.safetensors", tensors, "r2n2", "gru", config, precision)


def _read_weights(path: Path) -> None:
    assert all(tensor.isfinite().all() for tensor in load_weights(path).tensors.values())


def _official(folder: Path) -> None:
    config = NetworkConfig(size=8, width=2**-8, channel_max=4, z_dim=4, w_dim=4, mapping=1)
    content = official_content(fresh_network(config, 0), fresh_network(config, 1))
    for protocol in (3, 4):
        write_official(folder / f"{protocol}.pkl", content, protocol)


def _read_official(path: Path) -> None:
    out = path.with_suffix(".safetensors")
    for keep in ("G_ema+D", "G"):
        convert(path, out, keep)
        _read_weights(out)


def _run(folder: Path) -> None:
    run = RunFolder(folder)
    data = {"shapes": "shapes.pack", "data": None, "split_file": None, "given": {"shapes": "x"}}
    run.write_config({"system": "r2n2", "recipe": "best", "data": data, "init": None,
                      "config": asdict(best("simple-gru-3"))})  # fmt: skip
    run.metrics.write_text("step,seconds,loss\n1,0.1,0.5\n2,0.2,0.4\n")


def _read_run(folder: Path) -> None:
    RunFolder(folder).read_config()
    read_run(folder)


def _checkpoint(folder: Path) -> None:
    state = {"step": 2, "progress": asdict(Progress(sums={"loss": 1.0}, counts={"loss": 2.0}, best=float("inf"))),
             "optimisers": {"network": [{"lr": 0.1, "params": [0]}]}, "scaler": {}}  # fmt: skip
    write_checkpoint(folder / "in", {"weights": {"a": torch.rand(3)}}, state)
    about = json.loads((folder / "in" / "state.json").read_text())
    del about["sha256"]  # as the first checkpoints were: or every change would be found by it
    (folder / "in" / "state.json").write_text(json.dumps(about))
    for file in (folder / "in").iterdir():
        file.rename(folder / file.name)
    (folder / "in").rmdir()


def _evaluation(folder: Path) -> None:
    means = {"iou": {"sample_mean": 0.4, "class_mean": 0.5}}
    measure = dict(Measure("iou", "IoU").as_json())
    protocol = {"name": "a", "split": "test", "headline": "iou", "fixed": {}, "views": [1]}
    tree = {"maquette_evaluation": 1, "about": {}, "protocol": protocol, "measures": [measure],
            "groups": {"all": {"count": 1, "views": {"1": means}}},
            "classes": {"x": {"count": 1, "views": {"1": {"iou": 0.5}}}}, "samples": [{"id": "a"}]}  # fmt: skip
    (folder / "a.json").write_text(json.dumps(tree))


_STRICT = {kind: Reader(partial(_meshes, kind), _read_mesh, pictures=True) for kind in ("obj", "glb", "off")}
READERS: dict[str, Reader] = {
    **_STRICT,
    "ply": Reader(_ply, _read_mesh, pictures=True),
    "gltf": Reader(_gltf, _read_mesh, pictures=True),
    "stl": Reader(_stl, _read_mesh),
    "pluggable": Reader(_pluggable, _read_pluggable, (BadInput, ValueError), pictures=True),
    "binvox": Reader(_binvox, _read_binvox),
    "mat": Reader(_mat, _read_mat),
    "pack": Reader(_pack, _read_pack),
    "picture": Reader(_pictures, _read_picture, pictures=True, beside=()),
    "cameras": Reader(_cameras, _read_cameras, pictures=True),
    "weights": Reader(_weights, _read_weights),
    "official": Reader(_official, _read_official),
    "run": Reader(_run, _read_run, folder=True),
    "checkpoint": Reader(_checkpoint, lambda path: void(read_state(path)), folder=True),
    "evaluation": Reader(_evaluation, lambda path: void(read_evaluation(path))),
}


def void(_: Any) -> None:
    """Nothing: what was read holds by its types."""
