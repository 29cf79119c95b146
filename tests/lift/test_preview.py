"""The preview shows picture, mask and mesh at the same place."""

import torch

from maquette.lift import draw_preview, lift_reconstruction
from maquette.structures.views import Views

from .solids import STEPS, occupancy, pictures, solid

TILE = 64


def test_the_mesh_covers_the_object():
    mesh = solid(STEPS)
    seen = pictures(mesh, [(40.0, 27.0, 0.8)], 80)
    image, mask = torch.ones(3, 90, 150), torch.zeros(1, 90, 150)
    image[:, 5:85, 60:140] = seen.images[0]
    mask[:, 5:85, 60:140] = seen.masks[0].float()
    made = lift_reconstruction(occupancy(mesh), Views([image], [mask]))
    preview = draw_preview(made.mesh, [image], [mask], made.info["views"], TILE)
    assert preview.shape == (3, TILE, 5 * TILE)
    picture, _, ours = (preview[:, :, i * TILE : (i + 1) * TILE] for i in range(3))
    covered, drawn = ((part < 0.98).any(dim=0) for part in (picture, ours))
    assert float((covered & drawn).sum() / (covered | drawn).sum()) > 0.75


def test_no_viewpoint_and_many_pictures():
    mesh = solid(STEPS)
    images, masks = [torch.rand(3, 20, 30)] * 6, [torch.ones(1, 20, 30)] * 6
    preview = draw_preview(mesh, images, masks, [None] * 6, TILE)
    assert preview.shape == (3, 4 * TILE, 5 * TILE)
    assert torch.isfinite(preview).all()
