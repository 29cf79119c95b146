"""Molding to silhouettes finds an ellipsoid, wherever it is and however large."""

from dataclasses import replace

import pytest
import torch

from maquette.io import cameras_from_views, views_from_cameras
from maquette.renderer import FoVOrthographicCameras, FoVPerspectiveCameras, look_at_view_transform
from maquette.renderer.views import orbit_views, render_views
from maquette.structures import Meshes
from maquette.systems.molding.normalise import ball
from maquette.systems.molding.schedule import RemeshSchedule
from maquette.systems.molding.silhouettes import (
    SilhouettesConfig,
    SilhouetteWeights,
    Softness,
    _Target,
    find_ball,
    hard_silhouettes,
    mold_to_silhouettes,
    silhouette_iou,
)
from maquette.utils import ico_sphere

from .scenes import AXES, ellipsoid, placed, quick, views_of


def masks_of(mesh, cameras, size=(32, 32)):
    return render_views(mesh, cameras, size).masks.float()


def test_ends_near_the_masks_far_above_the_start():
    cameras = views_of(8)
    masks = masks_of(ellipsoid(), cameras)
    result = mold_to_silhouettes(masks, cameras, quick())
    ball = result.frame.mesh_back(ico_sphere(2).scale_verts(0.6))
    start = silhouette_iou(ball, cameras, masks).mean()
    assert start < 0.75
    assert result.iou > 0.93
    assert result.history["silhouette"][-1] < 0.1 * result.history["silhouette"][0]
    assert len(result.history["silhouette"]) == 60
    extent = result.mesh.verts_packed().abs().amax(dim=0)
    torch.testing.assert_close(extent, torch.tensor(AXES), atol=0.07, rtol=0)


def test_remeshing_on_the_way():
    cameras = views_of(6)
    masks = masks_of(ellipsoid(), cameras)
    config = replace(quick(40), remesh=RemeshSchedule(every=10, coarse=0.3, fine=0.2))
    result = mold_to_silhouettes(masks, cameras, config)
    assert len(result.mesh.verts_packed()) != len(ico_sphere(2).verts_packed())
    assert result.iou > 0.9


def test_another_start_keeps_its_faces_and_what_no_silhouette_shows():
    """A ball with a hollow between two views, a little too small for the masks of a ball."""
    cameras = orbit_views(4, elevation=0.0)
    masks = masks_of(ico_sphere(3).scale_verts(0.8), cameras)
    ball = ico_sphere(3).scale_verts(0.7)
    verts = ball.verts_packed().clone()
    verts[verts[:, 1] > 0.55, 1] = 0.3
    start = Meshes([verts], ball.faces_list())
    result = mold_to_silhouettes(masks, cameras, quick(30), start=start)
    before = silhouette_iou(start, cameras, masks).mean()
    assert before < 0.85
    assert result.iou > before + 0.05
    assert torch.equal(result.mesh.faces_packed(), ball.faces_packed())
    top = result.mesh.verts_packed()[verts[:, 1] == 0.3]
    assert float(top[:, 1].min()) < 0.45


def test_same_seed_same_bits_and_the_callers_random_numbers_stay():
    cameras = views_of(6)
    masks = masks_of(ellipsoid(2), cameras)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one = mold_to_silhouettes(masks, cameras, quick(12, views_per_step=3))
    assert torch.equal(torch.rand(3), expected)
    two = mold_to_silhouettes(masks, cameras, quick(12, views_per_step=3))
    other = mold_to_silhouettes(masks, cameras, quick(12, views_per_step=3, seed=1))
    assert torch.equal(one.mesh.verts_packed(), two.mesh.verts_packed())
    assert not torch.equal(one.mesh.verts_packed(), other.mesh.verts_packed())


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_result_lies_in_the_world_of_the_cameras(scale):
    shift = scale * torch.tensor([4.0, -3.0, 7.0])
    cameras = views_of(8, shift, scale)
    there = placed(ellipsoid(), shift, scale)
    result = mold_to_silhouettes(masks_of(there, cameras), cameras, quick())
    assert result.iou > 0.92
    local = (result.mesh.verts_packed() - shift) / scale
    torch.testing.assert_close(local.abs().amax(dim=0), torch.tensor(AXES), atol=0.08, rtol=0)


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_near_planes_do_not_matter(scale):
    """Cameras with the near plane at 1 see an object of any size."""
    with_planes = views_of(6, scale=scale)
    cameras = FoVPerspectiveCameras(R=with_planes.R, T=with_planes.T, fov=60.0)
    there = placed(ellipsoid(2), torch.zeros(3), scale)
    masks = masks_of(there, with_planes)
    assert torch.equal(hard_silhouettes(there, cameras, (32, 32)), masks)
    result = mold_to_silhouettes(masks, cameras, quick(30))
    assert result.iou > 0.88


