"""Meshes of ShapeNetCore beside R2N2's pictures, and what Mesh R-CNN's code reads of such data."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from data_layouts import CHAIRS, write_binvox, write_r2n2, write_shapenet, write_wedge
from maquette.data.check import check_data
from maquette.data.open import DataPlace, open_source
from maquette.data.picture_changes import held_picture
from maquette.data.r2n2 import read_r2n2
from maquette.data.shape_files import read_shape_file, write_shape_files
from maquette.data.shapenet import cells_in_cube, read_shapenet
from maquette.data.stored_views import StoredViews
from maquette.data.views_config import ViewsConfig
from maquette.io import load_binvox
from maquette.io.errors import BadInput
from maquette.renderer.views import R2N2_REACH, cameras_from_r2n2

FOLDER = Path(__file__).parents[1] / "golden" / "mesh_rcnn"
WHOLE = ViewsConfig(size=32, render_size=32, flip=0.0)
ALL = frozenset({"voxels", "cameras", "sides", "meshes", "windows", "masks"})
SLAB = torch.tensor([2.0, 3.0, 4.0]) / 29**0.5


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Pictures of a to e, meshes of b to f of which c is broken, solid voxels of all but e."""
    write_r2n2(tmp_path, {CHAIRS: list("abcde")})
    write_shapenet(tmp_path, {CHAIRS: list("bcdef")})
    (tmp_path / f"ShapeNetCore.v1/{CHAIRS}/c/model.obj").write_text("v 1\n")
    (tmp_path / f"ShapeNetCore.v1.binvox/{CHAIRS}/e/model.presolid.binvox").unlink()
    return tmp_path


@pytest.fixture
def prepared(root: Path) -> Path:
    write_shape_files(root, root / "ShapeNetShapes")
    return root


def test_every_object_with_pictures_and_a_mesh_has_a_file(root: Path) -> None:
    seen: list[str] = []
    out = root / "ShapeNetShapes"
    count, problems = write_shape_files(root, out, progress=lambda done, total, id: seen.append(id))
    assert count == 3
    assert [Path(problem.path).parent.name for problem in problems] == ["c"]
    assert [id[-1] for id in seen] == list("bcde")
    assert sorted(path.name for path in out.rglob("*")) == [CHAIRS, "b.pack", "d.pack", "e.pack"]
    before = (out / CHAIRS / "b.pack").stat().st_mtime_ns
    assert write_shape_files(root, out)[0] == 3
    assert (out / CHAIRS / "b.pack").stat().st_mtime_ns == before  # what is there is kept


def test_solid_cells_are_those_of_the_file_or_of_the_mesh(prepared: Path) -> None:
    """The file's are a block, the mesh a wedge within it."""
    packs = [read_shape_file(prepared / "ShapeNetShapes" / CHAIRS / f"{name}.pack") for name in "be"]
    block, wedge = (pack.solid(torch.tensor([0]))[0] for pack in packs)
    assert block.shape == (64, 64, 64)
    assert block.sum() == 32 * 48 * 64
    assert block[16:48, 8:56].all()
    assert 0.2 < wedge.sum() / block.sum() < 0.6
    assert not (wedge & ~block).any()


def test_batches_have_meshes_finer_voxels_and_where_objects_are(prepared: Path) -> None:
    opened = open_source(DataPlace(data=prepared), WHOLE, needs=ALL, side=64)
    assert [entry.id[-1] for entry in opened.source.entries] == list("bde")
    assert {Path(problem.path).name for problem in opened.problems} == {"a.pack", "c.pack"}
    batch = opened.source.held_batch([0, 2], 2)
    truth = batch.truth
    assert truth.known == ALL
    assert truth.voxels.shape == (2, 64, 64, 64)
    box = truth.meshes.get_bounding_boxes()
    torch.testing.assert_close(box[..., 1] - box[..., 0], SLAB.expand(2, 3), atol=1e-4, rtol=0)
    torch.testing.assert_close(truth.sides, SLAB[2].expand(2, 3), atol=1e-4, rtol=0)
    torch.testing.assert_close(truth.windows[0, 0], torch.tensor([35.0, 35.0, 16.0, 16.0]))
    alpha = torch.stack([read_r2n2(prepared).picture(0, view)[3:] for view in (0, 1)])
    torch.testing.assert_close(truth.masks[0], alpha)


