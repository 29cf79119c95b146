"""Cameras from outlines: shape and poses together, for pictures whose cameras nobody knows and nothing matches.

A coarse cube of opacities is seen by cameras that stand in a ring; cube and cameras are moved together until what is
seen are the masks. Many starts are taken a short way, few of them further: the height of the ring and its sense of
rotation are guessed. What outlines do not tell apart, such as an object and its mirror image seen from far, comes
out as several answers that fit nearly as well.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy, interpolate, max_pool3d, pad

from ..transforms import axis_angle_to_matrix
from .compared import rotation_error
from .in_order import in_order
from .volume import HALF, look_into, rays_of

_EMPTY = -2.0  # log odds at the start
_LEAST, _ALIKE = 1e-4, 24
_RADIUS = 0.45  # of the object, as its first distance supposes
_RATES, _BETAS = (0.03, 0.01, 0.3), (0.9, 0.99)  # of turns in radians, of shifts, of log odds
_SMOOTH, _EVEN = 2e-3, 1e-3  # weights: of differences between cells, of differences between distances
_SOLID = 0.5
_ROOM = 0.15  # of the longer side, that is empty around pictures whose border an outline reaches
_SAME, _WORSE = 8.0, 1.2  # degrees between answers that are one; loss, of the best, of a start that is kept

Masks = Float[Tensor, "view side side"]


@dataclass(frozen=True)
class Stage:
    """How finely, and for how long, cube and cameras are moved.

    Attributes:
        steps: how many.
        cells: of the cube, along each edge.
        pixels: of the pictures, along each edge.
        rate: factor on the step sizes.
    """

    steps: int
    cells: int
    pixels: int
    rate: float = 1.0


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

    def __post_init__(self) -> None:
        if not 1 <= self.fov <= 150:
            raise ValueError(f"fov must lie in [1, 150] degrees, got {self.fov:g}")
        if not self.elevations or not self.rolls or self.kept < 1 or self.colours < 0:
            raise ValueError(
                "elevations, rolls, at least one start to keep, and a weight of 0 or more are needed"
            )
        if max(map(abs, self.elevations)) >= 90:
            raise ValueError("elevations must lie between -90 and 90 degrees")
        for stage in (self.coarse, self.fine):
            if min(stage.steps, stage.cells - 1, stage.pixels - 1) < 1:
                raise ValueError(f"a stage needs a step, and two cells and pixels a side: {stage}")


@dataclass(frozen=True)
class FoundPoses:
    """Cameras that fit.

    Attributes:
        R, T: for row vectors, in PyTorch3D's axes; the object is around the origin, its diagonal about 1, +Y up.
        fov: degrees along the longer side.
        loss: cross-entropy of the outlines' pixels, and what else is made small.
        iou: of each outline with that of the cube.
        points: middles of the solid cells at the surface.
    """

    R: Float[Tensor, "view 3 3"]
    T: Float[Tensor, "view 3"]
    fov: float
    loss: float
    iou: Float[Tensor, " view"]
    points: Float[Tensor, "point 3"]


@dataclass(frozen=True)
class _State:
    """Cube and cameras on the way."""

    base: Tensor
    turns: Tensor
    T: Tensor
    cube: Tensor
    loss: float = math.inf
    iou: Tensor | None = None

    @property
    def R(self) -> Tensor:
        return self.base @ axis_angle_to_matrix(self.turns)


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
    config = config or PosesConfig()
    if len(masks) < 3:
        raise ValueError(f"three pictures at least tell poses, got {len(masks)}")
    if any(not bool((mask > _SOLID).any()) for mask in masks):
        raise ValueError("a mask is empty")
    side, fov = max(config.coarse.pixels, config.fine.pixels), config.fov
    if any(
        _reaches_border(mask) for mask in masks
    ):  # else each picture could see a thing that no other shows
        masks = [_with_room(mask[None])[0] for mask in masks]
        images = None if images is None else [_with_room(image) for image in images]
        config = replace(config, fov=_wider(fov))
    outlines = torch.stack([_square(mask[None], side)[0] for mask in masks])
    small = [i for i, outline in enumerate(outlines) if not bool((outline > _SOLID / 2).any())]
    if small:
        raise ValueError(f"the object is too small in picture {small[0]}, counted from 0")
    colours = (
        None if images is None or not config.colours else torch.stack([_square(i, side) for i in images])
    )
    order = list(range(len(masks)))
    if not (config.ordered or config.turntable):
        order = in_order(likeness_of(outlines))
    generator = torch.Generator().manual_seed(seed)
    starts = [
        _moved(start, outlines, colours, config.coarse, config, generator)
        for start in _starts(outlines, colours is not None, order, config)
    ]
    starts.sort(key=lambda state: state.loss)
    kept = [state for state in _different(starts)[: config.kept] if state.loss < _WORSE * starts[0].loss]
    found = [_moved(state, outlines, colours, config.fine, config, generator) for state in kept]
    found.sort(key=lambda state: state.loss)
    return [_answer(state, len(masks), fov) for state in _different(found)]


def _different(states: Sequence[_State]) -> list[_State]:
    """The states, without those whose cameras stand to each other as those of a better one do."""
    kept: list[_State] = []
    for state in states:
        if all(rotation_error(state.R, other.R).median() > _SAME for other in kept):
            kept.append(state)
    return kept


def likeness_of(masks: Masks) -> np.ndarray:
    """(N, N) IoU of outlines, each brought to the square around it."""
    cut = []
    for mask in masks > _SOLID:
        y, x = torch.nonzero(mask, as_tuple=True)
        part = mask[int(y.min()) : int(y.max()) + 1, int(x.min()) : int(x.max()) + 1].float()
        cut.append(_square(part[None], _ALIKE).flatten() > _SOLID)
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


def _starts(outlines: Masks, coloured: bool, order: Sequence[int], config: PosesConfig) -> list[_State]:
    """A ring for each elevation and sense of rotation."""
    count, channels = len(outlines), 4 if coloured else 1
    places = torch.empty(count)
    places[list(order)] = torch.arange(count) * 360.0 / count
    cells = config.coarse.cells
    cube = torch.zeros(channels, cells, cells, cells)
    cube[0] = _EMPTY
    T = _first_shifts(outlines, config.fov)
    if config.turntable:
        T = T.mean(0, keepdim=True)
    turns = torch.zeros_like(T)
    return [
        _State(ring(sense * places, up) @ _roll(roll), turns, T, cube)
        for up in config.elevations
        for roll in config.rolls
        for sense in (1, -1)
    ]


def _roll(degrees: float) -> Float[Tensor, "3 3"]:
    """A turn of the picture about the optical axis, for row vectors."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return torch.tensor([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def _first_shifts(outlines: Masks, fov: float) -> Float[Tensor, "view 3"]:
    """Translations by which an object of a known size would fill the boxes around the outlines."""
    tangent, side = math.tan(math.radians(fov) / 2), outlines.shape[-1]
    found = []
    for mask in outlines:
        y, x = torch.nonzero(mask > _SOLID / 2, as_tuple=True)
        left, right, top, bottom = (float(edge) for edge in (x.min(), x.max() + 1, y.min(), y.max() + 1))
        radius = math.hypot(right - left, bottom - top) / side
        depth = _RADIUS / (tangent * radius)
        across, down = (left + right) / side - 1, (top + bottom) / side - 1
        found.append([-across * depth * tangent, -down * depth * tangent, depth])
    return torch.tensor(found)


