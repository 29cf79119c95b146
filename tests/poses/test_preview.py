"""What shows cameras and points."""

import base64
import re
import zlib
from dataclasses import replace
from io import BytesIO

import numpy as np
from PIL import Image
from scipy.spatial.transform import Rotation

from camera_scene import ring
from maquette.io.colmap_model import SparsePoints
from maquette.poses.preview import preview_page, preview_sheet


def cloud(count=200):
    rng = np.random.default_rng(0)
    return SparsePoints(rng.normal(size=(count, 3)) * 0.3, rng.integers(0, 255, (count, 3)).astype(np.uint8))


def test_a_sheet_of_three_sides():
    sheets = [
        np.asarray(Image.open(BytesIO(preview_sheet(ring(), points)))) for points in (cloud(), SparsePoints())
    ]
    assert sheets[0].shape == (520, 1500, 4)
    assert (sheets[0] != sheets[1]).any(-1).mean() > 0.005


def test_a_page_holds_cameras_and_points_and_those_far_out_are_left_away():
    def verts(points):
        page = preview_page(ring(3), points, "a <scene>")
        assert "a &lt;scene&gt;" in page
        return int(re.search(r'data-verts="(\d+)"', page)[1]), re.search(r'data-model="([^"]+)"', page)[1]

    cameras = verts(SparsePoints())[0]
    assert cameras == 3 * 5
    count, packed = verts(cloud(20))
    assert count == cameras + 4 * 20
    assert len(zlib.decompress(base64.b64decode(packed))) > 9 * count
    far = SparsePoints(np.array([[1e6, 0, 0]]), np.zeros((1, 3), np.uint8))
    assert verts(far)[0] == cameras
    assert verts(cloud(7000))[0] <= cameras + 4 * 6000


def test_a_scene_is_shown_alike_in_any_world():
    """Another up, middle and scale: as in COLMAP's worlds, NeRF's and Middlebury's."""
    turn, shift, scale = (
        Rotation.from_euler("xyz", (90, 20, 30), degrees=True).as_matrix(),
        (40.0, -9, 7),
        0.1,
    )
    points = cloud()
    moved = [replace(v, R=v.R @ turn.T, t=scale * v.t - v.R @ turn.T @ shift) for v in ring()]
    there = SparsePoints(scale * points.xyz @ turn.T + shift, points.rgb)
    sheets = [
        np.asarray(Image.open(BytesIO(preview_sheet(*scene)))) for scene in ((ring(), points), (moved, there))
    ]
    assert (sheets[0] != sheets[1]).any(-1).mean() < 0.001
    pages = [preview_page(*scene, "a") for scene in ((ring(), points), (moved, there))]
    counts = [re.search(r'data-verts="(\d+)"', page)[1] for page in pages]
    assert counts == [str(8 * 5 + 4 * 200)] * 2
