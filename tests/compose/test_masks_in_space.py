"""A ball on a floor is cut out by where it is."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from floor_scene import GROUND, SIZE, FloorScene, floor_scene
from maquette.compose.masks_in_space import masks_in_space
from maquette.compose.scene_masks import mask_scene
from maquette.io import CameraFile, load_mask, read_cameras, save_image, save_ply, views_from_cameras
from maquette.io.cameras_json import write_cameras
from maquette.renderer import look_at_view_transform


@pytest.fixture(scope="module")
def scene() -> FloorScene:
    return floor_scene()


def test_a_ball_is_cut_out_without_its_shadow(scene: FloorScene) -> None:
    masks = masks_in_space(scene.images, scene.cameras, scene.points, GROUND)
    assert masks is not None
    for mask, true in zip(masks, scene.masks, strict=True):
        assert mask.shape == (1, *true.shape)
        assert ((mask == 0) | (mask == 1)).all()
        ours = mask[0] > 0.5
        assert (ours & true).sum() / (ours | true).sum() > 0.85


def test_without_points_above_the_floor_there_are_none(scene: FloorScene) -> None:
    flat = scene.points[scene.points[:, 1] < GROUND + 0.01]
    assert masks_in_space(scene.images, scene.cameras, flat, GROUND) is None


def test_pictures_of_two_sizes_are_not_compared(scene: FloorScene) -> None:
    other = [torch.zeros(3, 60, 80), *scene.images[1:]]
    assert masks_in_space(other, scene.cameras, scene.points, GROUND) is None


@pytest.fixture
def folder(scene: FloorScene, tmp_path: Path) -> Path:
    """The scene as structure from motion leaves it, the third camera somewhere else than where it was."""
    R, T = scene.cameras.R.clone(), scene.cameras.T.clone()
    R[2], T[2] = (part[0] for part in look_at_view_transform(2.7, 30.0, 190.0, at=((0.9, 0.0, 0.9),)))
    cameras = type(scene.cameras)(R=R, T=T, fov=45.0)
    views = []
    for i, view in enumerate(views_from_cameras(cameras, torch.tensor([[SIZE, SIZE]]))):
        place = tmp_path / "images" / f"{i}.png"
        place.parent.mkdir(exist_ok=True)
        save_image(scene.images[i].clamp(0, 1), place)
        views.append(replace(view, image=place))
    write_cameras(CameraFile(tuple(views), up="+Y"), tmp_path / "cameras.json")
    save_ply(tmp_path / "points.ply", torch.from_numpy(scene.points).float())
    return tmp_path


def test_masks_of_a_folder_and_the_camera_that_contradicts_them(scene: FloorScene, folder: Path) -> None:
    made = mask_scene(folder, GROUND)
    assert {one.how for one in made.found} == {"space"}
    assert made.left_out == ("2.png",)
    assert made.agree
    views = read_cameras(folder / "cameras.json").views
    assert [view.image.name for view in views] == [f"{i}.png" for i in range(12) if i != 2]
    for view in views:
        ours, true = load_mask(view.mask)[0] > 0.5, scene.masks[int(view.image.stem)]
        assert (ours & true).sum() / (ours | true).sum() > 0.85


def test_without_a_floor_each_picture_is_looked_at_alone(folder: Path) -> None:
    made = mask_scene(folder, None)
    assert "space" not in {one.how for one in made.found}
