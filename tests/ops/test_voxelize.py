"""Solid voxelization: volumes of damaged closed shapes, open shapes, frames, bad numbers."""

import itertools
import math

import pytest
import torch
from scipy.ndimage import binary_fill_holes

from maquette.ops import SubdivideMeshes, cubify, voxelize
from maquette.structures import Meshes, join_meshes_as_scene
from maquette.utils import ico_sphere, torus
from mesh_shapes import tetrahedron
from operator_contract import MeshContract


class TestVoxelize(MeshContract):
    differentiable = False
    result_dtype = torch.bool
    refused = {"resolution must be at least 1": lambda: voxelize(ico_sphere(0), 0)}

    def of_meshes(self, meshes):
        return voxelize(meshes, 7, side=4.0).occupancy

    def shapes(self, batch):
        return [(batch, 7, 7, 7)]


def rings(profile, sides=32):
    """The surface that a closed profile of (radius, height) sweeps around the y axis; quads cut in two."""
    profile, count = torch.tensor(profile), len(profile)
    angle = torch.arange(sides) * (2 * math.pi / sides)
    radius, height = profile[:, :1], profile[:, 1:].expand(-1, sides)
    verts = torch.stack([radius * angle.cos(), height, radius * angle.sin()], -1).reshape(-1, 3)
    i, j = torch.meshgrid(torch.arange(count), torch.arange(sides), indexing="ij")
    a, b = i * sides + j, i * sides + (j + 1) % sides
    c, d = ((i + 1) % count) * sides + j, ((i + 1) % count) * sides + (j + 1) % sides
    faces = torch.cat([torch.stack([a, c, b], -1), torch.stack([b, c, d], -1)]).reshape(-1, 3)
    return Meshes([verts], [faces])


def subdivided_box(sizes, times):
    """A box around the origin, each side of 2 x 4^times triangles."""
    x, y, z = (torch.tensor(sizes) / 2).tolist()
    signs = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=3)))
    quads = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    faces = torch.tensor([[q[k] for k in corner] for q in quads for corner in ((0, 1, 2), (0, 2, 3))])
    meshes = Meshes([signs * torch.tensor([x, y, z])], [faces])
    for _ in range(times):
        meshes = SubdivideMeshes()(meshes)
    return meshes


def volume_of(mesh):
    a, b, c = mesh.verts_packed().double()[mesh.faces_packed()].unbind(1)
    return float((a * torch.linalg.cross(b, c)).sum().abs() / 6)


def measured_volume(meshes, side, inner=None):
    """Volume of the cells at 128^3, surface cells counted half, but those of `inner` (a grid) whole."""
    solid, surface = (voxelize(meshes, 128, side, fill=fill).occupancy for fill in (True, False))
    half = surface if inner is None else surface & ~inner
    return (solid.sum() - 0.5 * half.sum()).item() * (side / 128) ** 3


def turned(meshes, generator):
    rotation = torch.linalg.qr(torch.randn(3, 3, generator=generator))[0]
    return Meshes([meshes.verts_packed() @ rotation], [meshes.faces_packed()])


