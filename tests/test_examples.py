"""Every example runs at a small size, and gets better while it does."""

import importlib.util
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch

from maquette.io import load_binvox, load_image, load_mesh, read_cameras, save_image
from tiny_r2n2 import tiny_weights

EXAMPLES = Path(__file__).parents[1] / "examples"


def load(name: str) -> ModuleType:
    (path,) = EXAMPLES.glob(f"{name}*.py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_sphere_deforms_to_the_fox(tmp_path: Path) -> None:
    example, out = load("01"), tmp_path / "fox.glb"
    small = ["--points", "500", "--level", "2", "--out", str(out)]
    begin, end = (example.main(["--steps", str(steps), *small]) for steps in (1, 60))
    assert end < begin / 4
    fitted, fox = load_mesh(out).get_bounding_boxes()[0], load_mesh(example.FOX).get_bounding_boxes()[0]
    assert ((fitted - fox).abs() < 0.3 * (fox[:, 1] - fox[:, 0]).max()).all()


def test_a_sphere_is_fitted_to_pictures(tmp_path: Path) -> None:
    example, out = load("02"), tmp_path / "fox.glb"
    small = ["--views", "4", "--size", "48", "--level", "2", "--out", str(out)]
    begin, end = (example.main(["--steps", str(steps), *small]) for steps in (1, 60))
    assert end[0] < begin[0] / 2
    assert end[1] < begin[1] / 2
    assert load_mesh(out).textures is not None
    assert load_image(tmp_path / "fox_compare.png").shape == (3, 48, 96)


def test_a_mesh_is_rendered(tmp_path: Path) -> None:
    out = tmp_path / "fox.png"
    picture = load("03").main(["--views", "2", "--size", "40", "--out", str(out)])
    assert picture.shape == (3, 120, 80)
    for row in picture.split(40, dim=1):
        assert row.std() > 0.05
    assert load_image(out).shape == picture.shape


def test_a_mesh_becomes_voxels_and_meshes_again(tmp_path: Path) -> None:
    example = load("04")
    share = example.main(["--resolution", "24", "--out", str(tmp_path / "fox")])
    assert share == pytest.approx(load_binvox(tmp_path / "fox.binvox").occupancy.float().mean().item())
    assert 0.01 < share < 0.5
    fox = load_mesh(example.FOX).get_bounding_boxes()[0]
    cell = (fox[:, 1] - fox[:, 0]).max() / 22
    for name in ("cubes", "surface"):
        box = load_mesh(tmp_path / f"fox_{name}.glb").get_bounding_boxes()[0]
        assert ((box - fox).abs() < 1.5 * cell).all()


def write_nerf(folder: Path) -> None:
    """One view of a NeRF data set: a camera two units up the z axis that looks down it."""
    pose = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 2], [0, 0, 0, 1]]
    frames = [{"file_path": "./one", "transform_matrix": pose}]
    tree = {"camera_angle_x": math.pi / 2, "frames": frames}
    (folder / "transforms_train.json").write_text(json.dumps(tree))
    save_image(torch.ones(3, 6, 8), folder / "one.png")


def write_middlebury(folder: Path) -> None:
    """The same camera as a line of K, R and t, with pixel centres at whole numbers."""
    numbers = [4, 0, 3.5, 0, 4, 2.5, 0, 0, 1, 1, 0, 0, 0, -1, 0, 0, 0, -1, 0, 0, 2]
    (folder / "one_par.txt").write_text("1\n" + " ".join(["one.png", *map(str, numbers)]))
    save_image(torch.ones(3, 6, 8), folder / "one.png")


@pytest.mark.parametrize("write", [write_nerf, write_middlebury])
def test_cameras_of_others_are_converted(
    write: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    monkeypatch.setattr(sys, "argv", ["convert", str(tmp_path), str(tmp_path / "scene")])
    load("05").main()
    (view,) = read_cameras(tmp_path / "scene" / "cameras.json").views
    assert view.image == tmp_path / "scene" / "images" / "one.png"
    assert view.image.read_bytes() == (tmp_path / "one.png").read_bytes()
    torch.testing.assert_close(view.K, torch.tensor([[4.0, 0, 4], [0, 4, 3], [0, 0, 1]], dtype=view.K.dtype))
    torch.testing.assert_close(view.R, torch.diag(torch.tensor([1.0, -1, -1], dtype=view.R.dtype)))
    torch.testing.assert_close(view.t, torch.tensor([0.0, 0, 2], dtype=view.t.dtype))


def test_every_example_has_a_test_here() -> None:
    tested = Path(__file__).read_text()
    for path in EXAMPLES.glob("*.py"):
        assert f'load("{path.name[:2]}")' in tested


def test_training_data_is_made(tmp_path: Path) -> None:
    out = tmp_path / "shapes"
    words = ["--shapes", "14", "--objects", "3", "--views", "2", "--size", "40", "--out", str(out)]
    sheet = load("06").main(words)
    assert len(list(out.glob("*/*.ply"))) == 14
    assert load_mesh(out / "chair" / "chair-000001.ply").textures is not None
    assert sheet.shape == (3, 3 * 40, 2 * 40)
    pictures = [one for row in sheet.split(40, dim=1) for one in row.split(40, dim=2)]
    assert all(one.std() > 0.02 for one in pictures)
    assert not torch.equal(pictures[0], pictures[1])
    assert load_image(tmp_path / "shapes_pictures.png").shape == sheet.shape


def test_a_picture_is_reconstructed(tmp_path: Path) -> None:
    weights, out = tiny_weights(tmp_path / "tiny.safetensors"), tmp_path / "chair.glb"
    made = load("07").main(["--weights", str(weights), "--out", str(out)])
    assert len(load_mesh(out).faces_packed()) == len(made.mesh.faces_packed()) > 0
    assert load_image(tmp_path / "chair_preview.png").shape == (3, 256, 5 * 256)


def test_photographs_become_a_mesh(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = load("08").main(["--quick", "--out", str(tmp_path / "fox.glb")])
    assert written == tmp_path / "fox.glb"
    assert "12 cameras by silhouettes" in capsys.readouterr().out
    assert len(load_mesh(written).verts_packed()) > 100
    assert len(read_cameras(tmp_path / "fox_scene" / "cameras.json")) == 12
