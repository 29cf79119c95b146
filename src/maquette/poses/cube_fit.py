"""A coarse cube of opacities and the cameras that look into it, moved together until what they see are outlines."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy, interpolate, max_pool3d, pad

from ..transforms import axis_angle_to_matrix
from .volume import HALF, look_into, rays_of

EMPTY = -2.0  # log odds at the start
SOLID = 0.5
_LEAST = 1e-4
_RADIUS = 0.45  # of the object, as its first distance supposes
_BETAS = (0.9, 0.99)
_SMOOTH, _EVEN = 2e-3, 1e-3  # weights: of differences between cells, of differences between distances

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
class Moving:
    """What holds for all stages.

    Attributes:
        fov: degrees along the pictures' longer side.
        colours: weight of the colours' squared differences, where there are pictures.
        rates: step sizes: of turns in radians, of shifts, of log odds.
    """

    fov: float
    colours: float = 1.0
    rates: tuple[float, float, float] = (0.03, 0.01, 0.3)


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
class State:
    """Cube and cameras on the way.

    Attributes:
        base: rotations at the start, for row vectors.
        turns: of each camera since then, axis times angle in radians.
        T: translations.
        cube: as `volume.look_into` takes it.
        loss, iou: as in `FoundPoses`.
    """

    base: Tensor
    turns: Tensor
    T: Tensor
    cube: Tensor
    loss: float = math.inf
    iou: Tensor | None = None

    @property
    def R(self) -> Float[Tensor, "view 3 3"]:
        """Rotations now."""
        return self.base @ axis_angle_to_matrix(self.turns)


def first_shifts(outlines: Masks, fov: float) -> Float[Tensor, "view 3"]:
    """Translations by which an object of a known size would fill the boxes around the outlines."""
    tangent, side = math.tan(math.radians(fov) / 2), outlines.shape[-1]
    found = []
    for mask in outlines:
        y, x = torch.nonzero(mask > SOLID / 2, as_tuple=True)
        left, right, top, bottom = (float(edge) for edge in (x.min(), x.max() + 1, y.min(), y.max() + 1))
        radius = math.hypot(right - left, bottom - top) / side
        depth = _RADIUS / (tangent * radius)
        across, down = (left + right) / side - 1, (top + bottom) / side - 1
        found.append([-across * depth * tangent, -down * depth * tangent, depth])
    return torch.tensor(found)


def moved(
    state: State,
    outlines: Masks,
    colours: Tensor | None,
    stage: Stage,
    moving: Moving,
    generator: torch.Generator,
) -> State:
    """Cube and cameras after a stage: Adam, its rate falling by a cosine, from where the last one ended.

    Args:
        state: where it begins.
        outlines: what is to be seen.
        colours: of the same pictures, (view, 3, side, side); None where outlines alone count.
        stage: how long and how finely.
        moving: what holds for all stages.
        generator: of samples along the rays.
    """
    rays = rays_of(stage.pixels, moving.fov)
    wanted = scaled(outlines[:, None], stage.pixels)[..., 0]
    painted = None if colours is None else scaled(colours, stage.pixels)
    cube = interpolate(state.cube[None], (stage.cells,) * 3, mode="trilinear", align_corners=False)[0]
    parts = [part.clone().requires_grad_() for part in (state.turns, state.T, cube)]
    rates = [stage.rate * rate for rate in moving.rates]
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
            loss = loss + moving.colours * (wanted[..., None] * (seen.colours - painted) ** 2).mean()
        loss = loss + _SMOOTH * sum(cube.diff(dim=axis).square().mean() for axis in (1, 2, 3))
        loss = loss + _EVEN * (T[:, 2] - T[:, 2].mean()).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        falls.step()
    ours, theirs = seen.opacity.detach() > SOLID, wanted > SOLID
    iou = (ours & theirs).sum(1) / (ours | theirs).sum(1).clamp_min(1)
    return State(state.base, turns.detach(), T.detach(), cube.detach(), float(loss.detach()), iou)


def answer(state: State, count: int, fov: float) -> FoundPoses:
    """Cameras about an object whose middle is the origin and whose diagonal is 1.

    Args:
        state: at the end.
        count: of cameras, which may share one shift.
        fov: degrees along the longer side.
    """
    solid = torch.sigmoid(state.cube[0]) > SOLID
    inner = -max_pool3d(-solid[None].float(), 3, 1, 1)[0] > 0
    places = (torch.nonzero(solid & ~inner) + 0.5) / len(solid) * 2 * HALF - HALF
    T, R = state.T.expand(count, 3), state.R.expand(count, 3, 3)
    if len(places):
        low, high = places.amin(0), places.amax(0)
        middle, size = (low + high) / 2, float((high - low).norm()) + 2 * HALF / len(solid)
        T, places = (middle @ R + T) / size, (places - middle) / size
    assert state.iou is not None
    return FoundPoses(R, T, fov, state.loss, state.iou, places)


def square(picture: Float[Tensor, "channel h w"], side: int) -> Float[Tensor, "channel {side} {side}"]:
    """A picture in the middle of an empty square, scaled."""
    height, width = picture.shape[1:]
    longer = max(height, width)
    left, top = (longer - width) // 2, (longer - height) // 2
    whole = pad(picture.float(), (left, longer - width - left, top, longer - height - top))
    return interpolate(whole[None], (side, side), mode="bilinear", antialias=True)[0].clamp(0, 1)


def scaled(pictures: Float[Tensor, "view channel h w"], side: int) -> Float[Tensor, "view ray channel"]:
    """Pixels of smaller pictures, row by row."""
    small = interpolate(pictures, (side, side), mode="bilinear", antialias=True)
    return small.flatten(2).transpose(1, 2)
