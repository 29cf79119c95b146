"""Masks of an object seen by known cameras, made to agree: what one picture alone shows is no part of it.

A shadow, or a thing far behind that a mask took for the object, has no place in space that the other masks cover,
too. Places of a grid are voted on by all masks (the visual hull of Laurentini, PAMI 1994, with a majority). What a
mask covers beyond the places with most votes is left out, and the masks vote again. Nothing is put into a mask: the
hull of the others is larger than the object wherever this one alone shows its outline. Before that, a picture whose
mask covers much beyond the others' places, and little of them, or very little of them at all, is left out: its camera
is wrong, or its mask shows another thing or half of this one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import interpolate

from ..structures.cameras import CamerasBase
from ..structures.mask_box import mask_overlap

FEWEST = 5  # masks
_LEFT = 0.6  # share of the pictures that have to agree
_SIZE = 320  # pixels of the longer side at which masks vote
_CELLS = 72  # along the longest edge of the box that is voted in
_ROUNDS = 3
_MOST = 0.82  # of the largest share of votes, from which on a place may belong to the object
_SAME = 0.95  # IoU of a mask with what would become of it, from which on it stays as it is
_INSIDE = 0.85  # share of a mask that lies on the others' places, from which on it goes with them
_COVERED = (
    0.8  # share of these places that a mask covers, in the median of the others, from which on it does, too
)
_ALONE = 0.6  # the same of a mask that lies on the others' places: below, it lacks much of the object
_ROOM = 1.5  # half side of the first box, in median half diagonals of the masks
_MEETING = 12  # rounds in which rays that pass far from the others lose weight


@dataclass(frozen=True, eq=False)
class Agreed:
    """Masks that agree.

    Attributes:
        masks: each (1, H, W) in {0, 1}; as they came for those in `contradict`.
        contradict: numbers of the pictures that do not go with the others.
        agreement: IoU of each mask, as it came, with what the others leave of it; 1 for those in `contradict`.
    """

    masks: tuple[Tensor, ...]
    contradict: tuple[int, ...]
    agreement: tuple[float, ...]


@torch.no_grad()
def agreeing_masks(
    masks: Sequence[Float[Tensor, "1 _h _w"]], cameras: CamerasBase, ground: float | None = None
) -> Agreed | None:
    """Leave out of each mask what the others contradict.

    Args:
        masks: of one object, > 0.5 on it.
        cameras: one a mask.
        ground: y of a floor that the object stands on, none of which is below; None where it is not known.

    Returns:
        The masks; None where fewer than five of them, or fewer than six in ten, have a place in common.
    """
    small = [_small(mask) for mask in masks]
    voters, now, before = list(range(len(masks))), small, -1
    while before != len(voters):  # what is left of a mask may show that its picture does not belong here
        before = len(voters)
        fewer = _voters(now, voters, cameras, ground)
        trimmed = None if fewer is None else _trimmed(small, fewer, cameras, ground)
        if fewer is None or trimmed is None:
            return None
        voters, (now, seen) = fewer, trimmed
    made, shares = list(masks), [1.0] * len(masks)
    for i in voters:
        kept = _full(masks[i], seen[i])
        shares[i] = mask_overlap(masks[i] > 0.5, kept > 0.5)
        if shares[i] < _SAME and bool(kept.any()):
            made[i] = kept
    contradict = tuple(i for i in range(len(masks)) if i not in voters)
    return Agreed(tuple(made), contradict, tuple(shares))


def _trimmed(
    small: Sequence[Tensor], voters: Sequence[int], cameras: CamerasBase, ground: float | None
) -> tuple[list[Tensor], list[Tensor]] | None:
    """What the voters leave of masks, and the pixels that they allow; None where they have no place in common."""
    now = seen = list(small)
    for _ in range(_ROUNDS):
        most = _voted(now, voters, cameras, ground)
        if most is None or not all(bool((small[i] & most[i]).any()) for i in voters):
            return None
        now, seen = [mask & allowed for mask, allowed in zip(small, most, strict=True)], most
    return now, seen


def _voters(
    small: Sequence[Tensor], voters: Sequence[int], cameras: CamerasBase, ground: float | None
) -> list[int] | None:
    """Pictures that go with each other; the worst of those that do not is left out, and all are tried again."""
    voters = list(voters)
    while len(voters) >= max(FEWEST, _LEFT * len(small)):
        seen = _voted(small, voters, cameras, ground)
        if seen is None:
            return None
        common = {i: float((small[i] & seen[i]).sum()) for i in voters}
        inside = {i: common[i] / max(1.0, float(small[i].sum())) for i in voters}
        covered = {i: common[i] / max(1.0, float(seen[i].sum())) for i in voters}
        usual = float(np.median(list(covered.values())))
        wrong = [i for i in voters if covered[i] < (_COVERED if inside[i] < _INSIDE else _ALONE) * usual]
        if not wrong:
            return voters
        voters.remove(min(wrong, key=lambda i: covered[i]))
    return None


def _small(mask: Tensor) -> Bool[Tensor, "h w"]:
    scale = min(1.0, _SIZE / max(mask.shape[1:]))
    size = [max(1, round(side * scale)) for side in mask.shape[1:]]
    covered = interpolate((mask[None] > 0.5).float(), size, mode="area")[0, 0]
    most = covered > 0.5
    return most if bool(most.any()) else covered > 0  # of a line, what it touches


def _full(mask: Tensor, most: Tensor) -> Float[Tensor, "1 height width"]:
    """A mask at its own size without what lies beyond; its outline stays where the others do not object."""
    wide = interpolate(most[None, None].float(), mask.shape[1:], mode="bilinear", align_corners=False)[0]
    return mask * (wide > 0.5)


def _voted(
    masks: Sequence[Tensor], voters: Sequence[int], cameras: CamerasBase, ground: float | None
) -> list[Bool[Tensor, "_h _w"]] | None:
    """What of each picture places with most votes cover, and a little more; None where no place has enough."""
    middle, half = about([masks[i] for i in voters], cameras[list(voters)])
    low, high = middle - _ROOM * half, middle + _ROOM * half
    for cells in (_CELLS // 2, _CELLS):  # the second time the box is tight
        points, cell = _grid(low, high, cells)
        at = [_pixels(points, cameras[[i]], mask) for i, mask in enumerate(masks)]
        seen = torch.stack([at[i][2] for i in voters]).sum(0)
        votes = torch.stack([masks[i][at[i][1], at[i][0]] & at[i][2] for i in voters]).sum(0)
        share = torch.where(2 * seen > len(voters), votes / seen.clamp(min=1), 0.0)
        if ground is not None:
            share[points[:, 1] < ground - 0.5 * cell] = 0
        kept = (share >= _MOST * share.max()) & (2 * votes > len(voters))
        if not kept.any():
            return None
        low, high = points[kept].amin(0) - 2 * cell, points[kept].amax(0) + 2 * cell
    reaches = _reaches(cameras, points, cell, masks)
    parts = zip(masks, at, reaches, strict=True)
    return [_covered(x, y, kept & visible, mask, reach) for mask, (x, y, visible), reach in parts]


def _grid(low: Tensor, high: Tensor, cells: int) -> tuple[Float[Tensor, "cell 3"], float]:
    """Middles of the cells of a box, and the edge of one; cells are cubes."""
    cell = float((high - low).max()) / cells
    axes = [
        torch.arange(float(a) + cell / 2, float(b) + cell / 2, cell) for a, b in zip(low, high, strict=True)
    ]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(-1, 3), cell


def _pixels(points: Tensor, camera: CamerasBase, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Column and row of each point, and whether it is in the picture."""
    height, width = mask.shape
    screen = camera.transform_points_screen(points, image_size=((height, width),)).reshape(-1, 3)
    x, y = screen[:, 0].floor(), screen[:, 1].floor()
    depth = camera.get_world_to_view_transform().transform_points(points).reshape(-1, 3)[:, 2]
    visible = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (depth > 0)
    return x.nan_to_num(0).clamp(0, width - 1).long(), y.nan_to_num(0).clamp(0, height - 1).long(), visible


