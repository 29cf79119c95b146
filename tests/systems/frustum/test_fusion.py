"""Several pictures of known cameras: what is true of each becomes the one shape that all of them show."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import interpolate

from maquette.metrics.voxel_iou import voxel_iou
from maquette.ops import voxelize
from maquette.renderer.views import cameras_from_r2n2
from maquette.systems.frustum.fusion import fuse, reconciled
from maquette.systems.frustum.grid import Frustum, Pose, cells_of_grid
from maquette.systems.frustum.witness import Witness, meeting_point, middles, seen_by, settled, told_at

SIDE, CELLS = 0.6, 48
AROUND = torch.tensor([[20.0, 20.0, 1.0], [150.0, 35.0, 0.9], [260.0, 10.0, 1.2]])


def cup() -> torch.Tensor:
    """A box with a deep hole from above, and a handle: cells of a cube with edges of SIDE."""
    place = (torch.arange(CELLS) + 0.5) / CELLS - 0.5
    x, y, z = torch.meshgrid(place, place, place, indexing="ij")
    wall = (x.abs() < 0.3) & (z.abs() < 0.3) & (y.abs() < 0.45)
    hole = (x.abs() < 0.2) & (z.abs() < 0.2) & (y > -0.3)
    handle = (x > 0) & (x < 0.45) & (z.abs() < 0.05) & (y.abs() < 0.3)
    return (wall & ~hole) | (handle & ~hole & ~((x < 0.38) & (x > 0.3) & (y.abs() < 0.2)))


def witnesses(solid: torch.Tensor, views: torch.Tensor = AROUND) -> list[Witness]:
    """What is true of pictures from around, in squares that the solid about fills."""
    pose, cameras = Pose.of_cameras(views), cameras_from_r2n2(*views.unbind(1))
    frustum = Frustum(pose.distance / 0.85, torch.full((len(views), 2), 0.5))
    sides, grids = torch.full((len(views), 3), SIDE), solid.expand(len(views), -1, -1, -1)
    field = cells_of_grid(grids, sides, frustum, pose, 48, 48)
    masks = cells_of_grid(grids, sides, frustum, pose, 96, 96).amax(dim=1, keepdim=True)
    return [
        Witness(field[i], masks[i], frustum[i : i + 1], cameras.R[i], cameras.T[i], float(pose.distance[i]))
        for i in range(len(views))
    ]


def cells_of(mesh) -> torch.Tensor:
    """Cells of the solid's grid whose middles a mesh holds, but for a sixth of a cell."""
    return voxelize(mesh, 3 * CELLS, SIDE).occupancy[0, 1::3, 1::3, 1::3]


def overlap(mesh, solid: torch.Tensor) -> float:
    return float(voxel_iou(cells_of(mesh)[None], solid[None]))


def fused(seen: list[Witness]):
    return fuse(seen, 0.4, cells=64)


def hull(seen: list[Witness]) -> torch.Tensor:
    """Cells that all masks cover."""
    cells = (middles(CELLS, CELLS, CELLS).flip(1) - 0.5) * SIDE
    return (seen_by(seen, cells) > 0.5).view(CELLS, CELLS, CELLS)


def test_what_is_true_of_each_picture_is_the_solid_again() -> None:
    mesh = fused(witnesses(cup()))
    assert overlap(mesh, cup()) > 0.9


def test_a_hole_that_no_silhouette_shows_stays() -> None:
    seen, solid = witnesses(cup()), cup()
    assert float(voxel_iou(hull(seen)[None], solid[None])) < 0.7
    inside = torch.zeros_like(solid)
    inside[20:28, 30:44, 20:28] = True
    assert bool(hull(seen)[inside].all())
    assert not bool(cells_of(fused(seen))[inside].any())


def test_the_mesh_is_closed_and_looks_outwards() -> None:
    mesh = fused(witnesses(cup()))
    assert 2 * len(mesh.edges_packed()) == 3 * len(mesh.faces_packed())
    a, b, c = mesh.verts_packed()[mesh.faces_packed()].unbind(1)
    assert (a * torch.linalg.cross(b, c)).sum() > 0