def _moved(
    state: _State,
    outlines: Masks,
    colours: Tensor | None,
    stage: Stage,
    config: PosesConfig,
    generator: torch.Generator,
) -> _State:
    """Cube and cameras after a stage: Adam, its rate falling by a cosine, from where the last one ended."""
    rays = rays_of(stage.pixels, config.fov)
    wanted = _scaled(outlines[:, None], stage.pixels)[..., 0]
    painted = None if colours is None else _scaled(colours, stage.pixels)
    cube = interpolate(state.cube[None], (stage.cells,) * 3, mode="trilinear", align_corners=False)[0]
    parts = [part.clone().requires_grad_() for part in (state.turns, state.T, cube)]
    rates = [stage.rate * rate for rate in _RATES]
    optimiser = torch.optim.Adam(
        [{"params": [part], "lr": rate} for part, rate in zip(parts, rates, strict=True)], betas=_BETAS
    )
    falls = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, stage.steps, eta_min=0)
    turns, T, cube = parts
    for _ in range(stage.steps):
        shift = float(torch.rand((), generator=generator)) - 0.5
        R = state.base @ axis_angle_to_matrix(turns)
        seen = look_into(cube, R, T.expand(len(outlines), 3), rays, stage.pixels, shift)
        loss = binary_cross_entropy(seen.opacity.clamp(_LEAST, 1 - _LEAST), wanted)
        if painted is not None and seen.colours is not None:
            loss = loss + config.colours * (wanted[..., None] * (seen.colours - painted) ** 2).mean()
        loss = loss + _SMOOTH * sum(cube.diff(dim=axis).square().mean() for axis in (1, 2, 3))
        loss = loss + _EVEN * (T[:, 2] - T[:, 2].mean()).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        falls.step()
    ours, theirs = seen.opacity.detach() > _SOLID, wanted > _SOLID
    iou = (ours & theirs).sum(1) / (ours | theirs).sum(1).clamp_min(1)
    return _State(state.base, turns.detach(), T.detach(), cube.detach(), float(loss.detach()), iou)


