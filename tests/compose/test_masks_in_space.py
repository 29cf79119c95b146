"""A ball on a floor is cut out by where it is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

import maquette.compose.masks_in_space as space
import maquette.compose.scene_masks as scene_masks
from floor_scene import GROUND, SIZE, FloorScene, floor_scene
from maquette.compose.masks_in_space import _cut_again, masks_in_space
from maquette.compose.scene_masks import mask_scene
from maquette.io import CameraFile, load_mask, read_cameras, save_image, save_ply, views_from_cameras
from maquette.io.cameras_json import write_cameras
from maquette.io.errors import BadInput
from maquette.renderer import look_at_view_transform
from maquette.structures.camera_conversions import (
    cameras_from_opencv_projection,
    opencv_from_cameras_projection,
)


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


def test_a_camera_within_the_thing_sees_nothing_of_it(
    scene: FloorScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space, "_SHOWN", 0.0)
    cameras = type(scene.cameras)(R=scene.cameras.R, T=scene.cameras.T.clone(), fov=45.0)
    cameras.T[3] = 0.1
    masks = masks_in_space(scene.images, cameras, scene.points, GROUND)
    assert masks is not None
    assert [bool(mask.any()) for mask in masks] == [i != 3 for i in range(len(masks))]


def test_pictures_of_two_sizes(scene: FloorScene) -> None:
    """Every other one is cut at both sides, every third is twice as large."""
    cut = [slice(18 if i % 2 else 0, SIZE - 18 if i % 2 else SIZE) for i in range(len(scene.images))]
    large = [2 if i % 3 == 0 else 1 for i in range(len(scene.images))]
    R, t, K = opencv_from_cameras_projection(scene.cameras, torch.tensor([[SIZE, SIZE]]))
    images, sizes = [], []
    for i, image in enumerate(scene.images):
        K[i, 0, 2] -= cut[i].start
        K[i, :2] *= large[i]
        images.append(interpolate(image[None, :, :, cut[i]], scale_factor=large[i], mode="bilinear")[0])
        sizes.append(images[-1].shape[1:])
    cameras = cameras_from_opencv_projection(R, t, K, torch.tensor(sizes))
    masks = masks_in_space(images, cameras, scene.points, GROUND)
    assert masks is not None
    for i, (mask, true) in enumerate(zip(masks, scene.masks, strict=True)):
        assert mask.shape[1:] == images[i].shape[1:]
        ours = mask[0, :: large[i], :: large[i]] > 0.5
        assert (ours & true[:, cut[i]]).sum() / (ours | true[:, cut[i]]).sum() > 0.85


@pytest.fixture(autouse=True)
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer cells and depths, which are enough for a ball."""
    monkeypatch.setattr(space, "_CELLS", 40)
    monkeypatch.setattr(space, "_STEPS", 32)


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


def test_what_is_thinner_than_the_rim_stays() -> None:
    image, mask = torch.full((3, 480, 640), 0.9), np.zeros((216, 288), bool)
    image[:, 240:247, 100:500] = torch.tensor([0.8, 0.1, 0.1])[:, None, None]
    mask[108:111, 45:225] = True
    ours, true = _cut_again(image, mask)[0] > 0.5, image[1] < 0.5
    assert (ours & true).sum() / (ours | true).sum() > 0.7


def test_masks_of_a_folder_and_the_camera_that_contradicts_them(scene: FloorScene, folder: Path) -> None:
    made = mask_scene(folder, GROUND)
    assert [one.how for one in made.found] == ["space"] * 11
    assert min(one.confidence for one in made.found) > 0.8
    assert made.left_out == ("2.png",)
    assert made.agree
    views = read_cameras(folder / "cameras.json").views
    assert [view.image.name for view in views] == [f"{i}.png" for i in range(12) if i != 2]
    for view in views:
        ours, true = load_mask(view.mask)[0] > 0.5, scene.masks[int(view.image.stem)]
        assert (ours & true).sum() / (ours | true).sum() > 0.85


@pytest.mark.parametrize("count", [4, 5])
def test_five_pictures_are_enough(folder: Path, count: int) -> None:
    file = read_cameras(folder / "cameras.json")
    write_cameras(replace(file, views=file.views[5 : 5 + count]), folder / "cameras.json")
    made = mask_scene(folder, GROUND)
    assert (hows(made) == {"space"}) == (count == 5)


def hows(made: scene_masks.SceneMasks) -> set[str]:
    return {one.how for one in made.found}


class LookedAtAlone(Exception):
    """Each picture was."""


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def looked(*_: object) -> None:
        raise LookedAtAlone

    monkeypatch.setattr(scene_masks, "find_masks", looked)


@pytest.mark.usefixtures("alone")
def test_what_fits_no_shape_is_not_taken(
    scene: FloorScene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    masks = list(scene.masks.float()[:, None])
    monkeypatch.setattr(scene_masks, "masks_in_space", lambda *_: masks)
    file = (folder / "cameras.json").read_text()
    assert hows(mask_scene(folder, GROUND)) == {"space"}
    (folder / "cameras.json").write_text(file)
    masks[1::2] = [torch.roll(mask, 40, 2) for mask in masks[1::2]]
    with pytest.raises(LookedAtAlone):
        mask_scene(folder, GROUND)


@pytest.mark.usefixtures("alone")
def test_with_a_mask_of_ones_own_or_without_a_floor_each_picture_is_looked_at_alone(
    scene: FloorScene, folder: Path
) -> None:
    with pytest.raises(LookedAtAlone):
        mask_scene(folder, None)
    file = read_cameras(folder / "cameras.json")
    save_image(scene.masks[:1].float(), folder / "own.png")
    views = (replace(file.views[0], mask=folder / "own.png"), *file.views[1:])
    write_cameras(replace(file, views=views), folder / "cameras.json")
    with pytest.raises(LookedAtAlone):
        mask_scene(folder, GROUND)


def test_points_that_cannot_be_read(folder: Path) -> None:
    (folder / "points.ply").write_text("ply")
    with pytest.raises(BadInput, match=r"points\.ply"):
        mask_scene(folder, GROUND)
