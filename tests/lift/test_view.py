"""The viewpoint of a picture is found again."""

import pytest
import torch

from maquette.lift import find_surface, find_view, known_view
from maquette.renderer.views import cameras_from_r2n2, place_cameras
from maquette.utils import ico_sphere

from .solids import BALANCE, CHAIR, RED, STEPS, occupancy, pictures, solid

VIEWS = [(37.0, 27.0, 0.8), (160.0, 29.0, 0.7), (275.0, 26.0, 0.9)]


def azimuth_error(found: float, true: float) -> float:
    gap = abs(found - true) % 360
    return min(gap, 360 - gap)


@pytest.mark.parametrize(
    ("boxes", "chosen"),
    [(CHAIR, VIEWS[:2]), (STEPS, VIEWS[1:]), (BALANCE, VIEWS[:1])],
    ids=["chair", "steps", "balance"],
)
def test_azimuth_of_rendered_pictures(boxes, chosen):
    mesh = solid(boxes)
    surface, seen = find_surface(occupancy(mesh)), pictures(mesh, chosen)
    elevations = []
    for image, mask, (azimuth, elevation, _) in zip(seen.images, seen.masks, chosen, strict=True):
        view = find_view(surface.mesh, image, mask[None].float())
        assert azimuth_error(view.azimuth, azimuth) <= 5
        assert view.silhouette_iou > 0.75
        elevations.append(abs(view.elevation - elevation))
    assert min(elevations) <= 7
    assert max(elevations) <= 10


def test_the_camera_lays_the_mesh_onto_the_object():
    """In a picture that is not square, with the object small and off the middle."""
    mesh = solid(BALANCE)
    seen = pictures(mesh, VIEWS[:1], 64)
    image, mask = torch.ones(3, 100, 180), torch.zeros(1, 100, 180)
    image[:, 30:94, 90:154] = seen.images[0]
    mask[:, 30:94, 90:154] = seen.masks[0].float()
    view = find_view(find_surface(occupancy(mesh)).mesh, image, mask)
    pixels = view.camera.transform_points_screen(mesh.verts_packed(), with_xyflip=True)[:, :2]
    rows, columns = (torch.nonzero(mask[0].any(dim=axis))[:, 0] for axis in (1, 0))
    low, high = pixels.amin(dim=0), pixels.amax(dim=0)
    torch.testing.assert_close(low, torch.tensor([columns[0], rows[0]]).float(), atol=4, rtol=0)
    torch.testing.assert_close(high, torch.tensor([columns[-1], rows[-1]]).float(), atol=4, rtol=0)


def test_a_known_camera_is_the_viewpoint_of_what_is_brought_to_its_size():
    azimuth, elevation, ratio = VIEWS[1]
    mesh, middle, size = solid(BALANCE), torch.tensor([4.0, -2.0, 9.0]), 3.0
    seen = place_cameras(cameras_from_r2n2(*torch.tensor([VIEWS[1]]).T), middle, size)
    view = known_view(seen, torch.zeros(3, 90, 120), middle, torch.tensor(size))
    assert (view.azimuth, view.elevation, view.ratio) == pytest.approx((azimuth, elevation, ratio), rel=1e-3)
    verts = mesh.verts_packed()
    torch.testing.assert_close(
        view.camera.transform_points_screen(verts, with_xyflip=True)[:, :2],
        seen.transform_points_screen(verts * size + middle, with_xyflip=True, image_size=((90, 120),))[:, :2],
        atol=1e-2,
        rtol=0,
    )


def test_a_ball_looks_the_same_from_everywhere_and_that_is_no_doubt():
    ball = ico_sphere(3)
    ball = ball.scale_verts(0.5 / 3**0.5)
    seen = pictures(ball, VIEWS[:1])
    assert find_view(ball, seen.images[0], seen.masks[:1].float()).confidence > 0.9


def test_azimuths_that_are_told_decide_where_the_shape_does_not():
    """A box looks the same from behind: only what is told says which of the two it is."""
    box = solid([((-0.4, -0.2, -0.2), (0.4, 0.2, 0.2), RED)])
    surface, seen = find_surface(occupancy(box)).mesh, pictures(box, VIEWS[:1])
    for azimuth in (37.0, 217.0):
        told = torch.zeros(36)
        told[int(azimuth / 10)], told[int(azimuth / 10) + 1] = 0.3, 0.7
        view = find_view(surface, seen.images[0], seen.masks[:1].float(), told)
        assert azimuth_error(view.azimuth, azimuth) <= 10


def test_what_is_told_gives_way_to_what_is_seen():
    surface = find_surface(occupancy(solid(CHAIR))).mesh
    seen = pictures(solid(CHAIR), VIEWS[:1])
    told = torch.full((36,), 0.7 / 35)
    told[13] = 0.3
    view = find_view(surface, seen.images[0], seen.masks[:1].float(), told)
    assert azimuth_error(view.azimuth, VIEWS[0][0]) <= 10


def test_a_picture_of_something_else_is_doubted():
    right = find_surface(occupancy(solid(CHAIR))).mesh
    mask = torch.zeros(1, 96, 96)
    mask[:, 45:50, 5:90] = 1
    mask[:, 20:80, 85:90] = 1
    assert find_view(right, torch.rand(3, 96, 96), mask).confidence < 0.3


def test_an_empty_mask():
    assert find_view(ico_sphere(1), torch.rand(3, 32, 32), torch.zeros(1, 32, 32)) is None


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (600, 20)])
def test_any_picture_works(size):
    view = find_view(ico_sphere(1), torch.rand(3, *size), torch.ones(1, *size))
    assert 0 <= view.confidence <= 1
    assert 0 <= view.azimuth < 360


def test_same_result_every_time():
    mesh = solid(STEPS)
    surface, seen = find_surface(occupancy(mesh)).mesh, pictures(mesh, VIEWS[:1])
    first, second = (find_view(surface, seen.images[0], seen.masks[:1].float()) for _ in range(2))
    assert torch.equal(first.as_tensor(), second.as_tensor())
