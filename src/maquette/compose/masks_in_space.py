"""Masks of what stands on a floor, told by where it is: cameras, sparse points and a floor are known.

Points above the floor tell about where the object is (`poses.standing`). Within a box around it the pictures are
compared at all depths (`lift.swept_depths`), and what they look through is taken out of the box
(`ops.without_seen_through`): the air around the object, down to the floor. What is left surely is the object, but
lacks much of it, and the floor that was seen surely is not; colours tell the rest (`segment.seeded`). A shadow is on
the floor, and things behind are outside of the box, whatever a network takes them for.

Constants were chosen on the drawn rooms of `bench.studies.photo_scenes`.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import interpolate

from ..data.families.solids import box as box_between
from ..lift.floor_depths import floor_depths
from ..lift.swept_depths import SweepConfig, swept_depths
from ..ops.fused_depths import without_seen_through
from ..ops.one_canvas import Canvas, on_one_canvas
from ..ops.pixel_projections import pixel_projections, pixel_rays
from ..ops.shrunk import shrunk
from ..poses.standing import Box, standing_box
from ..segment.seeded import BACKGROUND, OBJECT, PERHAPS, PERHAPS_NOT, seeded_masks
from ..structures import Meshes
from ..structures.cameras import CamerasBase
from ..structures.mask_box import mask_box
from ..structures.voxels import VoxelGrid
from ..systems.molding.hull import LEVEL, surface_of
from ..systems.molding.silhouettes import hard_silhouettes
from .agreeing_masks import agreeing_masks

_SWEPT = 288  # longest side, in pixels, of pictures that are compared
_CUT = 640  # of those that are cut last
_STEPS = 80  # depths along the longest edge of the box
_CELLS = 96  # along the edge of the cube around it
_BELOW = 0.03  # depth of the box beneath the floor, which is to be seen in it
_FLAT = 0.02  # height up to which what is seen is the floor
_SHOWN = 0.3  # of the share of the box at known depths, in the median, that every picture has to have
_RIM = 2  # pixels at `_SWEPT` around an outline that may still change when it is cut again
_ROOM = 0.2  # of the height and width of an object's box, that are cut again around it


@torch.no_grad()
def masks_in_space(
    images: Sequence[Float[Tensor, "3 _h _w"]],
    cameras: CamerasBase,
    points: Float[np.ndarray, "point 3"],
    ground: float,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> list[Float[Tensor, "1 _h _w"]] | None:
    """Cut what stands on the floor nearest the world's middle out of all pictures.

    Args:
        images: colours in [0, 1], in the computer's memory; of any sizes.
        cameras: perspective ones, one a picture, in an upright world (`poses.world`).
        points: of the scene.
        ground: y of the floor.
        watch: called with how many pictures were compared, and how many there are.

    Returns:
        Masks in {0, 1}. One is empty where the object is not seen, where its picture shows little of what the others
        do, and where its camera stands in the object's box. None where nothing stands there, and where nothing of it
        is told from the air around it.

    Raises:
        ValueError: cameras without perspective.
    """
    box = standing_box(points, ground)
    if box is None:
        return None
    small = on_one_canvas(images, cameras, _SWEPT)
    labels = _labels(small, box, ground, watch)
    if labels is None:
        return None
    told = [i for i, label in enumerate(labels) if label is not None]
    seen = [_bytes(small.pictures[i]) for i in told]
    cut = seeded_masks(seen, [label for label in labels if label is not None])
    if cut is None:
        return None
    masks = [np.zeros(size, bool) for size in small.sizes]
    for i, mask in zip(told, cut, strict=True):
        height, width = small.sizes[i]
        masks[i] = mask[:height, :width]
    masks = _without_contradicted(masks, cameras, ground)
    return [_cut_again(image, mask) for image, mask in zip(images, masks, strict=True)]


def _labels(
    canvas: Canvas, box: Box, ground: float, watch: Callable[[int, int], None]
) -> list[UInt8[np.ndarray, "h w"] | None] | None:
    """What is known of the pixels of each picture, None of those that show little of what others do; None alone
    where nothing is left of the box."""
    images, cameras, own = canvas.pictures, canvas.cameras, canvas.inside
    size, (low, high) = (images.shape[2], images.shape[3]), box
    around = _box_mesh((low - np.array([0.0, _BELOW, 0.0]), high))
    within = (hard_silhouettes(around, cameras, size) > 0.5) & own
    step = float((high - low).max()) / _STEPS
    floor = floor_depths(images, cameras, ground).where(own, torch.nan)
    depths = swept_depths(images, cameras, around, step, SweepConfig(slants=((0, 0),)), watch)
    depths = torch.where(floor.isnan(), depths, floor).where(own, torch.nan)
    left = without_seen_through(_solid(box), depths, cameras, level=LEVEL)
    if not bool((left.occupancy > LEVEL).any()):
        return None
    core = (hard_silhouettes(surface_of(left), cameras, size) > 0.5) & own
    flat = ~floor.isnan() | ((_heights(depths, cameras) - ground).abs() < _FLAT)
    shown = _showing(~depths.isnan() & within, within, cameras, box)
    each = zip(core, ~within | flat, shown, strict=True)
    return [_label(sure.numpy(), other.numpy()) if seen else None for sure, other, seen in each]


def _showing(
    known: Bool[Tensor, "view h w"], within: Bool[Tensor, "view h w"], cameras: CamerasBase, box: Box
) -> list[bool]:
    """Whether each picture shows about as much of the box as the others, from outside."""
    shares = known.sum(dim=(1, 2)) / within.sum(dim=(1, 2)).clamp(min=1)
    low, high = (torch.from_numpy(corner) for corner in box)
    eyes = cameras.get_camera_center()
    outside = ((eyes < low) | (eyes > high)).any(dim=1)
    showing: list[bool] = (outside & (shares >= _SHOWN * shares.median())).tolist()
    return showing


def _label(core: Bool[np.ndarray, "h w"], background: Bool[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w"]:
    labels = np.where(background, BACKGROUND, PERHAPS_NOT).astype(np.uint8)
    labels[core] = PERHAPS
    inner = cv2.erode(core.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    labels[inner if inner.any() else core] = OBJECT
    return labels


def _without_contradicted(masks: list[np.ndarray], cameras: CamerasBase, ground: float) -> list[np.ndarray]:
    """Masks without what the others contradict."""
    seen = [i for i, mask in enumerate(masks) if mask.any()]
    agreed = agreeing_masks([torch.from_numpy(masks[i]).float()[None] for i in seen], cameras[seen], ground)
    if agreed is None:
        return masks
    made = dict(zip(seen, agreed.masks, strict=True))
    return [made[i][0].numpy() > 0.5 if i in made else mask for i, mask in enumerate(masks)]


def _cut_again(image: Float[Tensor, "3 height width"], mask: np.ndarray) -> Float[Tensor, "1 height width"]:
    """A mask of a larger picture, changed along its outline alone."""
    large = shrunk(image[None], _CUT)[0]
    height, width = large.shape[1:]
    wide = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    box = mask_box(torch.from_numpy(wide > 0))
    if box is None:
        return torch.zeros_like(image[:1])
    rows, columns = _room(*box[:2], height), _room(*box[2:], width)
    inner = np.ascontiguousarray(wide[rows, columns])
    labels = _rim(inner, max(1, round(_RIM * height / mask.shape[0])))
    cut = seeded_masks([np.ascontiguousarray(_bytes(large)[rows, columns])], [labels], rounds=2)
    if cut is not None and cut[0].any():
        wide[rows, columns] = cut[0]
    made = interpolate(torch.from_numpy(wide)[None, None].float(), image.shape[1:], mode="bilinear")
    return (made[0] > 0.5).float()


def _room(low: int, high: int, side: int) -> slice:
    """From the first to the last that is covered, and some more."""
    room = max(8, round(_ROOM * (high - low)))
    return slice(max(0, low - room), min(side, high + room))


def _rim(mask: UInt8[np.ndarray, "h w"], width: int) -> UInt8[np.ndarray, "h w"]:
    """Labels of which only those along the outline are open; all of a piece that is thinner is the object."""
    kernel = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
    labels = np.where(mask > 0, PERHAPS, PERHAPS_NOT).astype(np.uint8)
    labels[cv2.dilate(mask, kernel) == 0] = BACKGROUND
    inner = cv2.erode(mask, kernel, borderType=cv2.BORDER_REPLICATE) > 0
    pieces = ndimage.label(mask, np.ones((3, 3)))[0]
    thick = np.isin(pieces, np.unique(pieces[inner]))
    labels[inner | ((mask > 0) & ~thick)] = OBJECT
    return labels


def _bytes(image: Float[Tensor, "3 h w"]) -> UInt8[np.ndarray, "h w 3"]:
    pixels: np.ndarray = (image.permute(1, 2, 0) * 255).round().to(torch.uint8).contiguous().numpy()
    return pixels


def _box_mesh(box: Box) -> Meshes:
    solid = box_between(*box)
    return Meshes([torch.from_numpy(solid.verts).float()], [torch.from_numpy(solid.faces.copy()).long()])


def _solid(box: Box) -> VoxelGrid:
    """A cube around a box, solid within it, but for the floor, which is to be seen as such."""
    low, high = box
    x, y, z = ((low + high) / 2).tolist()
    grid = VoxelGrid(torch.zeros(1, _CELLS, _CELLS, _CELLS), float((high - low).max()), (x, y, z))
    axes = torch.meshgrid(*[torch.arange(_CELLS)] * 3, indexing="ij")
    cells = grid.points_from_index(torch.stack(axes, dim=-1).reshape(-1, 3).float())
    above = low + np.array([0.0, max(_FLAT, grid.cell_size), 0.0])
    inside = (cells >= torch.from_numpy(above)).all(1) & (cells <= torch.from_numpy(high)).all(1)
    return VoxelGrid(inside.float().reshape(grid.occupancy.shape), grid.side, grid.center)


def _heights(depths: Float[Tensor, "view h w"], cameras: CamerasBase) -> Float[Tensor, "view h w"]:
    """y of what pixels show; NaN where their depth is unknown."""
    size = (depths.shape[1], depths.shape[2])
    rays = (pixel_rays(matrix, size) for matrix in pixel_projections(cameras, size))
    return torch.stack(
        [eye[1] + depth * ways[..., 1] for depth, (eye, ways) in zip(depths, rays, strict=True)]
    )