def test_who_needs_less_is_told_what_was_told_before(prepared: Path) -> None:
    some = open_source(DataPlace(data=prepared), WHOLE, needs=frozenset({"voxels"})).source
    batch = some.held_batch([0], 1)
    assert batch.truth.known == {"voxels", "cameras"}
    assert torch.equal(batch.voxels[0], read_r2n2(prepared).voxels(0).occupancy[0])
    cut = StoredViews(read_r2n2(prepared), replace(WHOLE, size=22))
    assert cut.provides == {"voxels", "cameras", "sides", "meshes"}
    with pytest.raises(BadInput, match="has no masks, which is needed"):
        open_source(DataPlace(data=prepared), replace(WHOLE, size=22), needs=frozenset({"masks"}))


def test_without_voxels_of_r2n2_those_of_the_shapes_serve(prepared: Path) -> None:
    for path in sorted((prepared / "ShapeNetVox32").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (prepared / "ShapeNetVox32").rmdir()
    dataset = read_r2n2(prepared)
    grid = dataset.voxels(0)
    assert grid.occupancy.sum() == 16 * 24 * 32
    assert grid.side == pytest.approx(float(SLAB[2]), abs=1e-4)
    assert check_data(prepared).counts()["chair"]["train"] == 2


def test_mirrored_pictures_have_mirrored_shapes(prepared: Path) -> None:
    dataset = read_r2n2(prepared)
    plain, turned = (
        StoredViews(dataset, replace(WHOLE, flip=flip, flip_voxels=True)).training_batch(0, 2, 1)
        for flip in (0.0, 1.0)
    )
    assert torch.equal(turned.images, plain.images.flip(-1))
    assert torch.equal(turned.truth.masks, plain.truth.masks.flip(-1))
    assert torch.equal(turned.truth.windows, plain.truth.windows)
    mirror = torch.tensor([-1.0, 1.0, 1.0])
    assert torch.equal(turned.truth.meshes.verts_packed(), plain.truth.meshes.verts_packed() * mirror)
    assert torch.equal(turned.voxels, plain.voxels.flip(1))
    alone = StoredViews(dataset, replace(WHOLE, flip=1.0)).training_batch(0, 2, 1)
    assert torch.equal(alone.truth.meshes.verts_packed(), plain.truth.meshes.verts_packed())
    assert (alone.truth.windows[..., 0] == -35).all()


def test_nothing_to_write(tmp_path: Path) -> None:
    write_r2n2(tmp_path, {CHAIRS: ["a"]})
    write_wedge(tmp_path / "ShapeNetCore.v1" / CHAIRS / "b" / "model.obj", "+X")
    with pytest.raises(BadInput, match="none of 0 objects with pictures has a mesh that can be used"):
        write_shape_files(tmp_path, tmp_path / "ShapeNetShapes")
    write_wedge(tmp_path / "ShapeNetCore.v1" / CHAIRS / "a" / "model.obj", "+X")
    write_binvox(
        tmp_path / "ShapeNetCore.v1.binvox" / CHAIRS / "a" / "model.presolid.binvox",
        np.zeros((8,) * 3, bool),
        1,
    )
    with pytest.raises(BadInput, match=r"model\.presolid\.binvox: has no solid cell"):
        write_shape_files(tmp_path, tmp_path / "ShapeNetShapes")


def test_binvox_of_the_released_code(tmp_path: Path) -> None:
    """Where cells are counted in whole numbers; today's torch divides otherwise in the released code."""
    stored = np.load(FOLDER / "camera.npz")
    (tmp_path / "x.binvox").write_bytes(stored["binvox_bytes"].tobytes())
    ours = load_binvox(tmp_path / "x.binvox").occupancy[0].nonzero().numpy()
    theirs = stored["binvox_coords_integer_division"].astype(np.int64)
    assert sorted(map(tuple, ours)) == sorted(map(tuple, theirs))
    fractional = stored["binvox_coords_official_now"]
    assert np.array_equal(np.floor(fractional), theirs)
    assert not np.array_equal(fractional, theirs)


def test_cells_are_stretched_onto_the_mesh_as_in_the_released_code(tmp_path: Path) -> None:
    """There the middles of the outermost cells lie on the box, here their ends: half a cell further in."""
    stored = np.load(FOLDER / "camera.npz")
    index = stored["align_src"].astype(int)
    cells = np.zeros((32,) * 3, bool)
    cells[tuple(index.T)] = True
    write_wedge(tmp_path / "ShapeNetCore.v1" / CHAIRS / "a" / "model.obj", "+X")
    write_binvox(tmp_path / "ShapeNetCore.v1.binvox" / CHAIRS / "a" / "model.presolid.binvox", cells, 1.0)
    low, high = stored["align_tgt_minmax"]
    count = index.max(0) - index.min(0) + 1
    inner = (stored["align_out"] - (low + high) / 2) * (count - 1) / count
    turned = inner[:, [2, 1, 0]] * [-1, 1, 1]  # from the front at +X to the front at +Z
    box = (high - low)[[2, 1, 0]]
    side = 16
    expected = np.floor((turned / box.max() + 0.5) * side + 1e-4).astype(int)
    found = cells_in_cube(read_shapenet(tmp_path), 0, torch.from_numpy(box), side).nonzero().numpy()
    ours, theirs = ({tuple(cell) for cell in some.tolist()} for some in (found, expected))
    assert len(ours ^ theirs) <= 0.02 * len(theirs)  # middles that fall onto the border of two cells


def test_cameras_and_pictures_of_the_released_code() -> None:
    """Its camera looks along -Z with +X to the right, ours along +Z with +X to the left."""
    stored = np.load(FOLDER / "data.npz")
    azimuth, elevation, distance = torch.from_numpy(stored["azim_elev_dist"]).unbind(1)
    cameras = cameras_from_r2n2(azimuth, elevation, distance / R2N2_REACH)
    turn = torch.tensor([-1.0, 1.0, -1.0])
    near, far = 0.1, 100.0
    K = torch.diag(torch.tensor([2.1875, 2.1875, -(far + near) / (far - near), 0.0]))
    K[2, 3], K[3, 2] = -2 * far * near / (far - near), -1.0
    items = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2)]
    assert int(stored["length"]) == len(items)
    for i, (model, view) in enumerate(items):
        seen = torch.eye(4)
        seen[:3, :3], seen[:3, 3] = (cameras.R[view] * turn).T, cameras.T[view] * turn
        torch.testing.assert_close(K @ seen, torch.from_numpy(stored[f"item{i}/P"]), atol=1e-5, rtol=1e-5)
        verts = torch.from_numpy(stored[f"{model}/verts"])
        ours = (verts @ cameras.R[view] + cameras.T[view]) * turn
        torch.testing.assert_close(ours, torch.from_numpy(stored[f"item{i}/verts"]), atol=1e-6, rtol=1e-5)
        rgba = stored[f"{model}/{view}/rgba"]
        mean, deviation = np.array([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])[:, :, None, None]
        theirs = stored[f"item{i}/img"] * deviation + mean
        alike = rgba[..., 3] > 0  # what is transparent is grey here, and whatever the file has there
        assert np.abs(theirs - rgba[..., :3].transpose(2, 0, 1) / 255)[:, alike].max() < 1e-6


def test_transparent_pixels_are_grey(tmp_path: Path) -> None:
    rgba = np.load(FOLDER / "data.npz")["0/0/rgba"][:13, :13].copy()
    rgba[0, 0, 3] = 0
    Image.fromarray(rgba).save(tmp_path / "x.png")
    picture = torch.from_numpy(np.asarray(Image.open(tmp_path / "x.png")) / np.float32(255)).permute(2, 0, 1)
    held = held_picture(picture, ViewsConfig(size=13, render_size=13))
    assert torch.equal(held[:, 0, 1:], picture[:3, 0, 1:])
    torch.testing.assert_close(held[:, 0, 0], torch.full((3,), 240 / 255))
