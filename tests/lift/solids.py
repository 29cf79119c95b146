"""Small coloured solids made of boxes, their voxels, and pictures of them."""

import torch

from maquette.ops import voxelize
from maquette.renderer.views import RenderedViews, cameras_from_r2n2, render_views
from maquette.structures import Meshes
from maquette.structures.textures_vertex import TexturesVertex

RED, GREEN, BLUE = (0.8, 0.15, 0.1), (0.1, 0.7, 0.2), (0.1, 0.2, 0.8)
_CORNERS = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3)
_FACES = torch.tensor([[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
                       [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]])  # fmt: skip

CHAIR = [
    ((-0.5, 0.0, -0.5), (0.5, 0.12, 0.5), RED),
    ((-0.5, 0.12, -0.5), (0.5, 0.9, -0.36), BLUE),
    ((-0.5, -0.7, -0.5), (-0.36, 0.0, -0.36), GREEN),
    ((0.36, -0.7, -0.5), (0.5, 0.0, -0.36), GREEN),
    ((-0.5, -0.7, 0.36), (-0.36, 0.0, 0.5), GREEN),
    ((0.36, -0.7, 0.36), (0.5, 0.0, 0.5), GREEN),
]
STEPS = [
    ((-0.4, -0.4, -1.0), (0.4, -0.1, 1.0), GREEN),
    ((-0.4, -0.1, -1.0), (0.1, 0.3, 0.0), RED),
    ((-0.1, -0.1, 0.4), (0.4, 0.1, 1.0), BLUE),
]
BALANCE = [
    ((-0.15, -0.8, -0.3), (0.15, 0.3, 0.0), RED),
    ((-0.2, 0.3, -0.9), (0.2, 0.5, 0.6), BLUE),
    ((-0.45, -0.8, -0.3), (0.45, -0.65, 0.7), GREEN),
]


def solid(boxes) -> Meshes:
    """Boxes as one mesh in the object frame, a colour a box."""
    verts = torch.cat(
        [torch.tensor(low) + _CORNERS * (torch.tensor(high) - torch.tensor(low)) for low, high, _ in boxes]
    )
    faces = torch.cat([_FACES + 8 * i for i in range(len(boxes))])
    colours = torch.cat([torch.tensor(colour).expand(8, 3) for *_, colour in boxes])
    low, high = verts.amin(dim=0), verts.amax(dim=0)
    verts = (verts - (low + high) / 2) / (high - low).norm()
    return Meshes([verts], [faces], TexturesVertex([colours]))


def occupancy(mesh: Meshes, resolution: int = 32) -> torch.Tensor:
    """Solid cells of the cube around a mesh."""
    verts = mesh.verts_packed()
    side = float((verts.amax(dim=0) - verts.amin(dim=0)).max())
    return voxelize(mesh, resolution, side=side).occupancy[0].float()


def pictures(mesh: Meshes, views, size=96) -> RenderedViews:
    """Pictures from azimuths, elevations and ratios."""
    return render_views(mesh, cameras_from_r2n2(*torch.tensor(views).unbind(dim=1)), size, antialias=2)
