"""Drawn photo scenes: what is drawn, what is true of it, and how finds are judged."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from maquette.bench.studies import photo_scenes
from maquette.bench.studies.drawn_rooms import KINDS
from maquette.bench.studies.photo_scenes import hull_of, judged, sheet, summary
from maquette.bench.studies.room_pictures import Taken, take_pictures
from maquette.io import load_image, load_mask, load_mesh, read_cameras, save_image, save_mesh, write_cameras
from maquette.io.camera_views import cameras_from_views
from maquette.io.image_files import image_fov
from maquette.renderer.views import render_views
from maquette.structures import Meshes

VIEWS, LONGER = 4, 160


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    return take_pictures(KINDS[0], tmp_path_factory.mktemp("mug"), VIEWS, 0, LONGER)


def test_pictures_and_what_is_true_of_them(taken: Taken) -> None:
    files = sorted(taken.pictures.iterdir())
    true = read_cameras(taken.truth / "cameras.json", root=taken.pictures.parent)
    assert [view.image for view in true.views] == files
    assert image_fov(files[0]) == pytest.approx(62, abs=1.5)
    assert load_image(files[0]).std() > 0.1
    seen = render_views(load_mesh(taken.truth / "object.ply"), cameras_from_views(true.views), (120, LONGER))
    for view, mask in zip(true.views, seen.masks, strict=True):
        kept = load_mask(view.mask)[0] > 0.5
        assert (kept & mask).sum() > 0.9 * (kept | mask).sum()


def test_what_is_right_is_judged_right_in_any_world(
    taken: Taken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = read_cameras(taken.truth / "cameras.json", root=taken.pictures.parent)
    turn, shift, scale = Rotation.from_rotvec([0.1, 2, 0.3]).as_matrix(), np.array([1.0, -2, 3]), 2.5
    R, s = torch.from_numpy(turn), torch.from_numpy(shift)
    views = [replace(v, R=v.R @ R.T, t=scale * v.t - v.R @ R.T @ s) for v in true.views]
    other = Rotation.from_rotvec([0, 0.2, 0]).as_matrix()
    views[1] = replace(
        views[1], R=torch.from_numpy(other) @ views[1].R, t=torch.from_numpy(other) @ views[1].t
    )
    mesh = load_mesh(taken.truth / "object.ply")
    verts = scale * mesh.verts_packed().double() @ R.T + s
    save_mesh(Meshes([verts.float()], mesh.faces_list()), tmp_path / "object.ply")
    found, original = replace(true, views=tuple(views)), photo_scenes.read_cameras
    told = lambda path, root=None: found if root is None else original(path, root)  # noqa: E731
    monkeypatch.setattr(
        photo_scenes, "read_cameras", told
    )  # cameras.json names no files outside of its folder
    numbers = judged(taken, tmp_path, tmp_path / "object.ply")
    assert (numbers["placed"], numbers["wrong"]) == (VIEWS, 1)
    assert numbers["rotation_deg"] < 0.01
    assert numbers["rotation_deg_most"] == pytest.approx(np.degrees(0.2), abs=0.1)
    assert numbers["mask_iou"] == 1
    assert numbers["chamfer_x100"] < 0.1


def test_a_summary_counts_what_failed() -> None:
    row = {"pictures": 12, "placed": 11, "wrong": 1, "mask_iou": 0.5, "chamfer_x100": 1.0, "f1": 0.5,
           "cpu_seconds_beside": 10.0, "cpu_seconds_of_pycolmap": 20.0, "peak_gib": 1.5}  # fmt: skip
    told = summary([row, {"failed": "no object", "peak_gib": 2.0}])
    assert (told["scenes"], told["failed"], told["placed"], told["wrong"], told["peak_gib"]) == (
        2,
        1,
        11,
        1,
        2.0,
    )
    assert summary([{"failed": "no object", "peak_gib": 2.0}])["failed"] == 1


def test_a_sheet_shows_the_hull_that_holds_the_object(taken: Taken, tmp_path: Path) -> None:
    true = read_cameras(taken.truth / "cameras.json", root=taken.pictures.parent)
    views = []
    for view in true.views:
        places = tmp_path / "images" / view.image.name, tmp_path / "masks" / view.mask.name
        for place, file in zip(places, (view.image, view.mask), strict=True):
            place.parent.mkdir(exist_ok=True)
            shutil.copy(file, place)
        views.append(replace(view, image=places[0], mask=places[1]))
    write_cameras(replace(true, views=tuple(views)), tmp_path / "cameras.json")
    verts, hull = load_mesh(taken.truth / "object.ply").verts_packed(), hull_of(tmp_path).verts_packed()
    size = float((verts.amax(0) - verts.amin(0)).norm())
    assert (hull.amin(0) < verts.amin(0) + 0.05 * size).all()
    assert (hull.amax(0) > verts.amax(0) - 0.05 * size).all()
    for name in ("cameras", "m_preview", "m_compare"):
        save_image(torch.full((3, 10, 40), 0.5), tmp_path / f"{name}.png")
    shown = sheet(tmp_path, tmp_path / "m.glb")
    assert shown.shape[0] == 3
    assert shown.shape[2] == 1536
    assert shown.std() > 0.1
