"""Cutting meshes into parts that are closed: welding, pieces, loops, caps, and what stays open."""

import numpy as np
import pytest
import torch

from maquette.ops import voxelize
from maquette.ops.solid_parts import _fans, _loops, solid_parts
from maquette.structures import Meshes, join_meshes_as_batch, join_meshes_as_scene
from maquette.utils import ico_sphere, torus


def parts_of(mesh, scale=20.0):
    verts = (mesh.verts_packed() * scale).numpy()
    faces = mesh.faces_packed().numpy()
    return verts, faces, np.zeros(len(faces), np.int64)


def borders(parts):
    """Edges of each part that an odd number of its faces share."""
    place = np.unique(parts.corners.reshape(-1, 3), axis=0, return_inverse=True)[1].reshape(-1, 3)
    odd = set()
    for part, face in zip(parts.part_of_face, place, strict=True):
        for a, b in ((0, 1), (1, 2), (2, 0)):
            odd ^= {(part, *sorted((face[a], face[b])))}
    return odd


@pytest.mark.parametrize("seed", range(4))
def test_parts_that_lost_faces_are_closed_again(seed):
    verts, faces, mesh = parts_of(join_meshes_as_scene([ico_sphere(2), torus(0.3, 2.0, 12, 24)]))
    keep = np.random.default_rng(seed).random(len(faces)) > 0.1
    parts = solid_parts(verts, faces[keep], mesh[keep])
    large = np.flatnonzero(np.bincount(parts.part_of_face) > 200)
    assert len(large) == 2
    assert (parts.axes_needed[large] == 2).all()
    assert not {edge for edge in borders(parts) if edge[0] in large}


def test_the_order_of_faces_and_their_orientation_play_no_part():
    verts, faces, mesh = parts_of(ico_sphere(1))
    rng = np.random.default_rng(0)
    faces = faces[:-7]
    other = np.where(rng.random((len(faces), 1)) < 0.5, faces[:, ::-1], faces)[rng.permutation(len(faces))]
    areas = []
    for own in (faces, other):
        corners = solid_parts(verts, own, mesh[: len(own)]).corners
        sides = corners[:, 1:] - corners[:, :1]
        areas.append(np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1).sum())
    assert areas[0] == pytest.approx(areas[1], rel=1e-5)


def test_vertices_at_one_place_are_one_and_meshes_stay_apart():
    verts, faces, _ = parts_of(ico_sphere(1))
    loose = verts[faces].reshape(-1, 3)
    twice = np.concatenate([loose, loose])
    soup = np.arange(len(twice)).reshape(-1, 3)
    parts = solid_parts(twice, soup, np.repeat([0, 3], len(faces)))
    assert parts.mesh_of_part.tolist() == [0, 3]
    assert np.bincount(parts.part_of_face).tolist() == [len(faces)] * 2
    assert not borders(parts)


def test_leaves_out_what_is_no_face():
    verts = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [np.nan, 0, 0], [1e38, 3e38, -3e38]], np.float32)
    faces = np.array([[0, 1, 3], [0, 0, 1], [0, 1, 2], [2, 1, 0], [0, 1, 4]])
    parts = solid_parts(verts, faces, np.zeros(5, np.int64))
    assert len(parts.corners) == 0
    assert np.isfinite(parts.corners).all()
    assert len(solid_parts(verts, faces[:0], faces[:0, 0]).mesh_of_part) == 0


def test_loops_that_touch_are_cut_apart():
    eight = np.array([[0, 1], [1, 2], [2, 0], [2, 3], [3, 4], [4, 2]])
    assert sorted(sorted(loop) for loop in _loops(eight, 5)) == [[0, 1, 2], [2, 3, 4]]


def test_a_fan_over_three_edges_is_one_face_over_more_is_around_the_middle():
    path = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 5], [2, 0, 5], [2, 2, 5], [0, 2, 5]], np.float32)
    fans, loop = _fans(path, np.array([3, 4]))
    assert loop.tolist() == [0, 1, 1, 1, 1]
    assert sorted(map(tuple, fans[0].tolist())) == sorted(map(tuple, path[:3].tolist()))
    assert (fans[1:, 2] == [1, 1, 5]).all()


def with_faces(mesh, change):
    return Meshes([mesh.verts_packed()], [change(mesh.faces_packed())])


RING = torus(0.1, 0.3, 24, 40)
BALL = ico_sphere(3).scale_verts(0.2)
SHAPES = {
    "one closed part": RING,
    "two parts": join_meshes_as_scene([RING, BALL]),
    "a part through the other": join_meshes_as_scene([RING, BALL.offset_verts(torch.tensor([0.3, 0, 0]))]),
    "faces of two parts in turn": with_faces(
        join_meshes_as_scene([BALL, BALL.offset_verts(torch.tensor([0.25, 0, 0]))]),
        lambda faces: faces.view(2, -1, 3).transpose(0, 1).reshape(-1, 3),
    ),
    "inside out": with_faces(RING, lambda faces: faces.flip(1)),
    "open": with_faces(RING, lambda faces: faces[100:]),
    "a hole and a whole": join_meshes_as_scene([with_faces(BALL, lambda faces: faces[40:]), RING]),
    "a batch": join_meshes_as_batch([BALL, with_faces(RING, lambda faces: faces[:900]), RING]),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_short_cuts_change_no_bit(shape, monkeypatch):
    mesh = SHAPES[shape]
    arrays = [mesh.verts_packed() * 20, mesh.faces_packed(), mesh.faces_packed_to_mesh_idx()]
    parts, solid = solid_parts(*(x.numpy() for x in arrays)), voxelize(mesh, 48).occupancy
    monkeypatch.setattr("maquette.ops.solid_parts._are_in_order", lambda *_: False)
    sorted_ = solid_parts(*(x.numpy() for x in arrays))
    assert all(np.array_equal(a, b) for a, b in zip(parts, sorted_, strict=True))
    monkeypatch.setattr("maquette.ops.solid_parts._is_closed", lambda _: False)
    assert torch.equal(voxelize(mesh, 48).occupancy, solid)
    assert solid.any()


@pytest.mark.slow
def test_tens_of_thousands_of_pieces() -> None:
    """Labels of pieces times numbers of points pass 2^31."""
    rng = np.random.default_rng(0)
    low = 20 * rng.random((40_000, 1, 3), np.float32)
    corners = low + 0.01 * np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    faces, mesh = np.arange(3 * len(low)).reshape(-1, 3), np.zeros(len(low), np.int64)
    parts = solid_parts(corners.reshape(-1, 3), faces, mesh)
    assert len(np.unique(parts.corners, axis=0)) == len(low)