@pytest.mark.parametrize("size", [(24, 40), (45, 30)])
def test_oblong_pictures_with_a_principal_point_off_centre(size):
    centred = views_from_cameras(views_of(8), torch.tensor([size]))
    moved = torch.tensor([[0.0, 0.0, 4.0], [0.0, 0.0, -3.0], [0.0, 0.0, 0.0]], dtype=torch.float64)
    cameras = cameras_from_views([replace(view, K=view.K + moved) for view in centred])
    masks = masks_of(ellipsoid(), cameras, size)
    result = mold_to_silhouettes(masks, cameras, quick())
    assert result.iou > 0.9
    torch.testing.assert_close(result.mesh.verts_packed().mean(dim=0), torch.zeros(3), atol=0.05, rtol=0)


def test_shrunk_pictures_keep_their_proportions():
    """33 x 250 pixels become 13 x 96, not 12.7 x 96: an object near the edge still lies on its mask."""
    size = (33, 250)
    views = views_from_cameras(views_of(4), torch.tensor([size]))
    aside = torch.tensor([[0.0, 0.0, 100.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], dtype=torch.float64)
    cameras = cameras_from_views([replace(view, K=view.K + aside) for view in views])
    mesh = ellipsoid()
    target = _Target(
        masks_of(mesh, cameras, size), cameras, replace(quick(), size=96), ball(torch.zeros(3), 1)
    )
    (loss, _), target._stretch = target.losses(mesh, 0.3), torch.ones(3)
    assert loss < 0.7 * target.losses(mesh, 0.3)[0]


def test_orthographic_cameras():
    R, T = look_at_view_transform(2.7, torch.tensor([0.0, 0, 60, -40]), torch.tensor([0.0, 90, 45, 200]))
    cameras = FoVOrthographicCameras(R=R, T=T)
    masks = masks_of(ellipsoid(), cameras)
    assert mold_to_silhouettes(masks, cameras, quick()).iou > 0.9


@pytest.mark.parametrize("preset", [SilhouettesConfig.tutorial, SilhouettesConfig.seed002])
def test_presets_lower_their_loss(preset):
    cameras = views_of(4)
    masks = masks_of(ellipsoid(2), cameras)
    result = mold_to_silhouettes(masks, cameras, replace(preset(), steps=15, level=2, size=32))
    assert set(result.history) == {"silhouette", "edge", "normal", "laplacian"}
    assert result.history["silhouette"][-1] < result.history["silhouette"][0]


def test_terms_of_weight_0_are_left_out():
    cameras = views_of(3)
    masks = masks_of(ellipsoid(2), cameras)
    config = quick(2, weights=SilhouetteWeights(edge=0.5))
    assert set(mold_to_silhouettes(masks, cameras, config).history) == {"silhouette", "edge"}


def test_watcher_is_called_after_every_step():
    cameras, steps = views_of(3), []
    masks = masks_of(ellipsoid(2), cameras)
    mold_to_silhouettes(masks, cameras, quick(4), watch=lambda step, molder, terms: steps.append(step))
    assert steps == [0, 1, 2, 3]


def test_bad_masks():
    cameras = views_of(3)
    masks = masks_of(ellipsoid(2), cameras)
    frame = find_ball(cameras, masks)
    with pytest.raises(ValueError, match="a mask for each of 3 cameras"):
        mold_to_silhouettes(masks[:2], cameras, quick(1))
    masks[1] = 0
    with pytest.raises(ValueError, match="mask 1 is empty"):
        mold_to_silhouettes(masks, cameras, quick(1), frame)


def test_found_frame_just_holds_the_object():
    cameras = views_of(12)
    frame = find_ball(cameras, masks_of(ellipsoid(), cameras, (96, 96)))
    assert 0.9 * max(AXES) < frame.scale < 1.2 * max(AXES)
    torch.testing.assert_close(frame.shift, torch.zeros(3), atol=0.06, rtol=0)


def test_softness_falls_evenly_to_its_last_value():
    softness = Softness(first=1.0, last=0.25, last_at=0.5)
    assert softness.at(0, 100) == 1.0
    assert softness.at(25, 100) == pytest.approx(0.5)
    assert softness.at(50, 100) == softness.at(99, 100) == pytest.approx(0.25)


def test_iou_by_hand():
    """A square seen head on covers a known block of pixels."""
    verts = torch.tensor([[0.5, 0.5, 2.0], [-0.5, 0.5, 2.0], [-0.5, -0.5, 2.0], [0.5, -0.5, 2.0]])
    square = Meshes([verts], [torch.tensor([[0, 1, 2], [0, 2, 3]])])
    cameras = FoVOrthographicCameras()
    seen = hard_silhouettes(square, cameras, (8, 8))
    expected = torch.zeros(1, 8, 8)
    expected[0, 2:6, 2:6] = 1
    # the diagonal that both triangles share may be uncovered where it meets pixel centres exactly
    assert (seen - expected).abs().sum() <= 4
    assert (seen <= expected).all()
    half = expected.clone()
    half[0, 2:4] = 0
    whole = silhouette_iou(square, cameras, seen)
    assert whole.item() == 1.0
    part = silhouette_iou(square, cameras, half * seen)
    assert part.item() == pytest.approx((half * seen).sum().item() / seen.sum().item())
    assert silhouette_iou(square, cameras, torch.zeros(1, 8, 8)).item() == 0.0