def _answer(state: _State, count: int, fov: float) -> FoundPoses:
    """Cameras about an object whose middle is the origin and whose diagonal is 1."""
    solid = torch.sigmoid(state.cube[0]) > _SOLID
    inner = -max_pool3d(-solid[None].float(), 3, 1, 1)[0] > 0
    places = (torch.nonzero(solid & ~inner) + 0.5) / len(solid) * 2 * HALF - HALF
    T, R = state.T.expand(count, 3), state.R.expand(count, 3, 3)
    if len(places):
        low, high = places.amin(0), places.amax(0)
        middle, size = (low + high) / 2, float((high - low).norm()) + 2 * HALF / len(solid)
        T, places = (middle @ R + T) / size, (places - middle) / size
    assert state.iou is not None
    return FoundPoses(R, T, fov, state.loss, state.iou, places)


def _reaches_border(mask: Float[Tensor, "h w"]) -> bool:
    inside = mask > _SOLID
    return bool(inside[[0, -1]].any() or inside[:, [0, -1]].any())


def _with_room(picture: Float[Tensor, "channel h w"]) -> Float[Tensor, "channel _h _w"]:
    """A picture with empty room around it: the object is taken to end where the picture does."""
    room = round(_ROOM * max(picture.shape[1:]))
    return pad(picture.float(), (room, room, room, room))


def _wider(fov: float) -> float:
    """Degrees along the longer side with room."""
    return 2 * math.degrees(math.atan((1 + 2 * _ROOM) * math.tan(math.radians(fov) / 2)))


def _square(picture: Float[Tensor, "channel h w"], side: int) -> Float[Tensor, "channel {side} {side}"]:
    """A picture in the middle of an empty square, scaled."""
    height, width = picture.shape[1:]
    longer = max(height, width)
    left, top = (longer - width) // 2, (longer - height) // 2
    whole = pad(picture.float(), (left, longer - width - left, top, longer - height - top))
    return interpolate(whole[None], (side, side), mode="bilinear", antialias=True)[0].clamp(0, 1)


def _scaled(pictures: Float[Tensor, "view channel h w"], side: int) -> Float[Tensor, "view ray channel"]:
    """Pixels of smaller pictures, row by row."""
    small = interpolate(pictures, (side, side), mode="bilinear", antialias=True)
    return small.flatten(2).transpose(1, 2)
