"""What shows cameras and points."""

import base64
import re
import zlib
from io import BytesIO

import numpy as np
from PIL import Image

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
