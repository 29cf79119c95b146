"""The floor is told from what stands on it, with its shadow and without."""

import pytest
import torch

from floor_scene import GROUND, FloorScene, floor_scene
from maquette.lift.floor_depths import floor_depths
from maquette.renderer import FoVOrthographicCameras, MeshRasterizer, RasterizationSettings
from maquette.structures import Meshes


@pytest.fixture(scope="module")
def scene() -> FloorScene:
    return floor_scene()


def test_it_is_seen_around_the_ball_and_not_on_it(scene: FloorScene) -> None:
    depths = floor_depths(torch.stack(scene.images), scene.cameras, GROUND)
    seen = ~depths.isnan()
    assert seen[~scene.masks].float().mean() > 0.4
    assert seen[scene.masks].float().mean() < 0.03


def test_its_depth_is_that_of_the_plane(scene: FloorScene) -> None:
    wide = torch.tensor([[-9.0, GROUND, -9], [9, GROUND, -9], [9, GROUND, 9], [-9, GROUND, 9]])
    plane = Meshes([wide], [torch.tensor([[0, 2, 1], [0, 3, 2]])])
    size = tuple(scene.masks.shape[1:])
    true = MeshRasterizer(scene.cameras, RasterizationSettings(size))(plane.extend(len(scene.images))).zbuf
    depths = floor_depths(torch.stack(scene.images), scene.cameras, GROUND)
    seen = ~depths.isnan()
    assert torch.allclose(depths[seen], true[..., 0][seen], atol=1e-4)


def test_at_a_wrong_height_there_is_none(scene: FloorScene) -> None:
    depths = floor_depths(torch.stack(scene.images), scene.cameras, GROUND - 0.3)
    assert (~depths.isnan()).float().mean() < 0.05


def test_cameras_without_perspective_are_refused(scene: FloorScene) -> None:
    cameras = FoVOrthographicCameras(R=scene.cameras.R, T=scene.cameras.T)
    with pytest.raises(ValueError, match="perspective"):
        floor_depths(torch.stack(scene.images), cameras, GROUND)


def test_a_plain_floor_tells_nothing(scene: FloorScene) -> None:
    plain = torch.full((len(scene.images), 3, *scene.masks.shape[1:]), 0.5)
    assert floor_depths(plain, scene.cameras, GROUND).isnan().all()
