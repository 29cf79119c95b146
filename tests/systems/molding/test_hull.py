"""The visual hull as a start: a hole is there, and what masks cannot agree on is left to the sphere."""

import pytest
import torch

from maquette.renderer.views import render_views, sphere_views
from maquette.structures import Meshes
from maquette.systems.molding.hull import FEWEST, hull_mesh, outlines_agree, start_from_hull
from maquette.systems.molding.silhouettes import find_ball, silhouette_iou
from maquette.utils import torus

SIZE = 64


@pytest.fixture(scope="module")
def scene():
    """Masks of a torus from all around, cameras, working frame."""
    cameras = sphere_views(12, 2.7, 40.0)
    masks = render_views(torus(0.2, 0.6, 16, 40), cameras, SIZE).masks.float()
    return masks, cameras, find_ball(cameras, masks)


def edges_of(mesh: Meshes) -> torch.Tensor:
    """How many faces each edge has."""
    faces = mesh.faces_packed()
    ends = torch.cat([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).sort(dim=1).values
    return ends.unique(dim=0, return_counts=True)[1]


def test_a_hole_is_there_before_the_first_step(scene):
    mesh = hull_mesh(*scene, cells=32)
    assert bool((edges_of(mesh) == 2).all())
    characteristic = len(mesh.verts_packed()) - len(mesh.edges_packed()) + len(mesh.faces_packed())
    assert characteristic == 0
    masks, cameras, _ = scene
    assert float(silhouette_iou(mesh, cameras, masks).mean()) > 0.9
    a, b, c = mesh.verts_packed()[mesh.faces_packed()].unbind(dim=1)
    volume = float((a * torch.linalg.cross(b, c)).sum()) / 6
    assert 0.9 < volume / (2 * torch.pi**2 * 0.6 * 0.2**2) < 1.7


def test_few_views_or_masks_that_disagree_start_from_a_sphere(scene):
    masks, cameras, frame = scene
    assert start_from_hull(masks, cameras, frame) is not None
    few = list(range(FEWEST - 1))
    assert start_from_hull(masks[few], cameras[few], frame) is None
    moved = masks.clone()
    moved[3] = masks[3].roll(SIZE // 4, 1)
    assert not outlines_agree(hull_mesh(moved, cameras, frame), cameras, moved)
    assert start_from_hull(moved, cameras, frame) is None


def test_masks_without_a_common_place_are_refused(scene):
    masks, cameras, frame = scene
    apart = torch.zeros_like(masks)
    apart[:6, 2:6, 2:6] = apart[6:, -6:-2, -6:-2] = 1.0
    with pytest.raises(ValueError, match="no place in common"):
        hull_mesh(apart, cameras, frame)
    assert start_from_hull(apart, cameras, frame) is None
