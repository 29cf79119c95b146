"""Models of a page: what is packed is the mesh, to a step of its grid."""

import base64
import re
import zlib

import numpy as np
import torch

from maquette.renderer import TexturesVertex
from maquette.renderer.turntable import model_figures, script
from maquette.renderer.voxel_pictures import EXTRA, MISSED, RIGHT, pair_meshes
from maquette.structures import Meshes
from maquette.utils import ico_sphere

CANVAS = re.compile(r'data-verts="(\d+)" data-model="([^"]*)"')


def unpacked(html: str) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Places in [-1, 1], colours in [0, 1] and faces of every model, read as the script reads them."""
    found = []
    for count, data in CANVAS.findall(html):
        verts, packed = int(count), zlib.decompress(base64.b64decode(data))
        places = np.frombuffer(packed, "<i2", 3 * verts).reshape(-1, 3) / 32767
        colours = np.frombuffer(packed, "u1", 3 * verts, 6 * verts).reshape(-1, 3) / 255
        begin = 9 * verts + (4 - verts % 4) % 4
        found.append((places, colours, np.frombuffer(packed, "<u4", offset=begin).reshape(-1, 3)))
    return found


def test_a_mesh_is_packed_with_its_colours():
    ball = ico_sphere(1)
    verts, faces = ball.verts_packed(), ball.faces_packed()
    ball = Meshes([verts * 3 + 5], [faces], TexturesVertex([verts.abs()]))
    ((places, colours, corners),) = unpacked(model_figures([("ball", ball)], 30, 20))
    middle, radius = (verts.amin(0) + verts.amax(0)) / 2, (verts.amax(0) - verts.amin(0)).norm() / 2
    expected = ((verts - middle) / radius)[faces].numpy()
    assert len(places) == len(verts)  # every corner of one colour is one vertex
    assert np.abs(places[corners] - expected).max() < 1e-4
    assert np.abs(colours[corners] - verts.abs()[faces].numpy()).max() < 0.003


def test_models_of_one_case_keep_their_sizes():
    ball = ico_sphere(1)
    (large, *_), (small, *_) = unpacked(model_figures([("a", ball), ("b", ball.scale_verts(0.25))], 0, 0))
    np.testing.assert_allclose(np.ptp(small, axis=0) / np.ptp(large, axis=0), 0.25, atol=1e-4)


def test_cells_have_the_colours_of_the_pictures():
    predicted, target = torch.zeros(2, 4, 4, 4, dtype=torch.bool)
    predicted[0, 0, :2] = target[0, 0, 1:3] = True
    html = model_figures(list(zip(("p", "t"), pair_meshes(predicted, target), strict=True)), 0, 0)
    for (_, colours, _), wrong in zip(unpacked(html), (EXTRA, MISSED), strict=True):
        known = np.round(np.array([RIGHT, wrong]) * 255)
        assert {tuple(row) for row in np.round(colours * 255)} == {tuple(row) for row in known}


def test_the_first_view_and_the_caption_are_told_and_nothing_gets_no_figure():
    html = model_figures([("<a>", ico_sphere(0))], 90, 45)
    assert 'data-yaw="1.5708" data-pitch="0.7854"' in html
    assert "&lt;a&gt;" in html
    empty = Meshes([torch.zeros(0, 3)], [torch.zeros(0, 3, dtype=torch.int64)])
    assert model_figures([("none", empty)], 0, 0) == ""
    (nothing, *_), (ball, *_) = unpacked(model_figures([("none", empty), ("ball", ico_sphere(0))], 0, 0))
    assert (len(nothing), len(ball)) == (0, 12)


def test_the_script_needs_nothing_else():
    assert script().startswith("<script>")
    assert not re.search(r"https?:|import ", script())
