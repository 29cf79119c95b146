"""Targets of the heads: the released code's numbers."""

import pytest
import torch
from torch import Tensor

from golden_pix3d import pix3d_golden, relative
from maquette.ops.box_frustum import BoxFrustums, filled, frustum_voxels
from maquette.structures import Meshes
from maquette.systems.mesh_rcnn.detect.targets import (
    depths_around,
    mask_targets,
    mesh_targets,
    relative_extents,
)


@pytest.fixture(scope="module")
def data() -> dict:
    return pix3d_golden("geometry")


def cameras_of(K: Tensor) -> Tensor:
    return torch.stack([K[:, 0], K[:, 0], K[:, 1], K[:, 2]], 1)


def test_meshes_in_cubes(data: dict) -> None:
    meshes = Meshes([data["verts"]] * 3, [data["faces"].long()] * 3)
    found = mesh_targets(meshes, data["boxes"], cameras_of(data["K"]))
    assert relative(found.verts_padded(), data["cropped_mesh_verts"]) < 1e-5
    assert torch.equal(found.faces_padded()[0], data["faces"].long())


@pytest.mark.parametrize("side", [24, 10])
def test_voxels_in_grids(data: dict, side: int) -> None:
    expected = data[f"cropped_voxels_V{side}"]
    found = frustum_voxels([data["voxel_points"]] * 3, data["boxes"], cameras_of(data["K"]), side)
    assert torch.equal(found[:, :-2], expected[:, :-2])
    # The farthest point lies on the border of the last two slices: rounding decides which of them it fills.
    assert torch.equal(found[:, -2:].any(1), expected[:, -2:].any(1))
    assert (found ^ expected).flatten(1).sum(1).max() <= 2


def test_places_are_cut_off_and_not_rounded(data: dict) -> None:
    """Towards 0, so that what lies a little before the first cell counts for it."""
    found = filled(data["verts2voxel_in"] * torch.tensor([-1.0, -1.0, 1.0]), 8)
    assert torch.equal(found.permute(1, 2, 0), data["verts2voxel_8"].bool())


def test_masks_in_boxes(data: dict) -> None:
    expected = data["mask_targets_14"].bool()
    found = mask_targets(data["masks"].bool(), data["mask_boxes"], 14)
    assert (found ^ expected).float().mean() <= 0.02


def test_masks_of_boxes_without_a_pixel() -> None:
    masks = torch.zeros(2, 4, 4, dtype=torch.bool)
    masks[:, 3, 3] = True
    boxes = torch.tensor([[9.0, 9.0, 9.0, 9.0], [0.0, 0.0, 0.4, 0.4]])
    assert mask_targets(masks, boxes, 2).tolist() == [[[True] * 2] * 2, [[False] * 2] * 2]


@pytest.mark.parametrize("i", [0, 1, 2])
def test_meshes_back_in_the_scene(data: dict, i: int) -> None:
    """The third prediction was empty: a sphere stands in."""
    from maquette.utils import ico_sphere

    verts = ico_sphere(3).verts_packed() if i == 2 else data[f"unit_mesh/{i}/verts"]
    frustums = BoxFrustums.behind(data["boxes"], cameras_of(data["K"]), data["zranges"])
    found = frustums[torch.tensor([i])].out_of_cubes(verts[None])[0]
    assert relative(found, data[f"camera_mesh/{i}/verts"]) < 1e-5
    assert bool(data["input_changed_in_place"]) == bool(
        data["sphere_after_ok"]
    )  # slips that ours cannot have


@pytest.mark.parametrize("case", ["none", "resize", "resize_flip"])
def test_extents(data: dict, case: str) -> None:
    """The released code scales vertices where ours scales the focal lengths: the same pixels."""
    prefix = f"mapper/{case}/"
    height, width = data[prefix + "image_hw"].tolist()
    camera = torch.tensor([[600 * width / 640, 600 * height / 480, width / 2, height / 2]])
    meshes = Meshes([data["mapper/none/verts"]], [data["faces"].long()])
    extent = relative_extents(meshes, camera)
    assert abs(float(extent) / float(data[prefix + "dz"]) - 1) < 1e-5
    near_and_far = data["mapper/none/verts"][:, 2].aminmax()
    middle = (near_and_far.min + near_and_far.max) / 2
    depths = depths_around(extent, middle[None], camera)[0]
    assert relative(depths, torch.stack(list(near_and_far))) < 1e-5
