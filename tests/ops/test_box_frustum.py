"""Frustums behind boxes: the released code's numbers, a plain twin, and the way there and back."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from golden_pix3d import pix3d_golden, relative
from maquette.ops.box_frustum import BoxFrustums
from operator_contract import OperatorContract


def homography(src: Tensor, dst: Tensor) -> Tensor:
    """(3, 3) map that brings four points to four others, as the null space of its equations."""
    rows = []
    for (x, y), (u, v) in zip(src.double().tolist(), dst.double().tolist(), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y, -u], [0, 0, 0, x, y, 1, -v * x, -v * y, -v]]
    return torch.linalg.svd(torch.tensor(rows, dtype=torch.float64)).Vh[-1].view(3, 3)


def mapped(matrix: Tensor, points: Tensor) -> Tensor:
    found = torch.cat([points.double(), torch.ones(len(points), 1)], 1) @ matrix.T
    return found[:, :2] / found[:, 2:]


def frustums_of(data: dict) -> BoxFrustums:
    K = data["K"]
    cameras = torch.stack([K[:, 0], K[:, 0], K[:, 1], K[:, 2]], 1)
    return BoxFrustums.behind(data["boxes"], cameras, data["zranges"])


class TestBoxFrustums(OperatorContract):
    gradcheck_dtype = torch.float64
    dtypes = (torch.float32, torch.float64)
    degenerate = {
        "a point in the camera's plane": lambda: (*_one_box(), torch.zeros(1, 1, 3)),
        "a box without width": lambda: (torch.tensor([[5.0, 5, 5, 5]]), *_one_box()[1:], torch.ones(1, 1, 3)),
    }

    def arguments(self, batch, dtype):
        generator = torch.Generator().manual_seed(0)
        corner = 20 + 10 * torch.rand(batch, 2, generator=generator)
        boxes = torch.cat([corner, corner + 15], 1).to(dtype)
        cameras = torch.tensor([[70.0, 75, 40, 30]]).expand(batch, -1).to(dtype)
        depths = torch.tensor([[1.2, 1.9]]).expand(batch, -1).to(dtype)
        points = torch.rand(batch, 4, 3, generator=generator).to(dtype) + torch.tensor([-0.5, -0.5, 1.0])
        return boxes, cameras.clone(), depths.clone(), points.to(dtype)

    def call(self, boxes, cameras, depths, points):
        frustums = BoxFrustums.behind(boxes, cameras, depths)
        return frustums.into_cubes(points), frustums.out_of_cubes(0.3 * points)

    def shapes(self, batch):
        return [(batch, 4, 3), (batch, 4, 3)]


def _one_box():
    return torch.tensor([[2.0, 3, 8, 9]]), torch.tensor([[70.0, 70, 5, 5]]), torch.tensor([[1.0, 2.0]])


def test_frustums_of_the_released_code():
    data = pix3d_golden("geometry")
    frustums, corners = frustums_of(data), data["cuboid3D"]
    assert torch.equal(data["image_wh"], 2 * data["K"][0, 1:])  # it takes the axis to be in the middle
    for end in (0, 1):
        depth = frustums.depths[:, end, None]
        assert (
            relative((frustums.middle - frustums.half) * depth, corners[:, 2 * end : 2 * end + 2, 0]) < 1e-5
        )
        assert (
            relative((frustums.middle + frustums.half) * depth, corners[:, 2 * end : 2 * end + 2, 1]) < 1e-5
        )
    assert torch.equal(frustums.depths, corners[:, 4])


def test_closed_form_is_its_projective_map():
    """The released code solves for the matrix; pixels of x and y are mirrored once more behind it."""
    data = pix3d_golden("geometry")
    frustums = frustums_of(data)
    near, far = frustums.depths.unbind(1)
    for axis, name in enumerate(("matrix_xz", "matrix_yz")):
        middle, half = frustums.middle[:, axis], frustums.half[:, axis]
        zero, one = torch.zeros_like(near), torch.ones_like(near)
        rows = [1 / half, -middle / half, zero, zero, (near + far) / (far - near)]
        rows += [-2 * near * far / (far - near), zero, one, zero]
        ours = torch.stack(rows, 1).view(-1, 3, 3)
        scale = (data[name] * ours).sum((1, 2)) / (ours * ours).sum((1, 2))
        assert relative(ours * scale[:, None, None], data[name]) < 1e-5


def test_points_there_and_back_as_in_the_released_code():
    data = pix3d_golden("geometry")
    frustums, plane = frustums_of(data), data["points"]
    points = torch.stack([plane[..., 0], plane[..., 0], plane[..., 1]], 2)
    forward = frustums.into_cubes(points)[..., [0, 2]] * torch.tensor([-1.0, 1.0])
    assert relative(forward, data["points_xz_forward"]) < 1e-5
    back = frustums.out_of_cubes(points * torch.tensor([-1.0, 1.0, 1.0]))[..., [0, 2]]
    assert relative(back, data["points_xz_inverse"]) < 1e-5


def test_the_maps_of_four_points_of_the_released_code():
    """Any four points to any four others: what the frustums' maps are a special case of."""
    data = pix3d_golden("geometry")
    for src, dst, stored, there in zip(
        data["estimate_src"],
        data["estimate_dst"],
        data["estimate_matrix"],
        data["estimate_forward"],
        strict=True,
    ):
        matrix = homography(src, dst)
        assert relative(matrix / matrix[2, 2] * stored[2, 2], stored) < 1e-4
        assert relative(mapped(matrix, src), there) < 1e-4


def test_closed_form_is_the_map_of_corners_to_corners():
    frustums = BoxFrustums.behind(
        torch.tensor([[10.0, 12, 44, 50]]), torch.tensor([[70.0, 70, 32, 24]]), torch.tensor([[1.1, 1.7]])
    )
    low, high = (float(frustums.middle[0, 0] + s * frustums.half[0, 0]) for s in (-1, 1))
    corners = torch.tensor([[low * 1.1, 1.1], [high * 1.1, 1.1], [low * 1.7, 1.7], [high * 1.7, 1.7]])
    matrix = homography(corners, torch.tensor([[1.0, -1], [-1, -1], [1, 1], [-1, 1]]))
    plane = torch.tensor([[0.1, 1.2], [-0.3, 1.6], [0.02, 3.0]])
    points = torch.stack([plane[:, 0], plane[:, 0], plane[:, 1]], 1)
    assert relative(frustums.into_cubes(points[None])[0, :, [0, 2]], mapped(matrix, plane)) < 1e-5


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**31))
def test_there_and_back(seed):
    generator = torch.Generator().manual_seed(seed)
    corner = 100 * torch.rand(3, 2, generator=generator)
    boxes = torch.cat([corner, corner + 2 + 100 * torch.rand(3, 2, generator=generator)], 1).double()
    near = 0.5 + torch.rand(3, 1, generator=generator).double()
    depths = torch.cat([near, near * (1.05 + torch.rand(3, 1, generator=generator))], 1)
    cameras = torch.tensor([[120.0, 130, 64, 48]]).double().expand(3, -1)
    frustums = BoxFrustums.behind(boxes, cameras, depths)
    places = 2 * torch.rand(3, 9, 3, generator=generator).double() - 1
    torch.testing.assert_close(
        frustums.into_cubes(frustums.out_of_cubes(places)), places, rtol=1e-9, atol=1e-9
    )
    chosen = frustums[torch.tensor([2, 0])]
    assert torch.equal(chosen.out_of_cubes(places[:2])[0], frustums.out_of_cubes(places[[0, 1, 0]])[2])
