"""Remeshing: whatever goes in, a closed oriented manifold of the same genus comes out."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.systems.molding.remeshing import RemeshConfig, RemeshedSurface, remesh
from maquette.systems.molding.remeshing.collapse import choose_collapses, collapse, keeps_manifold
from maquette.systems.molding.remeshing.flip import choose_flips, flip, valence_gain
from maquette.systems.molding.remeshing.relax import relax
from maquette.systems.molding.remeshing.split import choose_splits, split
from maquette.systems.molding.remeshing.topology import edge_lengths, face_normals, find_topology
from maquette.utils import ico_sphere

TETRAHEDRON = torch.tensor([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])


def sphere(level: int, noise: float = 0.0, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    mesh = ico_sphere(level)
    generator = torch.Generator().manual_seed(seed)
    verts = mesh.verts_packed()
    return verts + noise * torch.randn(verts.shape, generator=generator), mesh.faces_packed()


def doughnut(rings: int = 16, sides: int = 10) -> tuple[torch.Tensor, torch.Tensor]:
    ring, side = torch.meshgrid(torch.arange(rings), torch.arange(sides), indexing="ij")
    u, v = ring * 2 * torch.pi / rings, side * 2 * torch.pi / sides
    out = 1 + 0.3 * v.cos()
    verts = torch.stack([out * u.cos(), out * u.sin(), 0.3 * v.sin()], dim=-1).reshape(-1, 3)
    across, along = (ring + 1) % rings * sides, (side + 1) % sides
    a, b, c, d = ring * sides + side, across + side, across + along, ring * sides + along
    triangles = [torch.stack(corners, dim=-1).reshape(-1, 3) for corners in ((a, b, c), (a, c, d))]
    return verts, torch.cat(triangles)


def surface(verts: torch.Tensor, faces: torch.Tensor, length: float) -> RemeshedSurface:
    return RemeshedSurface(verts, faces, torch.full((len(verts),), length))


def check_manifold(faces: torch.Tensor, num_verts: int, euler: int) -> None:
    """Plain-Python check of everything that makes a closed oriented manifold."""
    rows = faces.tolist()
    assert all(len(set(row)) == 3 for row in rows), "a face names a vertex twice"
    half_edges = [(row[k], row[(k + 1) % 3]) for row in rows for k in range(3)]
    assert len(set(half_edges)) == len(half_edges), "two faces run the same way along an edge"
    assert {(b, a) for a, b in half_edges} == set(half_edges), "the surface is open"
    assert {v for row in rows for v in row} == set(range(num_verts)), "a vertex has no face"
    assert num_verts - len(half_edges) // 2 + len(rows) == euler
    follow: dict[int, dict[int, int]] = {v: {} for v in range(num_verts)}
    for a, b, c in rows:
        for x, y, z in ((a, b, c), (b, c, a), (c, a, b)):
            follow[x][y] = z
    for ring in follow.values():
        start = at = next(iter(ring))
        seen = 0
        while seen == 0 or at != start:
            at, seen = ring[at], seen + 1
        assert seen == len(ring), "two fans of faces meet at one vertex"


def volume(verts: torch.Tensor, faces: torch.Tensor) -> float:
    a, b, c = verts[faces].unbind(dim=1)
    return (torch.linalg.cross(a, b) * c).sum().item() / 6


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2), st.floats(0, 0.3), st.floats(0.15, 1.5), st.integers(0, 10**6))
def test_any_sphere_stays_a_closed_manifold_sphere(level, noise, length, seed):
    result = surface(*sphere(level, noise, seed), length)
    for _ in range(3):
        result = remesh(result)
        check_manifold(result.faces, len(result.verts), euler=2)
        assert torch.isfinite(result.verts).all()


@pytest.mark.parametrize("length", [0.1, 0.2, 0.5])
def test_a_handle_is_kept(length):
    result = surface(*doughnut(), length)
    for _ in range(4):
        result = remesh(result)
    check_manifold(result.faces, len(result.verts), euler=0)


@settings(deadline=None, max_examples=3)
@given(st.integers(0, 10**6))
def test_lengths_that_differ_from_place_to_place(seed):
    verts, faces = sphere(2, 0.05, seed)
    length = torch.where(verts[:, 0] > 0, 0.15, 0.5)
    result = RemeshedSurface(verts, faces, length)
    for _ in range(5):
        result = remesh(result)
    check_manifold(result.faces, len(result.verts), euler=2)
    lengths = edge_lengths(result.verts, find_topology(result.faces, len(result.verts)))
    middles = result.verts[find_topology(result.faces, len(result.verts)).ends].mean(dim=1)[:, 0]
    assert lengths[middles > 0.4].mean() < 0.5 * lengths[middles < -0.4].mean()


def test_edges_approach_their_length_without_slivers():
    result = surface(*sphere(3, 0.03), 0.2)
    for _ in range(8):
        result = remesh(result)
    lengths = edge_lengths(result.verts, find_topology(result.faces, len(result.verts)))
    assert 0.15 < lengths.mean() < 0.25
    assert lengths.max() < 0.2 * 1.6
    quality = face_normals(result.verts, result.faces).norm(dim=1) / 2 / (0.433 * lengths.mean() ** 2)
    assert quality.min() > 0.3
    assert volume(result.verts, result.faces) > 0.9 * 4.18


def test_a_fine_even_mesh_is_left_alone():
    verts, faces = sphere(3)
    mean = edge_lengths(verts, find_topology(faces, len(verts))).mean().item()
    result = remesh(surface(verts, faces, mean))
    assert torch.equal(result.faces, faces)
    assert (result.verts - verts).norm(dim=1).max() < 0.02


def test_attributes_are_interpolated():
    verts, faces = sphere(1, 0.05)
    linear = verts @ torch.tensor([1.0, 2.0, 3.0])
    start = RemeshedSurface(verts, faces, torch.full((len(verts),), 0.2), (linear, verts.clone()))
    result = remesh(start, RemeshConfig(relax=0.0))
    assert len(result.verts) > len(verts)
    torch.testing.assert_close(result.attributes[0], result.verts @ torch.tensor([1.0, 2.0, 3.0]))
    torch.testing.assert_close(result.attributes[1], result.verts)


def test_the_bound_on_vertices_holds():
    result = remesh(surface(*sphere(1), 0.01), RemeshConfig(max_verts=60))
    assert len(result.verts) == 60
    check_manifold(result.faces, 60, euler=2)


def test_two_runs_give_the_same_bits():
    first, second = (remesh(surface(*sphere(2, 0.1), 0.15)) for _ in range(2))
    assert torch.equal(first.verts, second.verts)
    assert torch.equal(first.faces, second.faces)


@pytest.mark.parametrize(
    "faces",
    [
        TETRAHEDRON[:3],
        torch.cat([TETRAHEDRON[:3], TETRAHEDRON[3:].flip(1)]),
        torch.cat([TETRAHEDRON, TETRAHEDRON]),
    ],
    ids=["open", "disagreeing", "doubled"],
)
def test_what_is_no_closed_surface_is_refused(faces):
    with pytest.raises(ValueError, match="closed, consistently oriented"):
        remesh(surface(torch.eye(4)[:, :3], faces, 1.0))


def test_a_tetrahedron_is_never_collapsed():
    verts = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    result = remesh(surface(verts, TETRAHEDRON, 100.0))
    check_manifold(result.faces, 4, euler=2)


def test_a_split_divides_each_face_at_most_once_and_keeps_the_surface():
    verts, faces = sphere(1)
    topology = find_topology(faces, len(verts))
    edges = choose_splits(edge_lengths(verts, topology), topology)
    sides = topology.edge_faces[edges].reshape(-1)
    assert len(edges) > 10
    assert len(sides.unique()) == len(sides)
    (grown,), halved = split([verts], topology, edges)
    check_manifold(halved, len(grown), euler=2)
    assert volume(grown, halved) == pytest.approx(volume(verts, faces), rel=1e-5)
    torch.testing.assert_close(grown[len(verts) :], verts[topology.ends[edges]].mean(dim=1))


def test_collapses_are_apart_and_break_nothing():
    verts, faces = sphere(2, 0.05)
    topology = find_topology(faces, len(verts))
    edges = torch.arange(len(topology.keys))
    chosen = choose_collapses(topology, edges[keeps_manifold(topology, edges)], torch.rand(len(edges)))
    (shrunk,), left = collapse([verts], topology, chosen)
    assert len(chosen) > 5
    assert len(shrunk) == len(verts) - len(chosen)
    assert len(left) == len(faces) - 2 * len(chosen)
    check_manifold(left, len(shrunk), euler=2)


def test_the_link_condition_refuses_the_neck_of_a_triangle():
    # Two tetrahedra glued at a face: the glued triangle's edges have three common neighbours or poor apexes.
    faces = torch.tensor([[0, 1, 3], [1, 2, 3], [2, 0, 3], [1, 0, 4], [2, 1, 4], [0, 2, 4]])
    topology = find_topology(faces, 5)
    ring = (topology.ends < 3).all(dim=1)
    allowed = keeps_manifold(topology, torch.arange(9))
    assert not allowed[ring].any()
    for edge in torch.nonzero(allowed)[:, 0]:
        (points,), left = collapse([torch.rand(5, 3)], topology, edge[None])
        check_manifold(left, len(points), euler=2)


def test_flips_even_out_valences():
    verts, faces = sphere(2, 0.02)
    topology = find_topology(faces, len(verts))
    edges = choose_splits(torch.rand(len(topology.keys)), topology)
    (verts,), faces = split([verts], topology, edges)
    topology = find_topology(faces, len(verts))
    chosen = choose_flips(verts, topology)
    after = find_topology(flip(topology, chosen), len(verts))
    check_manifold(after.faces, len(verts), euler=2)
    deviation = [(t.valence - 6).square().sum() for t in (topology, after)]
    assert len(chosen) > 0
    assert deviation[0] - deviation[1] == 2 * valence_gain(topology)[chosen].sum()
    assert deviation[1] < deviation[0]


def test_relaxing_moves_within_the_surface_only():
    verts, faces = sphere(3)
    topology = find_topology(faces, len(verts))
    around = torch.linalg.cross(torch.randn_like(verts), verts)
    uneven = torch.nn.functional.normalize(verts + 0.02 * around, dim=1)
    moved = relax(uneven, topology, 0.5)
    assert (moved - uneven).norm(dim=1).max() > 0.01
    assert (moved.norm(dim=1) - 1).abs().max() < 0.003
    assert torch.equal(relax(uneven, topology, 0.0), uneven)
