"""Meshes in the coordinates of a map keep their shape until they stand at the origin."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from maquette.data.mesh_axes import MeshAxes
from maquette.data.mesh_set import load_turned
from maquette.io import load_mesh
from maquette.io.errors import LeftOut
from maquette.io.mesh_data import near_origin
from maquette.io.mesh_read import read_mesh
from maquette.io.mesh_tensors import from_meshes, load_near
from maquette.structures.shape import Shape
from maquette.utils import ico_sphere

FAR = np.array([4_000_000.125, 5_800_000.25, 60.5])
XYZ = "property double x\nproperty double y\nproperty double z\n"


@pytest.fixture(params=["m.obj", "m.off", "m.ply", "binary.ply"])
def far(tmp_path, request):
    """A sphere of radius 1 in the coordinates of a map, and the same at the origin."""
    mesh = from_meshes(ico_sphere(2))[0]
    verts, faces = mesh.verts.astype(np.float64) + FAR, mesh.faces
    path = tmp_path / request.param
    rows = "".join(f"{x!r} {y!r} {z!r}\n" for x, y, z in verts.tolist())
    if path.suffix == ".obj":
        body = "".join(f"v {row}\n" for row in rows.splitlines()) + "".join(
            "f {} {} {}\n".format(*f) for f in faces + 1
        )
        path.write_text(body)
        return path, mesh
    triangles = "".join("3 {} {} {}\n".format(*f) for f in faces)
    if path.suffix == ".off":
        path.write_text(f"OFF\n{len(verts)} {len(faces)} 0\n{rows}{triangles}")
        return path, mesh
    kind = "ascii" if path.name == "m.ply" else "binary_little_endian"
    header = f"ply\nformat {kind} 1.0\nelement vertex {len(verts)}\n{XYZ}element face {len(faces)}\n"
    header += "property list uchar int vertex_indices\nend_header\n"
    if kind == "ascii":
        path.write_text(header + rows + triangles)
    else:
        table = np.zeros(len(faces), np.dtype([("n", "u1"), ("f", "<i4", 3)]))
        table["n"], table["f"] = 3, faces
        path.write_bytes(header.encode() + verts.astype("<f8").tobytes() + table.tobytes())
    return path, mesh


def test_the_shape_is_kept(far):
    path, wanted = far
    data = read_mesh(path)
    assert np.abs(data.verts - FAR - wanted.verts).max() < 1e-8
    near, origin = load_near(path)
    assert near.verts_packed().dtype == torch.float32
    assert np.abs(near.verts_packed().numpy() - wanted.verts).max() < 1e-6
    assert np.allclose(origin, FAR, rtol=0, atol=1e-7)
    with pytest.warns(LeftOut, match="digits of coordinates"):
        load_mesh(path)
    assert load_mesh(path, dtype=torch.float64).verts_packed().dtype == torch.float64


def test_shapes_know_where_they_were(far):
    path, wanted = far
    mesh, origin = load_turned(path, MeshAxes("+Z", "-Y"), path.parent)
    shape = Shape.from_mesh("a", mesh, origin=origin)
    assert shape.mesh is not None
    turned = wanted.verts @ MeshAxes("+Z", "-Y").turn()
    size = np.linalg.norm(np.ptp(turned, axis=0))
    assert np.abs(shape.mesh.verts_packed().numpy() - turned / size).max() < 1e-6
    assert np.allclose(shape.to_file(torch.zeros(3, dtype=torch.float64)), FAR @ MeshAxes("+Z", "-Y").turn())


def test_a_mesh_not_far_away_stays_where_it_is():
    data = from_meshes(ico_sphere(0))[0]
    moved = replace(data, verts=data.verts + np.float32(100))
    assert near_origin(moved)[0] is moved
    assert near_origin(moved)[1] == (0, 0, 0)
    assert near_origin(replace(data, verts=data.verts + np.float32(1000)))[1] != (0, 0, 0)
    point = replace(data, verts=data.verts * 0)
    assert near_origin(point)[0] is point