def _reaches(cameras: CamerasBase, points: Tensor, cell: float, masks: Sequence[Tensor]) -> list[int]:
    """Half the side, in pixels, of a cell in each picture, rounded up."""
    middle = points.mean(0)
    two = torch.stack(
        [middle, middle + torch.tensor([cell, 0.0, 0.0]), middle + torch.tensor([0, cell, 0.0])]
    )
    found = []
    for i, mask in enumerate(masks):
        screen = (
            cameras[[i]].transform_points_screen(two, image_size=(tuple(mask.shape),)).reshape(-1, 3)[:, :2]
        )
        side = float((screen[1:] - screen[0]).norm(dim=1).max())
        widest = max(
            1, max(mask.shape) // 4
        )  # a camera within the object, as wrong ones may be, sees any size
        found.append(int(np.clip(np.nan_to_num(np.ceil(0.8 * side), nan=widest), 1, widest)))
    return found


def _covered(x: Tensor, y: Tensor, chosen: Tensor, mask: Tensor, reach: int) -> Bool[Tensor, "h w"]:
    """Pixels that chosen cells cover, and so many around them."""
    picture = np.zeros(tuple(mask.shape), np.uint8)
    picture[y[chosen].numpy(), x[chosen].numpy()] = 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
    filled = cv2.morphologyEx(picture, cv2.MORPH_CLOSE, kernel)
    return torch.from_numpy(cv2.dilate(filled, kernel) > 0)


