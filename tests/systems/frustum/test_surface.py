"""Surfaces of fields in a frustum: closed, outwards, and true to the outline."""

import warnings

import pytest
import torch
from torch.nn.functional import avg_pool2d

from maquette.io.errors import LeftOut
from maquette.renderer.mesh.rasterizer import MeshRasterizer, RasterizationSettings
from maquette.structures.cameras import PerspectiveCameras
from maquette.systems.frustum.grid import Frustum
from maquette.systems.frustum.surface import surface_of

SIZE = 96
FRUSTUM = Frustum(torch.tensor([1.5]), torch.tensor([[0.5, 0.5]]))


def disc(radius: float = 0.3) -> torch.Tensor:
    place = (torch.arange(SIZE) + 0.5) / SIZE - 0.5
    distance = (place[:, None] ** 2 + place**2).sqrt()
    return ((radius - distance) * SIZE + 0.5).clamp(0, 1)[None]


def outline(mesh) -> torch.Tensor:
    camera = PerspectiveCameras(
        focal_length=1.5 * SIZE,
        principal_point=((SIZE / 2, SIZE / 2),),
        in_ndc=False,
        image_size=((SIZE, SIZE),),
    )
    # Twice as fine: corners of the surface lie at the very centres of the mask's pixels.
    seen = (
        MeshRasterizer(camera, RasterizationSettings(image_size=2 * SIZE))(mesh).pix_to_face[0, ..., 0] >= 0
    )
    return avg_pool2d(seen[None].float(), 2)[0] >= 0.5


def iou(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a & b).sum() / (a | b).sum())


def test_the_outline_is_that_of_the_mask_however_coarse_the_field() -> None:
    field = torch.zeros(48, 48, 48)
    field[20:28, 6:42, 6:42] = 0.9  # a box that is larger than the disc
    mesh = surface_of(field, disc(), FRUSTUM, 0.4)
    assert iou(outline(mesh), disc()[0] > 0.5) > 0.98
    verts = mesh.verts_packed()
    depth = (verts[:, 2] - 1.5) / FRUSTUM.extent + 0.5
    assert abs(depth.min() - 20 / 48) < 0.02
    assert abs(depth.max() - 28 / 48) < 0.02


def test_closed_and_outwards() -> None:
    field = torch.zeros(48, 48, 48)
    field[20:28, 6:42, 6:42] = 0.9
    mesh = surface_of(field, disc(), FRUSTUM, 0.4)
    edges = len(mesh.edges_packed())
    assert len(mesh.verts_packed()) - edges + len(mesh.faces_packed()) == 2
    assert 2 * edges == 3 * len(mesh.faces_packed())
    a, b, c = mesh.verts_packed()[mesh.faces_packed()].unbind(1)
    assert (a * torch.linalg.cross(b, c)).sum() > 0


def test_rays_of_the_mask_that_are_unsure_stay() -> None:
    field = torch.zeros(48, 48, 48)
    field[20:28, 6:42, 6:24] = 0.9
    field[10:40, 6:42, 24:42] = 0.1  # no depth is sure
    mesh = surface_of(field, disc(), FRUSTUM, 0.4)
    assert iou(outline(mesh), disc()[0] > 0.5) > 0.97


def test_a_small_piece_stays_where_nothing_else_is_met() -> None:
    """A flag without a pole is in the picture; a crumb before the disc is not."""
    field = torch.zeros(48, 48, 48)
    field[20:28, 6:42, 6:42] = 0.9
    field[10:12, 23:25, 23:25] = 0.9
    mask = disc()
    mask[0, 4:7, 46:50] = 1
    field[22:24, 2:4, 23:25] = 0.9
    mesh = surface_of(field, mask, FRUSTUM, 0.4)
    assert iou(outline(mesh), mask[0] > 0.5) > 0.98
    assert outline(mesh)[5, 48]
    assert (mesh.verts_packed()[:, 2] - 1.5).min() / FRUSTUM.extent + 0.5 > 18 / 48


def test_much_that_is_dropped_in_small_pieces_is_said() -> None:
    field = torch.zeros(48, 48, 48)
    field[30:38, 6:42, 6:42] = 0.9
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        surface_of(field, disc(), FRUSTUM, 0.4)
    field[4:22:6, 14:34:5, 14:34:5] = 2.0
    field[5:23:6, 14:34:5, 14:34:5] = 2.0
    with pytest.warns(LeftOut, match=r"\d\.\d % of what seems solid, in small pieces apart from the rest"):
        surface_of(field, disc(), FRUSTUM, 0.4)


def test_a_mask_that_is_thinner_than_its_pixels_is_refused() -> None:
    """A wire from edge to edge: no pixel of the outline is half full."""
    mask = torch.zeros(1, SIZE, SIZE)
    mask[0, 48] = 0.4
    with pytest.raises(ValueError, match="too thin"):
        surface_of(torch.full((48, 48, 48), 0.9), mask, FRUSTUM, 0.4)
