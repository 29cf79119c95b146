"""From probabilities in the frustum to a closed surface in the camera frame that fills the mask."""

import numpy as np
import torch
from jaxtyping import Float
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import interpolate, pad

from ...io.errors import say_left_out
from ...lift.surface import outwards
from ...ops.marching_cubes import marching_cubes
from ...structures import Meshes
from .grid import Frustum

_FINER = 2  # layers of depth for one of the field's
_SMOOTH = 0.7  # standard deviation of the smoothing, in these layers
_FAINT = 1e-3  # share of the rays of the mask among those that are smoothed, from which on they are heard
_REACH = 1.1  # at least so much of the threshold is reached on every ray of the object
_LEVEL = 1.0 + 3e-5  # keeps the level off the field's own values, where triangles would vanish
_INSIDE = 0.5  # of a mask
_SPECK = 0.005  # of the solid cells; smaller pieces are dropped
_TOLD = 0.01  # of the solid cells; more of them in such pieces are not dropped in silence


def surface_of(
    field: Float[Tensor, "depth row column"],
    mask: Float[Tensor, "1 size size"],
    frustum: Frustum,
    threshold: float,
) -> Meshes:
    """Marching cubes on the field, cut to the outline of the mask, and undistorted.

    Rays outside of the mask say what those inside say next to them, so that the mask alone is the outline. Every ray
    inside meets something: where its probabilities stay below the threshold they are scaled up, so that thin parts
    whose depth is unsure stay. Seen from the camera the surface fills the mask.

    Args:
        field: probabilities that cells are solid, of one frustum.
        mask: 1 on the object, in the same square of the picture; as fine as the outline is to be.
        frustum: of the picture.
        threshold: probability from which on a cell is solid.

    Returns:
        one closed mesh with faces that look outwards.

    Raises:
        ValueError: all of the mask is thinner than half a pixel.
    """
    size, depths = mask.shape[-1], _FINER * len(field)
    on = (mask > _INSIDE).to(field)
    fine = interpolate(
        field[None, None].float(), (depths, size, size), mode="trilinear", align_corners=False
    )[0, 0]
    lateral = _SMOOTH * size / depths
    weight = _smooth(on, (0, lateral, lateral))
    fine = _smooth(fine * on, (_SMOOTH, lateral, lateral)) / weight.clamp_min(_FAINT) / threshold
    most = fine.amax(dim=0, keepdim=True)
    fine = fine * torch.where((weight > _FAINT) & (most < _REACH), _REACH / most.clamp_min(1e-6), 1.0)
    shape = _without_specks(torch.minimum(fine, mask.to(fine) / _INSIDE))
    verts, faces = marching_cubes(pad(shape, [1] * 6)[None].contiguous(), _LEVEL, return_local_coords=False)
    if not len(faces[0]):
        raise ValueError(f"the object is too thin: nowhere does it fill half of one of {size} pixels across")
    places = (verts[0] - 0.5) / shape.new_tensor(
        [size, size, depths]
    )  # the first cell is one of the border's
    points = frustum.points(places[None])[0]
    return Meshes([points], [outwards(points, faces[0])])


def _smooth(
    field: Float[Tensor, "_depth row column"], deviations: tuple[float, float, float]
) -> Float[Tensor, "_depth row column"]:
    """A field under a Gaussian with a standard deviation along each axis, in cells."""
    return torch.from_numpy(ndimage.gaussian_filter(field.cpu().numpy(), deviations)).to(field)


def _without_specks(shape: Float[Tensor, "depth row column"]) -> Float[Tensor, "depth row column"]:
    """The field without its small pieces, but where they are all that a ray meets."""
    labels, count = ndimage.label((shape > _LEVEL).cpu().numpy(), structure=np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    small = sizes < _SPECK * sizes[1:].sum()
    small[0] = False
    small = small[labels]
    dropped = small & ((labels > 0) & ~small).any(axis=0)
    share = dropped.sum() / max(1, sizes[1:].sum())
    if share >= _TOLD:
        say_left_out(f"{100 * share:.1f} % of what seems solid, in small pieces apart from the rest")
    return shape.masked_fill(torch.from_numpy(dropped).to(shape.device), 0.0)
