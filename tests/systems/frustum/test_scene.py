"""Several pictures with cameras become one reconstruction in the cameras' world, wherever that is."""

from types import SimpleNamespace

import pytest
import torch

from maquette.io import BadInput
from maquette.metrics.voxel_iou import voxel_iou
from maquette.ops import voxelize
from maquette.renderer.views import cameras_from_r2n2, place_cameras, render_views
from maquette.structures import Meshes
from maquette.structures.textures_vertex import TexturesVertex
from maquette.structures.views import Views
from maquette.systems.frustum import system as frustum_system
from maquette.systems.frustum.about import FrustumOptions
from maquette.systems.frustum.grid import Pose, cells_of_grid
from maquette.systems.frustum.scene import Scene
from maquette.systems.frustum.system import FrustumSystem
from maquette.utils import ico_sphere
from tiny_frustum import tiny_frustum

AROUND = torch.tensor([[20.0, 20.0, 1.0], [150.0, 35.0, 0.9], [260.0, 10.0, 1.2]])
PLACE, SCALE, CELLS = torch.tensor([10.0, 20.0, -5.0]), 3.0, 32


def pebble() -> Meshes:
    """An ellipsoid about the origin, red on one side and blue on the other."""
    ball = ico_sphere(3)
    verts = ball.verts_packed() * torch.tensor([0.3, 0.2, 0.25])
    colours = torch.where(verts[:, :1] < 0, torch.tensor([1.0, 0.1, 0.1]), torch.tensor([0.1, 0.1, 1.0]))
    return Meshes([verts], ball.faces_list(), TexturesVertex([colours]))


def placed(mesh: Meshes) -> Meshes:
    return mesh.update_padded(mesh.verts_padded() * SCALE + PLACE)


def pictures() -> Views:
    """Of the pebble, which is large and far from the origin; its cameras do not see it in their middle alone."""
    cameras = place_cameras(cameras_from_r2n2(*AROUND.unbind(1)), PLACE, SCALE)
    seen = render_views(placed(pebble()), cameras, (96, 128), lit=False)
    return Views(list(seen.images), list(seen.masks[:, None].float()), cameras)


@pytest.fixture
def system(monkeypatch) -> FrustumSystem:
    """With a network that knows what is true of the pebble."""
    made = tiny_frustum()
    grid = voxelize(pebble(), 48, 0.6).occupancy.expand(3, -1, -1, -1)

    frustum = Scene.of_views(pictures(), made.views_config.size, sum(made.views_config.margin) / 2).frustums

    def see(images, masks):
        sides = torch.full((3, 3), 0.6)
        return SimpleNamespace(field=cells_of_grid(grid, sides, frustum, Pose.of_cameras(AROUND), 48, 48))

    monkeypatch.setattr(made, "see", see)
    monkeypatch.setattr(frustum_system, "fuse", lambda seen, threshold: fuse(seen, threshold, cells=48))
    return made


fuse = frustum_system.fuse


def test_one_reconstruction_in_the_world_of_the_cameras(system: FrustumSystem) -> None:
    (made,) = system.reconstruct(pictures())
    assert made.frame == "world"
    verts = (made.mesh.verts_packed() - PLACE) / SCALE
    found = voxelize(Meshes([verts], made.mesh.faces_list()), CELLS, 0.6).occupancy
    assert float(voxel_iou(found, voxelize(pebble(), CELLS, 0.6).occupancy)) > 0.9
    colours = made.mesh.textures.verts_features_packed()
    red, blue = verts[:, 0] < -0.05, verts[:, 0] > 0.05
    assert (colours[red, 0] > 0.6).float().mean() > 0.95
    assert (colours[blue, 2] > 0.6).float().mean() > 0.95


def test_the_scene_is_as_large_as_its_squares_and_about_the_object() -> None:
    scene = Scene.of_views(pictures(), 96, 0.15)
    assert torch.allclose(scene.middle, PLACE, atol=0.1 * SCALE)
    sides = torch.tensor([one.side for one in scene.witnesses(torch.zeros(3, 48, 48, 48))])
    assert sides.mean() == pytest.approx(1.0, rel=1e-4)
    seen = scene.cameras.transform_points_screen(torch.zeros(3, 1, 3), image_size=((96, 128),) * 3)
    masks = pictures().masks
    assert all(
        float(mask[0, int(y), int(x)]) == 1
        for mask, (x, y) in zip(masks, seen[:, 0, :2].tolist(), strict=True)
    )


def test_without_cameras_several_are_refused(system: FrustumSystem) -> None:
    views = pictures()
    with pytest.raises(BadInput, match="one picture at a time, not 3: several need their cameras"):
        system.reconstruct(Views(views.images, views.masks, names=["a", "b", "c"]))


def test_cameras_that_look_away_are_refused(system: FrustumSystem) -> None:
    views = pictures()
    turned = views.cameras.clone()
    turned.T = turned.T * torch.tensor([1.0, 1.0, -1.0])
    with pytest.raises(BadInput, match=r"^a and 2 more: .* are the cameras right"):
        system.reconstruct(Views(views.images, views.masks, turned, ["a", "b", "c"]))


def test_cameras_in_one_place_are_refused() -> None:
    views = pictures()
    cameras = views.cameras[[0, 0, 0]]
    with pytest.raises(ValueError, match="all pictures are taken from one place"):
        Scene.of_views(Views(views.images, views.masks, cameras), 64, 0.1)


def test_a_picture_of_one_camera_stays_in_its_camera_frame() -> None:
    views = pictures()
    (one,) = tiny_frustum().reconstruct(Views(views.images[:1], views.masks[:1], views.cameras[[0]]))
    assert one.frame == "camera"


def test_a_field_of_view_is_not_for_several() -> None:
    """The cameras say theirs; another that was told would be left out without a word."""
    with pytest.raises(BadInput, match="the cameras say the field of view"):
        tiny_frustum().reconstruct(pictures(), FrustumOptions(fov=30.0))
