"""Polygons become triangles that cover them: no more and no less, whatever their shape."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.io import IO, load_obj
from maquette.io.ear_clipping import clip_ears
from maquette.io.mesh_read import read_mesh
from maquette.io.polygons import cut_polygons, fan_triangles, fan_triangles_of_equal

CASES = Path(__file__).parent / "cases"


def areas(points, triangles):
    a, b, c = (points[triangles[:, i]] for i in range(3))
    u, v = b - a, c - a
    return (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2


def outline_area(points):
    x, y = points.T
    return (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2


def surface(verts, faces):
    corners = np.asarray(verts, float)[np.asarray(faces)]
    return (
        np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1).sum()
        / 2
    )


@pytest.mark.parametrize(
    ("name", "area"), [("u.obj", 30), ("u.off", 30), ("u.ply", 30), ("arrow.obj", 9.7082039)]
)
def test_concave_faces_of_files(name, area):
    mesh = read_mesh(CASES / name)
    assert surface(mesh.verts, mesh.faces) == pytest.approx(area)
    if name == "u.obj":
        lids = mesh.faces[np.ptp(mesh.verts[mesh.faces][:, :, 2], axis=1) == 0]
        middles = mesh.verts[lids].mean(axis=1)
        assert not ((middles[:, 0] > 1) & (middles[:, 0] < 2) & (middles[:, 1] > 1)).any()
        flat = mesh.verts[:, :2].astype(float)
        assert (areas(flat, lids[mesh.verts[lids][:, 0, 2] == 1]) > 0).all()
        assert (areas(flat, lids[mesh.verts[lids][:, 0, 2] == 0]) < 0).all()


def test_readers_under_other_names_cut_alike():
    verts, faces, _ = load_obj(CASES / "u.obj", load_textures=False)
    assert surface(verts, faces.verts_idx) == pytest.approx(30)
    for name in ("u.off", "u.ply"):
        mesh = IO().load_mesh(CASES / name)
        assert surface(mesh.verts_packed(), mesh.faces_packed()) == pytest.approx(30)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(4, 40))
def test_outlines_around_a_point(seed, count):
    rng = np.random.default_rng(seed)
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    points = rng.uniform(0.1, 1, (3, count, 1)) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for outline, triangles in zip(points, clip_ears(points), strict=True):
        found = areas(outline, triangles)
        assert found.min() >= 0
        assert found.sum() == pytest.approx(outline_area(outline))


def test_a_spiral_and_an_outline_with_a_slit_to_its_hole():
    turns = np.linspace(0, 6 * np.pi, 60)
    inner, outer = (
        (2 + turns + shift)[:, None] * np.stack([np.cos(turns), np.sin(turns)], axis=1) for shift in (0, 3)
    )
    spiral = np.concatenate([outer, inner[::-1]])
    ring = np.array([(0, 0), (4, 0), (4, 4), (0, 4), (0, 0), (1, 1), (1, 3), (3, 3), (3, 1), (1, 1)], float)
    for outline in (spiral, ring):
        found = areas(outline, clip_ears(outline[None])[0])
        assert found.min() >= 0
        assert found.sum() == pytest.approx(outline_area(outline))
    assert outline_area(ring) == 12


def test_convex_polygons_stay_fans_and_triangles_keep_their_order():
    angles = np.linspace(0, 2 * np.pi, 7)[:-1]
    hexagon = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    for by_step, fans in ((False, fan_triangles(np.array([6, 6]))), (True, fan_triangles_of_equal(2, 6))):
        cut = cut_polygons(np.array([6, 6]), hexagon, np.tile(np.arange(6), 2), by_step)
        for found, wanted in zip(cut, fans, strict=True):
            assert (found == wanted).all()


def test_a_concave_polygon_among_others_leaves_them_alone():
    verts = np.array([(0, 0, 0), (2, 1, 0), (0, 2, 0), (0.5, 1, 0), (3, 3, 3)], float)
    index = np.array([0, 1, 2, 3, 3, 0, 1, 2, 0, 1, 4, 0, 1, 4, 9])
    sizes = np.array([4, 4, 3, 4])
    corners, polygon = cut_polygons(sizes, verts, index)
    assert polygon.tolist() == [0, 0, 1, 1, 2, 3, 3]
    assert {tuple(sorted(row)) for row in index[corners[:2]].tolist()} == {(0, 1, 3), (1, 2, 3)}
    assert (corners[2:] == fan_triangles(sizes)[0][2:]).all()


def test_what_is_no_simple_polygon_is_cut_all_the_same():
    rng = np.random.default_rng(0)
    for size in (4, 5, 9):
        tangled = rng.integers(0, 3, (20, size, 2)).astype(float)
        triangles = clip_ears(tangled)
        assert (np.sort(np.unique(triangles[0])) == np.arange(size)).all()
    line = np.array([(i, i, i) for i in range(5)], float) / 10
    corners, _ = cut_polygons(np.array([5]), line, np.arange(5))
    assert (corners == fan_triangles(np.array([5]))[0]).all()
    empty, _ = cut_polygons(np.array([4]), np.full((4, 3), np.nan), np.arange(4))
    assert len(empty) == 2


def test_a_polygon_of_very_many_corners_says_that_it_is_not_cut(monkeypatch):
    monkeypatch.setattr("maquette.io.polygons._MOST_CORNERS", 3)
    verts = np.array([(0, 0, 0), (2, 1, 0), (0, 2, 0), (0.5, 1, 0)], float)
    with pytest.warns(UserWarning, match="concave polygon of 4 corners"):
        cut_polygons(np.array([4]), verts, np.arange(4))