def damaged(meshes, generator):
    """Faces flipped at random, one in ten gone."""
    faces = meshes.faces_packed()
    flip = torch.rand(len(faces), 1, generator=generator) < 0.5
    faces = torch.where(flip, faces.flip(1), faces)
    chosen = torch.randperm(len(faces), generator=generator)[len(faces) // 10 :]
    return Meshes([meshes.verts_packed()], [faces[chosen]])


PROFILES = {
    "cylinder": [
        [0.0, -0.4],
        [0.1, -0.4],
        [0.2, -0.4],
        [0.2, -0.2],
        [0.2, 0],
        [0.2, 0.2],
        [0.2, 0.4],
        [0, 0.4],
    ],
    "cup": [[0.0, -0.4], [0.3, -0.4], [0.3, 0], [0.3, 0.4], [0.2, 0.4], [0.2, 0], [0.2, -0.3], [0, -0.3]],
}
CLOSED = {
    "sphere": ico_sphere(3).scale_verts(0.45),
    "box": subdivided_box((0.5, 0.4, 0.6), 3),
    "box of twelve faces": subdivided_box((0.5, 0.4, 0.6), 0),
    "torus": torus(0.12, 0.3, 24, 48),
    **{name: rings(profile) for name, profile in PROFILES.items()},
}
LENS = math.pi * (4 * 0.3 + 0.3) * (2 * 0.3 - 0.3) ** 2 / 12  # of two balls of radius 0.3, 0.3 apart
PAIRS = {
    "boxes": ([subdivided_box((0.5, 0.4, 0.6), 3), subdivided_box((0.3, 0.7, 0.3), 2)], 0.147),
    "spheres": (
        [ico_sphere(4).scale_verts(0.3).offset_verts(torch.tensor([x, 0.0, 0.0])) for x in (-0.15, 0.15)],
        2 * 4 / 3 * math.pi * 0.3**3 - LENS,
    ),
}
SHAPES = {
    "sphere": (ico_sphere(4).scale_verts(0.45), 4 / 3 * math.pi * 0.45**3),
    "torus": (torus(0.12, 0.3, 32, 64), 2 * math.pi**2 * 0.3 * 0.12**2),
    "tetrahedron": (Meshes(*[[x] for x in tetrahedron()]).offset_verts(torch.full((3,), -0.31)), 1 / 6),
}


def damage(faces, kind):
    if kind == "inside out":
        return faces.flip(1)
    if kind == "mixed orientation":
        return torch.where(torch.rand(len(faces), 1) < 0.5, faces.flip(1), faces)
    if kind == "one face in ten missing":
        return faces[torch.rand(len(faces)) > 0.1] if len(faces) > 10 else faces
    return faces


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["whole", "inside out", "mixed orientation", "one face in ten missing"])
def test_volume_within_two_percent(shape, kind):
    meshes, volume = SHAPES[shape]
    side = 1.0 if shape != "tetrahedron" else 1.5
    mesh = Meshes(meshes.verts_list(), [damage(meshes.faces_list()[0], kind)])
    assert abs(measured_volume(mesh, side) / volume - 1) < 0.02


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shape", CLOSED)
def test_volume_of_damaged_and_turned_shapes(shape, seed):
    generator = torch.Generator().manual_seed(seed)
    mesh = damaged(turned(CLOSED[shape], generator), generator)
    assert abs(measured_volume(mesh, 1.2) / volume_of(CLOSED[shape]) - 1) < 0.02


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("shape", PAIRS)
def test_parts_that_overlap_are_one_solid(shape, seed):
    pair, volume = PAIRS[shape]
    pair = [turned(mesh, torch.Generator().manual_seed(seed)) for mesh in pair]
    whole = [[voxelize(mesh, 128, 1.2, fill=fill).occupancy for fill in (True, False)] for mesh in pair]
    inner = (whole[0][0] & ~whole[0][1]) | (whole[1][0] & ~whole[1][1])
    generator = torch.Generator().manual_seed(seed)
    mesh = join_meshes_as_scene([damaged(mesh, generator) for mesh in pair])
    assert abs(measured_volume(mesh, 1.2, inner) / volume - 1) < 0.02


def test_a_cup_without_lid_is_solid_inside():
    sphere = ico_sphere(3).scale_verts(0.4)
    below = sphere.verts_packed()[sphere.faces_packed()][..., 1].amax(1) < 0.2
    cup = Meshes(sphere.verts_list(), [sphere.faces_packed()[below]])
    occupancy = voxelize(cup, 32).occupancy[0]
    assert occupancy[16, 8:18, 16].all()
    assert not occupancy[16, 28:, 16].any()


def test_a_single_sheet_stays_a_sheet():
    verts = torch.tensor([[-0.39, -0.39, 0.01], [0.39, -0.39, 0.01], [0.39, 0.39, 0.01], [-0.39, 0.39, 0.01]])
    occupancy = voxelize(Meshes([verts], [torch.tensor([[0, 1, 2], [0, 2, 3]])]), 20).occupancy[0]
    assert occupancy.sum() == 16 * 16
    assert occupancy[2:18, 2:18, 10].all()


def test_a_bent_sheet_stays_a_sheet():
    verts = torch.tensor([[x, y, z] for x, y in ((-0.3, 0.2), (0, -0.3), (0.3, 0.2)) for z in (-0.3, 0.3)])
    sheet = Meshes([verts], [torch.tensor([[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]])])
    solid, surface = (voxelize(sheet, 40, fill=fill).occupancy for fill in (True, False))
    assert torch.equal(solid, surface)


