"""Cameras from outlines: shape and poses together, for pictures whose cameras nobody knows and nothing matches.

A coarse cube of opacities is seen by cameras that stand in a ring; cube and cameras are moved together until what is
seen are the masks. Many starts are taken a short way, few of them further, the best to the end: the height of the
ring and its sense of rotation are guessed. What outlines do not tell apart, such as an object and its mirror image
seen from far, comes out as several answers that fit nearly as well.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from ..structures.mask_box import reaches_border
from .compared import rotation_error
from .cube_fit import (
    EMPTY,
    SOLID,
    FoundPoses,
    Masks,
    Moving,
    Stage,
    State,
    answer,
    first_shifts,
    moved,
    square,
)
from .in_order import in_order

_ALIKE = 24  # pixels along each side of outlines that are compared
_ROOM = 0.15  # of the longer side, that is empty around pictures whose border an outline reaches
_SAME, _WORSE = 8.0, 1.2  # degrees between answers that are one; loss, of the best, of a start that is kept
RIVAL = 1.1  # loss, of the best answer's, up to which another one fits nearly as well
_UPRIGHT, _LYING = (0.0,), (90.0, -90.0)  # rolls
_WELL = 0.92  # mean IoU of outlines behind the fine stage, below which cameras on their side are tried
_CLEARLY = 0.9  # loss, of that of upright cameras, with which they win


@dataclass(frozen=True)
class PosesConfig:
    """What is known, and how much is tried.

    Attributes:
        fov: degrees along the pictures' longer side.
        turntable: the camera stands still and the object turns evenly, in the order of the pictures.
        ordered: the pictures are in the order in which the camera went around; else an order is looked for.
        elevations: of the ring, in degrees, that are tried.
        rolls: of the cameras, in degrees counted from upright, that are tried; 90 and -90 for one held on its side.
        colours: weight of the colours' squared differences, where there are pictures.
        coarse, fine: stages of all starts, and of those that are kept.
        kept: how many of them are.
        finest: last stage, of the best and of those that fit nearly as well.

    Raises:
        ValueError: a value out of its range.
    """

    fov: float = 40.0
    turntable: bool = False
    ordered: bool = True
    elevations: tuple[float, ...] = (10.0, 30.0, 50.0)
    rolls: tuple[float, ...] = (0.0,)
    colours: float = 1.0
    coarse: Stage = field(default_factory=lambda: Stage(50, 20, 20))
    fine: Stage = field(default_factory=lambda: Stage(80, 28, 32, 0.4))
    kept: int = 2
    finest: Stage = field(default_factory=lambda: Stage(160, 36, 36, 2.0))

    def __post_init__(self) -> None:
        if not 1 <= self.fov <= 150:
            raise ValueError(f"fov must lie in [1, 150] degrees, got {self.fov:g}")
        if not self.elevations or not self.rolls or self.kept < 1 or self.colours < 0:
            raise ValueError(
                "elevations, rolls, at least one start to keep, and a weight of 0 or more are needed"
            )
        if max(map(abs, self.elevations)) >= 90:
            raise ValueError("elevations must lie between -90 and 90 degrees")
        for stage in self.stages:
            if min(stage.steps, stage.cells - 1, stage.pixels - 1) < 1:
                raise ValueError(f"a stage needs a step, and two cells and pixels a side: {stage}")

    @property
    def stages(self) -> tuple[Stage, Stage, Stage]:
        """From the coarsest to the finest."""
        return self.coarse, self.fine, self.finest


def poses_from_silhouettes(
    masks: Sequence[Float[Tensor, "_h _w"]],
    images: Sequence[Float[Tensor, "3 _h _w"]] | None = None,
    config: PosesConfig | None = None,
    seed: int = 0,
) -> list[FoundPoses]:
    """Find the cameras of pictures of one object, which see it from all around or a good part of it.

    Args:
        masks: 1 on the object; of any size, with the optical axis in the middle.
        images: colours in [0, 1], which tell front from back; outlines alone count when not given.
        config: what is known.
        seed: of samples along the rays.

    Returns:
        at least one, the best first; others are rivals that ended in another place.

    Raises:
        ValueError: fewer than three pictures, or an empty mask.
    """
    search = _search(masks, images, config or PosesConfig(), seed)
    return search.ended(search.begun(search.config.rolls))


def poses_however_held(
    masks: Sequence[Float[Tensor, "_h _w"]],
    images: Sequence[Float[Tensor, "3 _h _w"]] | None = None,
    config: PosesConfig | None = None,
    seed: int = 0,
) -> tuple[list[FoundPoses], bool]:
    """The same; where upright cameras fit badly, ones that lie on their side are tried, and may fit clearly better.

    Args:
        masks, images, config, seed: as `poses_from_silhouettes` has them.

    Returns:
        the answers, and whether the cameras lie on their side.

    Raises:
        ValueError: as there.
    """
    search = _search(masks, images, config or PosesConfig(), seed)
    kept = search.begun(search.config.rolls)
    if search.config.rolls != _UPRIGHT or _agreement(kept[0]) >= _WELL:
        return search.ended(kept), search.config.rolls != _UPRIGHT
    lying = search.begun(_LYING)
    better = lying[0].loss < _CLEARLY * kept[0].loss
    return search.ended(lying if better else kept), better


@dataclass(frozen=True)
class _Search:
    """What all stages share: outlines and colours of the pictures, their order, and their field of view."""

    outlines: Masks
    colours: Tensor | None
    order: Sequence[int]
    fov: float
    config: PosesConfig
    generator: torch.Generator

    def begun(self, rolls: Sequence[float]) -> list[State]:
        """States behind the coarse and the fine stage, the best first."""
        starts = _starts(self.outlines, self.colours is not None, self.order, self.config, self.fov, rolls)
        coarse = _different(self._moved(starts, self.config.coarse))[: self.config.kept]
        return self._moved(_nearly(coarse, _WORSE), self.config.fine)

    def ended(self, kept: Sequence[State]) -> list[FoundPoses]:
        """The best, and those that fit nearly as well, behind the last stage."""
        last = _different(self._moved(_nearly(kept, RIVAL), self.config.finest))
        return [answer(state, len(self.outlines), self.config.fov) for state in last]

    def _moved(self, states: Sequence[State], stage: Stage) -> list[State]:
        moving = Moving(self.fov, self.config.colours)
        after = [moved(state, self.outlines, self.colours, stage, moving, self.generator) for state in states]
        return sorted(after, key=lambda state: state.loss)


def _search(
    masks: Sequence[Tensor], images: Sequence[Tensor] | None, config: PosesConfig, seed: int
) -> _Search:
    if len(masks) < 3:
        raise ValueError(f"three pictures at least tell poses, got {len(masks)}")
    if any(not bool((mask > SOLID).any()) for mask in masks):
        raise ValueError("a mask is empty")
    side, fov = max(stage.pixels for stage in config.stages), config.fov
    if any(reaches_border(mask > SOLID) for mask in masks):
        # Without room each picture could see a thing that no other shows.
        masks = [_with_room(mask[None])[0] for mask in masks]
        images = None if images is None else [_with_room(image) for image in images]
        fov = _wider(fov)
    outlines = torch.stack([square(mask[None], side)[0] for mask in masks])
    small = [i for i, outline in enumerate(outlines) if not bool((outline > SOLID).any())]
    if small:
        raise ValueError(f"the object is too small in picture {small[0]}, counted from 0")
    colours = None if images is None or not config.colours else torch.stack([square(i, side) for i in images])
    order = list(range(len(masks)))
    if not (config.ordered or config.turntable):
        order = in_order(likeness_of(outlines))
    return _Search(outlines, colours, order, fov, config, torch.Generator().manual_seed(seed))


def _agreement(state: State) -> float:
    """Mean IoU of the outlines."""
    assert state.iou is not None
    return float(state.iou.mean())


def _nearly(states: Sequence[State], worst: float) -> list[State]:
    """Those whose loss is below so many times that of the first, the best."""
    return [state for state in states if state.loss < worst * states[0].loss]


def _different(states: Sequence[State]) -> list[State]:
    """The states, without those whose cameras stand to each other as those of a better one do."""
    kept: list[State] = []
    for state in states:
        if all(rotation_error(state.R, other.R).median() > _SAME for other in kept):
            kept.append(state)
    return kept


def likeness_of(masks: Masks) -> np.ndarray:
    """(N, N) IoU of outlines, each brought to the square around it."""
    cut = []
    for mask in masks > SOLID:
        y, x = torch.nonzero(mask, as_tuple=True)
        part = mask[int(y.min()) : int(y.max()) + 1, int(x.min()) : int(x.max()) + 1].float()
        cut.append(square(part[None], _ALIKE).flatten() > SOLID)
    flat = torch.stack(cut).float()
    both = flat @ flat.T
    sizes = flat.sum(1)
    return (both / (sizes[:, None] + sizes - both)).numpy()


def ring(azimuths: Float[Tensor, " view"], elevation: float) -> Float[Tensor, "view 3 3"]:
    """Rotations, for row vectors, of cameras that look at the origin from azimuths about +Y, in degrees."""
    around, up = torch.deg2rad(azimuths), math.radians(elevation)
    place = torch.stack(
        [math.cos(up) * around.sin(), torch.full_like(around, math.sin(up)), math.cos(up) * around.cos()],
        dim=1,
    )
    ahead = -place
    right = torch.linalg.cross(torch.tensor([0.0, 1.0, 0.0]).expand_as(ahead), ahead)
    right = right / right.norm(dim=1, keepdim=True)
    return torch.stack([right, torch.linalg.cross(ahead, right), ahead], dim=2)


def _starts(
    outlines: Masks,
    coloured: bool,
    order: Sequence[int],
    config: PosesConfig,
    fov: float,
    rolls: Sequence[float],
) -> list[State]:
    """A ring for each elevation, roll and sense of rotation."""
    count, channels = len(outlines), 4 if coloured else 1
    places = torch.empty(count)
    places[list(order)] = torch.arange(count) * 360.0 / count
    cells = config.coarse.cells
    cube = torch.zeros(channels, cells, cells, cells)
    cube[0] = EMPTY
    T = first_shifts(outlines, fov)
    if config.turntable:
        T = T.mean(0, keepdim=True)
    turns = torch.zeros_like(T)
    return [
        State(ring(sense * places, up) @ _roll(roll), turns, T, cube)
        for up in config.elevations
        for roll in rolls
        for sense in (1, -1)
    ]


def _roll(degrees: float) -> Float[Tensor, "3 3"]:
    """A turn of the picture about the optical axis, for row vectors."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return torch.tensor([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def _with_room(picture: Float[Tensor, "channel h w"]) -> Float[Tensor, "channel _h _w"]:
    """A picture with empty room around it: the object is taken to end where the picture does."""
    room = round(_ROOM * max(picture.shape[1:]))
    return pad(picture.float(), (room, room, room, room))


def _wider(fov: float) -> float:
    """Degrees along the longer side with room."""
    return 2 * math.degrees(math.atan((1 + 2 * _ROOM) * math.tan(math.radians(fov) / 2)))
