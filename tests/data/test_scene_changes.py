"""Scaled and mirrored pictures: the released code's numbers, and pixels that stay where the scene is."""

import pytest
import torch

from golden_pix3d import pix3d_golden, relative
from maquette.data.batch import PictureObjects
from maquette.data.scene_changes import mirrored, recoloured, scaled
from maquette.structures import Meshes


def scene(data: dict) -> PictureObjects:
    masks = torch.zeros(1, 480, 640, dtype=torch.bool)
    masks[:, 60:310, 100:300] = True
    verts = data["mapper/none/verts"]
    return PictureObjects(
        boxes=data["mapper/none/bbox_xyxy"][None].float(),
        labels=torch.tensor([1]),
        masks=masks,
        meshes=Meshes([verts], [data["faces"].long()]),
        points=(verts[:5],),
        camera=torch.tensor([600.0, 600, 320, 240]),
    )


def pixels(verts: torch.Tensor, focal: torch.Tensor, axis: torch.Tensor) -> torch.Tensor:
    return axis - focal * verts[:, :2] / verts[:, 2:]


@pytest.mark.parametrize("case", ["none", "resize", "resize_flip"])
def test_released_code(case: str) -> None:
    data = pix3d_golden("geometry")
    prefix = f"mapper/{case}/"
    height, width = data[prefix + "image_hw"].tolist()
    image, found = scaled(torch.rand(3, 480, 640), scene(data), (height, width))
    if case == "resize_flip":
        image, found = mirrored(image, found)
    assert image.shape == (3, height, width)
    assert found.size == (height, width)
    assert relative(found.boxes[0], data[prefix + "bbox_xyxy"]) < 1e-6
    assert relative(found.camera[2:], data[prefix + "K"][1:]) < 1e-6
    theirs = pixels(data[prefix + "verts"], data[prefix + "K"][:1].float(), data[prefix + "K"][1:].float())
    assert relative(pixels(found.meshes.verts_packed(), found.camera[:2], found.camera[2:]), theirs) < 1e-5
    rows, columns = found.masks[0].any(1).nonzero(), found.masks[0].any(0).nonzero()
    left, top, right, bottom = found.boxes[0].tolist()
    covered = [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]
    assert max(abs(a - b) for a, b in zip(covered, (left, top, right, bottom), strict=True)) <= 1
    assert torch.equal(found.points[0], found.meshes.verts_packed()[:5])


def test_rotation_into_the_camera() -> None:
    """R p + t of the released code, with and without t."""
    data = pix3d_golden("geometry")
    turned = data["verts"] @ data["R"].T
    assert relative(turned, data["transform_verts_no_t"]) < 1e-5
    assert relative(turned + data["t"], data["transform_verts"]) < 1e-5


def test_a_mirrored_mesh_looks_outwards() -> None:
    data = pix3d_golden("geometry")
    _, found = mirrored(torch.zeros(3, 480, 640), scene(data))
    before = Meshes([data["mapper/none/verts"]], [data["faces"].long()])

    def volume(mesh: Meshes) -> torch.Tensor:
        a, b, c = mesh.verts_packed()[mesh.faces_packed()].unbind(1)
        return (a * torch.linalg.cross(b, c)).sum() / 6

    torch.testing.assert_close(volume(found.meshes), volume(before), rtol=1e-3, atol=1e-4)
    again = mirrored(torch.zeros(3, 480, 640), found)[1]
    torch.testing.assert_close(again.boxes, scene(data).boxes)
    assert torch.equal(again.masks, scene(data).masks)


def test_colours() -> None:
    image = torch.full((3, 2, 2), 0.5)
    found = recoloured(image, torch.tensor([1.0, 0.5, 3.0, 1.2]))
    torch.testing.assert_close(found[:, 0, 0], torch.tensor([0.6, 0.3, 1.0]))
