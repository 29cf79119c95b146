"""Interpolation of face attributes: known values, dtypes, errors."""

import pytest
import torch

from maquette.ops.interp_face_attrs import (
    interpolate_face_attributes,
    interpolate_face_attributes_python,
    interpolate_packed,
    interpolate_vertex_attributes,
)
from operator_contract import OperatorContract

PIXELS, BARY = torch.zeros(1, 1, 1, 1, dtype=torch.int64), torch.ones(1, 1, 1, 1, 3)


class TestInterpolateFaceAttributes(OperatorContract):
    fast_gradcheck = True
    dtypes = (torch.float32, torch.float64, torch.bfloat16)
    known = {
        "corners, middle and nothing": lambda: (
            interpolate_face_attributes(
                torch.tensor([1, -1, 0]).view(1, 1, 3, 1),
                torch.tensor([[0.25, 0.25, 0.5], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).view(1, 1, 3, 1, 3),
                torch.tensor([[[1.0], [2.0], [3.0]], [[4.0], [8.0], [16.0]]]),
            ).flatten(),
            torch.tensor([11.0, 0.0, 2.0]),
        )
    }
    refused = {
        "three vertices": lambda: interpolate_face_attributes(PIXELS, BARY, torch.ones(1, 4, 3)),
        "pix_to_face must have shape": lambda: interpolate_face_attributes(
            PIXELS[..., None], BARY, torch.ones(1, 3, 3)
        ),
    }
    degenerate = {
        "no faces": lambda: (PIXELS - 1, BARY, torch.zeros(0, 3, 2)),
        "no pixels": lambda: (PIXELS[:, :0], BARY[:, :0], torch.ones(1, 3, 2)),
    }

    def arguments(self, batch, dtype):
        faces = torch.randint(-2, 4, (batch, 2, 3, 2))
        return faces, torch.rand(*faces.shape, 3, dtype=dtype), torch.rand(4, 3, 2, dtype=dtype)

    def item(self, arguments, i):
        faces, bary, attributes = arguments
        return faces[i : i + 1], bary[i : i + 1], attributes

    def call(self, faces, bary, attributes):
        return interpolate_face_attributes(faces, bary, attributes)

    def shapes(self, batch):
        return [(batch, 2, 3, 2, 2)]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_dtype_is_kept(dtype):
    faces = torch.tensor([0, -1, 1])
    bary = torch.tensor([[1.0, 0, 0], [0, 1.0, 0], [0, 0.5, 0.5]], dtype=dtype)
    attributes = torch.arange(12, dtype=dtype).view(2, 3, 2)
    out = interpolate_packed(faces, bary, attributes)
    assert out.dtype == dtype
    assert out.tolist() == [[0.0, 1.0], [0.0, 0.0], [9.0, 10.0]]


def test_vertex_attributes_equal_attributes_copied_to_corners():
    torch.manual_seed(1)
    faces, bary = torch.randint(-1, 8, (50,)), torch.rand(50, 3)
    verts, face_verts = torch.randn(6, 4), torch.randint(0, 6, (8, 3))
    by_vertex = interpolate_vertex_attributes(faces, bary, verts, face_verts)
    assert torch.equal(by_vertex, interpolate_packed(faces, bary, verts[face_verts]))


def test_autocast_computes_in_float32():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = interpolate_packed(torch.tensor([0]), torch.full((1, 3), 1 / 3), torch.ones(1, 3, 1))
    assert out.dtype == torch.float32


def test_faces_that_are_not_there():
    with pytest.raises(IndexError, match="out of range"):
        interpolate_face_attributes(PIXELS + 1, BARY, torch.ones(1, 3, 3))


def test_plain_version_agrees():
    faces = torch.randint(-3, 6, (2, 5, 4, 3))
    bary, attributes = torch.rand(2, 5, 4, 3, 3), torch.randn(6, 3, 4)
    plain = interpolate_face_attributes_python(faces, bary, attributes)
    torch.testing.assert_close(interpolate_face_attributes(faces, bary, attributes), plain)
