"""Depths that pictures agree about: right on a painted ball, none on a plain one."""

import pytest
import torch

from maquette.lift.swept_depths import SweepConfig, swept_depths
from maquette.ops.pixel_projections import pixel_projections
from maquette.renderer import FoVOrthographicCameras, MeshRasterizer, RasterizationSettings, TexturesVertex
from maquette.renderer.views import orbit_views, render_views
from maquette.structures import Meshes
from maquette.utils import ico_sphere

SIZE, STEP = 48, 0.03


def ball(radius: float, painted: bool = True) -> Meshes:
    sphere = ico_sphere(5)
    verts = sphere.verts_packed()
    waves = torch.stack([torch.sin(6 * verts @ torch.randn(3, generator=g)) for g in generators()], dim=1)
    colours = 0.5 + 0.4 * waves if painted else torch.full_like(verts, 0.5)
    return Meshes([radius * verts], sphere.faces_list(), TexturesVertex([colours]))


def generators() -> list[torch.Generator]:
    return [torch.Generator().manual_seed(k) for k in range(3)]


@pytest.fixture(scope="module", params=["perspective", "orthographic"])
def cameras(request: pytest.FixtureRequest) -> object:
    seen = orbit_views(14, 2.5, 20.0, 40.0)
    if request.param == "perspective":
        return seen
    return FoVOrthographicCameras(R=seen.R, T=seen.T, max_x=0.9, min_x=-0.9, max_y=0.9, min_y=-0.9)


def test_a_painted_ball_within_a_larger_one_is_found(cameras: FoVOrthographicCameras) -> None:
    images = render_views(ball(0.6), cameras, SIZE, lit=False).images
    seen: list[tuple[int, int]] = []
    found = swept_depths(images, cameras, ball(0.75), STEP, watch=lambda *done: seen.append(done))
    assert seen == [(i, 14) for i in range(1, 15)]
    rasterizer = MeshRasterizer(raster_settings=RasterizationSettings((SIZE, SIZE)))
    seen = rasterizer(ball(0.6).extend(len(cameras)), cameras=cameras)
    true = seen.zbuf[..., 0].where(seen.pix_to_face[..., 0] >= 0, torch.nan)
    known = ~found.isnan() & ~true.isnan()
    assert known.sum() > 0.4 * (~true.isnan()).sum()
    assert ((found - true).abs()[known] < 2 * STEP).float().mean() > 0.9


def test_a_plain_ball_tells_nothing() -> None:
    cameras = orbit_views(14, 2.5, 20.0, 40.0)
    images = torch.full((14, 3, SIZE, SIZE), 0.5)
    assert swept_depths(images, cameras, ball(0.75), STEP).isnan().all()


def test_a_camera_that_sees_nothing_is_no_trouble() -> None:
    cameras = orbit_views(3, 2.5, 20.0, 40.0)
    cameras.T[1, 0] = 50.0
    assert swept_depths(torch.rand(3, 3, SIZE, SIZE), cameras, ball(0.75), STEP)[1].isnan().all()


def test_projections_have_middles_of_pixels_at_halves() -> None:
    cameras = orbit_views(2, 2.5, 0.0, 40.0)
    x, y, depth, w = (
        pixel_projections(cameras, (48, 64))[0] @ torch.tensor([0.0, 0, 0, 1]).double()
    ).tolist()
    assert (x / w, y / w) == pytest.approx((32, 24), abs=1e-4)
    assert depth == pytest.approx(2.5, abs=1e-5) == w


def test_what_cannot_be_is_refused() -> None:
    cameras = orbit_views(3, 2.5, 0.0, 40.0)
    with pytest.raises(ValueError, match="2 pictures of 3 cameras"):
        swept_depths(torch.rand(2, 3, 8, 8), cameras, ball(0.7), 0.1)
    with pytest.raises(ValueError, match="in steps of 0"):
        swept_depths(torch.rand(3, 3, 8, 8), cameras, ball(0.7), 0.0)
    with pytest.raises(ValueError, match="neighbours"):
        SweepConfig(neighbours=7)
