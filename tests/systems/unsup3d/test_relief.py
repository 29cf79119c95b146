"""A depth map as a closed mesh: where its surface is, that it is closed, and what becomes of jumps."""

import pytest
import torch

from maquette.ops.depth_maps import focal_length
from maquette.systems.unsup3d.config import FormationConfig
from maquette.systems.unsup3d.relief import _faces, gentle, outline, relief

CONFIG = FormationConfig()
SIZE = 16


def closed(faces: torch.Tensor) -> bool:
    """Whether every edge is in one face one way and in one other way round."""
    edges = torch.cat([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    one, other = ({tuple(edge) for edge in way.tolist()} for way in (edges, edges.flip(1)))
    return len(one) == len(edges) and one == other


def volume(mesh) -> float:
    a, b, c = mesh.verts_packed().double()[mesh.faces_packed()].unbind(1)
    return float((a * torch.linalg.cross(b, c)).sum() / 6)


def longest(mesh, faces: slice) -> float:
    """The longest edge of some faces, in distances between pixels where depth is 1."""
    corners = mesh.verts_packed()[mesh.faces_packed()[faces]]
    return float((corners - corners.roll(1, 1)).norm(dim=-1).max()) * SIZE


def test_a_plane_is_a_closed_slab_of_known_size() -> None:
    colours = torch.rand(3, SIZE, SIZE)
    mesh = relief(torch.ones(SIZE, SIZE), colours, CONFIG)
    assert closed(mesh.faces_packed())
    verts = mesh.verts_packed()
    front = verts[: SIZE * SIZE]
    side = (SIZE - 1) / SIZE
    assert front[0].tolist() == pytest.approx([side / 2, side / 2, focal_length(SIZE, 10.0) / SIZE], rel=1e-5)
    assert verts[:, 2].max() - verts[:, 2].min() == pytest.approx(3 / SIZE, rel=1e-4)
    assert volume(mesh) == pytest.approx(
        side * side * 3 / SIZE, rel=0.1
    )  # outwards; a little wider at the back
    painted = mesh.textures.verts_features_packed()
    torch.testing.assert_close(painted[: SIZE * SIZE], colours.flatten(1).T)


def test_a_rough_surface_is_closed_has_one_piece_and_lies_where_the_depth_says() -> None:
    torch.manual_seed(0)
    depth = 0.9 + 0.2 * torch.rand(SIZE, SIZE)
    mesh = relief(depth, torch.rand(3, SIZE, SIZE), CONFIG)
    faces, verts = mesh.faces_packed(), mesh.verts_packed()
    assert closed(faces)
    assert len(verts) - len(faces) * 3 // 2 + len(faces) == 2  # as of a ball
    assert faces.unique().tolist() == list(range(len(verts)))
    assert volume(mesh) > 0
    spacing = CONFIG.middle / focal_length(SIZE, CONFIG.fov)
    z = verts[: SIZE * SIZE, 2].view(SIZE, SIZE) * SIZE * spacing
    torch.testing.assert_close(z, gentle(depth, 4 * spacing), atol=1e-5, rtol=0)


def test_where_the_depth_jumps_there_are_no_needles() -> None:
    depth = torch.full((SIZE, SIZE), 1.1)
    depth[4:12, 4:12] = 0.9  # 18 distances between pixels nearer
    mesh = relief(depth, torch.rand(3, SIZE, SIZE), CONFIG)
    squares = 2 * (SIZE - 1) ** 2
    assert longest(mesh, slice(0, squares)) < 4.5
    assert longest(mesh, slice(2 * squares, None)) < 4.5  # the rim
    jump = CONFIG.middle / focal_length(SIZE, CONFIG.fov)
    assert float(depth.diff(dim=1).abs().max()) / jump > 8
    front = mesh.verts_packed()[: SIZE * SIZE, 2].view(SIZE, SIZE) * SIZE * jump
    torch.testing.assert_close(front[4:12, 4:12], depth[4:12, 4:12])  # the near side stays


def test_a_surface_that_nods_is_the_same_turned_about_its_middle() -> None:
    depth, colours = 0.95 + 0.1 * torch.rand(SIZE, SIZE), torch.rand(3, SIZE, SIZE)
    rest, nodding = (relief(depth, colours, CONFIG, nod) for nod in (0.0, 0.25))
    side = CONFIG.middle / focal_length(SIZE, CONFIG.fov) * SIZE
    about = torch.tensor([0.0, 0.0, CONFIG.middle / side])
    x, y, z = (rest.verts_packed() - about).unbind(1)
    turn = torch.tensor(0.25)  # y is up here, down where views turn
    turned = torch.stack([x, y * turn.cos() + z * turn.sin(), z * turn.cos() - y * turn.sin()], dim=1)
    torch.testing.assert_close(nodding.verts_packed() - about, turned, rtol=0, atol=1e-4)


@pytest.mark.parametrize("step", [0.1, 0.5, 3.0])
def test_gentle_is_the_nearest_cone(step: float) -> None:
    torch.manual_seed(1)
    depth = 5 * torch.rand(8, 8)
    row, column = torch.meshgrid(torch.arange(8), torch.arange(8), indexing="ij")
    way = torch.maximum((row.flatten()[:, None] - row.flatten()).abs(),
                        (column.flatten()[:, None] - column.flatten()).abs())  # fmt: skip
    expected = (depth.flatten() + step * way).amin(1).view(8, 8)
    torch.testing.assert_close(gentle(depth, step), expected)


def test_the_outline_goes_round_once() -> None:
    assert outline(3).tolist() == [0, 1, 2, 5, 8, 7, 6, 3]
    assert closed(_faces(2, outline(2), 1))
    assert closed(_faces(5, outline(5), 3))