def loose_squares(gap=0.0):
    """The six sides of a box, each a piece of its own, with gaps between them."""
    box = subdivided_box((0.6, 0.6, 0.6), 0)
    corners = box.verts_packed()[box.faces_packed()].reshape(6, 6, 3)
    outwards = corners.mean(1, keepdim=True) / 0.3
    return Meshes([(corners + gap * outwards).reshape(-1, 3)], [torch.arange(36).reshape(12, 3)])


@pytest.mark.parametrize("gap", [0.0, 0.01])
def test_loose_squares_make_a_box(gap):
    occupancy = voxelize(loose_squares(gap), 32).occupancy[0]
    assert occupancy[7:25, 7:25, 7:25].all()


def test_a_wall_across_and_faces_there_twice_change_nothing():
    box = subdivided_box((0.6, 0.6, 0.6), 0)
    expected = voxelize(box, 32).occupancy
    verts, faces = box.verts_packed(), box.faces_packed()
    wall = (verts[:, 0] == verts[:, 1]).nonzero()[:, 0]
    wall = torch.stack([wall[:3], wall[1:4]])
    assert torch.equal(voxelize(Meshes([verts], [torch.cat([faces, wall])]), 32).occupancy, expected)
    twice = torch.cat([faces, faces.flip(1)])
    assert torch.equal(voxelize(Meshes([verts], [twice]), 32).occupancy, expected)


def test_a_hollow_between_two_shells_is_filled():
    shells = join_meshes_as_scene([ico_sphere(3).scale_verts(r) for r in (0.45, 0.3)])
    assert torch.equal(
        voxelize(shells, 40).occupancy, voxelize(ico_sphere(3).scale_verts(0.45), 40).occupancy
    )


def test_what_boards_shut_in_is_solid():
    board = subdivided_box((0.6, 0.05, 0.6), 0)
    walls = [board.offset_verts(torch.tensor([0.0, y, 0.0])) for y in (-0.3, 0.3)]
    for axes in ([1, 0, 2], [0, 2, 1]):
        upright = Meshes([board.verts_packed()[:, axes]], [board.faces_packed()])
        walls += [upright.offset_verts(0.3 * side * torch.eye(3)[axes.index(1)]) for side in (-1.0, 1.0)]
    closed = voxelize(join_meshes_as_scene(walls), 32).occupancy[0]
    assert closed[8:24, 8:24, 8:24].all()
    assert not closed[:5].any()
    assert not voxelize(join_meshes_as_scene(walls[:-1]), 32).occupancy[0, 8:24, 8:24, 10:22].any()


def test_axes_side_and_center():
    verts = torch.tensor([[10.0, 20, 30], [10.1, 20, 30], [10, 20.1, 30]])
    grid = voxelize(
        Meshes([verts + 0.2], [torch.tensor([[0, 1, 2]])]), 4, side=2.0, center=(10.0, 20.0, 29.5)
    )
    assert grid.side == 2.0
    assert grid.occupancy[0].nonzero().tolist() == [[2, 2, 3]]


def test_cells_outside_are_cut_off_and_still_count_for_parity():
    occupancy = voxelize(ico_sphere(3).scale_verts(0.9), 16).occupancy[0]
    assert occupancy[5:11, 5:11, 5:11].all()
    assert voxelize(ico_sphere(2).scale_verts(5.0), 8).occupancy.all()
    assert not voxelize(ico_sphere(2).offset_verts(torch.full((3,), 9.0)), 8).occupancy.any()


def test_batches_empty_meshes_and_numbers_that_are_none():
    verts, faces = tetrahedron()
    bad = verts.clone()
    bad[3] = torch.tensor([torch.nan, torch.inf, 1e38])
    nothing = torch.zeros(0, 3), torch.zeros(0, 3, dtype=torch.int64)
    meshes = Meshes([verts, nothing[0], bad], [faces, nothing[1], faces])
    occupancy = voxelize(meshes, 8, side=3.0).occupancy
    assert occupancy.shape == (3, 8, 8, 8)
    assert occupancy[0].any()
    assert not occupancy[1].any()
    alone = voxelize(Meshes([bad], [faces[:1]]), 8, side=3.0).occupancy[0]
    assert torch.equal(occupancy[2], alone)