def about(masks: Sequence[Tensor], cameras: CamerasBase) -> tuple[Float[Tensor, " 3"], float]:
    """Where most of the rays through the masks' middles meet, and half the masks' median diagonal there."""
    eyes = cameras.get_camera_center().double()
    ways = torch.stack([_ray(mask, cameras[[i]]) for i, mask in enumerate(masks)]).double()
    across = torch.eye(3, dtype=torch.float64) - ways[:, :, None] * ways[:, None, :]
    weights = torch.ones(len(masks), dtype=torch.float64)
    for _ in range(_MEETING):
        normal = (weights[:, None, None] * across).sum(0) + 1e-9 * torch.eye(3, dtype=torch.float64)
        middle = torch.linalg.solve(normal, (weights[:, None] * (across @ eyes[..., None])[..., 0]).sum(0))
        away = (across @ (middle - eyes)[..., None])[..., 0].norm(dim=1)
        weights = 1 / (away + 0.1 * away.median() + 1e-9)
    point = middle.float()
    sizes = []
    for i, mask in enumerate(masks):
        rows, columns = torch.nonzero(mask, as_tuple=True)
        diagonal = float(torch.stack([rows.max() - rows.min(), columns.max() - columns.min()]).float().norm())
        step = 1e-3 * float((point - eyes[i].float()).norm())
        right = cameras[[i]].R[0, :, 0]
        ends = torch.stack([point, point + step * right])
        screen = (
            cameras[[i]].transform_points_screen(ends, image_size=(tuple(mask.shape),)).reshape(-1, 3)[:, :2]
        )
        sizes.append(diagonal / 2 * step / max(float((screen[1] - screen[0]).norm()), 1e-9))
    return point, float(np.median(sizes))


def _ray(mask: Tensor, camera: CamerasBase) -> Float[Tensor, " 3"]:
    """Direction from the eye through the middle of the mask's box."""
    rows, columns = torch.nonzero(mask, as_tuple=True)
    height, width = mask.shape
    x, y = (columns.max() + columns.min() + 1) / 2, (rows.max() + rows.min() + 1) / 2
    shorter = min(height, width)
    ndc = torch.stack([(width / 2 - x) * 2 / shorter, (height / 2 - y) * 2 / shorter, torch.tensor(1.0)])
    place = camera.unproject_points(ndc[None].float(), world_coordinates=True).reshape(3)
    return torch.nn.functional.normalize(place - camera.get_camera_center().reshape(3), dim=0)
