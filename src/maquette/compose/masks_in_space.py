"""Masks of what stands on a floor, told by where it is: cameras, sparse points and a floor are known.

Points above the floor tell about where the object is (`poses.standing`). Within a box around it the pictures are
compared at all depths (`lift.swept_depths`), and what they look through is taken out of the box
(`ops.without_seen_through`): the air around the object, down to the floor. What is left surely is the object, but
lacks much of it, and the floor that was seen surely is not; colours tell the rest (`segment.seeded`). A shadow is on
the floor, and things behind are outside of the box, whatever a network takes them for.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor
from torch.nn.functional import interpolate

from ..lift.floor_depths import floor_depths
from ..lift.swept_depths import SweepConfig, swept_depths
from ..ops.fused_depths import without_seen_through
from ..ops.pixel_projections import pixel_projections
from ..poses.standing import Box, standing_box
from ..segment.seeded import BACKGROUND, OBJECT, PERHAPS, PERHAPS_NOT, seeded_masks
from ..structures import Meshes
from ..structures.cameras import CamerasBase
from ..structures.voxels import VoxelGrid
from ..systems.molding.hull import LEVEL, surface_of
from ..systems.molding.silhouettes import hard_silhouettes
from .agreeing_masks import agreeing_masks

_SWEPT, _CUT = (
    288,
    640,
)  # longest side, in pixels, of pictures that are compared, and of those that are cut last
_STEPS = 80  # depths along the longest edge of the box
_CELLS = 96  # along the edge of the cube around it
_BELOW = 0.03  # depth of the box beneath the floor, which is to be seen in it
_FLAT = 0.02  # height up to which what is seen is the floor
_SHOWN = 0.3  # of the share of the box at known depths, in the median, that every picture has to have
_RIM = 2  # pixels at `_SWEPT` around an outline that may still change when it is cut again
_FACES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))


@torch.no_grad()
def masks_in_space(
    images: Sequence[Float[Tensor, "3 _h _w"]],
    cameras: CamerasBase,
    points: Float[np.ndarray, "point 3"],
    ground: float,
) -> list[Float[Tensor, "1 _h _w"]] | None:
    """Cut what stands on the floor nearest the world's middle out of all pictures.

    Args:
        images: colours in [0, 1].
        cameras: one a picture, in an upright world (`poses.world`).
        points: of the scene.
        ground: y of the floor.

    Returns:
        Masks in {0, 1}, empty where the object is not seen, or little of what other pictures show, as where a camera
        is wrong; None where pictures differ in size, nothing stands
        there, or nothing of it is told from the air around it.
    """
    box = standing_box(points, ground)
    if box is None or len({image.shape for image in images}) > 1:
        return None
    small = _shrunk(images, _SWEPT)
    size = (small.shape[2], small.shape[3])
    low, high = box
    around = _box_mesh((low - (0, _BELOW, 0), high))
    depths = swept_depths(
        small, cameras, around, float((high - low).max()) / _STEPS, SweepConfig(slants=((0, 0),))
    )
    floor = floor_depths(small, cameras, ground)
    depths = torch.where(floor.isnan(), depths, floor)
    left = without_seen_through(_solid(box), depths, cameras, level=LEVEL)
    if not bool((left.occupancy > LEVEL).any()):
        return None
    core = hard_silhouettes(surface_of(left), cameras, size) > 0.5
    within = hard_silhouettes(around, cameras, size) > 0.5
    flat = ~floor.isnan() | ((_heights(depths, cameras) - ground).abs() < _FLAT)
    labels = [_labels(*each) for each in zip(core, within, flat, strict=True)]
    for i in _alone(~depths.isnan() & within, within):
        labels[i][:] = BACKGROUND
    masks = seeded_masks(_bytes(small), labels)
    return None if masks is None else _cut_again(images, _agreeing(masks, cameras, ground))


def _alone(known: Bool[Tensor, "view h w"], within: Bool[Tensor, "view h w"]) -> list[int]:
    """Pictures that show little of what others do, as those of a wrong camera."""
    shares = known.sum(dim=(1, 2)) / within.sum(dim=(1, 2)).clamp(min=1)
    return torch.nonzero(shares < _SHOWN * shares.median())[:, 0].tolist()


def _agreeing(masks: list[np.ndarray], cameras: CamerasBase, ground: float) -> list[np.ndarray]:
    """Masks without what others contradict."""
    seen = [i for i, mask in enumerate(masks) if mask.any()]
    agreed = agreeing_masks([torch.from_numpy(masks[i]).float()[None] for i in seen], cameras[seen], ground)
    if agreed is None:
        return masks
    made = dict(zip(seen, agreed.masks, strict=True))
    return [made[i][0].numpy() > 0.5 if i in made else mask for i, mask in enumerate(masks)]


def _shrunk(images: Sequence[Tensor], longest: int) -> Float[Tensor, "view 3 h w"]:
    height, width = images[0].shape[1:]
    scale = min(1.0, longest / max(height, width))
    size = [max(1, round(side * scale)) for side in (height, width)]
    return torch.cat([interpolate(image[None], size, mode="area") for image in images])


def _bytes(images: Float[Tensor, "view 3 h w"]) -> list[np.ndarray]:
    return list((images.permute(0, 2, 3, 1) * 255).round().to(torch.uint8).cpu().numpy())


def _box_mesh(box: Box) -> Meshes:
    low, high = box
    corners = np.stack(np.meshgrid([0, 1], [0, 1], [0, 1], indexing="ij"), axis=-1).reshape(-1, 3)
    faces = [three for a, b, c, d in _FACES for three in ((a, b, c), (a, c, d))]
    return Meshes([torch.from_numpy(low + corners * (high - low)).float()], [torch.tensor(faces)])


def _solid(box: Box) -> VoxelGrid:
    """A cube around a box, solid within it."""
    low, high = box
    x, y, z = ((low + high) / 2).tolist()
    grid = VoxelGrid(torch.zeros(1, _CELLS, _CELLS, _CELLS), float((high - low).max()), (x, y, z))
    axes = torch.meshgrid(*[torch.arange(_CELLS)] * 3, indexing="ij")
    cells = grid.points_from_index(torch.stack(axes, dim=-1).reshape(-1, 3).float())
    above = low + np.array([0.0, max(_FLAT, grid.cell_size), 0.0])  # the floor is solid, too
    inside = (cells >= torch.from_numpy(above)).all(1) & (cells <= torch.from_numpy(high)).all(1)
    return VoxelGrid(inside.float().reshape(grid.occupancy.shape), grid.side, grid.center)


def _heights(depths: Float[Tensor, "view h w"], cameras: CamerasBase) -> Float[Tensor, "view h w"]:
    """y of what pixels show; NaN where their depth is unknown."""
    height, width = depths.shape[1:]
    matrices = pixel_projections(cameras, (height, width))
    row, column = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    result = []
    for depth, matrix in zip(depths.double(), matrices, strict=True):
        perspective = bool((matrix[3] - matrix[2]).abs().max() < 1e-9)
        w = depth if perspective else torch.ones_like(depth)
        seen = torch.stack([column * w, row * w, depth], dim=-1) - matrix[:3, 3]
        result.append((seen @ torch.linalg.inv(matrix[:3, :3]).T)[..., 1])
    return torch.stack(result)


def _labels(
    core: Bool[Tensor, "h w"], within: Bool[Tensor, "h w"], floor: Bool[Tensor, "h w"]
) -> UInt8[np.ndarray, "h w"]:
    sure = cv2.erode(core.numpy().astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    labels = np.full(core.shape, PERHAPS_NOT, np.uint8)
    labels[(~within | floor).numpy()] = BACKGROUND
    labels[core.numpy()] = PERHAPS
    labels[sure] = OBJECT
    return labels


def _cut_again(images: Sequence[Tensor], masks: Sequence[np.ndarray]) -> list[Float[Tensor, "1 _h _w"]]:
    """Masks of larger pictures, changed along their outlines alone."""
    large = _shrunk(images, _CUT)
    height, width = large.shape[2:]
    rim, labels = max(1, round(_RIM * height / masks[0].shape[0])), []
    kernel = np.ones((2 * rim + 1, 2 * rim + 1), np.uint8)
    for mask in masks:
        wide = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
        label = np.where(wide > 0, PERHAPS, PERHAPS_NOT).astype(np.uint8)
        label[cv2.dilate(wide, kernel) == 0] = BACKGROUND
        label[cv2.erode(wide, kernel) > 0] = OBJECT
        labels.append(label)
    cut = seeded_masks(_bytes(large), labels, rounds=2)
    made = torch.from_numpy(np.stack(masks if cut is None else cut)).float()[:, None]
    return list((interpolate(made, images[0].shape[1:], mode="bilinear", align_corners=False) > 0.5).float())