@pytest.mark.parametrize("far", [1e9, 1e13, 1e20, 3e38])
def test_corners_far_away_do_no_harm(far):
    verts, faces = tetrahedron()
    away = verts.clone()
    away[3] = torch.tensor([far, -far, far])
    both = torch.cat([away, verts * 0.4])
    occupancy = voxelize(Meshes([both], [torch.cat([faces, faces + 4])]), 16, side=1.5).occupancy[0]
    alone = voxelize(Meshes([verts * 0.4], [faces]), 16, side=1.5).occupancy[0]
    assert occupancy[alone].all()


def test_keeps_the_graph_of_the_meshes():
    verts, faces = tetrahedron()
    meshes = Meshes([verts.requires_grad_()], [faces])
    assert not voxelize(meshes, 4).occupancy.requires_grad
    assert meshes.verts_packed().requires_grad


def test_resolution_must_be_positive():
    with pytest.raises(ValueError, match="resolution"):
        voxelize(ico_sphere(0), 0)


def boxes(*spans):
    """Boxes of the given (low, high) corners in cells of a grid of 32."""
    parts = []
    for low, high in spans:
        low, high = torch.tensor(low) / 32 - 0.5, torch.tensor(high) / 32 - 0.5
        unit = subdivided_box((1.0, 1.0, 1.0), 0).verts_packed() + 0.5
        parts.append(Meshes([low + unit * (high - low)], [subdivided_box((1.0, 1.0, 1.0), 0).faces_packed()]))
    return join_meshes_as_scene(parts)


LEGS = [((x, 0, z), (x + 2, 30, z + 2)) for x in (2, 28) for z in (2, 28)]


@pytest.mark.parametrize("kind", ["whole", "inside out", "mixed orientation"])
@pytest.mark.parametrize("scale", [1.0, 0.7, 3.3])
def test_boards_on_walls_are_as_thick_as_they_are(kind, scale):
    spans = [((0, 30, 0), (32, 32, 32)), *LEGS]
    expected = torch.zeros(1, 32, 32, 32, dtype=torch.bool)
    for (x, y, z), (u, v, w) in spans:
        expected[:, x:u, y:v, z:w] = True
    table = boxes(*spans)
    table = Meshes([table.verts_packed() * scale], [damage(table.faces_packed(), kind)])
    assert expected.sum() == 2528
    assert torch.equal(voxelize(table, 32, scale).occupancy, expected)
    surface = voxelize(table, 32, scale, fill=False).occupancy
    assert torch.equal(surface & expected, surface)
    assert surface[0, :, 31].all()


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("wall", [0, 5, 16, 31, 32])
def test_sheets_on_a_wall_keep_one_layer(axis, wall):
    corners = torch.tensor([[4.0, 6], [20, 6], [20, 30], [4, 30]]) / 32 - 0.5
    verts = torch.nn.functional.pad(corners, (1, 0), value=wall / 32 - 0.5).roll(axis, 1)
    for second in ([0, 2, 3], [0, 3, 2]):
        sheet = Meshes([verts], [torch.tensor([[0, 1, 2], second])])
        for fill in (True, False):
            found = voxelize(sheet, 32, fill=fill).occupancy[0].nonzero()
            assert len(found) == 16 * 24
            assert found[:, axis].unique().tolist() == [min(wall, 31)]


def test_cubes_of_cells_are_these_cells():
    occupancy = torch.rand(3, 6, 6, 6) < 0.3
    cubes = cubify(occupancy.permute(0, 3, 2, 1).float(), 0.5, align="corner")
    found = voxelize(cubes, 6, side=2.0).occupancy
    closed = voxelize(cubes, 6, side=2.0, fill=False).occupancy
    assert torch.equal(found & occupancy, occupancy)
    assert torch.equal(closed & occupancy, closed)
    assert torch.equal(
        found, torch.stack([torch.from_numpy(binary_fill_holes(x.numpy())) for x in occupancy])
    )


def test_float64_far_from_the_origin():
    far = torch.tensor([4e6, 5e6, 100.0], dtype=torch.float64)
    ball = ico_sphere(2)
    there = Meshes([ball.verts_packed().double() * 0.45 + far], [ball.faces_packed()])
    found = voxelize(there, 24, center=tuple(far.tolist())).occupancy
    assert torch.equal(found, voxelize(ball.scale_verts(0.45), 24).occupancy)