def test_silhouettes_rule() -> None:
    """A picture that takes everything in its square for solid is overruled by the masks of the others."""
    seen = witnesses(cup())
    seen[0] = replace(seen[0], field=torch.ones_like(seen[0].field))
    solid = cells_of(fused(seen))
    allowed = torch.nn.functional.max_pool3d(hull(seen)[None, None].float(), 5, 1, 2)[0, 0] > 0
    assert bool(solid.any())
    assert not bool((solid & ~allowed).any())


def test_what_others_rule_out_of_a_ray_goes_to_what_is_left_of_it() -> None:
    """Two pictures that know how thick a post is, but not where it stands, find it together."""
    place = (torch.arange(CELLS) + 0.5) / CELLS - 0.5
    x, _, z = torch.meshgrid(place, place, place, indexing="ij")
    post = (x.abs() < 0.1) & (z.abs() < 0.1)
    seen = witnesses(post, torch.tensor([[0.0, 0.0, 1.0], [90.0, 0.0, 1.0]]))
    unsure = [replace(one, field=one.field.mean(dim=0).expand(48, -1, -1)) for one in seen]
    assert max(float(one.field.max()) for one in unsure) < 0.3
    heard = reconciled(unsure, 0.4)
    for one, before in zip(heard, unsure, strict=True):
        on = before.coverage[0] > 0.99
        thick = before.field.sum(dim=0)
        assert torch.allclose(one.field.sum(dim=0)[on], thick[on], atol=0.3)
        assert one.field[:, on].amax(dim=0).min() > 0.8
    assert overlap(fused(unsure), post) > 0.8


def test_places_and_points_are_inverse_and_fields_are_read_there() -> None:
    one = witnesses(cup())[1]
    cells = middles(48, 48, 48)
    assert torch.allclose(one.cells(one.points(cells)), cells, atol=1e-5)
    assert torch.allclose(told_at(one.field, cells), one.field.flatten(), atol=1e-4)


def test_squares_meet_at_what_they_show() -> None:
    seen = witnesses(cup())
    point = torch.tensor([3.0, -2.0, 7.0])
    R, T = torch.stack([one.R for one in seen]), torch.stack([one.T - point @ one.R for one in seen])
    frustums = Frustum(torch.cat([one.frustum.focal for one in seen]), torch.full((3, 2), 0.5))
    assert torch.allclose(meeting_point(frustums, R, T), point, atol=0.01)


def test_pictures_from_opposite_sides_meet_between_the_cameras() -> None:
    seen = witnesses(cup(), torch.tensor([[0.0, 0.0, 1.0], [180.0, 0.0, 1.0]]))
    frustums = Frustum(torch.cat([one.frustum.focal for one in seen]), torch.full((2, 2), 0.5))
    R, T = torch.stack([one.R for one in seen]), torch.stack([one.T for one in seen])
    assert meeting_point(frustums, R, T).norm() < 0.01


@pytest.mark.parametrize("shift", [-0.15, 0.12])
def test_a_frustum_settles_where_others_see_what_it_holds(shift: float) -> None:
    seen = witnesses(cup())
    wrong = replace(seen[0], depth=seen[0].depth + shift * seen[0].side)
    assert abs(settled(wrong, seen[1:]).depth - seen[0].depth) < 0.5 * abs(wrong.depth - seen[0].depth)


def test_a_network_that_is_sure_of_nothing_still_gives_a_mesh() -> None:
    faint = [replace(one, field=0.02 * (one.coverage > 0).expand(48, -1, -1)) for one in witnesses(cup())]
    assert len(fused(faint).faces_packed()) > 0


def test_masks_that_do_not_meet_are_refused() -> None:
    seen = witnesses(cup())
    aside = interpolate(seen[0].outline[None], (12, 12))[0]
    corner = torch.zeros_like(seen[0].outline)
    corner[:, :12, :12] = aside
    with pytest.raises(ValueError, match="the masks do not meet"):
        fused([replace(seen[0], outline=corner), *seen[1:]])
