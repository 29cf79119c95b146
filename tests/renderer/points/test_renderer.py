"""Point clouds to pictures: projection, radii, weights, backgrounds, errors."""

import pytest
import torch

from maquette.renderer import (
    AlphaCompositor,
    FoVPerspectiveCameras,
    NormWeightedCompositor,
    OrthographicCameras,
    PointsRasterizationSettings,
    PointsRasterizer,
    PointsRenderer,
    look_at_view_transform,
    rasterize_points,
)
from maquette.structures import Pointclouds

RED, GREEN, BLUE = torch.eye(3).unbind()


def renderer(compositor=AlphaCompositor, **settings) -> PointsRenderer:
    """Looks along -z of the world from z = 5 at the square of side 2 around its origin."""
    R, T = look_at_view_transform(5.0)
    rasterizer = PointsRasterizer(OrthographicCameras(R=R, T=T), PointsRasterizationSettings(**settings))
    return PointsRenderer(rasterizer, compositor())


def two_points() -> Pointclouds:
    """A red point before a green one."""
    return Pointclouds(
        [torch.tensor([[0.0, 0.0, 0.5], [0.0, 0.0, -0.5]])], features=[torch.stack([RED, GREEN])]
    )


def test_the_nearest_point_is_over_the_others():
    picture = renderer(image_size=5, radius=0.5, points_per_pixel=2)(two_points())
    assert picture.shape == (1, 5, 5, 3)
    assert torch.equal(picture[0, 2, 2], RED)
    weight = 1 - 0.4**2 / 0.5**2
    expected = weight * RED + (1 - weight) * weight * GREEN
    torch.testing.assert_close(picture[0, 2, 3], expected)
    assert not picture[0, 0].any()


def test_the_mean_of_points_does_not_know_depths():
    picture = renderer(NormWeightedCompositor, image_size=5, radius=0.5, points_per_pixel=2)(two_points())
    torch.testing.assert_close(picture[0, 2, 2:4], (0.5 * (RED + GREEN)).expand(2, 3))


def test_fragments_in_the_world():
    fragments = renderer(image_size=5, radius=0.5, points_per_pixel=3).rasterizer(two_points())
    assert fragments.idx.dtype == torch.int32
    assert fragments.idx[0, 2, 2].tolist() == [0, 1, -1]
    assert fragments.zbuf[0, 2, 2].tolist() == [4.5, 5.5, -1.0]
    torch.testing.assert_close(fragments.dists[0, 2, 3], torch.tensor([0.16, 0.16, -1.0]))


def test_left_is_left_and_up_is_up():
    cloud = Pointclouds([torch.tensor([[-0.8, 0.8, 0.0]])], features=[RED[None]])
    picture = renderer(image_size=5, radius=0.1)(cloud)
    assert picture[0].nonzero().tolist() == [[0, 0, 0]]


def test_a_radius_for_every_point():
    points = torch.tensor([[0.0, 0.0, 0.0], [0.8, 0.0, 0.0]])
    clouds = Pointclouds([points, points[:1]], features=[torch.stack([RED, BLUE]), GREEN[None]])
    radius = torch.tensor([[0.5, 0.1], [0.1, 9.0]])
    pictures = renderer(image_size=5, radius=radius, points_per_pixel=2)(clouds)
    assert (pictures > 0).sum(dim=(1, 2)).tolist() == [[5, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize("compositor", [AlphaCompositor, NormWeightedCompositor])
def test_backgrounds(compositor):
    draw = renderer(
        lambda: compositor(background_color=(0.0, 0.0, 1.0)), image_size=5, radius=0.1, points_per_pixel=1
    )
    picture = draw(two_points())
    assert torch.equal(picture[0, 0, 0], BLUE)
    assert torch.equal(picture[0, 2, 2], RED)
    assert torch.equal(draw(two_points(), background_color=torch.tensor(0.5))[0, 0, 0], torch.full((3,), 0.5))
    transparent = two_points()
    transparent = Pointclouds(transparent.points_list(), features=[torch.rand(2, 4)])
    assert draw(transparent)[0, 0, 0].tolist() == [0, 0, 1, 1]
    with pytest.raises(ValueError, match="channels"):
        draw(two_points(), background_color=(1.0,))
    with pytest.raises(ValueError, match="Wrong shape"):
        draw(two_points(), background_color=torch.zeros(1, 3))


def test_points_move_towards_a_target():
    """Gradients reach points, features and what is behind the projection."""
    points = torch.tensor([[0.05, 0.0, 0.0]], requires_grad=True)
    features = torch.ones(1, 1, requires_grad=True)
    R, T = look_at_view_transform(5.0)
    cameras = FoVPerspectiveCameras(R=R, T=T)
    rasterizer = PointsRasterizer(cameras, PointsRasterizationSettings(image_size=16, radius=0.5))
    picture = PointsRenderer(rasterizer, AlphaCompositor())(Pointclouds([points], features=[features]))
    (picture * torch.linspace(0, 1, 16)[None, None, :, None]).sum().backward()
    assert points.grad[0, 0] > 0  # brighter to the right
    assert points.grad.isfinite().all()
    assert features.grad > 0


def test_errors():
    cloud = two_points()
    with pytest.raises(ValueError, match="Cameras must be specified"):
        PointsRasterizer()(cloud)
    with pytest.raises(ValueError, match="bin_size too small"):
        rasterize_points(cloud, 1024, bin_size=16)
    with pytest.raises(ValueError, match="radius must be of shape"):
        rasterize_points(cloud, 8, torch.ones(3))
    with pytest.raises(ValueError, match="radius must be a float"):
        rasterize_points(cloud, 8, "wide")
    with pytest.raises(ValueError, match="greater than 0"):
        rasterize_points(cloud, (0, 8))


def test_a_list_of_radii_and_devices():
    idx, _, _ = rasterize_points(two_points(), 5, [0.5, 0.1], 1)
    assert (idx >= 0).sum() == 5
    draw = renderer()
    assert draw.to("cpu") is draw
