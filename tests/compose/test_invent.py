"""From views of one object to a mesh: with views that are drawn the mesh is the object that was drawn."""

import json
from pathlib import Path

import pytest
import torch

from drawn_orbit import GREY, SIZE, DrawnOrbits
from maquette.compose import generated_views
from maquette.compose.drawn_look import drawn_look
from maquette.compose.generated_views import cut_out, judges_of, place_views
from maquette.compose.grounded_hull import grounded_hull
from maquette.compose.invent import InventOptions, invent
from maquette.io import load_image, load_mesh, read_cameras
from maquette.io.errors import BadInput
from maquette.loss import chamfer_distance
from maquette.ops import sample_points_from_meshes
from maquette.poses.compared import rotation_error
from maquette.poses.cube_fit import FoundPoses, Stage
from maquette.renderer.views import R2N2_FOV, cameras_from_r2n2, render_views
from maquette.structures import Meshes
from maquette.systems.molding.hull import hull_mesh
from maquette.systems.molding.pictures import TargetPictures
from maquette.systems.molding.silhouettes import find_ball

QUICK = (Stage(40, 16, 16), Stage(40, 24, 28, 0.5))


def distance(mesh: Meshes, other: Meshes) -> float:
    torch.manual_seed(0)
    points = (
        sample_points_from_meshes(Meshes(one.verts_list(), one.faces_list()), 5000) for one in (mesh, other)
    )
    return float(chamfer_distance(*points)[0])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An invented car, of the views two are broken."""
    folder, drawn, stages = tmp_path_factory.mktemp("invented"), DrawnOrbits(strange=(1,), others=(6,)), []
    options = InventOptions(views=12, judging=4, stages=QUICK, steps=40, texture=0)
    made = invent(
        3, folder / "car.glb", drawn, drawn, Path("codes.safetensors"), folder / "car_scene", options,
        watch=lambda stage, done, total: stages.append(stage),
    )  # fmt: skip
    return made, drawn, stages


def test_the_mesh_is_the_car_that_was_drawn(made):
    result, drawn, stages = made
    assert drawn.asked == [[3]]
    assert list(dict.fromkeys(stages)) == ["views", "cameras"]
    mesh = load_mesh(result.files[0])
    true = drawn.mesh(3)
    assert distance(mesh, true) < 4e-3
    turned = true.update_padded(true.verts_padded() * torch.tensor([-1.0, 1.0, -1.0]))
    assert distance(mesh, turned) > 1.2 * distance(mesh, true)  # its front is at the front
    report = json.loads(result.files[-1].read_text())
    assert report["start"] == "grounded hull"
    assert report["silhouette_iou"] > 0.9
    assert report["silhouette_iou_held_out"] > 0.8
    assert report["held_out_views"] == 4


def test_views_that_contradict_are_left_out(made):
    result, _, _ = made
    views = result.report["views"]
    assert len(views) == 16
    assert "looks as if from" in views[1]["left_out"]
    assert [i for i, view in enumerate(views) if "left_out" in view][:1] == [1]
    assert [i for i, view in enumerate(views) if view.get("judges")] == list(judges_of(16, 4))
    assert result.report["usable"] == pytest.approx(1 - sum("left_out" in view for view in views) / 16)


def test_every_step_can_be_looked_at(made):
    result, drawn, _ = made
    names = {path.name for path in result.folder.iterdir()}
    assert names >= {
        "images",
        "masks",
        "cameras.json",
        "cameras.png",
        "generated.png",
        "masks.png",
        "report.json",
    }
    assert load_image(result.folder / "generated.png").shape == (3, 256, 1024)
    file = read_cameras(result.folder / "cameras.json")
    numbers = [int(view.image.stem[4:]) for view in file.views]
    views = result.report["views"]
    assert sorted(numbers) == [i for i in range(16) if "left_out" not in views[i]]
    azimuth = drawn.true[numbers]
    true = cameras_from_r2n2(
        (90 - azimuth) % 360, torch.full_like(azimuth, 27.5), torch.full_like(azimuth, 0.8)
    )
    flip = torch.diag(torch.tensor([-1.0, -1.0, 1.0]))
    found = torch.stack([(flip @ view.R.float()).T for view in file.views])
    assert rotation_error(found, true.R).median() < 3
    off = ((found.transpose(1, 2) @ true.R).diagonal(dim1=1, dim2=2).sum(1) - 1) / 2
    assert torch.rad2deg(off.clamp(-1, 1).arccos()).median() < 4  # in the world of the true ones
    assert set(result.report["seconds"]) == {"views", "cameras", "files", "molding"}


def test_too_few_views(tmp_path):
    drawn = DrawnOrbits(strange=tuple(range(5)))
    orbit = drawn.orbit([0], 10, Path())
    with pytest.raises(ValueError, match="only 5 of 10 views show one object"):
        place_views(orbit, drawn, (), R2N2_FOV)
    options = InventOptions(views=8, judging=2)
    with pytest.raises(BadInput, match=r"codes\.safetensors: only"):
        invent(0, tmp_path / "m.glb", drawn, drawn, Path("codes.safetensors"), tmp_path / "m_scene", options)
    assert list(tmp_path.iterdir()) == []


def test_outlines_that_do_not_fit_are_left_out_once(monkeypatch):
    seen = []

    def near(masks, R, fov, shaping, stages, seed):
        """Of any masks the first does not fit."""
        seen.append((len(masks), shaping))
        iou = torch.full((len(masks),), 0.9)
        iou[0] = 0.5
        return FoundPoses(R, torch.zeros(len(R), 3), fov, 0.0, iou, torch.zeros(1, 3))

    monkeypatch.setattr(generated_views, "poses_near", near)
    drawn = DrawnOrbits()
    placed = place_views(drawn.orbit([3], 10, Path()), drawn, (4, 8), R2N2_FOV)
    assert seen == [(10, 8), (9, 7)]
    assert placed.numbers == (1, 2, 3, 5, 6, 7, 9, 4, 8)
    assert placed.shaping == 7
    assert len(placed.found) == len(placed.images) == 9
    assert placed.images.shape[2:] == placed.found[0].mask.shape[1:] == (256, 256)
    assert placed.left_out == {0: "its outline is not that of the others' object (IoU 0.50)"}


def test_holes_are_filled_unless_they_are_the_objects():
    image = torch.full((3, 64, 64), GREY)
    image[:2, 16:48, 10:54] = 0.2
    image[:, 26:38, 20:44] = GREY
    pictures = torch.stack([image, torch.full_like(image, GREY)])
    through, left_out = cut_out(pictures, holes=True)
    assert left_out == {1: "no object stands out"}
    assert through[0].mask.shape == (1, 256, 256)
    assert through[0].mask.mean() == pytest.approx((32 * 44 - 12 * 24) / 64**2, rel=0.02)
    filled, _ = cut_out(pictures)
    assert filled[0].mask.mean() == pytest.approx(32 * 44 / 64**2, rel=0.02)


def test_judges_are_spread():
    assert judges_of(24, 8) == (1, 4, 7, 10, 13, 16, 19, 22)
    assert judges_of(10, 0) == ()
    assert len(set(judges_of(13, 5))) == 5


def test_a_pyramid_below_the_object_is_cut_off():
    mesh = DrawnOrbits().mesh(0)
    azimuth = torch.arange(12) * 30.0
    cameras = cameras_from_r2n2(azimuth, torch.full((12,), 27.0), torch.full((12,), 0.8))
    masks = render_views(mesh, cameras, 96).masks.float()
    hull = hull_mesh(masks, cameras, find_ball(cameras, masks))
    cut = grounded_hull(TargetPictures(masks, cameras, None, ()))
    bottom = [float(one.verts_packed()[:, 1].min()) for one in (hull, cut, mesh)]
    assert bottom[0] < bottom[2] - 0.05
    assert bottom[1] == pytest.approx(bottom[2], abs=0.04)


def test_a_photograph_as_it_would_be_drawn():
    photo = torch.full((3, 60, 120), 0.2)
    photo[0, 20:40, 30:80] = 0.9
    seen = drawn_look(photo, "photo.png")
    assert seen.shape == (3, 256, 256)
    assert seen[:, 0, 0] == pytest.approx(torch.full((3,), GREY), abs=1e-3)
    inside = seen[0] - seen[1] > 0.3
    rows, columns = inside.any(1).nonzero()[:, 0], inside.any(0).nonzero()[:, 0]
    assert (columns.max() - columns.min()) / 256 == pytest.approx(0.66, abs=0.03)
    assert (rows.max() + rows.min()) / 2 == pytest.approx(128, abs=3)
    with pytest.raises(BadInput, match="no object was found"):
        drawn_look(torch.full((3, SIZE, SIZE), 0.5), "photo.png")
