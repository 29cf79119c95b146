"""Pictures of voxel grids: cubes, shaded flat, in colours that tell right cells from wrong ones."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..ops.cubify import cubify
from ..structures import Meshes
from ..structures.textures_atlas import TexturesAtlas
from ..structures.textures_vertex import TexturesVertex
from ..structures.voxels import swap_zyx_axes
from .views import cameras_from_r2n2, render_views

RIGHT = (0.80, 0.80, 0.78)
EXTRA = (0.93, 0.45, 0.20)
MISSED = (0.25, 0.52, 0.88)
SOMEWHERE = (45.0, 25.0)  # azimuth and elevation where no camera is known
_RATIO = 0.76
_ANTIALIAS = 2


def draw_pair(
    predicted: Bool[Tensor, "side side side"],
    target: Bool[Tensor, "side side side"],
    azimuths: Float[Tensor, " view"],
    elevation: float,
    size: int = 192,
) -> tuple[Float[Tensor, "view 3 size size"], Float[Tensor, "view 3 size size"]]:
    """Pictures of a prediction and of its target from the same directions.

    Cells of the prediction that the target lacks are orange, cells of the target that the prediction lacks are
    blue, all others grey.

    Args:
        predicted: solid cells.
        target: solid cells; decides how large both are drawn.
        azimuths: degrees, as in R2N2's metadata.
        elevation: degrees.
        size: pixels a side.
    """
    first, second = (_draw(mesh, azimuths, elevation, size) for mesh in pair_meshes(predicted, target))
    return first, second


def draw_voxels(
    solid: Bool[Tensor, "side side side"], azimuths: Float[Tensor, " view"], elevation: float, size: int = 192
) -> Float[Tensor, "view 3 size size"]:
    """Pictures of one grid in grey; arguments as for `draw_pair`."""
    return _draw(_coloured(solid, solid, EXTRA, _diagonal(solid)), azimuths, elevation, size)


def pair_meshes(
    predicted: Bool[Tensor, "side side side"], target: Bool[Tensor, "side side side"]
) -> tuple[Meshes, Meshes]:
    """The cubes that `draw_pair` draws, +Y up: each cell's faces in its colour, the target's box of diagonal 1.

    Args:
        predicted: solid cells.
        target: solid cells; decides the size of both.
    """
    extent = _diagonal(target if target.any() else predicted)
    first, second = (
        _coloured(solid, other, wrong, extent)
        for solid, other, wrong in ((predicted, target, EXTRA), (target, predicted, MISSED))
    )
    return first, second


def _coloured(solid: Tensor, other: Tensor, wrong: tuple[float, float, float], extent: float) -> Meshes:
    if not solid.any():
        return Meshes(verts=[torch.zeros(0, 3)], faces=[torch.zeros(0, 3, dtype=torch.int64)])
    right = torch.tensor(RIGHT).view(3, 1, 1, 1)
    colours = torch.where(other[None], right, torch.tensor(wrong).view(3, 1, 1, 1))
    cells = swap_zyx_axes(solid.float())[None]
    cubes = cubify(cells, 0.5, feats=swap_zyx_axes(colours)[None], align="center")
    return _flat(cubes, scale=(solid.shape[0] - 1) / (2 * extent))


def _draw(mesh: Meshes, azimuths: Tensor, elevation: float, size: int) -> Tensor:
    if mesh.isempty():
        return torch.ones(len(azimuths), 3, size, size)
    lift = torch.full_like(azimuths, elevation)
    cameras = cameras_from_r2n2(azimuths, lift, torch.full_like(azimuths, _RATIO))
    return render_views(mesh, cameras, size, antialias=_ANTIALIAS).images


def _diagonal(solid: Tensor) -> float:
    """Diagonal of the box around the solid cells, in cells."""
    if not solid.any():
        return float(solid.shape[0])
    places = solid.nonzero()
    return float((places.amax(0) - places.amin(0) + 1).float().norm())


def _flat(cubes: Meshes, scale: float) -> Meshes:
    """The same faces without common vertices, so that every face has one normal and one colour."""
    verts, faces = cubes.verts_packed() * scale, cubes.faces_packed()
    assert isinstance(cubes.textures, TexturesAtlas)
    colours = cubes.textures.atlas_packed()[:, 0, 0].repeat_interleave(3, dim=0)
    return Meshes(
        verts=[verts[faces].reshape(-1, 3)],
        faces=[torch.arange(3 * len(faces)).view(-1, 3)],
        textures=TexturesVertex([colours]),
    )
